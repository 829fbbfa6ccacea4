"""A step and a slope that were planted across a boundary are in its profile, at the right distance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.evidence.across import COLUMNS, profile_across
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.records import Partition

SIDE, STEP = 20, 10.0
Y, X = np.divmod(np.arange(SIDE**2), SIDE)
LABELS = (X >= SIDE // 2).astype(int)


@pytest.fixture(scope="module")
def result():
    """Two halves; components: the label, the column, noise that was not measured on the left."""
    coords = np.column_stack([X, Y]) * STEP
    names = np.array([f"s{i}" for i in range(SIDE**2)])
    obs = pd.DataFrame(index=names)
    values = np.column_stack([LABELS, X]).astype(np.float32)
    counts = sparse.csr_matrix(np.column_stack([np.where(LABELS, 30, 10), np.full(SIDE**2, 20)]).astype(np.float32))
    tables = {
        "pc": Modality("pc", "precomputed", AnnData(values, obs=obs, var=pd.DataFrame(index=["step", "slope"]))),
        "rna": Modality(
            "rna", "rna", AnnData(counts, obs=obs, var=pd.DataFrame(index=["up", "even"])), measured=LABELS == 1
        ),
    }
    section = Dataset("grid", tables, coords, names, obs, microns_per_unit=0.5)
    posterior = np.eye(2, dtype=np.float32)[LABELS]
    found = find_boundaries(LABELS, spatial_graph(coords), coords, posterior)
    return nt.Result(
        section,
        nt.Config(cluster={"n_domains": 2}),
        Partition(LABELS, posterior, "mixture"),
        posterior,
        boundaries=found.segments,
        boundary_edges=found.edges,
        domain_names=("left", "right"),
    )


def test_a_step_is_a_step_and_a_slope_a_slope(result):
    found = profile_across(result, 0, {"pc": ["step", "slope"]}, hops=4)
    assert tuple(found.columns) == COLUMNS
    step, slope = (found[found["feature"] == name].set_index("hop") for name in ("step", "slope"))
    assert step.index.tolist() == [-4, -3, -2, -1, 1, 2, 3, 4]
    assert step["mean"].tolist() == [0] * 4 + [1] * 4
    assert slope["median"].loc[[-2, -1, 1, 2]].tolist() == [8, 9, 10, 11]  # farther out the rim has longer edges
    assert slope["median"].is_monotonic_increasing
    assert step["side"].tolist() == ["left"] * 4 + ["right"] * 4
    assert (step["n"] >= SIDE - 4).all()


def test_distances_are_signed_and_in_micrometres_too(result):
    found = profile_across(result, 0, {"pc": ["step"]}, hops=3).query("feature == 'step'").set_index("hop")
    assert found.loc[1, "distance"] == pytest.approx(STEP / 2)
    assert found.loc[-1, "distance"] == pytest.approx(-STEP / 2)
    assert -2.2 * STEP < found.loc[-2, "distance"] < -1.5 * STEP
    assert np.allclose(found["distance_um"], found["distance"] / 2)


def test_counts_are_normalised_and_what_was_not_measured_does_not_count(result):
    found = profile_across(result, 0, {"rna": ["up"]}, hops=2).query("modality == 'rna'")
    assert found["hop"].tolist() == [1, 2]
    assert np.allclose(found["mean"], np.log1p(1e4 * 30 / 50), rtol=1e-5)


def test_certainty_is_always_there_and_support_where_it_is_known(result):
    from dataclasses import replace

    assert set(profile_across(result, 0, {}).query("modality == 'confidence'")["feature"]) == {"certainty"}
    known = replace(result, maps={"support": np.where(LABELS, 0.9, 0.4).astype(np.float32)})
    support = profile_across(known, 0, {}).query("feature == 'support'").groupby("side")["mean"].mean()
    assert support.to_dict() == pytest.approx({"left": 0.4, "right": 0.9})


def test_without_features_those_that_carry_the_boundary_are_followed(result):
    assert "step" in set(profile_across(result, 0)["feature"])


@pytest.mark.parametrize(
    ("segment", "features", "message"),
    [
        (9, None, "a boundary of the result, 0 to 0, found 9"),
        (0, {"protein": ["a"]}, "a modality out of pc, rna, found 'protein'"),
        (0, {"pc": ["nothing"]}, "features of pc, found nothing, which it does not have"),
    ],
)
def test_what_there_is_not_is_named(result, segment, features, message):
    with pytest.raises(nt.ConfigError, match=message):
        profile_across(result, segment, features)


def test_the_figure_holds_every_feature_by_name(result, tmp_path):
    table = profile_across(result, 0, {"pc": ["step", "slope"], "rna": ["up"]})
    for band in ("quantiles", "error"):
        text = nt.save_profile(table, tmp_path / f"{band}.svg", band=band).read_text()
        for word in ("step", "slope", "up", "certainty", "domain left | domain right"):
            assert word in text
    with pytest.raises(nt.DataError, match="a profile with rows, found none"):
        nt.save_profile(table.iloc[:0], tmp_path / "x.png")
