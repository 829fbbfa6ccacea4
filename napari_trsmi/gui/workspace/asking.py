"""What a person is asked when a session is saved or opened. Replaced in tests, where nobody is there to answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.focus_ring import FocusRing
from napari_trsmi.gui.workspace.record import ENDING, SavedFile

Beside = Literal["save", "leave", "cancel"]
FILTER = f"Session of TRSMI (*{ENDING})"
_NAMED = 6


def where_to(parent: QWidget | None, suggested: Path) -> Path | None:
    """Ask where to save a session; None where a person does not want to."""
    chosen = folders.ask_to_save(parent, "Save session", suggested, FILTER)
    if chosen is None or chosen.name.endswith(ENDING):
        return chosen
    return Path(f"{str(chosen).removesuffix('.json').removesuffix('.trsmi')}{ENDING}")


def which(parent: QWidget | None) -> Path | None:
    """Ask which session to open; None for none."""
    return folders.ask_for_file(parent, "Open a session", f"{FILTER};;All files (*)")


def beside(parent: QWidget | None, names: Sequence[str]) -> Beside:
    """Ask whether results that are in memory only are saved beside the session file."""
    one = len(names) == 1
    box = _box(
        parent,
        f"{'A result is' if one else f'{len(names)} results are'} in memory only: {_listed(names)}.",
        "A session file names files and copies no data. Small files beside it can hold domains, support, review and "
        "the state of training.",
    )
    save = box.addButton("Save beside it", QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton("Leave out", QMessageBox.ButtonRole.DestructiveRole)
    box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.setDefaultButton(save)
    box.exec()
    clicked = box.clickedButton()
    return "save" if clicked is save else "leave" if clicked is leave else "cancel"


def where_is(parent: QWidget | None, file: SavedFile) -> Path | Literal["leave", "cancel"]:
    """Ask where a file is that is not where the session file says."""
    before = Path(file.was or file.path)
    box = _box(
        parent,
        f"{before.name} is not where it was.",
        f"It was at {before}. Files that moved with it are found by themselves once you have chosen it.",
    )
    choose = box.addButton("Choose…", QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton("Leave it out", QMessageBox.ButtonRole.DestructiveRole)
    box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.setDefaultButton(choose)
    box.exec()
    clicked = box.clickedButton()
    if clicked is not choose:
        return "leave" if clicked is leave else "cancel"
    title = f"Where is {before.name}?"
    if before.suffix in ("", ".zarr"):
        return folders.ask_for_folder(parent, title) or "cancel"
    return folders.ask_for_file(parent, title, "All files (*)", before.parent) or "cancel"


def _box(parent: QWidget | None, text: str, more: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("TRSMI")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText(more)
    FocusRing(box)
    return box


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
