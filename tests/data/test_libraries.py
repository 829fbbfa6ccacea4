"""``uns["spatial"]`` of any shape: what can be used is, the rest is told, and a saved section opens with all it had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anndata import AnnData
from results_by_hand import result_of

from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.squidpy_library import make_drawable

PICTURE = np.random.default_rng(0).integers(0, 256, (70, 80, 3), dtype=np.uint8)


@pytest.fixture
def table(make_table: Callable[..., AnnData]) -> AnnData:
    return make_table()


def entry(pixels: Any = PICTURE, **factors: Any) -> dict[str, Any]:
    return {
        "images": {"hires": pixels},
        "scalefactors": {"tissue_hires_scalef": 1.0, "spot_diameter_fullres": 7.0, **factors},
    }


def opened(table: AnnData, spatial: Any) -> Dataset:
    table.uns["spatial"] = spatial
    return from_memory(table)


def told(dataset: Dataset, words: str) -> bool:
    return any(words in note for note in dataset.notes)


@pytest.mark.parametrize(
    "value", [0.5, np.float32(0.5), np.array([0.5]), np.array([[0.5]]), np.array(0.5), [0.5], "0.5", b"0.5", " 0.5 "]
)
def test_a_scale_factor_is_a_number_whatever_holds_it(table, value):
    dataset = opened(table, {"A": entry(tissue_hires_scalef=value, spot_diameter_fullres=value)})
    assert dataset.image.scale == pytest.approx(0.5)
    assert dataset.spot_diameter == pytest.approx(0.5)


@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "none", [1.0, 2.0], {"a": 1}, object()])
def test_a_scale_factor_that_is_none_leaves_the_image_out_and_is_told(table, value):
    dataset = opened(table, {"A": entry(tissue_hires_scalef=value, spot_diameter_fullres=value)})
    assert dataset.image is None
    assert dataset.spot_diameter is None
    assert told(dataset, "Expected a positive scale factor")


@pytest.mark.parametrize("factors", [None, "{}", np.ones(3)])
def test_scale_factors_that_are_no_mapping_are_none(table, factors):
    dataset = opened(table, {"A": {"images": {"hires": PICTURE}, "scalefactors": factors}})
    assert dataset.image.scale == 1.0
    assert told(dataset, "No scale factor for the image")


@pytest.mark.parametrize("pixels", ["images/tissue.png", None, np.zeros((0, 0, 3), np.uint8), np.array([]), {"a": 1}])
def test_what_is_no_picture_is_left_out_and_told(table, pixels):
    dataset = opened(table, {"A": entry(pixels)})
    assert dataset.image is None
    assert told(dataset, "Left out the image 'hires'")


def test_the_next_image_serves_where_the_best_one_is_none(table):
    library = entry("gone.png", tissue_lowres_scalef=0.5)
    library["images"]["lowres"] = PICTURE
    dataset = opened(table, {"A": library})
    assert (dataset.image.key, dataset.image.scale) == ("lowres", 0.5)


def test_images_that_are_no_mapping_are_told(table):
    dataset = opened(table, {"A": {"images": PICTURE, "scalefactors": {}}})
    assert dataset.image is None
    assert told(dataset, "no images by name but an array of shape (70, 80, 3)")


@pytest.mark.parametrize("spatial", [np.zeros((36, 2)), "slide 1", 3, [1, 2], {"A": np.ones(4)}, {"A": "path"}])
def test_what_is_no_library_is_told_and_left(table, spatial):
    dataset = opened(table, spatial)
    assert dataset.image is None
    assert dataset.library is None
    assert told(dataset, "no library")


def test_images_without_the_level_of_libraries_are_one_library(table):
    dataset = opened(table, entry())
    np.testing.assert_array_equal(dataset.image.pixels, PICTURE)
    assert told(dataset, "no level of libraries")


def test_a_flag_beside_the_library_is_not_worth_a_note(table):
    assert opened(table, {"A": entry(), "is_single": True}).notes == ()


SPATIAL = {
    "array": np.zeros((36, 2)),
    "text": "slide 1",
    "no mapping": {"A": np.ones(4)},
    "flag": {"is_single": True},
    "flag and library": {"is_single": True, "A": entry()},
    "no level": entry(),
    "no images": {"A": {"scalefactors": {"spot_diameter_fullres": 7.0}}},
    "empty library": {"A": {}},
    "path": {"A": entry("tissue.png")},
    "empty image": {"A": entry(np.zeros((0, 0, 3), np.uint8))},
    "channels first": {"A": entry(np.moveaxis(PICTURE, 2, 0))},
    "two channels": {"A": entry(PICTURE[:, :, :2])},
    "grey": {"A": entry(PICTURE[:, :, 0])},
    "twelve bits": {"A": entry(PICTURE.astype(np.uint16) * 16)},
    "no scale": {"A": {"images": {"hires": PICTURE}, "scalefactors": {}}},
    "bad scale": {"A": entry(tissue_hires_scalef=np.nan, spot_diameter_fullres=-1.0)},
    "text scale": {"A": entry(tissue_hires_scalef="0.5", spot_diameter_fullres=np.array([7.0]))},
    "other name": {"A": {"images": {"downscaled": PICTURE}, "scalefactors": {"tissue_downscaled_scalef": 0.5}}},
    "other name, no scale": {"A": {"images": {"downscaled": PICTURE}, "scalefactors": {}}},
    "mask before": {
        "A": {"images": {"cells": PICTURE[:, :, 0], "hires": PICTURE}, "scalefactors": {"tissue_hires_scalef": 0.5}}
    },
    "lowres of another depth": {
        "A": {
            "images": {"lowres": PICTURE[:, :, 0].astype(np.uint16) * 9},
            "scalefactors": {"tissue_lowres_scalef": 0.5, "tissue_hires_scalef": 1.0, "microns_per_pixel": 0.3},
        }
    },
}


def values_in(spatial: Any) -> list[Any]:
    """All that is no mapping in nested mappings."""
    return [v for value in spatial.values() for v in values_in(value)] if isinstance(spatial, dict) else [spatial]


@pytest.mark.parametrize(
    ("kind", "shift"),
    [
        *((kind, 0.0) for kind in list(SPATIAL)[:10]),
        *(pytest.param(kind, 0.0, marks=pytest.mark.slow) for kind in list(SPATIAL)[10:]),
        ("array", -25.0),
        pytest.param("flag and library", -25.0, marks=pytest.mark.slow),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_a_saved_section_opens_with_all_it_had_and_squidpy_draws_it(tmp_path: Path, table, kind, shift):
    squidpy = pytest.importorskip("squidpy")
    from matplotlib import pyplot

    table.obsm["spatial"] = table.obsm["spatial"] + shift
    table.uns["spatial"] = SPATIAL[kind]
    table.write_h5ad(tmp_path / "in.h5ad")
    before = read(tmp_path / "in.h5ad")
    result_of(before).write(tmp_path / "out.h5ad")
    after = read(tmp_path / "out.h5ad")

    np.testing.assert_allclose(after.coords, before.coords)
    assert (after.image is None) == (before.image is None)
    if before.image is not None:
        np.testing.assert_array_equal(after.image.pixels, before.image.pixels)
        assert after.image.scale == before.image.scale
    for name in ("library", "spot_diameter", "microns_per_unit"):
        assert getattr(after, name) == getattr(before, name)
    saved = from_file(tmp_path / "out.h5ad")
    kept = [*values_in(saved.uns["spatial"]), *values_in(saved.uns.get("spatial_input", {}))]
    lost = [value for value in values_in(SPATIAL[kind]) if not any(alike(value, other) for other in kept)]
    assert lost == []
    try:
        squidpy.pl.spatial_scatter(saved, color="trsmi_domain")
    finally:
        pyplot.close("all")


def from_file(path: Path) -> AnnData:
    import anndata

    return anndata.read_h5ad(path)


def alike(left: Any, right: Any) -> bool:
    """Whether two values are the same; a text or an array of one may have become a number."""
    left, right = np.asarray(left), np.asarray(right)
    if left.size == right.size == 1:
        return str(left.item()) == str(right.item()) or as_float(left) == as_float(right) or left.item() != left.item()
    return left.shape == right.shape and bool((left == right).all())


def as_float(value: np.ndarray) -> float | None:
    try:
        return float(value.item())
    except ValueError:
        return None


def test_coordinates_that_squidpy_cannot_draw_are_replaced_and_kept(table):
    import pandas as pd
    from scipy import sparse

    xy = table.obsm["spatial"].copy()
    dataset = from_memory(table)
    frame = pd.DataFrame({"y": xy[:, 1], "x": xy[:, 0]}, index=table.obs_names)
    for stored in (frame, sparse.csr_matrix(xy), xy.astype(str), xy[:, :1]):
        copy = table.copy()
        copy.obsm["spatial"] = stored
        make_drawable(copy, dataset)
        np.testing.assert_array_equal(copy.obsm["spatial"], xy)
        assert copy.obsm["spatial_input"] is not None


def test_coordinates_go_by_the_rows_of_the_table_where_these_are_known(table):

    dataset = from_memory(table)
    rows = np.random.default_rng(0).permutation(40)[:36]
    copy = AnnData(obs={"a": np.zeros(40)})
    make_drawable(copy, dataset, rows)
    np.testing.assert_array_equal(copy.obsm["spatial"][rows], dataset.coords)
    assert np.isnan(copy.obsm["spatial"]).any(axis=1).sum() == 4
