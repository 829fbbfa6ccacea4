"""What carries one boundary: planted features are found where they are, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.evidence.carriers import COLUMNS, Halves, carriers, count_halves
from napari_trsmi.evidence.splitting import holds_counts, thinned
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.records import Partition

SIDE, D = 24, 120
Y, X = np.divmod(np.arange(SIDE**2), SIDE)
LEFT = X < SIDE // 2


def counted(rng, planted: dict[int, np.ndarray]) -> sparse.csr_matrix:
    """Poisson counts with a mean of 10, of some features 40 at the spots that are given."""
    mean = np.full((SIDE**2, D), 10.0)
    for feature, spots in planted.items():
        mean[spots, feature] = 40.0
    return sparse.csr_matrix(rng.poisson(mean).astype(np.float32))


def result_of(tables: dict[str, tuple[str, object]], labels: np.ndarray) -> nt.Result:
    """A result on a grid with these labels, and the boundaries that they make."""
    coords = np.column_stack([X, Y]) * 10.0
    names = np.array([f"s{i}" for i in range(SIDE**2)])
    obs = pd.DataFrame(index=names)
    modalities = {
        name: Modality(name, kind, AnnData(values, obs=obs, var=pd.DataFrame(index=[f"{name}{j}" for j in range(D)])))
        for name, (kind, values) in tables.items()
    }
    section = Dataset("grid", modalities, coords, names, obs)
    config = nt.Config(cluster={"n_domains": int(labels.max()) + 1}, preprocess={"n_components": 8})
    posterior = np.eye(labels.max() + 1, dtype=np.float32)[labels]
    embedding = posterior.copy()
    found = find_boundaries(labels, spatial_graph(coords, config.graph.k_spatial), coords, posterior, {"e": embedding})
    return nt.Result(
        section,
        config,
        Partition(labels, posterior, "mixture"),
        embedding,
        boundaries=found.segments,
        boundary_edges=found.edges,
    )


@pytest.fixture(scope="module")
def halves_and_result():
    """Two domains, left and right, told apart by ten features; one more is high only beside the upper stretch."""
    rng = np.random.default_rng(0)
    hole = (Y >= 10) & (Y < 14) & (X >= SIDE // 2 - 3) & (X < SIDE // 2 + 3)  # two stretches, above and below
    labels = np.where(hole, 2, np.where(LEFT, 0, 1))
    planted = {feature: np.flatnonzero(labels == 1) for feature in range(5)}
    planted |= {feature: np.flatnonzero(labels == 0) for feature in range(5, 10)}
    planted |= {feature: np.flatnonzero(hole) for feature in range(10, 20)}
    planted[40] = np.flatnonzero((labels == 1) & (Y < 10) & (X < SIDE // 2 + 3))
    result = result_of({"rna": ("rna", counted(rng, planted))}, labels)
    return count_halves(result), result


def stretch(result, upper: bool) -> int:
    """Return the number of the boundary between left and right above or below the hole."""
    table = result.boundaries
    between = table[(table["domain_a"] == 0) & (table["domain_b"] == 1)]
    y = between["y"].to_numpy()
    return int(between["segment"].iloc[y.argmin() if upper else y.argmax()])


def test_a_feature_planted_beside_one_stretch_is_found_there_and_not_at_the_other(halves_and_result):
    halves, result = halves_and_result
    upper = carriers(result, stretch(result, True), D, halves)
    lower = carriers(result, stretch(result, False), D, halves)
    assert tuple(upper.columns) == COLUMNS
    both = {f"rna{j}" for j in range(10)}
    assert set(upper.query("p_adjusted < 0.001")["feature"]) == {*both, "rna40"}
    assert set(lower.query("p_adjusted < 0.001")["feature"]) == both
    assert upper["fresh"].all()


def test_effect_interval_side_and_shares_are_those_of_side_b_less_side_a(halves_and_result):
    halves, result = halves_and_result
    found = carriers(result, stretch(result, True), 11, halves).set_index("feature")
    planted = found.loc["rna40"]
    assert planted["low"] < np.log(4) < planted["high"]
    assert (found["low"] < found["effect"]).all() and (found["effect"] < found["high"]).all()  # noqa: PT018
    assert planted["side"] == result.names[1]
    assert found.loc["rna7", "side"] == result.names[0]
    assert found.loc["rna7", "effect"] < 0
    assert planted["share_a"] == planted["share_b"] == 1


def test_the_counts_that_are_tested_are_not_those_that_draw(halves_and_result):
    halves, result = halves_and_result
    first, second = (half["rna"] for half in halves.counts)
    assert (first + second != result.dataset.modalities["rna"].table.X).nnz == 0
    assert abs(np.corrcoef(first.toarray()[:, 60:].ravel(), second.toarray()[:, 60:].ravel())[0, 1]) < 0.02
    empty = Halves((halves.counts[0], {"rna": second * 0}), halves.labels)
    assert carriers(result, stretch(result, True), D, empty).empty  # the first half draws, the second is tested


def test_in_labels_that_mean_nothing_no_feature_is_found():
    rng = np.random.default_rng(1)
    for seed in range(5):
        result = result_of({"rna": ("rna", counted(rng, {}))}, np.where(LEFT, 0, 1))
        labels = np.random.default_rng(seed).permutation(result.labels)  # of each half, with no tissue behind them
        counts = thinned(result.dataset.modalities["rna"].table.X, rng)
        halves = Halves(({"rna": counts[0]}, {"rna": counts[1]}), (labels, labels))
        found = carriers(result, 0, D, halves)
        assert len(found) == D
        assert found["fresh"].all()
        assert found["p_adjusted"].min() > 0.01


def test_a_line_through_nothing_that_was_drawn_on_the_counts_carries_nothing():
    values = counted(np.random.default_rng(2), {})
    high = np.asarray(values[:, :6].sum(axis=1)).ravel()
    labels = (high > np.median(high)).astype(int)  # as a method does that finds domains in noise
    result = result_of({"rna": ("rna", values)}, labels)
    drawn_on_all = Halves(({"rna": values}, {"rna": values}), (labels, labels))
    longest = int(result.boundaries["n_edges"].to_numpy().argmax())
    assert carriers(result, longest, D, drawn_on_all)["p_adjusted"].min() < 1e-3
    fresh = carriers(result, longest, D)
    assert fresh["fresh"].all()
    assert not (fresh["p_adjusted"] < 0.05).any()


def test_values_that_are_no_counts_are_compared_as_they_are_and_it_is_said():
    rng = np.random.default_rng(3)
    values = rng.normal(size=(SIDE**2, D))
    values[~LEFT, 7] += 3.0
    rna = counted(rng, {feature: np.flatnonzero(LEFT) for feature in range(10)})
    result = result_of({"rna": ("rna", rna), "parts": ("precomputed", values)}, np.where(LEFT, 0, 1))
    found = carriers(result, 0, 1).set_index("modality")
    assert found["fresh"].to_dict() == {"rna": True, "parts": False}
    assert found.loc["parts", "feature"] == "parts7"
    assert found.loc["parts", "effect"] == pytest.approx(3.0, abs=0.5)
    assert np.isnan(found.loc["parts", "share_a"])


def test_rare_features_without_a_count_on_a_side_of_few_spots_are_not_found(halves_and_result):
    _, result = halves_and_result
    rng = np.random.default_rng(4)
    labels = np.where(LEFT, 0, 1)
    few = np.flatnonzero((labels == 0) & (X == SIDE // 2 - 1))[3:]
    labels = labels.copy()
    labels[LEFT] = -1
    labels[np.setdiff1d(np.flatnonzero(X == SIDE // 2 - 1), few)] = 0  # three spots
    rare = sparse.csr_matrix(rng.poisson(0.15, (SIDE**2, D)).astype(np.float32))
    halves = Halves(({"rna": rare}, {"rna": rare}), (labels, labels))
    found = carriers(result, stretch(result, True), D, halves)
    assert found["fresh"].all()
    assert 0 < found["share_b"].max() < 0.5
    assert not (found["p_adjusted"] < 0.05).any()


@pytest.mark.parametrize(("segment", "n_top", "message"), [(-1, 5, "found -1"), (99, 5, "found 99"), (0, 0, "n_top")])
def test_what_is_not_there_is_refused(halves_and_result, segment, n_top, message):
    with pytest.raises(nt.ConfigError, match=message):
        nt.carriers(halves_and_result[1], segment, n_top)


def test_nothing_of_the_result_changes_and_the_same_seed_gives_the_same(halves_and_result):
    _, result = halves_and_result
    before = result.dataset.modalities["rna"].table.X.copy()
    found = nt.carriers(result, 0)
    pd.testing.assert_frame_equal(found, nt.carriers(replace(result), 0))
    assert (before != result.dataset.modalities["rna"].table.X).nnz == 0


def test_whole_numbers_are_counts_unless_they_are_components():
    whole = sparse.csr_matrix(np.array([[0.0, 2.0], [1.0, 0.0]]))
    assert holds_counts(whole, "rna")
    assert not holds_counts(whole, "precomputed")
    assert not holds_counts(whole * 0.5, "rna")
    assert not holds_counts(-whole.toarray(), "protein")
