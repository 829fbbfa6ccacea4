"""One copy of the input per section of a study, with the domains of the study in it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_trsmi.data.provenance import describe_sources

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result


def write_part(result: Result, name: str, folder: Path, suffix: str, force: bool = False) -> Path:
    """Write the part of one section to ``<folder>/<name><suffix>`` and tables beside it, and return the file.

    A section with a file of its own gets a copy of that, in its format; one that shares its file with others, or has
    several, gets its analysed spots and features.

    Raises
    ------
    DataError
        As `Result.write`.
    """
    from napari_trsmi.data.writers import SUFFIXES

    part = result.of(name)
    dataset = part.dataset
    shared = any(other.sources == dataset.sources for other in result.dataset.parts if other.name != name)
    if shared:
        dataset = replace(dataset, sources=(), marks={}, rows={})
    elif len(dataset.sources) == 1 and Path(dataset.sources[0]).suffix in SUFFIXES:
        suffix = Path(dataset.sources[0]).suffix
    provenance = {
        **part.provenance,
        "sources": describe_sources(part.dataset),
        "part_of": {"study": result.dataset.name, "sections": list(result.dataset.section_names)},
    }
    # What a person said of spots of the study names them otherwise, and of other sections too.
    config = part.config.model_copy(update={"constraints": ()})
    written = replace(part, dataset=dataset, provenance=provenance, config=config).write(
        folder / f"{_file_name(name)}{suffix}", force=force
    )
    return written.table


def _file_name(name: str) -> str:
    """Return the name of a section as one of a file."""
    return re.sub(r"[^\w.+ -]", "_", name).lstrip(".") or "section"
