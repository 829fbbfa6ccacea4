"""Folders of sweeps: which one, and a sweep copied to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QWidget

from napari_trsmi.errors import DataError
from napari_trsmi.gui.widgets import folders

AskFolder = Callable[[QWidget, str, Path | None], Path | None]


def ask_folder(parent: QWidget, title: str, suggested: Path | None) -> Path | None:
    """Ask a person for a folder: one that is there, or the name of a new one where `suggested` is given."""
    if suggested is None:
        return folders.ask_for_folder(parent, title)
    return folders.ask_to_save(parent, title, suggested)


def copied(folder: Path, to: Path) -> None:
    """Copy a folder to one that is new or empty.

    Raises
    ------
    DataError
        There is something in it.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise DataError(f"Expected a new or empty folder, found {to}. Choose another name.")
    shutil.copytree(folder, to, dirs_exist_ok=True)
