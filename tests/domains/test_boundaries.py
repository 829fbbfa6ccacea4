import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse
from scipy.spatial import cKDTree

from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.errors import DataError


def graph_within(coords, radius):
    i, j = cKDTree(coords).query_pairs(radius, output_type="ndarray").T
    graph = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(len(coords),) * 2)
    return (graph + graph.T).tocsr()


def square(side, radius=1.1):
    y, x = np.mgrid[:side, :side]
    coords = np.column_stack([x.ravel(), y.ravel()]).astype(float)
    return coords, graph_within(coords, radius)


def hexagonal(side):
    y, x = np.mgrid[:side, :side]
    coords = np.column_stack([(x + 0.5 * (y % 2)).ravel(), (y * np.sqrt(3) / 2).ravel()])
    return coords, graph_within(coords, 1.1)


COORDS, GRAPH = square(6)


def certain(labels, p=1.0):
    """Posterior that gives each spot's own domain `p` and shares the rest."""
    k = labels.max() + 1
    posterior = np.full((len(labels), k), (1 - p) / (k - 1))
    posterior[np.arange(len(labels)), labels] = p
    return posterior


def test_the_edges_between_two_domains_are_listed_from_the_lower_domain():
    coords = np.array([[0.0, 0], [1, 0], [2, 0]])
    edges = find_boundaries(np.array([1, 1, 0]), graph_within(coords, 1.1), coords).edges
    assert edges.loc[0, ["i", "j", "domain_a", "domain_b", "segment"]].tolist() == [2, 1, 0, 1, 0]
    assert edges.loc[0, ["x", "y"]].tolist() == [1.5, 0]
    assert sorted([edges.loc[0, "y0"], edges.loc[0, "y1"]]) == [-0.5, 0.5]  # across the line of spots
    assert edges.loc[0, "x0"] == edges.loc[0, "x1"] == 1.5
    assert len(edges) == 1


def test_one_domain_has_no_boundary():
    found = find_boundaries(np.zeros(36, int), GRAPH, COORDS, np.ones((36, 1)), {"rna": COORDS})
    assert len(found.edges) == len(found.segments) == 0
    assert {"segment", "confidence", "length", "contrast_rna", "x", "y"} <= set(found.segments)
    assert {"segment", "confidence", "contrast_rna", "x0", "y0", "x1", "y1"} <= set(found.edges)


def test_spots_without_a_domain_have_no_boundary():
    labels = np.where(COORDS[:, 0] > 2, -1, 0)
    assert len(find_boundaries(labels, GRAPH, COORDS).edges) == 0


def test_two_islands_of_one_domain_are_two_segments():
    labels = np.zeros(36, int)
    labels[[0, 35]] = 1
    segments = find_boundaries(labels, GRAPH, COORDS).segments
    assert segments["n_edges"].tolist() == [2, 2]
    assert {tuple(row) for row in segments[["x", "y"]].to_numpy()} == {(0.25, 0.25), (4.75, 4.75)}


def test_a_straight_boundary_is_one_segment_though_its_edges_share_no_spot():
    segments = find_boundaries((COORDS[:, 0] > 2).astype(int), GRAPH, COORDS).segments
    assert segments["n_edges"].tolist() == [6]
    assert segments.loc[0, ["x", "y"]].tolist() == [2.5, 2.5]


def test_a_boundary_ends_where_a_third_domain_begins():
    coords, graph = square(7)
    labels = np.where((coords[:, 1] > 1) & (coords[:, 1] < 5), 2, coords[:, 0] > 2)
    segments = find_boundaries(labels, graph, coords).segments
    pairs = sorted(zip(segments["domain_a"], segments["domain_b"], segments["n_edges"], strict=True))
    assert pairs == [(0, 1, 2), (0, 1, 2), (0, 2, 3), (0, 2, 3), (1, 2, 4), (1, 2, 4)]


def test_both_rims_of_a_thin_strip_are_one_segment():
    for width in (1, 2, 3):
        strip = ((COORDS[:, 0] > 1) & (COORDS[:, 0] < 2 + width)).astype(int)
        assert len(find_boundaries(strip, GRAPH, COORDS).segments) == (2 if width == 3 else 1)


