"""Training as a generator: what it yields, how it ends, goes on and fails."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from small import config, finish, section
from torch.testing import assert_close

from napari_trsmi.errors import TrainingError
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


def test_time_between_steps_is_no_time_of_the_run(one, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    advance = Trainer.advance

    def take_two_seconds(self):
        clock[0] += 2.0
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", take_two_seconds)
    steps, seconds = train(*one.parts, config(train={"epochs": 3})), []
    for step in steps:
        seconds.append(step.seconds)
        clock[0] += 1000.0  # paused
    assert seconds == [2.0, 4.0, 6.0]


def test_seconds_go_on_where_the_state_had_come_to(one):
    _, fit = finish(train(*one.parts, config(train={"epochs": 3})))
    seen, _ = finish(train(*one.parts, config(train={"epochs": 3, "extra_epochs": 1}), resume=fit.state))
    assert seen[0].seconds > fit.history[-1].seconds


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
    trainer.advance()
    before = trainer.prototypes.detach().clone()
    trainer.advance()
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
    assert seen[-1].beta == 0.0
    assert seen[0].beta > 0.7


@pytest.mark.parametrize(
    ("train_settings", "fractions"),
    [
        ({"epochs": 1}, [1.0]),
        ({"epochs": 1, "extra_epochs": 2}, [1.0, 1.0, 1.0]),
        ({"epochs": 0, "extra_epochs": 2}, [1.0, 1.0]),
        ({"epochs": 2}, [0.0, 1.0]),
        ({"epochs": 3, "extra_epochs": 1}, [0.0, 0.5, 1.0, 1.0]),
    ],
    ids=str,
)
def test_the_last_planned_epoch_and_all_after_it_are_at_the_end_of_the_schedules(one, train_settings, fractions):
    linear = {"temperature": {"start": 1.0, "end": 0.5, "shape": "linear"}}
    seen, _ = finish(train(*one.parts, config(align=linear, train=train_settings)))
    assert [step.temperature for step in seen] == [pytest.approx(1.0 - 0.5 * f) for f in fractions]


def test_weights_decay_as_fast_as_asked(one):
    still = {"learning_rate": 0.01, "epochs": 4}
    held, decayed = (
        Trainer(*one.parts, config(train={**still, "weight_decay": decay}, loss={"lam_cluster": 0.0}))
        for decay in (0.0, 1e4)
    )
    start = {name: p.detach().clone() for name, p in held.network.named_parameters()}
    for _ in range(4):
        held.advance()
        decayed.advance()
    # So strong a decay outweighs every gradient: Adam takes the same step towards zero for each weight.
    for name, after in decayed.network.named_parameters():
        moved = start[name].abs() - after.detach().abs()
        assert (moved[start[name].abs() > 0.1] > 0.03).all(), name
    assert any((start[name].abs() - p.detach().abs() < 0.03).any() for name, p in held.network.named_parameters())


def test_warming_up_lasts_its_share_of_the_epochs(one, monkeypatch):
    warm = []
    forward = TRSMI.forward
    monkeypatch.setattr(
        TRSMI, "forward", lambda self, f, warm_=None, **k: warm.append(k.get("warm", False)) or forward(self, f, **k)
    )
    trainer = Trainer(*one.parts, config(align={"warmup": 0.25}, loss={"lam_cluster": 0.0}))
    for _ in range(8):
        trainer.advance()
    assert warm == [True] * 2 + [False] * 6


def test_searched_candidates_are_searched_again_every_few_epochs(one, monkeypatch):
    searched = []
    forget = TRSMI.forget_candidates
    monkeypatch.setattr(TRSMI, "forget_candidates", lambda self: searched.append(trainer.epoch) or forget(self))
    trainer = Trainer(*one.parts, config(align={"candidates": "ann", "k_candidates": 3, "refresh": 3}))
    for _ in range(8):
        trainer.advance()
    assert searched == [3, 6]


# Learned graphs and their moving averages


def test_learned_graphs_stay_symmetric_and_non_negative(one):
    trainer = Trainer(*one.parts, config(train={"learning_rate": 0.3}))
    start = {m: graph.detach().clone() for m, graph in trainer.network.feature_values().items()}
    for _ in range(8):
        trainer.advance()
    pattern = trainer.network.whole.pattern
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
        step = trainer.advance()
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
            trainer.advance()
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
        (torch.OutOfMemoryError("CUDA out of memory"), "fit into the memory of (cpu|cuda), found"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "fit into the memory of"),
        (RuntimeError("MPS backend out of memory"), "fit into the memory of"),
        (MemoryError("Unable to allocate 9 GiB"), "fit into the memory of"),
    ],
    ids=["shapes", "cuda", "cpu", "mps", "numpy"],
)
def test_errors_of_torch_become_training_errors(one, monkeypatch, error, message):
    def broken(*given, **named):
        raise error

    monkeypatch.setattr(TRSMI, "forward", broken)
    with pytest.raises(TrainingError, match=message) as caught:
        next(train(*one.parts, config()))
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error
