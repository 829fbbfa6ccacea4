"""Neighbour graphs: which spots are joined, with which weights, and what normalisation does."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from strategies import graphs

from napari_trsmi import graphs as ours
from napari_trsmi.config import Graph
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import (
    default_k_spatial,
    feature_graph,
    feature_graph_and_recall,
    neighbour_mean,
    normalize,
    on_lattice,
    smooth,
    spatial_graph,
)


def square_grid(side: int, jitter: float = 0.0) -> np.ndarray:
    y, x = np.divmod(np.arange(side * side), side)
    return np.column_stack([x, y]) * 10.0 + np.random.default_rng(0).normal(0, jitter, (side * side, 2))


def hexagonal_grid(side: int) -> np.ndarray:
    y, x = np.divmod(np.arange(side * side), side)
    return np.column_stack([x + 0.5 * (y % 2), y * np.sqrt(3) / 2]) * 100.0


def rows(n: int = 60, d: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def nearest(distance: np.ndarray, k: int) -> np.ndarray:
    """(N, N) bool, True where either of two spots is among the k nearest of the other."""
    distance = distance.copy()
    np.fill_diagonal(distance, np.inf)
    joined = np.zeros(distance.shape, bool)
    np.put_along_axis(joined, distance.argsort(axis=1)[:, :k], True, axis=1)
    return joined | joined.T


# The spatial graph


def test_square_and_hexagonal_grids_are_told_apart():
    assert default_k_spatial(square_grid(10)) == 8
    assert default_k_spatial(square_grid(10, jitter=0.1)) == 8
    assert default_k_spatial(hexagonal_grid(10)) == 6
    assert default_k_spatial(np.random.default_rng(0).uniform(size=(200, 2))) == 6


@given(st.floats(1e-3, 1e4), st.floats(0, np.pi))
def test_the_grid_is_recognised_in_any_unit_and_direction(scale, angle):
    turned = square_grid(9) @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    assert default_k_spatial(turned) == 8


@pytest.mark.parametrize("n", range(2, 9))
def test_a_handful_of_spots_gets_as_many_neighbours_as_there_are(n):
    k = default_k_spatial(square_grid(3)[:n])
    assert k == min(6, n - 1)
    assert spatial_graph(square_grid(3)[:n]).shape == (n, n)


def test_several_spots_at_each_place_are_no_cause_for_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert default_k_spatial(np.repeat(square_grid(10), 3, axis=0)) == 6


def test_interior_spots_of_a_grid_have_their_neighbours_all_around():
    square = spatial_graph(square_grid(7))
    assert set(square[3 * 7 + 3].indices) == {7 * y + x for y in (2, 3, 4) for x in (2, 3, 4)} - {24}
    hexagonal = spatial_graph(hexagonal_grid(7))
    assert np.diff(hexagonal.indptr)[3 * 7 + 3] == 6


@given(st.integers(1, 12), st.integers(0, 99))
def test_the_spatial_graph_is_the_union_of_nearest_neighbours(k, seed):
    coords = np.random.default_rng(seed).uniform(size=(30, 2))
    graph = spatial_graph(coords, k)
    np.testing.assert_array_equal(graph.toarray() > 0, nearest(cdist(coords, coords), k))
    assert set(graph.data) == {1.0}
    assert graph.dtype == np.float32


@pytest.mark.parametrize("build", [lambda n, k: spatial_graph(rows(n, 2), k), lambda n, k: build_features(n, k)])
def test_more_neighbours_than_spots_are_refused_in_one_sentence(build):
    with pytest.raises(
        ConfigError, match=r"^k_(spatial|feature)=30 needs more than 30 spots, found 30\. Lower k_\w+\.$"
    ):
        build(30, 30)
    assert build(31, 30).nnz == 31 * 30


def build_features(n: int, k: int) -> sparse.csr_matrix:
    return feature_graph(rows(n), Graph(k_feature=k))


def test_many_spots_are_searched_part_by_part_and_a_sample_tells_how_they_lie(monkeypatch):
    for coords in (square_grid(20), hexagonal_grid(20), np.random.default_rng(0).uniform(size=(400, 2))):
        whole, lattice = spatial_graph(coords), on_lattice(coords)
        with monkeypatch.context() as few:
            few.setattr("napari_trsmi.graphs._AT_ONCE", 70)
            few.setattr("napari_trsmi.graphs._LOOKED_AT", 50)
            assert (spatial_graph(coords) != whole).nnz == 0
            assert on_lattice(coords) == lattice


def test_sections_one_after_the_other_and_mixed_make_the_same_graph():
    coords, section = rows(90, 2), np.repeat([0, 1, 2], 30)
    graph, order = spatial_graph(coords, 4, section), np.random.default_rng(0).permutation(90)
    assert not graph[:30, 30:].nnz
    assert (spatial_graph(coords[order], 4, section[order]) != graph[order][:, order]).nnz == 0


# The feature graph


@pytest.mark.parametrize("metric", ["correlation", "cosine", "euclidean"])
@pytest.mark.parametrize("search", ["exact", "cells"])
def test_the_feature_graph_is_the_union_of_nearest_neighbours(metric, search, monkeypatch):
    if search == "cells":  # among so few rows all cells are looked at
        monkeypatch.setattr("napari_trsmi.neighbours.EXACT_BELOW", 0)
        monkeypatch.setattr("napari_trsmi.neighbours._PROBES", 100)
    values = rows() + 3.0
    graph = feature_graph(values, Graph(k_feature=6, metric=metric))
    distance = cdist(values, values, metric)
    np.testing.assert_array_equal(graph.toarray() > 0, nearest(distance, 6))
    assert (graph != graph.T).nnz == 0
    assert not graph.diagonal().any()
    if metric != "euclidean":  # (1 + similarity) / 2
        joined = graph.toarray() > 0
        np.testing.assert_allclose(graph.toarray()[joined], 1 - distance[joined] / 2, atol=1e-4)


def test_the_search_by_cells_finds_nearly_all_nearest_neighbours(monkeypatch):
    monkeypatch.setattr("napari_trsmi.neighbours.EXACT_BELOW", 0)
    values, settings = rows(300), Graph(k_feature=10, metric="euclidean")
    found = feature_graph(values, settings, seed=1)
    expected = nearest(cdist(values, values), 10)
    assert (found.toarray() > 0)[expected].mean() >= 0.93
    assert (found != found.T).nnz == 0
    assert not found.diagonal().any()
    assert (found != feature_graph(values, settings, seed=1)).nnz == 0


def test_sections_of_a_large_study_are_searched_by_cells_each_for_its_share(monkeypatch):
    asked = []

    def spied(*given, **named):
        asked.append(named["engine"])
        return spied.nearest(*given, **named)

    spied.nearest = ours.nearest
    monkeypatch.setattr(ours, "nearest", spied)
    monkeypatch.setattr("napari_trsmi.neighbours._PROBES", 100)  # among so few rows all cells are looked at
    values, section, settings = rows(120), np.repeat([0, 1, 2], 40), Graph(k_feature=9, metric="euclidean")
    exact = feature_graph(values, settings, section=section)
    monkeypatch.setattr(ours, "_EXACT_IN_STUDY", 120)
    np.testing.assert_allclose(feature_graph(values, settings, section=section).toarray(), exact.toarray(), atol=1e-5)
    assert asked == ["auto"] * 3 + ["cells"] * 3


def test_identical_spots_do_not_become_their_own_neighbours(monkeypatch):
    monkeypatch.setattr("napari_trsmi.neighbours.EXACT_BELOW", 0)
    values = np.repeat(rows(10), 4, axis=0)  # every spot has three twins, and is often not found first among them
    for k in (2, 3, 5):
        graph = feature_graph(values, Graph(k_feature=k, metric="euclidean", edge_weights="one"))
        assert not graph.diagonal().any()
        assert (np.diff(graph.indptr) >= k).all()


def test_no_edge_leaves_a_tile_and_within_one_the_graph_is_that_of_the_tile_alone():
    values, settings = rows(300), Graph(k_feature=5)
    tiles = np.random.default_rng(0).permutation(np.repeat([4, 0, 9], 100)).astype(np.int32)
    graph = feature_graph(values, settings, tiles=tiles)
    row, column = graph.nonzero()
    assert (tiles[row] == tiles[column]).all()
    assert (np.diff(graph.indptr) >= 5).all()
    for tile in np.unique(tiles):
        own = np.flatnonzero(tiles == tile)
        alone = feature_graph(values[own], settings)
        assert abs(graph[own][:, own] - alone).max() == 0


def test_tiles_are_searched_by_cells_where_they_are_large(monkeypatch):
    values, settings = rows(400), Graph(k_feature=5, metric="euclidean")
    tiles = np.repeat([0, 1], [100, 300])
    exact, all_found = feature_graph_and_recall(values, settings, tiles=tiles)
    monkeypatch.setattr("napari_trsmi.tiles._EXACT_IN_TILE", 200)
    monkeypatch.setattr("napari_trsmi.neighbours._PROBES", 4)
    monkeypatch.setattr("napari_trsmi.neighbours.AIM", 0.8)
    monkeypatch.setattr("napari_trsmi.neighbours.ENOUGH", 0.1)
    by_cells, recall = feature_graph_and_recall(values, settings, tiles=tiles)
    assert all_found == 1.0
    assert 0.1 < recall < 1.0
    assert abs(by_cells[:100] - exact[:100]).max() == 0
    assert (by_cells != exact).nnz > 0


@given(st.sampled_from(["correlation", "cosine", "euclidean"]), st.integers(0, 50))
def test_closer_spots_weigh_more_and_weights_lie_in_zero_and_one(metric, seed):
    values = rows(25, seed=seed)
    graph = feature_graph(values, Graph(k_feature=4, metric=metric))
    assert (graph.data > 0).all()
    assert (graph.data <= 1 + 1e-6).all()
    one = feature_graph(values, Graph(k_feature=4, metric=metric, edge_weights="one"))
    assert set(one.data) == {1.0}
    assert ((graph > 0) != (one > 0)).nnz == 0
    if metric != "euclidean":
        joined = graph.toarray() > 0
        order = cdist(values, values, metric)[joined].argsort()
        assert (np.diff(graph.toarray()[joined][order]) < 1e-4).all()


def test_euclidean_weights_fall_to_a_fixed_share_at_the_last_neighbour():
    line = np.array([[0.0], [1.0], [1.5], [10.0]])
    graph = feature_graph(line, Graph(k_feature=2, metric="euclidean")).toarray()
    assert graph[3, 2] == pytest.approx(np.exp(-0.5 * (8.5 / 9) ** 2))
    assert graph[3, 1] == pytest.approx(np.exp(-0.5))
    assert graph[2, 1] == pytest.approx(max(np.exp(-0.5 * (0.5 / 1.5) ** 2), np.exp(-0.5 * (0.5 / 1.0) ** 2)))


def test_a_spot_without_any_feature_has_neighbours_all_the_same():
    values = rows(20)
    values[3] = 0.0
    for metric in ("correlation", "cosine", "euclidean"):
        graph = feature_graph(values, Graph(k_feature=4, metric=metric))
        assert np.isfinite(graph.data).all()
        assert len(graph[3].indices) >= 4


# Normalisation and averaging


@given(graphs(), st.sampled_from([0.0, 0.3, 1.0, 5.0]))
def test_the_spectrum_of_a_normalised_graph_lies_within_one(graph, self_loop):
    normalised = normalize(graph, self_loop)
    spectrum = np.linalg.eigvalsh(normalised.toarray().astype(float))
    assert np.abs(spectrum).max(initial=0) <= 1 + 1e-5
    assert (abs(normalised - normalised.T) > 1e-6).nnz == 0
    assert normalised.dtype == np.float32


@given(graphs())
def test_normalisation_follows_its_equation(graph):
    n, dense = graph.shape[0], graph.toarray().astype(float)
    looped = dense + 2.0 * dense.sum() / n * np.eye(n)
    if not dense.any():
        return
    half = 1 / np.sqrt(looped.sum(axis=1))
    np.testing.assert_allclose(normalize(graph, 2.0).toarray(), half[:, None] * looped * half[None], atol=1e-6)


@given(graphs(), st.booleans())
def test_averaging_keeps_constants_and_leaves_lonely_spots_at_zero(graph, include_self):
    mean = neighbour_mean(graph, include_self)
    expected = np.ones(graph.shape[0]) if include_self else (np.diff(graph.indptr) > 0).astype(float)
    np.testing.assert_allclose(mean @ np.ones(graph.shape[0]), expected, atol=1e-6)
    assert (mean.data >= 0).all()
    assert (mean.diagonal() > 0).all() == include_self or not graph.nnz


def test_smoothing_by_hand():
    path = spatial_graph(np.array([[0.0, 0.0], [1.0, 0.0], [2.1, 0.0]]), 1)
    values = np.array([[0.0], [6.0], [3.0]])
    np.testing.assert_allclose(smooth(values, path, 0), values)
    np.testing.assert_allclose(smooth(values, path, 1), [[3.0], [3.0], [4.5]], rtol=1e-6)
    np.testing.assert_allclose(smooth(values, path, 2), [[3.0], [3.5], [3.75]], rtol=1e-6)


def test_the_spatial_graph_is_squidpys_made_symmetric():
    squidpy = pytest.importorskip("squidpy", minversion="1.8")
    import anndata

    coords = np.random.default_rng(0).uniform(size=(150, 2))  # no ties
    table = anndata.AnnData(np.zeros((150, 1), np.float32), obsm={"spatial": coords})
    squidpy.gr.spatial_neighbors_knn(table, n_neighs=6)
    theirs = table.obsp["spatial_connectivities"]
    assert abs(theirs.maximum(theirs.T) - spatial_graph(coords, 6)).max() == 0


def test_a_tile_with_few_spots_gives_each_all_others():
    features = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
    tiles = np.repeat([0, 1, 2], [20, 9, 1])
    graph = feature_graph(features, Graph(k_feature=10), tiles=tiles)
    assert not graph.diagonal().any()
    assert (graph != graph.T).nnz == 0
    assert np.diff(graph.indptr)[20:].tolist() == [8] * 9 + [0]
    alone = feature_graph(features[:20], Graph(k_feature=10))
    np.testing.assert_array_equal(graph[:20, :20].toarray(), alone.toarray())
