import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from napari_trsmi import sampling
from napari_trsmi.domains.smoothness import chaos, morans_i, pas, smoothness
from napari_trsmi.errors import DataError


def cloud(n, seed=0):
    """Coordinates without ties, and their symmetrised 6-nearest-neighbour graph."""
    coords = np.random.default_rng(seed).random((n, 2))
    neighbours = cKDTree(coords).query(coords, k=7)[1][:, 1:]
    graph = sparse.csr_matrix((np.ones(6 * n), (np.repeat(np.arange(n), 6), neighbours.ravel())), shape=(n, n))
    return coords, graph.maximum(graph.T).tocsr()


some_labels = hnp.arrays(np.int64, 40, elements=st.integers(0, 3))


def test_a_lone_spot_is_the_only_abnormal_one():
    coords = np.arange(11.0)[:, None] * [1, 0]
    labels = np.zeros(11, int)
    labels[5] = 1
    assert pas(labels, coords, k=10) == pytest.approx(1 / 11)


def test_five_of_ten_unlike_neighbours_are_normal_and_six_are_not():
    labels = [0] * 6 + [1] * 5  # eleven spots that all see each other: zeros see five ones, ones see six zeros
    assert pas(labels, np.random.default_rng(0).random((11, 2)), k=10) == pytest.approx(5 / 11)


@given(some_labels)
def test_pas_equals_a_walk_over_all_spots(labels):
    coords, _ = cloud(40)
    order = np.argsort(cdist(coords, coords), axis=1)[:, 1:11]
    assert pas(labels, coords) == pytest.approx(np.mean((labels[order] != labels[:, None]).sum(axis=1) >= 6))


def test_pas_looks_at_some_spots_at_a_time(monkeypatch):
    coords, _ = cloud(40)
    labels = np.random.default_rng(0).integers(0, 2, 40)
    at_once = pas(labels, coords)
    monkeypatch.setattr(sampling, "BLOCK", 7)
    assert 0 < pas(labels, coords) == at_once


def test_pas_counts_other_spots_in_one_place_and_never_the_spot_itself():
    coords = np.zeros((6, 2))  # all in one place
    assert pas(np.arange(6), coords, k=3) == 1.0
    assert pas(np.zeros(6), coords, k=3) == 0.0


def test_pas_needs_more_spots_than_neighbours():
    with pytest.raises(DataError, match="more than 10 labelled spots"):
        pas(np.zeros(10), np.zeros((10, 2)))


@given(some_labels)
def test_chaos_equals_a_walk_over_all_pairs(labels):
    coords, _ = cloud(40)
    scaled = (coords - coords.mean(axis=0)) / coords.std(axis=0)
    distance = cdist(scaled, scaled)
    distance[labels[:, None] != labels[None]] = np.inf
    np.fill_diagonal(distance, np.inf)
    nearest = distance.min(axis=1)
    assert chaos(labels, coords) == pytest.approx(nearest[np.isfinite(nearest)].mean())


def test_chaos_of_single_spot_domains_is_unknown():
    assert np.isnan(chaos([0, 1, 2], np.eye(3)[:, :2]))


def test_chaos_of_a_row_of_spots_knows_no_second_axis():
    assert chaos([0, 0], np.array([[0.0, 5.0], [1.0, 5.0]])) == pytest.approx(2.0)


def test_moran_of_two_halves_of_a_ring_by_hand():
    ring = sparse.csr_matrix(np.roll(np.eye(8), 1, axis=1) + np.roll(np.eye(8), -1, axis=1))
    # 8 edges, 2 of them between the halves: I = (6 - 2) / 8
    assert morans_i([0, 0, 0, 0, 1, 1, 1, 1], ring) == pytest.approx(0.5)
    assert morans_i([0, 1, 0, 1, 0, 1, 0, 1], ring) == pytest.approx(-1)


def test_moran_equals_squidpy_on_one_hot_columns():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside squidpy and its dependencies
        import anndata
        import squidpy
    coords, graph = cloud(60)
    labels = (coords[:, 0] * 3).astype(int) + (np.arange(60) % 7 == 0)
    hot = np.eye(labels.max() + 1)[labels]
    table = anndata.AnnData(hot, obsp={"spatial_connectivities": graph})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = squidpy.gr.spatial_autocorr(table, mode="moran", copy=True, n_jobs=1, show_progress_bar=False)
    assert morans_i(labels, graph) == pytest.approx(found["I"].mean(), abs=1e-6)


@given(some_labels, st.randoms(use_true_random=False))
def test_smoothness_ignores_names_and_order_and_left_out_spots(labels, random):
    coords, graph = cloud(40)
    order = np.array(random.sample(range(40), 40))
    names = np.array([f"d{9 - label}" for label in labels[order]], object)
    before = smoothness(labels, coords, graph)
    assert smoothness(names, coords[order], graph[order][:, order]) == pytest.approx(before, nan_ok=True)

    more = np.append(names, [None])
    wider = sparse.block_diag([graph[order][:, order], np.zeros((1, 1))], format="csr")
    assert smoothness(more, np.vstack([coords[order], [[0.5, 0.5]]]), wider) == pytest.approx(before, nan_ok=True)
    assert 0 <= before["PAS"] <= 1


def test_smooth_domains_score_smoother_than_shuffled_ones():
    coords, graph = cloud(400)
    labels = (coords[:, 0] > 0.5).astype(int)
    smooth, rough = (smoothness(x, coords, graph) for x in (labels, np.random.default_rng(0).permutation(labels)))
    assert smooth["PAS"] < 0.05 < 0.2 < rough["PAS"]
    assert smooth["CHAOS"] < rough["CHAOS"]
    assert smooth["Moran"] > 0.8 > 0.1 > rough["Moran"]


def test_one_domain_has_no_moran():
    assert np.isnan(morans_i(np.zeros(5), cloud(30)[1][:5, :5]))


def test_no_labelled_spot_is_refused():
    with pytest.raises(DataError, match="labelled spots"):
        chaos([None, None], np.zeros((2, 2)))
