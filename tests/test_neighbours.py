"""Nearest rows: what is exact is exact, what is not says how much it found, and a cancel is heard."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_trsmi import neighbours
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.neighbours import nearest

K = 8


def blobs(n: int = 3000, d: int = 6, seed: int = 0) -> np.ndarray:
    """(n, d) float32 around 12 means, as tissue is, far from the origin."""
    rng = np.random.default_rng(seed)
    return (rng.normal(20, 5, (12, d))[rng.integers(0, 12, n)] + rng.normal(size=(n, d))).astype(np.float32)


def by_hand(rows: np.ndarray, queries: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    distance = cdist(rows if queries is None else queries, rows)
    if queries is None:
        np.fill_diagonal(distance, np.inf)
    index = distance.argsort(axis=1)[:, :K]
    return index, np.take_along_axis(distance, index, axis=1)


def share(found: np.ndarray, expected: np.ndarray) -> float:
    return float((found[:, :, None] == expected[:, None, :]).any(axis=2).mean())


@pytest.mark.parametrize("engine", ["exact", "cells"])
def test_each_engine_finds_the_nearest_other_rows(engine):
    rows = blobs()
    index, distance = by_hand(rows)
    found = nearest(rows, K, engine=engine)
    assert found.engine == engine
    assert (found.index != np.arange(len(rows))[:, None]).all()
    assert share(found.index, index) >= (1.0 if engine == "exact" else neighbours.AIM - 0.02)
    same = found.index == index
    np.testing.assert_allclose(found.distance[same], distance[same], rtol=1e-4)


@pytest.mark.parametrize("engine", ["exact", "cells"])
def test_rows_that_are_not_among_them_may_ask(engine):
    rows, queries = blobs(), blobs(200, seed=1)
    found = nearest(rows, K, queries, engine=engine)
    assert found.index.shape == found.distance.shape == (200, K)
    assert share(found.index, by_hand(rows, queries)[0]) >= neighbours.ENOUGH


@pytest.mark.parametrize("engine", ["exact", "cells"])
def test_some_of_the_rows_may_ask_and_leave_themselves_out(engine):
    rows = blobs()
    asking = np.arange(0, len(rows), 7)
    found = nearest(rows, K, rows[asking], own=asking, engine=engine)
    assert (found.index != asking[:, None]).all()
    assert share(found.index, by_hand(rows)[0][asking]) >= neighbours.ENOUGH


def test_what_was_measured_is_what_was_found():
    rows = blobs()
    found = nearest(rows, K, engine="cells")
    assert found.recall == pytest.approx(share(found.index, by_hand(rows)[0]), abs=0.02)
    assert nearest(rows, K).recall == 1.0


@pytest.mark.parametrize("engine", ["exact", "cells"])
def test_twins_are_no_distance_apart_and_nobody_is_their_own_neighbour(engine):
    rows = np.repeat(blobs(150), 12, axis=0)  # more twins than neighbours
    found = nearest(rows, K, engine=engine)
    assert (found.index != np.arange(len(rows))[:, None]).all()
    assert (found.index // 12 == np.arange(len(rows))[:, None] // 12).all()
    np.testing.assert_allclose(found.distance, 0, atol=1e-5)
    assert all(len(set(row)) == K for row in found.index.tolist())


def test_rows_that_are_all_the_same_have_neighbours():
    found = nearest(np.ones((500, 4), np.float32), K, engine="cells")
    assert found.recall == 1.0
    assert (found.distance == 0).all()
    assert all(len(set(row)) == K for row in found.index.tolist())


@pytest.mark.parametrize("n", [2, 3, 9, 40])
def test_few_rows_in_cells_are_all_found(n):
    rows = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    found = nearest(rows, n - 1, engine="cells")
    assert [sorted(row) for row in found.index.tolist()] == [[j for j in range(n) if j != i] for i in range(n)]


def test_a_search_that_finds_too_little_looks_further_and_at_last_everywhere(monkeypatch):
    noise = np.random.default_rng(0).normal(size=(2000, 60)).astype(np.float32)  # neighbours lie in all cells
    found = nearest(noise, K, engine="cells")
    assert found.engine == "exact"
    assert found.recall == 1.0
    np.testing.assert_array_equal(found.index, by_hand(noise)[0])
    widths = []
    search = neighbours._Cells.search
    monkeypatch.setattr(
        neighbours._Cells,
        "search",
        lambda self, q, k, probes, own: widths.append(probes) or search(self, q, k, probes, own),
    )
    monkeypatch.setattr(neighbours, "_PROBES", 1)
    assert nearest(blobs(), K, engine="cells").recall >= neighbours.AIM
    assert widths[0] == 1
    assert widths[-1] == widths[-2] > 1  # all rows are searched for as widely as the sample needed


def test_many_rows_are_searched_by_cells_and_few_or_for_few_exactly(monkeypatch):
    rows = blobs()
    assert nearest(rows, K).engine == "exact"
    monkeypatch.setattr(neighbours, "EXACT_BELOW", 1000)
    assert nearest(rows, K).engine == "cells"
    assert nearest(rows, K, rows[:300]).engine == "exact"


def test_a_search_gives_the_same_again():
    rows = blobs()
    one, two = (nearest(rows, K, seed=3, engine="cells") for _ in range(2))
    np.testing.assert_array_equal(one.index, two.index)


@pytest.mark.parametrize("engine", ["exact", "cells"])
def test_a_cancel_is_heard_between_blocks(engine, monkeypatch):
    monkeypatch.setattr(neighbours, "_BLOCK", 64)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 64)
    rows, asked = blobs(), []

    def unwanted() -> bool:
        asked.append(None)
        return len(asked) > 20

    with interruptible(unwanted), pytest.raises(Interrupted):
        nearest(rows, K, engine=engine)
    assert len(asked) == 21
