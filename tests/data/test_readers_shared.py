"""Every file of the shared data, as its README describes it."""

from __future__ import annotations

import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.data.readers.images import share_inside

EXPECTED = {
    "mouse_brain_p22_atac.h5mu": (9215, {"rna": ("precomputed", 50), "atac": ("precomputed", 50)}, "SpaMSLA_GT"),
    "human_lymph_node_a1_adt.h5ad": (3484, {"adt": ("protein", 31)}, "annotation"),
    "dlpfc_151507.h5ad": (4226, {"rna": ("rna", 1159)}, "layer"),
    "visium_mouse": (2898, {"rna": ("rna", 19465)}, "in_tissue"),
    "sim_rna_adt.h5mu": (1296, {"rna": ("rna", 200), "adt": ("protein", 100)}, "gt"),
    "sim_rna_atac_adt.h5mu": (
        1296,
        {"rna": ("rna", 1200), "atac": ("chromatin", 1500), "adt": ("protein", 40)},
        "gt",
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_shared_file_holds_what_its_readme_says(shared_data, name):
    n_spots, modalities, column = EXPECTED[name]
    dataset = read(shared_data / name)
    assert dataset.n_spots == n_spots
    assert {key: (m.kind, m.table.n_vars) for key, m in dataset.modalities.items()} == modalities
    assert all(m.table.obs_names.tolist() == dataset.obs_names.tolist() for m in dataset.modalities.values())
    assert column in dataset.obs
    assert dataset.coords.shape == (n_spots, 2)
    assert dataset.dropped == {}


@pytest.mark.parametrize("name", ["dlpfc_151507.h5ad", "visium_mouse"])
def test_spots_of_shared_sections_lie_inside_their_image(shared_data, name):
    dataset = read(shared_data / name)
    assert share_inside(dataset.coords, dataset.image) > 0.95
    darkness = 255.0 - dataset.image.pixels.mean(axis=2)
    column, row = (dataset.coords * dataset.image.scale).astype(int).clip(0, 599).T
    assert darkness[row, column].mean() > darkness.mean()  # spots lie on tissue, which is darker than the glass
    assert dataset.spot_diameter * dataset.microns_per_unit == pytest.approx(65.0, rel=0.15)
