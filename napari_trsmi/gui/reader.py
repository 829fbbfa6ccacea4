"""Files to layers, as napari asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SUFFIXES = (".h5ad", ".h5mu", ".zarr")


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[Any]] | None:
    """Return `read_section` where a path looks like one of ours; opens nothing and never raises."""
    paths = [path] if isinstance(path, str) else list(path)
    if paths and all(Path(p).suffix in SUFFIXES for p in paths):
        return read_section
    return None


def read_section(path: str | Sequence[str]) -> list[Any]:
    """Return the layers of the section in one file, or in several with the same barcodes."""
    from napari_trsmi.api import read
    from napari_trsmi.gui.layers import section_layers
    from napari_trsmi.gui.state import OpenSection

    return section_layers(OpenSection(read(path)))
