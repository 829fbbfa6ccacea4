"""Domains while training goes on, and one of those previews kept."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from short_run import K, finish, settings, small_slice

import napari_trsmi as nt
from napari_trsmi import teach
from napari_trsmi.data.readers import from_memory
from napari_trsmi.domains.comparison import match_labels
from napari_trsmi.previews import Previews, keep_preview
from napari_trsmi.records import Checkpoints


@pytest.fixture(scope="module")
def dataset():
    return from_memory(small_slice())


@pytest.fixture(scope="module")
def result(dataset):
    return nt.fit(dataset, settings())


def test_previews_keep_their_numbers_and_do_not_change_the_result(result, dataset):
    seen, found = finish(nt.fit_steps(dataset, settings()))
    previews = [step for step in seen if step.labels is not None]
    assert [step.epoch for step in previews] == [1, 2, 4, 6]
    assert np.isnan(previews[0].churn)
    for before, after in pairwise(previews):
        np.testing.assert_array_equal(match_labels(after.labels, before.labels), after.labels)
        assert after.churn == pytest.approx((after.labels != before.labels).mean())
    np.testing.assert_array_equal(found.labels, result.labels)
    assert found.history == tuple(seen)
    quiet, silent = finish(nt.fit_steps(dataset, settings(), previews=False))
    assert all(step.labels is None and step.embedding is None for step in quiet)
    np.testing.assert_array_equal(silent.labels, result.labels)


def test_previews_count_the_domains_as_training_does(dataset, monkeypatch):
    from napari_trsmi.model import prototypes, trainer

    asked = {"preview": [], "training": []}
    for who, module in (("preview", prototypes), ("training", trainer)):

        def spy(z, n_domains, *, _who=who, _original=module.seed_labels, **given):
            asked[_who].append((n_domains, given))
            return _original(z, n_domains, **given)

        monkeypatch.setattr(module, "seed_labels", spy)
    config = settings(cluster={"n_domains": None, "max_domains": 9, "n_components": 5})
    seen, found = finish(nt.fit_steps(dataset, config))
    assert asked["preview"] == asked["training"][:1]
    assert asked["preview"][0][1]["weight"] < 0.5
    assert 1 <= found.partition.n_domains <= 9
    assert len({len(set(step.labels)) for step in seen if step.labels is not None}) == 1


# Keeping a preview


def test_a_kept_preview_has_its_labels_and_colours_numbered_by_size(dataset):
    steps, _ = finish(nt.fit_steps(dataset, settings()))
    step = steps[3]
    colors = ("#110000", "#220000", "#330000", "#440000")
    kept = keep_preview(dataset, settings(), step, colors=colors, history=steps[:4])
    pairs = set(zip(step.labels.tolist(), kept.labels.tolist(), strict=True))
    assert len(pairs) == K
    assert (np.diff(np.bincount(kept.labels)) <= 0).all()
    assert {(colors[before], kept.colors[after]) for before, after in pairs} == {(c, c) for c in colors}
    np.testing.assert_allclose(kept.partition.posterior.sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_array_equal(kept.embedding, step.embedding)
    assert len(kept.boundaries) > 0
    assert [s.epoch for s in kept.history] == [1, 2, 3, 4]
    assert kept.provenance["kept_preview"] == 4
    assert kept.config == settings()


@pytest.mark.parametrize(
    "room", [pytest.param(4.5, marks=pytest.mark.slow), 3.5], ids=["for all states", "for three of four states"]
)
def test_a_preview_kept_with_states_has_what_a_run_that_ended_there_has(dataset, result, room):
    states = Checkpoints(budget=int(room * len(result.state)))
    steps, _ = finish(nt.fit_steps(dataset, settings(), states=states))
    assert states.epochs == ([1, 2, 4, 6] if room > 4 else [1, 4, 6])
    kept = keep_preview(dataset, settings(), steps[3], history=steps[:4], states=states)
    _, whole = finish(nt.fit_steps(dataset, settings()), None, None, None, "stop")
    assert len(whole.history) == 4
    np.testing.assert_array_equal(kept.modality_weights, whole.modality_weights)
    for pair, s in whole.correspondences.items():
        np.testing.assert_array_equal(kept.correspondences[pair].toarray(), s.toarray())
    np.testing.assert_array_equal(teach.carry_on(kept, 1).embedding, teach.carry_on(whole, 1).embedding)


def test_the_posterior_of_a_kept_preview_is_taken_like_that_of_a_result(dataset):
    rough = {"n_init": 1, "sharpen": 0}  # as previews are cut
    steps, result = finish(nt.fit_steps(dataset, settings(cluster=rough)))
    step = replace(steps[-1], embedding=result.embedding, labels=result.labels)
    kept = keep_preview(dataset, settings(cluster=rough), step)
    np.testing.assert_array_equal(kept.labels, result.labels)
    np.testing.assert_allclose(kept.partition.posterior, result.partition.posterior, atol=1e-5)
    assert kept.colors == result.colors


def test_a_preview_of_a_run_by_tiles_is_kept_from_the_state_of_training(dataset):
    tiled, states = settings(train={"tile_spots": 100}), Checkpoints()
    steps, result = finish(nt.fit_steps(dataset, tiled, states=states))
    assert all(step.embedding is None for step in steps)
    assert steps[3].labels is not None
    kept = keep_preview(dataset, tiled, steps[3], history=steps[:4], states=states)
    assert kept.embedding.shape == result.embedding.shape
    assert (match_labels(kept.labels, steps[3].labels) == steps[3].labels).all()
    with pytest.raises(nt.DataError, match="Expected a step with domains and embedding"):
        keep_preview(dataset, tiled, steps[3])


def test_a_step_between_previews_cannot_be_kept(dataset):
    steps, _ = finish(nt.fit_steps(dataset, settings()))
    with pytest.raises(nt.DataError, match="Expected a step with domains"):
        keep_preview(dataset, settings(), steps[2])


def test_a_pause_is_no_time_of_the_run_and_a_preview_is(dataset, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    label = Previews.label

    def slow(self, step):
        clock[0] += 10.0 * (step.embedding is not None)
        return label(self, step)

    monkeypatch.setattr(Previews, "label", slow)
    steps = nt.fit_steps(dataset, settings(train={"epochs": 4, "preview_every": 2}))
    seconds = []
    while True:
        try:
            seconds.append(next(steps).seconds)
            clock[0] += 1000.0
        except StopIteration as end:
            result = end.value
            break
    assert seconds == [10.0, 20.0, 20.0, 30.0]  # previews after epochs 1, 2 and 4
    assert [step.seconds for step in result.history] == seconds
    assert result.provenance["seconds"] == {
        "features and graphs": 0.0,
        "training": 30.0,
        "domains": 0.0,
        "boundaries and scores": 0.0,
    }
