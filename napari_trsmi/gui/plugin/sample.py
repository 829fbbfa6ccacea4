"""Sample sections for napari's Open Sample menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_trsmi.gui.state import OpenSection

_SPOTS, _SEED = 1500, 3


def open_sample() -> list[Any]:
    """Return the layers of the bundled sample slice: RNA and protein."""
    from napari_trsmi.data.sample import sample_path
    from napari_trsmi.gui.viewer.reader import read_section

    return read_section(str(sample_path()))


def open_three_modalities() -> list[Any]:
    """Return the layers of a simulated slice with RNA, protein and chromatin, made in a second or two."""
    from napari_trsmi.gui.viewer.reader import layers_of

    return layers_of(_simulated)


def _simulated(library: str | None) -> list[OpenSection]:
    from dataclasses import replace

    from napari_trsmi.data.simulate import simulate_dataset
    from napari_trsmi.gui.state import OpenSection

    dataset = simulate_dataset(n_spots=_SPOTS, modalities=("rna", "adt", "atac"), seed=_SEED)
    return [OpenSection(replace(dataset, name="three modalities"))]
