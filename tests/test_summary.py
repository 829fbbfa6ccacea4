"""What is said of a result as a whole."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_trsmi.summary import chosen_number, ranges, undecided

NUMBERS = {"chosen": 7, "about_as_good": [6, 7, 8, 9], "told": True}


def result(n_domains=7, **provenance):
    return SimpleNamespace(partition=SimpleNamespace(n_domains=n_domains), provenance=provenance)


@pytest.mark.parametrize(("agreement", "is_told"), [(0.49, True), (0.51, False), (None, False)])
def test_a_result_whose_cuts_disagree_is_told_as_undecided(agreement, is_told):
    said = undecided(result(support={"agreement": agreement}))
    assert said.startswith("Undecided: ") == is_told
    assert bool(said) == is_told
    assert undecided(result()) == ""


def test_the_number_is_told_with_those_about_as_good():
    assert chosen_number(result(numbers=NUMBERS)) == "7 domains were chosen; about as good: 6, 8, 9."
    alone = {**NUMBERS, "about_as_good": [7]}
    assert chosen_number(result(numbers=alone)) == "7 domains were chosen; no other number is as good."
    assert chosen_number(result()) == ""


def test_after_another_cut_the_number_is_what_would_be_chosen():
    assert chosen_number(result(5, numbers=NUMBERS)).startswith("7 domains would be chosen")


def test_where_nothing_tells_the_number_it_says_so():
    assert "Nothing in the data tells" in chosen_number(result(numbers={**NUMBERS, "told": False}))


@pytest.mark.parametrize(
    ("numbers", "words"), [([], ""), ([4], "4"), ([4, 5], "4, 5"), ([4, 5, 6, 9, 11, 12, 13], "4 to 6, 9, 11 to 13")]
)
def test_ranges_are_told_by_their_ends(numbers, words):
    assert ranges(numbers) == words
