"""The dialog that makes a gene set something to colour by: genes typed or pasted, or a set of a GMT file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.errors import DataError
from napari_trsmi.gui.color.gene_sets import find, genes_in
from napari_trsmi.gui.finding.features import search
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.gui.widgets.search_field import SearchField
from napari_trsmi.gui.widgets.text_field import TextField
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

AskFile = Callable[[QWidget], str]
N_TOLD = 12  # names of missing genes
GMT = "Gene sets (*.gmt *.txt);;All files (*)"


class SetSearch(SearchField):
    """Finds a set of a GMT file by its name."""

    sets: dict[str, tuple[str, ...]]

    def matching(self, text: str) -> list[str]:
        """Return the names of the sets that hold the text."""
        names = list(self.sets)
        return [names[k] for k in search(names, text)]

    def text_of(self, one: str) -> str:
        """Return the name of a set."""
        return one

    def row_of(self, one: str) -> str:
        """Return name and size of a set."""
        return f"{one}   ({many(len(self.sets[one]), 'gene')})"


class GeneSetDialog(QDialog):
    """Asks for a name and genes, and says which of them the section has.

    Attributes
    ----------
    name, genes, modality
        What a person gave.
    """

    def __init__(self, dataset: Dataset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dataset = dataset
        self.ask_file: AskFile = _ask_file
        self.setWindowTitle("Gene set")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._name = QLineEdit()
        self._name.setPlaceholderText("Such as T cells")
        self._name.setAccessibleName("Name of the set")
        self._genes = TextField("Genes, with commas, spaces or lines between", "Genes")
        self._modality = QComboBox()
        self._modality.setAccessibleName("Where the genes are")
        self._modality.addItems(list(dataset.modalities))
        rna = next((k for k, one in enumerate(dataset.modalities.values()) if one.kind == "rna"), 0)
        self._modality.setCurrentIndex(rna)
        self._open = QPushButton("Open GMT file…")
        self._open.setAutoDefault(False)
        self._open.setToolTip("Take a set from a file with a set per line: name, description, genes, tabs between.")
        self._sets = SetSearch("Find a set in the file", "Type part of a name, press Enter.")
        self._sets.sets = {}
        self._sets.setAccessibleName("Set of the file")
        self._sets.hide()
        self._found = Label()
        self._found.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        assert ok is not None
        self._ok = ok
        ok.setText("Colour by its score")
        form = QFormLayout()
        form.addRow("Name", self._name)
        form.addRow("In", self._modality)
        layout = QVBoxLayout(self)
        layout.addWidget(self._open)
        layout.addWidget(self._sets)
        layout.addLayout(form)
        layout.addWidget(self._genes, 1)
        layout.addWidget(self._found)
        layout.addWidget(self._buttons)
        self.resize(420, 380)
        self._name.setFocus()

        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._open.clicked.connect(self.open_file)
        self._sets.picked.connect(self._on_set)
        self._name.textChanged.connect(self._update)
        self._genes.textChanged.connect(self._update)
        self._modality.currentIndexChanged.connect(self._update)
        self._update()

    @property
    def name(self) -> str:
        """Name of the set."""
        return self._name.text().strip()

    @property
    def genes(self) -> list[str]:
        """Names of its genes."""
        return genes_in(self._genes.toPlainText())

    @property
    def modality(self) -> str:
        """Where the genes are."""
        return self._modality.currentText()

    def open_file(self) -> None:
        """Ask for a GMT file and list its sets."""
        path = self.ask_file(self)
        if not path:
            return
        from napari_trsmi.answers.gene_sets import read_sets

        try:
            self._sets.sets = read_sets(Path(path))
        except DataError as error:
            self._found.setText(str(error))
            return
        self._sets.set_picked(None)
        self._sets.setPlaceholderText(f"Find one of {many(len(self._sets.sets), 'set')} of {Path(path).name}")
        self._sets.show()
        self._sets.setFocus()
        self._found.setText("Type part of a set's name, and press Enter.")

    def _on_set(self, name: str | None) -> None:
        if name is not None:
            self._name.setText(name)
            self._genes.setPlainText("\n".join(self._sets.sets[name]))

    def _update(self, _: object = None) -> None:
        genes = self.genes
        found = find(self.dataset, self.modality, genes)
        self._found.setText(told(found.missing, len(genes), self.modality) if genes else "No genes yet.")
        self._ok.setEnabled(bool(self.name) and bool(found.places))
        self._ok.setToolTip("" if self._ok.isEnabled() else "Give a name, and a gene that the section has.")


def told(missing: list[str], n: int, modality: str) -> str:
    """Return how many of `n` genes are there, and which are not.

    Examples
    --------
    >>> told(["XYZ"], 3, "rna")
    '2 of 3 genes are in rna. Missing: XYZ.'
    """
    if not missing:
        return f"All {n} genes are in {modality}." if n > 1 else f"The gene is in {modality}."
    names = ", ".join(missing[:N_TOLD]) + (f" and {len(missing) - N_TOLD} more" if len(missing) > N_TOLD else "")
    return f"{n - len(missing)} of {many(n, 'gene')} are in {modality}. Missing: {names}."


def _ask_file(parent: QWidget) -> str:
    return str(folders.ask_for_file(parent, "Open gene sets", GMT) or "")
