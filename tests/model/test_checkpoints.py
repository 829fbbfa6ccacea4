"""Runs that were broken off go on from their checkpoint, and only from their own."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from small import config, finish, section

from napari_trsmi.config import Config
from napari_trsmi.errors import TrainingError
from napari_trsmi.model.training import train
from napari_trsmi.records import Fit, Step


@pytest.fixture(scope="module")
def one():
    return section(60)


def resumed(one, settings: Config, path, stop_after: int) -> tuple[list[Step], Fit]:
    """Break a run off, and continue from its checkpoint."""
    steps = train(*one.parts, settings, checkpoint=path)
    for _ in range(stop_after):
        next(steps)
    steps.close()
    torch.manual_seed(99)  # another process
    return finish(train(*one.parts, settings, resume=path))


@pytest.mark.parametrize(
    ("every", "stop_after"), [(2, 3), (3, 7), (8, 8)], ids=["before seeding", "after", "at the end"]
)
@pytest.mark.parametrize("candidates", ["graph", pytest.param("dense", marks=pytest.mark.slow)])
def test_a_resumed_run_ends_exactly_like_an_unbroken_one(one, tmp_path, every, stop_after, candidates):
    settings = config(align={"candidates": candidates}, train={"checkpoint_every": every})
    _, unbroken = finish(train(*one.parts, settings))
    rest, fit = resumed(one, settings, tmp_path / "run.pt", stop_after)
    assert [step.epoch for step in rest] == list(range(every * (stop_after // every) + 1, 9))
    np.testing.assert_array_equal(fit.embedding, unbroken.embedding)
    np.testing.assert_array_equal(fit.prototypes, unbroken.prototypes)
    assert [step.epoch for step in fit.history] == list(range(1, 9))
    assert [step.losses for step in fit.history] == [step.losses for step in unbroken.history]
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


@pytest.fixture
def checkpoint(one, tmp_path):
    path = tmp_path / "run.pt"
    steps = train(*one.parts, config(train={"checkpoint_every": 1}), checkpoint=path)
    next(steps)
    steps.close()
    return path


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"encoder": {"gate": 0.2}}, {"align": {"enabled": False}}, {"loss": {"lam_graph": 0.2}}],
    ids=str,
)
def test_a_checkpoint_of_other_settings_is_refused(one, checkpoint, change):
    with pytest.raises(TrainingError, match="same settings"):
        next(train(*one.parts, config(**change), resume=checkpoint))


def test_a_run_can_go_on_for_longer_than_planned(one, checkpoint):
    seen, fit = finish(train(*one.parts, config(train={"epochs": 10}), resume=checkpoint))
    assert seen[-1].epoch == 10
    assert len(fit.history) == 10


def test_a_checkpoint_of_other_data_is_refused(checkpoint):
    with pytest.raises(TrainingError, match="same data"):
        next(train(*section(50).parts, config(), resume=checkpoint))


def test_searched_candidates_cannot_be_resumed(one, tmp_path):
    settings = config(align={"candidates": "ann"}, train={"checkpoint_every": 1})
    with pytest.raises(TrainingError, match="found 'ann'"):
        resumed(one, settings, tmp_path / "run.pt", 2)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None], ids=["empty", "text", "missing"])
def test_another_file_is_no_checkpoint(one, tmp_path, content):
    path = tmp_path / "run.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match="Expected a checkpoint of this program"):
        next(train(*one.parts, config(), resume=path))


def test_a_file_of_torch_that_is_no_checkpoint_is_refused(one, tmp_path):
    torch.save({"weights": torch.ones(2)}, tmp_path / "run.pt")
    with pytest.raises(TrainingError, match="Expected a checkpoint of this program"):
        next(train(*one.parts, config(), resume=tmp_path / "run.pt"))


def test_a_place_that_cannot_be_written_is_named(one, tmp_path):
    with pytest.raises(TrainingError, match=r"Expected the folder .*nowhere"):
        next(train(*one.parts, config(train={"checkpoint_every": 1}), checkpoint=tmp_path / "nowhere" / "run.pt"))


def test_a_full_disk_leaves_the_old_checkpoint_and_lets_the_run_go_on(one, checkpoint, monkeypatch, caplog):
    before = checkpoint.read_bytes()

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    seen, _ = finish(train(*one.parts, config(train={"checkpoint_every": 1}), checkpoint=checkpoint))
    assert len(seen) == config().train.epochs
    assert "found it full" in caplog.text
    assert "The run goes on without." in caplog.text
    assert checkpoint.read_bytes() == before
    assert [path.name for path in checkpoint.parent.iterdir()] == ["run.pt"]