@pytest.mark.parametrize("grid", [square(12), square(12, 1.5), hexagonal(12)], ids=["4 neighbours", "8", "hexagonal"])
def test_a_straight_boundary_is_as_long_as_the_tissue_is_high(grid):
    coords, graph = grid
    height = np.ptp(coords[:, 1]) + np.diff(np.unique(coords[:, 1]))[0]
    wide = find_boundaries((coords[:, 1] > coords[:, 1].mean()).astype(int), graph, coords).segments
    tall = find_boundaries((coords[:, 0] > 5.6).astype(int), graph, coords).segments
    assert wide["length"].tolist() == pytest.approx([12], abs=0.51)
    assert tall["length"].tolist() == pytest.approx([height], rel=0.16)


def test_length_has_the_unit_of_the_coordinates():
    labels = (COORDS[:, 0] > 2).astype(int)
    assert find_boundaries(labels, GRAPH, COORDS).segments["length"].tolist() == pytest.approx([6])
    assert find_boundaries(labels, GRAPH, 50 * COORDS).segments["length"].tolist() == pytest.approx([300])


@pytest.mark.parametrize("grid", [square(9), square(9, 1.5), hexagonal(9)], ids=["4 neighbours", "8", "hexagonal"])
def test_strokes_close_around_an_island(grid):
    coords, graph = grid
    island = (np.linalg.norm(coords - coords.mean(axis=0), axis=1) < 2.3).astype(int)
    edges = find_boundaries(island, graph, coords).edges
    ends = np.round(edges[["x0", "y0", "x1", "y1"]].to_numpy(), 6)
    drawn = np.hypot(ends[:, 0] - ends[:, 2], ends[:, 1] - ends[:, 3]) > 1e-5
    _, times = np.unique(ends[drawn].reshape(-1, 2), axis=0, return_counts=True)
    assert (times == 2).all()


def test_a_stroke_ends_where_a_neighbour_of_either_spot_is_nearer():
    coords = np.array([[0.0, 0], [1, 0], [0.5, 0.8]])
    graph = sparse.csr_matrix([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])
    for labels in ([0, 1, 1], [1, 0, 0]):  # the third spot is a neighbour of the second alone
        stroke = find_boundaries(np.array(labels), graph, coords).edges.loc[0]
        # (0.5, y) is as far from the first as from the third where y^2 + 0.25 = (0.8 - y)^2
        assert sorted([stroke["y0"], stroke["y1"]]) == pytest.approx([-0.5, (0.64 - 0.25) / 1.6])


def test_no_stroke_sticks_out_of_the_tissue():
    coords, _ = hexagonal(12)
    graph = graph_within(coords, 1.8)  # joins every second spot of the zigzag rim
    labels = (coords[:, 1] > 4.5).astype(int)
    edges = find_boundaries(labels, graph, coords).edges
    ends = edges[["x0", "y0", "x1", "y1"]].to_numpy().reshape(-1, 2, 2)
    drawn = ends[np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) > 1e-9].reshape(-1, 2)
    away, _ = cKDTree(coords).query(drawn)
    assert away.max() < 0.8


def test_confidence_is_the_mean_preference_of_both_spots_for_their_side():
    coords = np.array([[0.0, 0], [1, 0]])
    posterior = np.array([[0.6, 0.3, 0.1], [0.2, 0.8, 0.0]])
    found = find_boundaries(np.array([0, 1]), graph_within(coords, 1.1), coords, posterior)
    assert found.edges["confidence"].tolist() == pytest.approx([(0.3 + 0.6) / 2])
    assert found.segments["confidence"].tolist() == pytest.approx([0.45])


def test_spots_that_know_nothing_make_no_confident_boundary():
    labels = np.arange(36) % 9
    assert (find_boundaries(labels, GRAPH, COORDS, np.full((36, 9), 1 / 9)).edges["confidence"] == 0).all()


def test_doubt_about_a_third_domain_does_not_weaken_a_boundary():
    coords = np.array([[0.0, 0], [1, 0]])
    posterior = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    sure = find_boundaries(np.array([0, 1]), graph_within(coords, 1.1), coords, posterior)
    assert sure.edges["confidence"].tolist() == [0.75]


def test_segments_come_weakest_first_and_edges_follow_them():
    labels = (COORDS[:, 0] > 2).astype(int) + 2 * (COORDS[:, 1] > 2)
    posterior = certain(labels, 0.9)
    weak = (labels >= 2) & (np.abs(COORDS[:, 0] - 2.5) < 1)  # along the boundary of domains 2 and 3
    posterior[weak] = certain(labels, 0.5)[weak]
    found = find_boundaries(labels, GRAPH, COORDS, posterior)
    assert found.segments["segment"].tolist() == [0, 1, 2, 3]
    assert found.segments["confidence"].is_monotonic_increasing
    assert found.segments.loc[0, ["domain_a", "domain_b"]].tolist() == [2, 3]
    assert found.edges["segment"].is_monotonic_increasing
    assert (found.edges.groupby("segment").size() == found.segments["n_edges"]).all()
    means = found.edges.groupby("segment")["confidence"].mean()
    assert means.tolist() == pytest.approx(found.segments["confidence"].tolist())


