"""One copy of the input per section of a study, with the domains of the study in it."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_trsmi.data.provenance import describe_sources
from napari_trsmi.errors import DataError

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
        path = folder / f"{_file_name(part.name)}{own.suffix if own and own.suffix in SUFFIXES else suffix}"
        if other := next((name for name, one in found.items() if one == path), None):
            raise DataError(
                f"Expected a file for each section, found that {other!r} and {part.name!r} would both be {path}. "
                "Rename one of the sections."
            )
        taken = next((one for one in study.sources if os.path.realpath(one) == os.path.realpath(path)), None)
        if taken is not None and taken != own:
            raise DataError(
                f"Expected a folder whose files are no input of the study, found that section {part.name!r} would take "
                f"the place of {taken}, which holds more. Choose another folder."
            )
        found[part.name] = path
    return found


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


def _file_name(name: str) -> str:
    """Return the name of a section as one of a file."""
    return re.sub(r"[^\w.+ -]", "_", name).lstrip(".") or "section"
