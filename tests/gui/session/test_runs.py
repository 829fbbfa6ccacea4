"""The list of runs, without a window."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from napari_trsmi import Config, DataError, edits
from napari_trsmi.gui.session.runs import Runs, scores
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.records import Partition


def other(result, n=7, **config):
    """A result with other domains, of other settings: those of the sample's spots moved on by one."""
    labels = np.sort((result.labels + np.arange(len(result.labels)) // 2000) % n)
    posterior = np.eye(n, dtype=np.float32)[labels]
    return replace(result, partition=Partition(labels, posterior, "mixture"), config=Config(**config))


@pytest.fixture
def session(trained):
    session = Session(start_trainer=lambda session, run: None)
    session.activate(OpenSection(trained.dataset, trained))
    return session


def test_a_result_that_is_opened_is_the_first_run(session, trained):
    (entry,) = session.section.runs
    assert entry.name == "run 1"
    assert entry.result is trained


def test_other_domains_make_a_new_entry_and_edits_belong_to_theirs(session, trained):
    session.set_result(other(trained))
    session.set_result(edits.rename(session.result, 0, "cortex"))
    session.set_result(edits.review(session.result, 0, "doubt"))
    first, second = session.section.runs
    assert second.result is session.result
    assert second.result.names[0] == "cortex"
    session.set_result(first.result)
    assert session.result.labels is trained.labels
    assert [entry.name for entry in session.section.runs] == ["run 1", "run 2"]
    session.set_result(second.result)
    assert session.result.boundaries["review"][0] == "doubt"


def test_everyone_is_told_that_the_runs_changed(session, trained):
    told = []
    session.runs_changed.connect(lambda: told.append(len(session.section.runs)))
    session.set_result(other(trained))
    assert told == [2]


def test_a_file_a_result_was_saved_to_belongs_to_its_run(session, trained, tmp_path):
    session.section.path = tmp_path / "first.h5mu"
    session.set_result(other(trained))
    assert session.section.path is None
    first, second = session.section.runs
    assert (first.path, second.path) == (tmp_path / "first.h5mu", None)


def test_pinned_runs_come_first_and_cannot_be_deleted(session, trained):
    session.set_result(other(trained))
    session.set_result(other(trained, 3))
    runs = session.section.runs
    second = list(runs)[1]
    second.pinned = True
    assert [entry.number for entry in runs] == [2, 1, 3]
    with pytest.raises(DataError, match="not pinned, found run 2"):
        runs.remove(second, session.result)


def test_the_run_that_is_shown_cannot_be_deleted(session):
    (entry,) = session.section.runs
    with pytest.raises(DataError, match="not shown, found run 1"):
        session.section.runs.remove(entry, session.result)


def test_a_deleted_run_is_let_go_of(session, trained):
    made = other(trained, 3)
    gone = weakref.ref(made)
    session.set_result(made)
    session.set_result(trained)
    del made
    entry = list(session.section.runs)[1]
    session.section.runs.agreement(*session.section.runs)
    session.section.runs.remove(entry, session.result)
    del entry
    gc.collect()
    assert gone() is None
    assert len(session.section.runs) == 1


def test_previews_of_runs_that_are_not_shown_are_let_go_of(session, trained):
    seen = tuple(replace(step, embedding=trained.embedding, labels=trained.labels) for step in trained.history)
    session.set_result(replace(trained, history=seen))
    assert session.result.history is seen
    session.set_result(other(trained))
    first = next(iter(session.section.runs))
    assert all(step.embedding is None and step.labels is None for step in first.result.history)
    assert [step.losses for step in first.result.history] == [step.losses for step in trained.history]


def test_a_name_is_given_once_and_never_empty(session, trained):
    session.set_result(other(trained))
    first, second = session.section.runs
    session.section.runs.rename(first, " wide ")
    assert first.name == "wide"
    for name in ("wide", " ", ""):
        with pytest.raises(DataError, match="Expected a name that no other run has"):
            session.section.runs.rename(second, name)


def test_agreement_is_the_adjusted_rand_index(session, trained):
    session.set_result(other(trained))
    first, second = session.section.runs
    assert session.section.runs.agreement(first, first) == 1.0
    from sklearn.metrics import adjusted_rand_score

    expected = adjusted_rand_score(first.result.labels, second.result.labels)
    assert session.section.runs.agreement(second, first) == pytest.approx(expected)
    saved = session.section.runs.complete(second.result).provenance["runs"]
    assert saved == [{"name": first.name, "ari": pytest.approx(expected)}]


def test_what_sets_runs_apart_is_said_in_words(trained):
    runs = Runs()
    first = runs.take(replace(trained, config=Config()))
    assert runs.differing() == {1: "default settings"}
    second = runs.take(other(trained, align={"enabled": False}, seed=2, device="cpu"))
    assert runs.differing()[first.number] == "alignment enabled on, seed 0"
    assert runs.differing()[second.number] == "alignment enabled off, seed 2"


def test_where_domains_come_from_is_said_in_words(trained):
    runs = Runs()
    for key, value in (("kept_preview", 4), ("edits", [{"edit": "recluster"}]), ("edits", [{"edit": "merge"}])):
        runs.take(replace(other(trained), provenance={key: value}, config=Config()))
    assert list(runs.differing().values()) == ["epoch 4", "clustered again", "merged"]


def test_scores_of_a_run_are_those_in_its_result(trained):
    found = scores(trained)
    assert found["confidence"] == pytest.approx(trained.confidence.mean())
    assert found["PAS"] == trained.scores["PAS"]
    assert found["preservation"] == pytest.approx(
        (trained.scores["preservation_rna"] + trained.scores["preservation_adt"]) / 2
    )
    assert found["seconds"] == pytest.approx(sum(trained.provenance["seconds"].values()))
    assert np.isnan(scores(replace(trained, scores={}, provenance={}))["seconds"])


def test_runs_move_with_the_spots(session, trained):
    session.set_result(other(trained))
    runs = session.section.runs
    flipped = replace(trained.dataset, coords=trained.dataset.coords[:, ::-1])
    section = OpenSection(flipped, replace(session.result, dataset=flipped), runs=runs.move_to(flipped))
    session.activate(section)
    assert len(section.runs) == 2
    assert all(entry.result.dataset is flipped for entry in section.runs)
    assert section.runs.entry_of(session.result) is list(runs)[1]
