from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.cluster import KMeans

from napari_trsmi import Config, stages
from napari_trsmi.api import fit_steps
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.domains import clustering, starts
from napari_trsmi.interrupt import Interrupted, check, interruptible


@pytest.fixture(scope="module")
def dataset():
    return simulate_dataset(n_spots=300, modalities=("rna", "adt"), seed=0)


@pytest.fixture
def config():
    return Config(cluster={"n_domains": 3}, train={"epochs": 1}, preprocess={"n_components": 5})


def asked(times):
    """Return a question whose answer is no, that often; and how often it was asked."""
    count = iter(range(10**6))
    return lambda: next(count) >= times


def test_nothing_is_interrupted_unless_asked_for():
    check()
    with interruptible(lambda: False):
        check()
    check()


def test_only_the_thread_that_is_unwanted_ends():
    said = []

    def other():
        check()
        said.append("through")

    with interruptible(lambda: True):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with pytest.raises(Interrupted):
            check()
    assert said == ["through"]


def test_what_was_asked_outside_holds_again_after_what_was_asked_inside():
    with interruptible(lambda: True):
        with interruptible(lambda: False):
            check()
        with pytest.raises(Interrupted):
            check()


@pytest.mark.parametrize("times", [0, 3, 10, 40])
def test_preparation_ends_between_its_parts(dataset, config, times):
    with interruptible(asked(times)), pytest.raises(Interrupted):
        stages.prepare(dataset, config)


@pytest.mark.parametrize("stage", ["started", "fit_mixture", "posterior_of"])
def test_the_final_clustering_ends_within_each_part(dataset, config, monkeypatch, stage):
    steps = fit_steps(dataset, config, previews=False)
    next(steps)
    unwanted = threading.Event()
    real = getattr(clustering, stage)

    def told(*args, **kwargs):
        unwanted.set()
        return real(*args, **kwargs)

    monkeypatch.setattr(clustering, stage, told)
    with interruptible(unwanted.is_set), pytest.raises(Interrupted):
        next(steps)


def test_boundaries_and_scores_end_between_their_parts(dataset, config, monkeypatch):
    from napari_trsmi.domains import boundaries, metrics

    steps = fit_steps(dataset, config, previews=False)
    next(steps)
    unwanted, real = threading.Event(), boundaries.find_boundaries
    monkeypatch.setattr(boundaries, "find_boundaries", lambda *args: (unwanted.set(), real(*args))[1])
    monkeypatch.setattr(metrics, "smoothness", None)
    with interruptible(unwanted.is_set), pytest.raises(Interrupted):
        next(steps)


def test_restarts_one_by_one_give_the_labels_of_all_at_once():
    features = np.random.default_rng(1).normal(size=(400, 3))
    found = starts.kmeans(features, 6, 5, seed=2)
    assert np.array_equal(found, KMeans(6, n_init=5, random_state=2).fit(features).predict(features))
