"""The line above the sections: presets and files of settings, undo, redo, and the search."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.config import Config
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.plain import as_tip
from napari_trsmi.presets import presets

FILES = "Settings (*.json)"
ABOUT = "Settings for a platform or a purpose, and settings on file"


class Tools(QWidget):
    """Buttons and a search line; they only say what a person wants. The form answers `undo` and `redo`.

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

    def __init__(self) -> None:
        super().__init__()
        self.menu, self.all = QMenu(self), {preset.name: preset for preset in presets()}
        self.menu.setToolTipsVisible(True)
        for preset in self.all.values():
            action = QAction(preset.title, self.menu)
            action.setData(preset.name)
            action.setToolTip(preset.about)
            action.setCheckable(True)
            self.menu.addAction(action)
        self.menu.triggered.connect(self._chosen)
        self.menu.addSeparator()
        for text, slot in (("Load settings...", self._load), ("Save settings...", self._save)):
            action = QAction(text, self.menu)
            action.triggered.connect(slot)
            self.menu.addAction(action)
        self.presets = QPushButton()
        self.presets.setMenu(self.menu)
        self.mark("")
        self.undo, self.redo = QPushButton("Undo"), QPushButton("Redo")
        self.say("Undo", "Redo", False, False)
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

    def mark(self, name: str) -> None:
        """Say which preset the settings are, by its name; "" for none. The defaults need no word."""
        for action in self.menu.actions():
            action.setChecked(bool(name) and action.data() == name)
        preset = self.all.get(name)
        special = preset is not None and preset.config != Config()
        self.presets.setText(preset.title if preset is not None and special else "Presets")
        self.presets.setToolTip(as_tip(f"These are the settings of {preset.title}. {ABOUT}" if preset else ABOUT))

    def say(self, undo: str, redo: str, can_undo: bool, can_redo: bool) -> None:
        """Say what the two buttons would do now, and enable them where they can."""
        for button, line, able, keys in (
            (self.undo, undo, can_undo, "Ctrl+Z"),
            (self.redo, redo, can_redo, "Ctrl+Shift+Z"),
        ):
            button.setEnabled(able)
            button.setToolTip(as_tip(f"{line} ({keys})"))

    def _chosen(self, action: QAction) -> None:
        if action.data():
            action.setChecked(not action.isChecked())  # as it was: what the settings are is marked once they are taken
            self.preset_chosen.emit(action.data())

    def _load(self) -> None:
        if (path := folders.ask_for_file(self, "Load settings", FILES)) is not None:
            self.load_chosen.emit(str(path))

    def _save(self) -> None:
        if (path := folders.ask_to_save(self, "Save settings", "settings.json", FILES)) is not None:
            self.save_chosen.emit(str(path))
