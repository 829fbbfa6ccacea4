from __future__ import annotations

import sys
import time
from threading import Event, Thread

import numpy as np
import pytest

from napari_trsmi import unfolding
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.telling import UNFOLDING, heard


def test_components_are_those_in_which_the_points_differ_most():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 5)) * [1, 9, 2, 5, 1] + 100
    found = unfolding.components(points)
    assert abs(np.corrcoef(found[:, 0], points[:, 1])[0, 1]) > 0.99
    assert abs(np.corrcoef(found[:, 1], points[:, 3])[0, 1]) > 0.99
    assert np.array_equal(found, unfolding.components(points))
    assert (found[np.abs(found).argmax(axis=0), [0, 1]] > 0).all()


def test_two_dimensions_stay_and_one_gets_a_second():
    points = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    assert np.array_equal(unfolding.components(points), points)
    assert unfolding.components(points[:, :1])[:, 1].tolist() == [0] * 9


def test_a_umap_without_umap_learn_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(DataError, match=r"pip install \"napari-trsmi\[umap\]\""):
        unfolding.umap(np.zeros((5, 3)))


def test_a_umap_that_fails_says_why(monkeypatch):
    monkeypatch.setattr(unfolding, "has_umap", lambda: True)
    monkeypatch.setattr(unfolding, "_CODE", "raise SystemExit('too few points')")
    with pytest.raises(DataError, match="umap-learn failed: too few points"):
        unfolding.umap(np.zeros((5, 3)))


def test_a_umap_that_nobody_wants_ends_at_once(monkeypatch):
    monkeypatch.setattr(unfolding, "has_umap", lambda: True)
    monkeypatch.setattr(unfolding, "_CODE", "import time; time.sleep(600)")
    unwanted, ended = Event(), []

    def work():
        with pytest.raises(Interrupted), interruptible(unwanted.is_set):
            unfolding.umap(np.zeros((5, 3)))
        ended.append(time.perf_counter())

    thread = Thread(target=work)
    thread.start()
    time.sleep(0.3)
    asked = time.perf_counter()
    unwanted.set()
    thread.join(20)
    assert ended
    assert ended[0] - asked < 5


def test_a_umap_tells_of_its_epochs(monkeypatch):
    code = """
import sys, time
import numpy as np
for told in ("a word of the library", "\\r0/200 ", "\\r120/200 "):
    print(told, end="", flush=True)
    time.sleep(0.3)
np.save(sys.argv[2], np.zeros((5, 2)))
"""
    monkeypatch.setattr(unfolding, "has_umap", lambda: True)
    monkeypatch.setattr(unfolding, "_CODE", code)
    told = []
    with heard(lambda *what: told.append(what)):
        assert unfolding.umap(np.zeros((5, 3))).shape == (5, 2)
    assert list(dict.fromkeys(told)) == [(UNFOLDING, 0, 0), (UNFOLDING, 0, 200), (UNFOLDING, 120, 200)]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_umap_and_umap_learn_tells_of_its_epochs():
    pytest.importorskip("umap")
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(1000, 6)), rng.normal(size=(1000, 6)) + 20])
    told = []
    with heard(lambda _, done, total: told.append((done, total))):
        one = unfolding.umap(points, seed=3)
    assert told[0] == (0, 0)
    assert len({done for done, total in told if total}) > 2
    assert np.array_equal(one, unfolding.umap(points, seed=3))
    gap = np.linalg.norm(one[:1000].mean(axis=0) - one[1000:].mean(axis=0))
    assert gap > 3 * one[:1000].std()