def test_without_a_posterior_confidence_is_unknown_and_contrast_orders():
    labels = np.digitize(COORDS[:, 0], [1.5, 3.5])
    rng = np.random.default_rng(0)
    features = {"rna": np.array([0.0, 2.0, 30.0])[labels][:, None] + rng.normal(size=(36, 1))}
    segments = find_boundaries(labels, GRAPH, COORDS, features=features).segments
    assert segments["confidence"].isna().all()
    assert segments["domain_b"].tolist() == [1, 2]


def test_arrays_of_other_spots_are_refused():
    with pytest.raises(DataError, match="coords for the 36 spots"):
        find_boundaries(np.zeros(36, int), GRAPH, COORDS[1:])
    with pytest.raises(DataError, match=r"each of the 3 domains, found shape \(36, 2\)"):
        find_boundaries(np.arange(36) % 3, GRAPH, COORDS, np.zeros((36, 2)))
    with pytest.raises(DataError, match="adjacency for the 35 spots"):
        find_boundaries(np.zeros(35, int), GRAPH, COORDS[1:])


@settings(max_examples=50)
@given(hnp.arrays(np.int64, 36, elements=st.integers(0, 3)), st.randoms(use_true_random=False))
def test_boundaries_ignore_the_order_of_the_spots(labels, random):
    order = np.array(random.sample(range(36), 36))
    features = {"rna": np.sin(np.arange(72.0)).reshape(36, 2)}
    one = find_boundaries(labels, GRAPH, COORDS, features=features)
    other = find_boundaries(
        labels[order], GRAPH[order][:, order], COORDS[order], features={"rna": features["rna"][order]}
    )

    def described(found):
        columns = ["domain_a", "domain_b", "n_edges", "length", "contrast_rna", "x", "y"]
        return sorted(tuple(row) for row in found.segments[columns].fillna(-9).to_numpy().round(5).tolist())

    assert described(one) == described(other)
    assert len(one.edges) == (labels[GRAPH.tocoo().row] != labels[GRAPH.tocoo().col]).sum() / 2
    assert one.edges["segment"].nunique() == len(one.segments)


@settings(max_examples=50)
@given(hnp.arrays(np.int64, 36, elements=st.integers(0, 2)))
def test_segments_equal_a_walk_over_all_pairs_of_edges(labels):
    edges = find_boundaries(labels, GRAPH, COORDS).edges
    group = list(range(len(edges)))
    rows = list(edges[["i", "j", "domain_a", "domain_b"]].itertuples(index=False))
    dense = GRAPH.toarray() + np.eye(36)

    def root(e):
        return e if group[e] == e else root(group[e])

    for e, (i, j, a, b) in enumerate(rows):
        for f, (u, v, c, d) in enumerate(rows[:e]):
            if (a, b) == (c, d) and dense[np.ix_([i, j], [u, v])].any():
                group[root(e)] = root(f)
    roots = [root(e) for e in range(len(edges))]
    assert len(set(zip(roots, edges["segment"], strict=True))) == len(set(roots)) == edges["segment"].nunique()


@pytest.mark.parametrize("unit", [0.01, 30.0])
def test_boundaries_of_a_section_do_not_hang_on_how_far_spots_of_another_lie_apart(unit):
    labels = (COORDS[:, 0] > 2).astype(int)
    other, _ = square(8)
    coords = np.vstack([COORDS, other * unit + 1000.0])
    graph = sparse.block_diag([GRAPH, square(8)[1]], format="csr")
    both = np.concatenate([labels, (other[:, 0] > 3).astype(int)])
    section = np.repeat([0, 1], [len(COORDS), len(other)])
    found = find_boundaries(both, graph, coords, section=section)
    alone = find_boundaries(labels, GRAPH, COORDS)
    here = found.edges[found.edges["i"] < len(COORDS)].reset_index(drop=True)
    lengths = found.segments.set_index("segment")["length"]
    assert lengths[here.loc[0, "segment"]] == alone.segments.loc[0, "length"]
    pd.testing.assert_frame_equal(here.drop(columns="segment"), alone.edges.drop(columns="segment"))
    assert lengths.max() == pytest.approx(max(6.0, 8.0 * unit))
