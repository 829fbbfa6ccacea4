"""The line above the sections: presets and files of settings, undo, redo, and the search."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QUndoStack
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.presets import presets

FILES = "Settings (*.json)"


class Tools(QWidget):
    """Buttons and a search line; they only say what a person wants.

    Signals
    -------
    preset_chosen(str)
        Name of a preset.
    load_chosen(str), save_chosen(str)
        Path of a file.
    searched(str)
        What a person looks for.
    """

    preset_chosen = Signal(str)
    load_chosen = Signal(str)
    save_chosen = Signal(str)
    searched = Signal(str)

    def __init__(self, stack: QUndoStack) -> None:
        super().__init__()
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        for preset in presets():
            action = self.menu.addAction(preset.title)
            action.setData(preset.name)
            action.setToolTip(preset.about)
            action.triggered.connect(self._preset)
        self.menu.addSeparator()
        self.menu.addAction("Load settings...").triggered.connect(self._load)
        self.menu.addAction("Save settings...").triggered.connect(self._save)
        self.presets = QPushButton("Presets")
        self.presets.setMenu(self.menu)
        self.presets.setToolTip("Settings for a platform or a purpose, and settings on file")
        self.undo, self.redo = QPushButton("Undo"), QPushButton("Redo")
        self.undo.setEnabled(False)
        self.redo.setEnabled(False)
        self.undo.clicked.connect(stack.undo)
        self.redo.clicked.connect(stack.redo)
        stack.canUndoChanged.connect(self.undo.setEnabled)
        stack.canRedoChanged.connect(self.redo.setEnabled)
        stack.undoTextChanged.connect(self._name_undo)
        stack.redoTextChanged.connect(self._name_redo)
        self._name_undo("")
        self._name_redo("")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a setting")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Find a setting")
        self.search.textChanged.connect(self.searched)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.presets, 2)
        buttons.addWidget(self.undo, 1)
        buttons.addWidget(self.redo, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self.search)

    def _name_undo(self, text: str) -> None:
        self.undo.setToolTip(f"Undo: {text} (Ctrl+Z)" if text else "Nothing to undo")

    def _name_redo(self, text: str) -> None:
        self.redo.setToolTip(f"Redo: {text} (Ctrl+Shift+Z)" if text else "Nothing to redo")

    def _preset(self) -> None:
        self.preset_chosen.emit(self.sender().data())

    def _load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Load settings", "", FILES)
        if path:
            self.load_chosen.emit(path)

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save settings", "settings.json", FILES)
        if path:
            self.save_chosen.emit(path)
