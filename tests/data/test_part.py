"""The part of a study's result that belongs to one section."""

from __future__ import annotations

import numpy as np
import pytest
from test_joint import SETTINGS, study

import napari_trsmi as nt
from napari_trsmi.errors import DataError


@pytest.fixture(scope="module")
def result():
    dataset = study({"a": ("rna", "adt"), "b": ("rna",)})
    settings = {"cluster": {"n_domains": 3, "n_init": 2}, "train": {"epochs": 2}, "evidence": {"support": False}}
    return nt.fit(dataset, nt.Config(preprocess=SETTINGS, **settings))


def test_a_part_is_a_result_over_the_section_as_it_was_read(result):
    part = result.of("b")
    rows = result.sections == "b"
    assert part.dataset is result.dataset.parts[1]
    np.testing.assert_array_equal(part.labels, result.labels[rows])
    np.testing.assert_array_equal(part.embedding, result.embedding[rows])
    assert part.colors == result.colors
    assert list(part.predicted) == ["adt"]
    assert result.of("a").predicted == {}


def test_boundaries_of_the_parts_are_those_of_the_study(result):
    parts = [result.of(name) for name in ("a", "b")]
    assert sum(len(part.boundaries) for part in parts) == len(result.boundaries)
    assert sum(len(part.boundary_edges) for part in parts) == len(result.boundary_edges)
    for part in parts:
        edges = part.boundary_edges
        np.testing.assert_array_equal(part.labels[edges["i"]], edges["domain_a"])
        np.testing.assert_array_equal(part.labels[edges["j"]], edges["domain_b"])
        assert set(edges["segment"]) == set(range(len(part.boundaries)))


def test_contrast_is_not_told_where_a_modality_was_not_measured(result):
    assert result.of("b").boundaries["contrast_adt"].isna().all()
    assert result.of("a").boundaries["contrast_adt"].notna().any()


def test_domains_are_the_same_in_both_sections(result):
    truth = result.dataset.obs["truth"].to_numpy()
    from sklearn.metrics import adjusted_rand_score

    assert adjusted_rand_score(truth, result.labels) > 0.9


def test_markers_are_those_of_spots_that_have_the_modality(result):
    assert len(nt.markers(result)["adt"])


def test_an_unknown_section_is_refused_with_those_there_are(result):
    with pytest.raises(DataError, match=r"among \['a', 'b'\], found 'c'"):
        result.of("c")


def test_the_same_study_and_settings_give_the_same_labels(result):
    again = nt.fit(result.dataset, result.config)
    np.testing.assert_array_equal(again.labels, result.labels)
    np.testing.assert_array_equal(again.embedding, result.embedding)


def test_what_carries_a_boundary_is_told_of_the_modalities_measured_there(result):
    part = result.dataset.section[result.boundary_edges["i"]]
    in_b = int(result.boundary_edges["segment"][part == 1].iloc[0])
    in_a = int(result.boundary_edges["segment"][part == 0].iloc[0])
    assert set(nt.carriers(result, in_b)["modality"]) == {"rna"}
    assert set(nt.carriers(result, in_a)["modality"]) == {"rna", "adt"}
