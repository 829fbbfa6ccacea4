from __future__ import annotations

import numpy as np
import pytest
from studies_by_hand import prepared_of, study_of

import napari_trsmi as nt
from napari_trsmi.evidence.alike import mixed
from napari_trsmi.study import mixing_notes

TWO = {"a": np.repeat([0, 1], 100), "b": np.repeat([0, 1], 100)}


def test_sections_dealt_at_random_are_mixed_as_by_chance():
    rng = np.random.default_rng(0)
    assert mixed(rng.normal(size=(1000, 3)), rng.integers(3, size=1000)) == pytest.approx(1.0, abs=0.05)
    assert np.isnan(mixed(rng.normal(size=(10, 3)), np.ones(10, int)))


def test_a_domain_whose_sections_lie_apart_in_one_modality_is_told():
    result = study_of(TWO, modalities=dict.fromkeys(TWO, ("rna", "adt")))
    rng = np.random.default_rng(0)
    rna, adt = rng.normal(size=(2, 400, 3))
    rna[300:] += 20  # domain 2 of section b
    table = nt.mixing(result, prepared_of(result, {"rna": rna, "adt": adt}))
    at = table.set_index(["domain", "modality"])["mixing"]
    assert at["2", "rna"] == 0
    assert all(at[key] == pytest.approx(1, abs=0.15) for key in [("1", "rna"), ("1", "adt"), ("2", "adt")])
    (note,) = mixing_notes(table)
    assert note.startswith("Domain 2 looks different in each section in rna (mixing 0.00;")


def test_a_domain_of_one_section_alone_is_told():
    result = study_of({"a": np.repeat([0, 1], 100), "b": np.repeat([0, 2], 100)})
    table = nt.mixing(result, prepared_of(result, {"rna": np.random.default_rng(0).normal(size=(400, 3))}))
    assert table["mixing"].isna().tolist() == [False, True, True]
    assert mixing_notes(table) == [
        "Domain 2 is made of spots of a alone in rna: it may be a batch.",
        "Domain 3 is made of spots of b alone in rna: it may be a batch.",
    ]


def test_a_modality_that_one_section_has_says_nothing_of_batches():
    result = study_of(TWO, modalities={"a": ("rna", "adt"), "b": ("rna",)})
    rng = np.random.default_rng(0)
    table = nt.mixing(result, prepared_of(result, dict(zip(("rna", "adt"), rng.normal(size=(2, 400, 3)), strict=True))))
    assert table.loc[table["modality"] == "adt", "spots"].tolist() == [100, 100]
    assert mixing_notes(table) == []


def test_one_section_has_nothing_to_mix():
    assert not len(nt.mixing(study_of(TWO).of("a")))
