"""Where dialogs for files begin: beside the section, else where the last one ended; never inside the program."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import napari_trsmi
from napari_trsmi.errors import TrsmiError
from napari_trsmi.gui.remembered import recall, store

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

NAME = "folder"
SECTIONS = "Sections (*.h5mu *.h5ad);;All files (*)"
_PROGRAM = Path(napari_trsmi.__file__).resolve().parent


def last() -> Path:
    """Return the folder that was used last; the home folder where there is none any more."""
    known = recall(NAME)
    folder = Path(known) if isinstance(known, str) and known else Path.home()
    return folder if is_of_the_person(folder) else Path.home()


def used(path: str | Path) -> None:
    """Remember the folder in which a person chose a file."""
    store(NAME, str(Path(path).absolute().parent))


def beside(source: str | Path | None) -> Path:
    """Return the folder of a file where something may be put, else `last`."""
    folder = None if source is None else Path(source).absolute().parent
    return folder if folder is not None and is_of_the_person(folder) else last()


def is_of_the_person(folder: Path) -> bool:
    """Return whether a folder is there, may be written, and is no part of the program, where the sample lies."""
    try:
        from napari_trsmi.data.sample import sample_path

        there = folder.resolve()
        ours = there.is_relative_to(_PROGRAM) or there == sample_path().resolve().parent
        return not ours and folder.is_dir() and os.access(folder, os.W_OK)
    except (OSError, ValueError, TrsmiError):
        return False


def ask_to_save(parent: QWidget | None, title: str, suggested: str | Path, filters: str = "") -> Path | None:
    """Ask a person where to save; None where they do not want to. A missing ending is that of the chosen filter.

    A name alone is suggested in the folder that was used last, and so is a path in a folder that is not the person's.
    """
    from qtpy.QtWidgets import QFileDialog

    path = Path(suggested)
    start = (path.parent if path.is_absolute() and is_of_the_person(path.parent) else last()) / path.name
    chosen, kind = QFileDialog.getSaveFileName(parent, title, str(start), filters)
    if not chosen:
        return None
    used(chosen)
    found = re.search(r"\*([.\w]+)", kind)
    return Path(chosen if Path(chosen).suffix or found is None else f"{chosen}{found[1]}")


def ask_for_file(parent: QWidget | None, title: str, filters: str, folder: Path | None = None) -> Path | None:
    """Ask a person for one file to open, first in a folder or in the one used last; None where they do not want to."""
    from qtpy.QtWidgets import QFileDialog

    start = folder if folder is not None and is_of_the_person(folder) else last()
    chosen, _ = QFileDialog.getOpenFileName(parent, title, str(start), filters)
    if not chosen:
        return None
    used(chosen)
    return Path(chosen)


def ask_to_open(parent: QWidget | None, title: str, filters: str) -> list[str]:
    """Ask a person for files to open; none where they do not want to."""
    from qtpy.QtWidgets import QFileDialog

    paths, _ = QFileDialog.getOpenFileNames(parent, title, str(last()), filters)
    if paths:
        used(paths[0])
    return list(paths)


def ask_for_folder(parent: QWidget | None, title: str) -> Path | None:
    """Ask a person for a folder that is there; None where they do not want to."""
    from qtpy.QtWidgets import QFileDialog

    chosen = QFileDialog.getExistingDirectory(parent, title, str(last()))
    if not chosen:
        return None
    used(chosen)
    return Path(chosen)
