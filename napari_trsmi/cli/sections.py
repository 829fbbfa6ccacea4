"""Words that name the sections of a study, and the files of each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_trsmi.cli.command import check_folder
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result


def parse_sections(words: Sequence[str]) -> dict[str, list[Path]]:
    """Return {name: its files} of words such as ``"s1=rna.h5ad,adt.h5ad"``.

    A path with a comma in it is taken as it is where there is such a file.

    Raises
    ------
    DataError
        A word of another form, or a name twice.
    """
    found: dict[str, list[Path]] = {}
    for word in words:
        name, equals, files = word.partition("=")
        paths = [files] if Path(files).exists() else [one for one in files.split(",") if one]
        if not (equals and name and paths):
            raise DataError(f"Expected --section NAME=FILE or NAME=FILE,FILE, found {word!r}. Name the section.")
        if name in found:
            raise DataError(f"Expected each section once, found {name!r} twice. Give each a name of its own.")
        found[name] = [Path(path) for path in paths]
    return found


def check_split(folder: Path) -> None:
    """Raise `DataError` where no folder can be made, or written to."""
    if folder.is_dir():
        check_folder(folder / "any")
    elif folder.exists():
        raise DataError(f"Expected a folder at {folder}, found a file. Choose another name.")
    else:
        check_folder(folder)


def check_parts(study: Dataset, folder: Path, out: Path, force: bool = False) -> None:
    """Raise `DataError` where the part of a section cannot be written to a folder, or would take the place of OUT."""
    from napari_trsmi.data.split import part_paths
    from napari_trsmi.data.writers import check_output

    for name, path in part_paths(study, folder, out.suffix).items():
        # What lies beside them is called after them, without their endings.
        if os.path.realpath(path.with_suffix("")).casefold() == os.path.realpath(out.with_suffix("")).casefold():
            raise DataError(
                f"Expected an output that is no part of its own, found that section {name!r} would be {path} beside "
                f"{out}. Choose another name, or another folder to --split into."
            )
        if folder.is_dir():
            check_output(path, force)


def write_split(result: Result, folder: Path, suffix: str, force: bool = False) -> list[Path]:
    """Write a copy of the input of each section with its domains to a folder, made if missing; return the files.

    They are called after their sections; the ending is that of the input where that has one file.
    """
    from napari_trsmi.data.split import write_part

    folder.mkdir(exist_ok=True)
    return [write_part(result, name, folder, suffix, force) for name in result.dataset.section_names]
