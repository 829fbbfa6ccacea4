"""What runs on this machine took is remembered, and rubbish in the file is not."""

from __future__ import annotations

import pytest

from napari_trsmi.estimate import measured, parts
from napari_trsmi.gui import remembered
from napari_trsmi.gui.jobs.paces import LATEST, learn, paces


def test_the_median_of_the_latest_runs_counts():
    for factor in (2.0, 2.2, 50.0):
        learn({"training on cpu": factor})
    assert paces() == {"training on cpu": 2.2}
    for _ in range(LATEST):
        learn({"training on cpu": 0.5})
    assert paces() == {"training on cpu": 0.5}


def test_what_no_machine_can_take_is_not_learned():
    learn({"a": 0.0, "b": float("nan"), "c": float("inf"), "d": 1e6, "e": 1.5})
    assert paces() == {"e": 1.5}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1, 2]", "3", '{"a": "fast", "b": [null, "1", -2, 1e9, true]}', "[" * 50_000, "\x00\xff"],
)
def test_rubbish_that_is_stored_is_nothing_remembered(text):
    remembered._settings().setValue("paces", text)
    assert "a" not in paces()
    learn({"c": 2.0})
    assert paces()["c"] == 2.0


def test_a_run_as_long_as_estimated_has_a_pace_of_one(sample, quick):
    guess = parts(sample, quick, "cpu")
    prepare, training, domains = guess.values()
    took = {"features and graphs": prepare, "training": training, "domains": 0.5 * domains}
    took |= {"boundaries and scores": 0.5 * domains, "support": 99.0}
    assert measured(took, sample, quick, "cpu") == pytest.approx(dict.fromkeys(guess, 1.0))
    assert set(parts(sample, quick, "cuda:0")) != set(guess)
