from __future__ import annotations

from types import SimpleNamespace

from napari_trsmi.cli.command import found_in
from napari_trsmi.records import EVEN
from napari_trsmi.summary import remarks, technical, unlike


def result_with(**provenance):
    """What the summary looks at."""
    return SimpleNamespace(
        provenance=provenance, partition=SimpleNamespace(n_domains=3), labels=[0] * 1200, maps={}, confidence=None
    )


def test_what_looks_technical_is_told_line_by_line():
    result = result_with(technical=[{"sentence": "rna jumps."}, {"sentence": "adt says nothing."}])
    assert technical(result) == ["rna jumps.", "adt says nothing."]
    assert found_in(result).splitlines() == ["3 domains over 1,200 spots.", "rna jumps.", "adt says nothing."]
    assert technical(result_with()) == []


def test_an_emphasis_that_nobody_asked_for_is_told_and_other_notes_are_not():
    result = result_with(notes=["Left out 3.", EVEN], technical=[{"sentence": "rna jumps."}])
    assert remarks(result) == [EVEN, "rna jumps."]
    assert found_in(result).splitlines()[1:] == [EVEN, "rna jumps."]


def test_a_section_that_its_study_does_not_know_is_told():
    told = {"from": ["a", "b"], "spots_that_fit_no_domain": 0.35}
    assert unlike(result_with(transferred=told)) == (
        "35% of the spots are like no domain of the study (a + b): the section does not fit, train them together."
    )
    assert "the map" in unlike(result_with(transferred=told | {"spots_that_fit_no_domain": 0.1}))
    assert unlike(result_with(transferred=told | {"spots_that_fit_no_domain": 0.02})) == ""
    assert unlike(result_with()) == ""


def test_an_undecided_run_and_a_chosen_number_are_told_in_one_line():
    numbers = {"told": True, "chosen": 3, "about_as_good": [3, 4, 5, 6]}
    found = found_in(result_with(numbers=numbers, support={"agreement": 0.3}))
    assert "3 domains were chosen; about as good: 4 to 6." in found
    assert "Undecided: other cuts of the same run agree with mean ARI 0.30 only." in found
