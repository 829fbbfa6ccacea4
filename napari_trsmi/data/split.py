"""One copy of the input per section of a study, with the domains of the study in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_trsmi.data.provenance import describe_sources
from napari_trsmi.errors import DataError

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # names of devices on Windows

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result


def part_paths(study: Dataset, folder: Path, suffix: str) -> dict[str, Path]:
    """Return {section: file} to write the part of each to: ``<folder>/<name><suffix>``.

    A section with a file of its own is written in the format of that.

    Raises
    ------
    DataError
        Two sections would be one file, or one would take the place of an input that it is no copy of.
    """
    from napari_trsmi.data.writers import SUFFIXES

    found: dict[str, Path] = {}
    for part in study.parts:
        own = _own_file(study, part)
        path = folder / f"{file_name(part.name)}{own.suffix if own and own.suffix in SUFFIXES else suffix}"
        taken = next((one for one in study.sources if os.path.realpath(one) == os.path.realpath(path)), None)
        if taken is not None and taken != own:
            raise DataError(
                f"Expected a folder whose files are no input of the study, found that section {part.name!r} would take "
                f"the place of {taken}, which holds more. Choose another folder."
            )
        found[part.name] = path
    check_distinct(found)
    return found


def check_distinct(paths: Mapping[str, Path]) -> None:
    """Raise `DataError` where the files of two sections would be one, as names that differ by case are on most systems.

    Parameters
    ----------
    paths
        {section: its file}.
    """
    known: dict[str, str] = {}
    for name, path in paths.items():
        if (other := known.setdefault(str(path).casefold(), name)) != name:
            raise DataError(
                f"Expected a file for each section, found that {other!r} and {name!r} would both be {path}. "
                "Rename one of the sections."
            )


def _own_file(study: Dataset, part: Dataset) -> Path | None:
    """Return the file that holds one section of a study and no other, or None."""
    alone = not any(set(other.sources) & set(part.sources) for other in study.parts if other is not part)
    return Path(part.sources[0]) if alone and len(part.sources) == 1 else None


def write_part(result: Result, name: str, folder: Path, suffix: str, force: bool = False) -> Path:
    """Write the part of one section to its file of `part_paths` and tables beside it, and return the file.

    A section with a file of its own gets a copy of that; one that shares its file with others, or has several, gets its
    analysed spots and features.

    Raises
    ------
    DataError
        As `Result.write` and `part_paths`.
    """
    path = part_paths(result.dataset, folder, suffix)[name]
    part = result.of(name)
    dataset = part.dataset
    if _own_file(result.dataset, dataset) is None:
        dataset = replace(dataset, sources=(), marks={}, rows={})
    provenance = {
        **part.provenance,
        "sources": describe_sources(part.dataset),
        "part_of": {"study": result.dataset.name, "sections": list(result.dataset.section_names)},
    }
    return replace(part, dataset=dataset, provenance=provenance).write(path, force=force).table


def file_name(name: str) -> str:
    """Return the name of a section as one of a file, that every system takes.

    Examples
    --------
    >>> [file_name(name) for name in ("a/b", ".well 1 ", "CON", "...")]
    ['a_b', 'well 1', 'CON_', 'section']
    """
    safe = re.sub(r"[^\w.+ -]", "_", name).strip(" .") or "section"
    return f"{safe}_" if _RESERVED.fullmatch(safe) else safe
