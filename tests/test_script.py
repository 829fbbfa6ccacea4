"""The script of a result makes the result again."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.config import Cluster, Schedule
from napari_trsmi.data.readers import from_memory
from napari_trsmi.records import Checkpoints
from napari_trsmi.script import as_python

QUICK = nt.Config(
    cluster={"n_domains": 7, "n_init": 1},
    train={"epochs": 4, "preview_every": 2},
    preprocess={"n_components": 8},
    align={"temperature": {"start": 0.3, "end": 1.0}, "enabled": False},
)


@pytest.fixture(scope="module")
def sample():
    return nt.read(nt.sample_path())


@pytest.fixture(scope="module")
def result(sample):
    return nt.fit(sample, QUICK)


def run(script: str) -> nt.Result:
    found: dict = {}
    exec(script, found)
    return found["result"]


def test_the_script_of_an_edited_result_makes_it_again(result, tmp_path, capsys):
    edited = edits.merge(edits.rename(result, 0, 'the "big" one'), ["2", "3"])
    edited = edits.review(edits.recolor(edited, 1, "#123456"), 2, "doubt", "torn\ntissue")
    script = as_python(edited, tmp_path / "out.h5mu")
    again = run(script)
    np.testing.assert_array_equal(again.labels, edited.labels)
    assert again.names == edited.names
    assert again.palette == edited.palette
    assert again.boundaries["note"].tolist() == edited.boundaries["note"].tolist()
    assert again.config == edited.config
    assert "Domains are in" in capsys.readouterr().out
    restored = nt.restore(tmp_path / "out.h5mu")
    assert as_python(restored, tmp_path / "out.h5mu") == script


def test_a_run_that_was_finished_early_is_finished_after_the_same_epoch(sample, tmp_path):
    steps = nt.fit_steps(sample, QUICK)
    next(steps), next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    result = end.value.value
    again = run(as_python(result, tmp_path / "out.h5mu"))
    assert len(again.history) == len(result.history) == 2
    np.testing.assert_array_equal(again.labels, result.labels)


def test_a_preview_that_was_kept_is_kept_again(sample, tmp_path):
    from napari_trsmi.api import keep_preview

    states = Checkpoints()
    course = list(islice(nt.fit_steps(sample, QUICK, states=states), 2))
    result = keep_preview(sample, QUICK, course[-1], history=course, states=states)
    again = run(as_python(result, tmp_path / "out.h5mu"))
    np.testing.assert_array_equal(again.labels, result.labels)
    np.testing.assert_array_equal(again.modality_weights, result.modality_weights)
    assert [step.epoch for step in again.history] == [1, 2]
    assert again.state
    result.provenance["resumed_at"] = 1
    assert "# That run went on from epoch 1" in as_python(result)


def test_new_domains_of_a_saved_result_are_found_from_the_file_again(result, tmp_path):
    result.write(tmp_path / "a.h5mu")
    found = nt.recluster(tmp_path / "a.h5mu", Cluster(n_domains=5, n_init=1))
    again = run(as_python(found, tmp_path / "b.h5mu"))
    np.testing.assert_array_equal(again.labels, found.labels)
    found = edits.recluster(found, {"n_domains": 3, "n_init": 1})
    again = run(as_python(found, tmp_path / "b.h5mu"))
    np.testing.assert_array_equal(again.labels, found.labels)


def test_the_script_of_a_result_cut_again_trains_as_before_and_cuts_as_last(result, tmp_path):
    again = edits.recluster(edits.rename(result, 0, "cortex"), {"n_domains": 3})
    again = edits.rename(edits.recluster(again, {"n_domains": 2, "n_init": 1}), 0, "all the rest")
    script = as_python(again, tmp_path / "out.h5mu")
    assert "'n_domains': 2" not in script.split("result = nt.fit")[0]
    repeated = run(script)
    np.testing.assert_array_equal(repeated.labels, again.labels)
    assert repeated.names == again.names == ("all the rest", "2")


def test_before_a_run_the_script_says_what_would_be_run(sample):
    script = as_python((sample, nt.Config()))
    compile(script, "script", "exec")
    assert "config = nt.Config()" in script
    for part in (
        "nt.sample_path()",
        "kinds={'rna': 'rna', 'adt': 'protein'}",
        "library='section1'",
        "slice_trsmi.h5mu",
    ):
        assert part in script


@pytest.mark.parametrize(
    "config",
    [
        nt.Config(align={"temperature": Schedule()}),
        nt.Config(align={"temperature": Schedule(end=0.2, shape="cosine")}, graph={"k_spatial": 4}),
        nt.Config(diffusion={"scales": ((1, 0.5),)}, seed=3, device="cpu", preprocess={"kinds": {"adt": "protein"}}),
    ],
)
def test_the_settings_are_written_so_that_they_are_read_alike(sample, config):
    line = as_python((sample, config)).split("config = ")[1].split("\nresult")[0]
    assert eval(line, {"nt": nt}) == config


def test_a_section_in_memory_has_no_script(make_table):
    dataset = from_memory(make_table())
    with pytest.raises(nt.DataError, match="read from a file"):
        as_python((dataset, nt.Config()))
