"""The saved file is drawn by squidpy and scanpy as it is, without further arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from anndata import AnnData
from results_by_hand import dataset_of, result_of

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.data.saved import read_result
from napari_trsmi.data.tables import read_table

# squidpy uses what matplotlib, docrep and others are about to give up.
pytestmark = [
    pytest.mark.usefixtures("drawing"),
    *(
        pytest.mark.filterwarnings(f"ignore::{kind}")
        for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning", "SyntaxWarning")
    ),
]

MakeTable = Callable[..., AnnData]


@pytest.fixture
def drawing() -> None:
    matplotlib.use("Agg")


def draw(table: AnnData) -> None:
    """Draw as a person would, without further arguments."""
    import scanpy
    import squidpy
    from matplotlib import pyplot

    try:
        squidpy.pl.spatial_scatter(table, color="trsmi_domain")
        x, y = np.asarray(table.obsm["spatial"], dtype=float).T
        axes = pyplot.gca()
        scale = next(iter(table.uns["spatial"].values()))["scalefactors"]["tissue_hires_scalef"]
        assert axes.get_xlim()[0] <= np.nanmin(x) * scale
        assert np.nanmax(x) * scale <= axes.get_xlim()[1]
        assert axes.get_ylim()[1] <= np.nanmin(y) * scale
        assert np.nanmax(y) * scale <= axes.get_ylim()[0]
        scanpy.pl.embedding(table, "X_trsmi", color="trsmi_domain", show=False)
    finally:
        pyplot.close("all")


@pytest.mark.parametrize("kind", ["no image", "image", "below zero", "some spots", "lowres only", "flag"])
def test_squidpy_and_scanpy_draw_the_saved_file_as_it_is(tmp_path: Path, kind: str, make_table: MakeTable) -> None:
    table, source = make_table(), None
    if kind == "below zero":
        table.obsm["spatial"] = table.obsm["spatial"] - 25.0
    if kind == "flag":
        table.uns["spatial"] = {"is_single": True}
    if kind == "lowres only":
        table.uns["spatial"] = {
            "slide": {
                "images": {"lowres": np.zeros((30, 40, 3))},
                "scalefactors": {"tissue_hires_scalef": 2.0, "tissue_lowres_scalef": 0.5, "spot_diameter_fullres": 8.0},
            }
        }
    analysed = table
    if kind in ("some spots", "lowres only", "flag"):
        source = tmp_path / "in.h5ad"
        table.write_h5ad(source)
        analysed = table[:20].copy() if kind == "some spots" else table
    dataset = dataset_of({"rna": analysed}, source=source)
    if kind == "image":
        dataset = replace(dataset, image=TissueImage(np.zeros((60, 60, 3), np.uint8), 1.0), spot_diameter=8.0)
    result_of(dataset).write(tmp_path / "out.h5ad")
    saved = read_table(tmp_path / "out.h5ad")
    draw(saved)
    if kind == "below zero":
        np.testing.assert_allclose(saved.obsm["spatial_input"], table.obsm["spatial"])
    if kind == "lowres only":
        assert saved.uns["spatial"]["slide"]["images"]["hires"].shape == (120, 160, 3)
        assert saved.uns["spatial"]["slide"]["scalefactors"]["tissue_hires_scalef"] == 2.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dlpfc_151507.h5ad", "human_lymph_node_a1_adt.h5ad", "mouse_brain_p22_atac.h5mu"])
def test_squidpy_and_scanpy_draw_real_files_as_saved(tmp_path: Path, name: str, shared_data: Path) -> None:
    source = shared_data / name
    found = read_table(source)
    mods = {"rna": found} if isinstance(found, AnnData) else dict(found.mod)
    result = result_of(replace(dataset_of(mods, source=source), sources=(source,)))
    saved = read_table(result.write(tmp_path / f"out{source.suffix}").table)
    draw(saved if isinstance(saved, AnnData) else saved["rna"])
    np.testing.assert_array_equal(read_result(tmp_path / f"out{source.suffix}").labels, result.labels)
