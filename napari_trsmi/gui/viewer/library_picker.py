"""Ask which section to open where a file holds several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.qt import get_current_stylesheet
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from napari_trsmi.gui.viewer.studies import ALL
from napari_trsmi.gui.widgets.named import NameList
from napari_trsmi.gui.widgets.plain import Label


class LibraryPicker(QDialog):
    """A list of the sections in a file; one is chosen by double click, or with Open, and all with a button.

    Attributes
    ----------
    wants_all
        True where all were chosen.
    """

    def __init__(self, names: Sequence[str], parent: QWidget | None = None, *, together: bool = False) -> None:
        super().__init__(parent)
        self.names, self.wants_all = tuple(names), False
        self.setWindowTitle("Choose a section")
        self.setStyleSheet(get_current_stylesheet())
        self.sections = NameList()
        self.sections.setAccessibleName("Sections in this file")
        for name in names:
            self.sections.add(name)
        self.sections.setCurrentRow(0)
        self.sections.itemDoubleClicked.connect(self.accept)
        label = Label(f"This file holds {len(names)} sections. Which one shall be opened?")
        label.setBuddy(self.sections)
        buttons = QDialogButtonBox()
        buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        self.all_button = buttons.addButton("All as one study", QDialogButtonBox.ButtonRole.ActionRole)
        assert self.all_button is not None
        self.all_button.setToolTip("Lay the sections side by side and train them together")
        self.all_button.setVisible(together)
        self.all_button.clicked.connect(self._take_all)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (label, self.sections, buttons):
            layout.addWidget(widget)
        self.sections.setFocus()

    def _take_all(self) -> None:
        self.wants_all = True
        self.accept()

    def value(self) -> str:
        """Return the name that is marked."""
        item = self.sections.currentItem()
        return self.names[0] if item is None else item.text()


def choose(names: Sequence[str], *, together: bool = False) -> Any:
    """Return the section that a person picks, `ALL`, or None where they would rather not open any.

    Parameters
    ----------
    together
        Whether all may be picked.
    """
    from qtpy.QtWidgets import QApplication

    picker = LibraryPicker(names, QApplication.activeWindow(), together=together)
    chosen: Any = picker.value() if picker.exec() == QDialog.DialogCode.Accepted else None
    if picker.wants_all:
        chosen = ALL
    picker.deleteLater()
    return chosen
