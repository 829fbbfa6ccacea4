"""The search on a device against the one on the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import small

from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.model import search
from napari_trsmi.model.search import nearest_on
from napari_trsmi.neighbours import nearest


@pytest.mark.parametrize("at_once", [50, 10**6], ids=["row by row", "at once"])
def test_the_nearest_rows_are_those_of_the_exact_search(monkeypatch, at_once):
    monkeypatch.setattr(search, "AT_ONCE", at_once)
    rows = np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)
    index, distance = nearest_on(rows, 4, small.DEVICE)
    expected = nearest(rows, 4)
    np.testing.assert_array_equal(index, expected.index)
    np.testing.assert_allclose(distance, expected.distance, rtol=1e-4)


def test_rows_that_are_the_same_do_not_find_themselves():
    index, distance = nearest_on(np.ones((5, 2), np.float32), 2, small.DEVICE)
    assert (index != np.arange(5)[:, None]).all()
    assert (distance == 0).all()


def test_a_search_is_cancelled():
    with interruptible(lambda: True), pytest.raises(Interrupted):
        nearest_on(np.ones((5, 2), np.float32), 2, small.DEVICE)
