"""Support put onto a result that may have been edited while it was found."""

from __future__ import annotations

import numpy as np
import pytest
from acted_support import act_support, with_acted_support

from napari_trsmi import edits
from napari_trsmi.gui.jobs.ready import Ready
from napari_trsmi.gui.support.job import SupportJob, onto


@pytest.fixture
def found(wanting, monkeypatch):
    act_support(monkeypatch)
    return SupportJob(wanting, Ready()).work()


@pytest.fixture
def moved(found):
    """A boundary whose rank is another with support."""
    was = found.boundaries["was"].to_numpy()
    return int(was[np.flatnonzero(was != np.arange(len(was)))[0]])


def test_onto_the_result_itself_it_is_what_the_function_returns(found, wanting):
    expected, result = with_acted_support(wanting), onto(found, wanting)
    assert result.boundaries.equals(expected.boundaries)
    assert result.boundary_edges.equals(expected.boundary_edges)
    assert np.array_equal(result.maps["support"], expected.maps["support"])
    assert result.provenance == expected.provenance
    assert result.partition is wanting.partition


def test_reviews_go_with_their_boundaries_and_their_record_says_the_new_number(found, wanting, moved):
    edited = edits.review(edits.rename(wanting, 0, "cortex"), moved, "doubt", "torn")
    result = onto(found, edited)
    assert result.names[0] == "cortex"
    (segment,) = np.flatnonzero(result.boundaries["review"] == "doubt")
    key = ["domain_a", "domain_b", "length", "x", "y"]
    assert result.boundaries.loc[segment, key].tolist() == wanting.boundaries.loc[moved, key].tolist()
    assert segment != moved
    assert result.provenance["edits"][-1]["segment"] == segment
    replayed = edits.review(edits.rename(with_acted_support(wanting), 0, "cortex"), int(segment), "doubt", "torn")
    assert replayed.boundaries.equals(result.boundaries[list(replayed.boundaries)])


def test_reviews_of_domains_before_keep_their_numbers(found, wanting, moved):
    before = [{"edit": "review", "segment": moved, "verdict": "keep", "note": ""}, {"edit": "recluster", "cluster": {}}]
    edited = edits.review(wanting, moved, "doubt")
    edited.provenance["edits"] = [*before, *edited.provenance["edits"]]
    recorded = onto(found, edited).provenance["edits"]
    assert recorded[:2] == before
    assert recorded[2]["segment"] != moved


def test_what_was_dropped_ends_with_nothing(wanting, monkeypatch, gate):
    job = SupportJob(wanting, Ready())
    job.drop()
    assert job.work() is None
    assert job.thread.ended.is_set()


def test_where_nothing_is_found_there_is_nothing(wanting, monkeypatch):
    act_support(monkeypatch, nothing=True)
    assert SupportJob(wanting, Ready()).work() is None
