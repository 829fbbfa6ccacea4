"""A study beside a run of one of its sections: compared on the spots that both have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from studies_by_hand import section_of, study_of

from napari_trsmi.compare import labels_of_other
from napari_trsmi.data.study import stack
from napari_trsmi.errors import DataError

LABELS = {"a": np.repeat([0, 1], 18), "b": np.repeat([1, 0], 18), "c": np.repeat([0, 1, 0], 12)}


@pytest.fixture
def study():
    """Three sections of the same barcodes and places, which numbers and names tell apart."""
    return study_of(LABELS)


def alone(study, name, called=""):
    """One section of a study as a run of its own, of other labels, in another order."""
    number = study.dataset.number_of(name)
    part = replace(study.dataset.parts[number], name=called or name)
    labels = study.labels[study.dataset.sections[number]]
    own = study_of({"x": 1 - labels})
    return replace(own, dataset=part)


def test_a_run_of_one_section_is_compared_on_its_spots(study):
    run = alone(study, "b")
    found = labels_of_other(study.dataset, run, "b.h5ad", "file")
    of_b = study.dataset.sections[1]
    np.testing.assert_array_equal(found.labels[of_b], 1 - LABELS["b"])
    assert (np.delete(found.labels, of_b) == -1).all()
    assert found.notes == ("b.h5ad is compared on 36 spots of 1 section (b); left out: 72 of study (a, c not there).",)


def test_the_study_is_compared_with_the_run_the_other_way_round(study):
    found = labels_of_other(alone(study, "c").dataset, study, "study.h5ad")
    np.testing.assert_array_equal(found.labels, LABELS["c"])
    assert found.notes == ("study.h5ad is compared on 36 spots; left out: 72 of study.h5ad (a, b not there).",)


def test_measurements_tell_which_section_it_is_where_its_name_does_not(study):
    found = labels_of_other(study.dataset, alone(study, "b", called="file"), "file.h5ad")
    assert np.flatnonzero(found.labels >= 0).tolist() == study.dataset.sections[1].tolist()


def test_two_studies_are_compared_on_the_sections_that_both_have(study):
    other = study_of({name: LABELS[name] for name in "cb"})
    parts = {name: study.dataset.parts[study.dataset.number_of(name)] for name in "cb"}
    other = replace(other, dataset=stack(parts))
    found = labels_of_other(study.dataset, other, "other")
    np.testing.assert_array_equal(found.labels[36:], np.concatenate([LABELS["b"], LABELS["c"]]))
    assert (found.labels[:36] == -1).all()
    assert "72 spots of 2 sections (b, c)" in found.notes[0]


def test_spots_that_one_of_them_lacks_are_left_out_and_barcodes_may_have_an_ending(study):
    run = alone(study, "b")
    kept = np.arange(30)[::-1]
    names = np.array([f"{name}-b" for name in run.obs_names[kept]])
    few = replace(run.dataset, modalities={}, coords=run.coords[kept], obs_names=names, obs=run.dataset.obs.iloc[kept])
    partition = replace(run.partition, labels=run.labels[kept], posterior=run.partition.posterior[kept])
    found = labels_of_other(study.dataset, replace(run, dataset=few, partition=partition), "b.h5ad")
    np.testing.assert_array_equal(found.labels[36:66], 1 - LABELS["b"][:30])
    assert "78 of study" in found.notes[0]


def test_the_same_barcodes_at_other_places_are_another_section(study):
    run = alone(study, "b")
    moved = replace(run, dataset=replace(run.dataset, coords=run.dataset.coords[:, ::-1] * 3))
    with pytest.raises(DataError, match=r"found 36 spots, 36 of them the same by name, which lie at other places"):
        labels_of_other(study.dataset, moved, "b.h5ad")


def test_a_section_that_nothing_tells_apart_is_asked_to_be_named(study):
    run = alone(study, "b", called="file")
    unlike = replace(section_of(36, seed=9), name="file")
    with pytest.raises(DataError, match=r"found a, b, c with barcodes and places of file .*the same name in both"):
        labels_of_other(study.dataset, replace(run, dataset=unlike), "file.h5ad")
