"""GeoJSON as napari asks for it: no layers, but columns of the section that is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def get_annotation_reader(path: str | Sequence[str]) -> Callable[[Any], list[Any]] | None:
    """Return `read_annotations` where each path holds GeoJSON; looks at the beginning of files only, never raises."""
    from napari_trsmi.exchange.geojson import is_geojson

    try:
        paths = [path] if isinstance(path, str | Path) else list(path)
        return read_annotations if paths and all(is_geojson(Path(one)) for one in paths) else None
    except (OSError, TypeError, ValueError):
        return None


def read_annotations(path: str | Sequence[str]) -> list[Any]:
    """Make columns of files for the section that is open in the window.

    Raises
    ------
    DataError
        No section is open.
    """
    from napari import current_viewer

    from napari_trsmi.errors import DataError
    from napari_trsmi.gui.jobs.exporting import OPEN_FIRST, bring_in
    from napari_trsmi.gui.viewer.sessions import session_of

    viewer, paths = current_viewer(), [path] if isinstance(path, str | Path) else list(path)
    session = None if viewer is None else session_of(viewer)
    if session is None or session.section is None:
        raise DataError(f"Expected an open section for {Path(paths[0]).name}, found none. {OPEN_FIRST}")
    for one in paths:
        bring_in(session, Path(one))
    return [(None,)]  # napari's word for "read, and there is no layer"
