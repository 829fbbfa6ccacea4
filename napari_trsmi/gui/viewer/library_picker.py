"""Ask which section to open where a file holds several."""

from __future__ import annotations

from collections.abc import Sequence

from napari.qt import get_current_stylesheet
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.plain import Label


class LibraryPicker(QDialog):
    """A list of the sections in a file; one is chosen by double click, or with Open."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names = tuple(names)
        self.setWindowTitle("Choose a section")
        self.setStyleSheet(get_current_stylesheet())
        self.sections = QListWidget()
        self.sections.setAccessibleName("Sections in this file")
        self.sections.addItems(list(names))
        self.sections.setCurrentRow(0)
        self.sections.itemDoubleClicked.connect(self.accept)
        label = Label(f"This file holds {len(names)} sections. Which one shall be opened?")
        label.setBuddy(self.sections)
        buttons = QDialogButtonBox()
        buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (label, self.sections, buttons):
            layout.addWidget(widget)
        self.sections.setFocus()

    def value(self) -> str:
        """Return the name that is marked."""
        item = self.sections.currentItem()
        return self.names[0] if item is None else item.text()


def choose(names: Sequence[str]) -> str | None:
    """Return the section that a person picks, or None where they would rather not open any."""
    from qtpy.QtWidgets import QApplication

    picker = LibraryPicker(names, QApplication.activeWindow())
    chosen = picker.value() if picker.exec() == QDialog.DialogCode.Accepted else None
    picker.deleteLater()
    return chosen
