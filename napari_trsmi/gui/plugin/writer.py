"""Layers to a file, as napari's File > Save asks for it."""

from __future__ import annotations

from typing import Any

from napari_trsmi.errors import DataError
from napari_trsmi.gui.session.annotations import written_columns
from napari_trsmi.gui.session.layout import with_layout


def write_result(path: str, layer_data: list[Any]) -> list[str]:
    """Write a copy of the section that the layers show, with its domains, and return the paths of all files.

    Parameters
    ----------
    path
        Ends in ``.h5mu``, ``.h5ad`` or ``.zarr``.
    layer_data
        Layers as (data, attributes, type); any one that belongs to a section will do.

    Raises
    ------
    DataError
        The layers belong to no section or to several, it has no result yet, or the file cannot be written.
    """
    from pathlib import Path

    ours = (attributes.get("metadata", {}).get("trsmi") for _, attributes, _ in layer_data)
    sections = {id(mark["section"]): mark["section"] for mark in ours if mark}
    if len(sections) != 1:
        found = f"layers of {len(sections)} sections" if sections else "layers of none"
        raise DataError(f"Expected layers of one section opened with TRSMI, found {found}. Choose its layers only.")
    (section,) = sections.values()
    if section.result is None:
        raise DataError("Expected a section with domains, found one without. Run the training first.")
    written = with_layout(section.runs.complete(section.result), section.layout).write(path)
    section.path = Path(path)
    written_columns(section)()
    files = (written.table, written.run, written.domains, written.boundaries)
    return [str(file) for file in files if file is not None]
