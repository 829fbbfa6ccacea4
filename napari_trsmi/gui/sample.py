"""The sample slice for napari's Open Sample menu."""

from __future__ import annotations

from typing import Any


def open_sample() -> list[Any]:
    """Return the layers of the bundled sample slice."""
    from napari_trsmi.data.sample import sample_path
    from napari_trsmi.gui.reader import read_section

    return read_section(str(sample_path()))
