"""What runs on this machine took is remembered, and rubbish in the file is not."""

from __future__ import annotations

import json
import os

import pytest

from napari_trsmi.estimate import measured, parts
from napari_trsmi.gui import remembered
from napari_trsmi.gui.paces import LATEST, learn, paces


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
    [
        "",
        "{",
        "[1, 2]",
        '{"paces": 3}',
        '{"paces": {"a": "fast", "b": [null, "1", -2, 1e9, true]}}',
        "[" * 50_000,
        "\x00\xff",
    ],
)
def test_rubbish_in_the_file_is_nothing_remembered(text):
    remembered.file().parent.mkdir()
    remembered.file().write_text(text, encoding="latin1")
    assert {part: pace for part, pace in paces().items() if part == "a"} == {}
    learn({"c": 2.0})
    assert paces()["c"] == 2.0
    assert json.loads(remembered.file().read_text())["paces"]["c"] == [2.0]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that may not be written")
def test_a_folder_that_may_not_be_written_costs_nothing_else():
    remembered.file().parent.mkdir(mode=0o500)
    learn({"a": 2.0})
    assert paces() == {}


def test_a_run_as_long_as_estimated_has_a_pace_of_one(sample, quick):
    guess = parts(sample, quick, "cpu")
    prepare, training, domains = guess.values()
    took = {"features and graphs": prepare, "training": training, "domains": 0.5 * domains}
    took |= {"boundaries and scores": 0.5 * domains, "support": 99.0}
    assert measured(took, sample, quick, "cpu") == pytest.approx(dict.fromkeys(guess, 1.0))
    assert set(parts(sample, quick, "cuda:0")) != set(guess)
