"""Training as a generator: what it yields, how it ends, goes on and fails."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import config, finish, section
from torch.testing import assert_close

from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.model.devices import pick_device, pick_threads
from napari_trsmi.model.network import TRSMI
from napari_trsmi.model.training import Trainer, train


@pytest.fixture(scope="module")
def one():
    return section(60)


# The course of a run


def test_every_epoch_is_a_step_and_the_fit_comes_last(one):
    seen, fit = finish(train(*one.parts, config()))
    assert [step.epoch for step in seen] == list(range(1, 9))
    assert {step.n_epochs for step in seen} == {8}
    assert fit.history == tuple(seen)
    assert not fit.stopped
    assert fit.embedding.shape == (60, 8)
    assert fit.embedding.dtype == np.float32
    assert fit.modalities == ("rna", "adt")
    assert fit.prototypes.shape == (3, 8)
    np.testing.assert_allclose(fit.modality_weights.sum(axis=1), 1, rtol=1e-5)
    s = fit.correspondences["rna", "adt"]
    np.testing.assert_allclose(s.sum(axis=1), 1, rtol=1e-5)
    assert list(fit.stages) == ["input", "encoder", "alignment", "local", "global", "fusion"]
    np.testing.assert_array_equal(fit.stages["fusion"], fit.embedding)
    np.testing.assert_array_equal(fit.stages["input"], np.hstack(list(one.features.values())))


def test_stopping_keeps_what_there_is(one):
    steps = train(*one.parts, config())
    for _ in range(3):
        next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    fit = end.value.value
    assert fit.stopped
    assert [step.epoch for step in fit.history] == [1, 2, 3]
    assert np.isfinite(fit.embedding).all()
    assert fit.prototypes.shape == (3, 8)


def test_stopping_after_n_epochs_and_planning_n_differ_only_in_the_schedule(one):
    constant = {"gate": {"shape": "constant"}, "align": {"warmup": 0.0}, "loss": {"lam_cluster": 0.0}}
    steps = train(*one.parts, config(**constant))
    for _ in range(3):
        next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    _, planned = finish(train(*one.parts, config(train={"epochs": 3}, **constant)))
    np.testing.assert_array_equal(end.value.value.embedding, planned.embedding)


def test_without_epochs_the_start_is_the_result(one):
    seen, fit = finish(train(*one.parts, config(train={"epochs": 0})))
    assert seen == []
    assert fit.prototypes.shape == (3, 8)
    assert np.isfinite(fit.embedding).all()


def test_extra_epochs_follow_with_all_schedules_at_their_end(one):
    moving = {"temperature": {"start": 0.4, "end": 0.1, "shape": "linear"}, "dim": 3}
    planned, _ = finish(train(*one.parts, config(align=moving)))
    longer, fit = finish(train(*one.parts, config(align=moving, train={"extra_epochs": 3})))
    assert [step.losses for step in longer[:8]] == [step.losses for step in planned]
    assert [(step.epoch, step.n_epochs) for step in longer[8:]] == [(9, 11), (10, 11), (11, 11)]
    assert [step.temperature for step in longer[7:]] == [pytest.approx(0.1)] * 4
    assert fit.history[-1].epoch == 11


def test_previews_carry_the_embedding_and_change_nothing(one):
    quiet, without = finish(train(*one.parts, config()))
    seen, fit = finish(train(*one.parts, config(train={"preview_every": 3})))
    assert [step.epoch for step in seen if step.embedding is not None] == [1, 3, 6, 8]
    assert all(step.embedding is None for step in quiet)
    assert seen[2].embedding.shape == (60, 8)
    np.testing.assert_array_equal(fit.embedding, without.embedding)


def test_the_same_seed_gives_the_same_embedding(one):
    torch.manual_seed(1)
    first = finish(train(*one.parts, config(seed=5)))[1]
    torch.manual_seed(2)  # what others drew before does not matter
    np.testing.assert_array_equal(finish(train(*one.parts, config(seed=5)))[1].embedding, first.embedding)
    assert not np.array_equal(finish(train(*one.parts, config(seed=6)))[1].embedding, first.embedding)


def test_training_lowers_the_loss(one):
    seen, _ = finish(train(*one.parts, config(train={"epochs": 30})))
    assert seen[-1].losses["reconstruction"] < 0.9 * seen[0].losses["reconstruction"]


def test_the_total_is_the_weighted_sum_of_the_terms(one):
    weights = {"w_reconstruction": 0.7, "lam_cluster": 0.3, "lam_graph": 2.0}
    seen, _ = finish(train(*one.parts, config(loss=weights)))
    for step in seen:
        terms = step.losses
        expected = 0.7 * terms["reconstruction"] + 0.3 * terms.get("cluster", 0.0) + 2.0 * terms["graph"]
        assert terms["total"] == pytest.approx(expected, rel=1e-5)


def test_prototypes_are_seeded_at_their_share_of_the_epochs(one):
    seen, _ = finish(train(*one.parts, config(cluster={"start": 0.5})))
    assert [step.epoch for step in seen if "cluster" in step.losses] == [5, 6, 7, 8]
    seen, fit = finish(train(*one.parts, config(loss={"lam_cluster": 0.0})))
    assert not any("cluster" in step.losses for step in seen)
    assert fit.prototypes.shape == (3, 8)


def test_prototypes_are_learned(one):
    trainer = Trainer(*one.parts, config(cluster={"start": 0.0}))
    trainer.advance(0.0)
    before = trainer.prototypes.detach().clone()
    trainer.advance(0.0)
    assert not torch.equal(trainer.prototypes.detach(), before)


def test_schedules_reach_their_ends(one):
    moving = {
        "align": {"temperature": {"start": 0.5, "end": 0.1, "shape": "linear"}},
        "cluster": {"tau_c": {"start": 1.0, "end": 0.2, "shape": "exponential"}},
        "gate": {"cool_end": 0.0},
    }
    seen, _ = finish(train(*one.parts, config(**moving)))
    assert (seen[0].temperature, seen[-1].temperature) == (pytest.approx(0.5), pytest.approx(0.1))
    assert (seen[0].tau_c, seen[-1].tau_c) == (pytest.approx(1.0), pytest.approx(0.2))
    assert seen[-1].beta == pytest.approx(0.0, abs=1e-6)
    assert seen[0].beta > 0.7


def test_warming_up_lasts_its_share_of_the_epochs(one, monkeypatch):
    warm = []
    forward = TRSMI.forward
    monkeypatch.setattr(
        TRSMI, "forward", lambda self, f, warm_=None, **k: warm.append(k.get("warm", False)) or forward(self, f, **k)
    )
    trainer = Trainer(*one.parts, config(align={"warmup": 0.25}, loss={"lam_cluster": 0.0}))
    for _ in range(8):
        trainer.advance(0.0)
    assert warm == [True] * 2 + [False] * 6


def test_searched_candidates_are_searched_again_every_few_epochs(one, monkeypatch):
    searched = []
    forget = TRSMI.forget_candidates
    monkeypatch.setattr(TRSMI, "forget_candidates", lambda self: searched.append(trainer.epoch) or forget(self))
    trainer = Trainer(*one.parts, config(align={"candidates": "ann", "k_candidates": 3, "refresh": 3}))
    for _ in range(8):
        trainer.advance(0.0)
    assert searched == [3, 6]


# Learned graphs and their moving averages


def test_learned_graphs_stay_symmetric_and_non_negative(one):
    trainer = Trainer(*one.parts, config(train={"learning_rate": 0.3}))
    start = {m: graph.detach().clone() for m, graph in trainer.network.feature_values().items()}
    for _ in range(8):
        trainer.advance(0.0)
    pattern = trainer.graphs.pattern
    for m, values in trainer.network.feature_values().items():
        assert (values >= 0).all()
        assert_close(values[pattern.transpose], values)
        assert not torch.allclose(values, start[m], atol=1e-2)
        assert ((values > 0) == (start[m] > 0)).all()  # no edge appears or vanishes


def test_the_reference_graph_is_the_moving_average_and_has_no_gradient(one):
    trainer = Trainer(*one.parts, config(loss={"ema_decay": 0.7}))
    expected: dict[str, torch.Tensor] = {}
    for _ in range(4):
        now = {m: graph.detach().clone() for m, graph in trainer.network.feature_values().items()}
        expected = {m: 0.7 * expected[m] + 0.3 * g if expected else g for m, g in now.items()}
        step = trainer.advance(0.0)
        for m, reference in trainer.references.items():
            assert not reference.requires_grad
            assert_close(reference, expected[m])
        if step.epoch == 1:
            assert step.losses["graph"] == 0.0
    assert step.losses["graph"] > 0


def test_the_drift_pulls_towards_the_reference(one):
    free = Trainer(*one.parts, config(loss={"lam_graph": 0.0}, train={"learning_rate": 0.1}))
    held = Trainer(*one.parts, config(loss={"lam_graph": 1e4}, train={"learning_rate": 0.1}))
    start = {m: graph.detach() for m, graph in free.network.feature_values().items()}
    moved = []
    for trainer in (free, held):
        for _ in range(6):
            trainer.advance(0.0)
        now = trainer.network.feature_values()
        moved.append(sum(float((now[m] - start[m]).detach().square().sum()) for m in start))
    assert moved[1] < 0.5 * moved[0]


# Any configuration


@pytest.mark.parametrize(
    "change",
    [
        {part: {"enabled": False} for part in ("align", "refine", "diffusion")},
        {"graph": {"learn_edges": False, "learn_mix": False}},
        {"encoder": {"l2_before": True, "l2_after": True, "dim": 4}},
        {"align": {"candidates": "ann", "k_candidates": 3, "refresh": 2}},
        {"align": {"candidates": "dense"}},
        {"loss": {"w_reconstruction": 0.0}},
        {"loss": {"modality_weights": {"rna": 0.0, "adt": 2.0}}},
        {"cluster": {"n_domains": None}},
        {"cluster": {"n_domains": 1}},
        {"train": {"weight_decay": 0.1}},
        {"train": {"epochs": 1}},
    ],
    ids=str,
)
@pytest.mark.parametrize("widths", [{"rna": 5}, {"rna": 5, "adt": 3, "atac": 4}], ids=len)
def test_training_runs_with_any_part_off_or_changed(change, widths):
    seen, fit = finish(train(*section(40, widths).parts, config(**change)))
    assert np.isfinite(fit.embedding).all()
    assert all(np.isfinite(list(step.losses.values())).all() for step in seen)
    assert fit.modality_weights.shape == (40, len(widths))


# Failures


def test_a_loss_that_is_not_finite_ends_the_run_in_words(one):
    with pytest.raises(TrainingError, match=r"Expected a finite .* Lower train\.learning_rate"):
        finish(train(*one.parts, config(train={"learning_rate": 1e20})))


@pytest.mark.parametrize("enabled", [True, False])
def test_a_feature_that_is_not_a_number_ends_the_run(one, enabled):
    broken = {m: values.copy() for m, values in one.features.items()}
    broken["rna"][3, 1] = np.nan
    with pytest.raises(TrainingError):
        finish(train(broken, one.spatial, one.feature_graphs, config(align={"enabled": enabled})))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied\nmore"), "Training stopped in torch: mat1 and mat2"),
        (torch.OutOfMemoryError("CUDA out of memory"), "fit into the memory of cpu, found"),
    ],
    ids=["shapes", "memory"],
)
def test_errors_of_torch_become_training_errors(one, monkeypatch, error, message):
    def broken(*given, **named):
        raise error

    monkeypatch.setattr(TRSMI, "forward", broken)
    with pytest.raises(TrainingError, match=message) as caught:
        next(train(*one.parts, config()))
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_a_device_that_is_not_there_is_refused(one):
    with pytest.raises(ConfigError, match="Use 'cpu' or 'auto'"):
        pick_device("abacus")
    with pytest.raises(ConfigError, match="Use 'cpu' or 'auto'"):
        pick_device("cuda:99")
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in ("cpu", "cuda", "mps")


# Threads


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
def test_the_thread_count_is_put_back_however_a_run_ends(one):
    settings = config()
    steps = train(*one.parts, settings)
    next(steps)
    assert torch.get_num_threads() == 1
    steps.close()
    assert torch.get_num_threads() == 3
    finish(train(*one.parts, settings))
    assert torch.get_num_threads() == 3
    with pytest.raises(TrainingError):
        finish(train(*one.parts, config(train={"learning_rate": 1e20})))
    assert torch.get_num_threads() == 3


def test_by_default_one_core_is_left_to_the_interface(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert pick_threads(0) == 7
    assert pick_threads(3) == 3
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert pick_threads(0) == 1
