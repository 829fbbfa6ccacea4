"""A verdict follows its boundary to another run, where it is the same one, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.edits import review
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.reviews import carried_reviews, same_stretches

SIDE = 20
COORDS = np.array([(x, y) for y in range(SIDE) for x in range(SIDE)], float)
GRAPH = spatial_graph(COORDS, 4)


@dataclass(frozen=True)
class Cut:
    """As much of a result as reviews need."""

    labels: np.ndarray
    boundaries: pd.DataFrame
    boundary_edges: pd.DataFrame
    provenance: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ("1", "2", "3")


def cut(*ends: int, order: tuple[int, ...] = (0, 1, 2)) -> Cut:
    """Return three vertical bands that end at these columns; the first is shorter where the third number says so."""
    column, row = COORDS.T
    bands = (column >= ends[0]).astype(int) + (column >= ends[1])
    if len(ends) > 2:
        bands[(bands == 0) & (row >= ends[2])] = 1  # the first band ends above
    labels = np.array(order)[bands]
    found = find_boundaries(labels, GRAPH, COORDS)
    return Cut(labels, found.segments, found.edges)


def between(result: Cut, a: int, b: int) -> int:
    """Return the boundary between two domains."""
    table = result.boundaries
    return int(table.index[(table["domain_a"] == min(a, b)) & (table["domain_b"] == max(a, b))][0])


def test_a_verdict_with_its_note_goes_to_the_same_boundary_however_the_domains_are_numbered():
    judged = cut(6, 13)
    judged = review(judged, between(judged, 0, 1), "doubt", "torn")
    again = cut(6, 13, order=(2, 0, 1))
    assert carried_reviews(again, {"run 1": judged}) == [(between(again, 2, 0), "doubt", "torn", "run 1")]


def test_a_boundary_that_moved_by_one_spot_is_another_one_and_its_neighbour_keeps_its_verdict():
    judged = cut(6, 13)
    for pair in ((0, 1), (1, 2)):
        judged = review(judged, between(judged, *pair), "keep")
    moved = cut(7, 13)
    assert [one.segment for one in carried_reviews(moved, {"run 1": judged})] == [between(moved, 1, 2)]


def test_a_boundary_of_which_most_is_left_is_the_same_and_one_of_which_half_is_left_is_not():
    judged = cut(6, 13)
    judged = review(judged, between(judged, 0, 1), "keep")
    assert len(carried_reviews(cut(6, 13, 16), {"run 1": judged})) == 1
    assert carried_reviews(cut(6, 13, 9), {"run 1": judged}) == []


def test_the_same_place_between_other_domains_is_not_the_same_boundary():
    judged, other = cut(6, 9), cut(6, SIDE)  # the second band has become part of the third, which was the larger one
    assert same_stretches(other, judged) == {}
    assert same_stretches(judged, judged) == {0: 0, 1: 1}


def test_what_was_said_already_stays_and_the_first_run_that_says_something_counts():
    first, second = cut(6, 13), cut(6, 13)
    first, second = review(first, 0, "keep"), review(review(second, 0, "reject"), 1, "", "look again")
    new = cut(6, 13)
    found = carried_reviews(new, {"run 2": second, "run 1": first})
    assert found == [(0, "reject", "", "run 2"), (1, "", "look again", "run 2")]
    assert carried_reviews(review(new, 0, "doubt"), {"run 2": second}) == [(1, "", "look again", "run 2")]


def test_a_verdict_that_was_taken_back_does_not_come_back_from_a_run_before():
    first = review(cut(6, 13), 0, "keep")
    cleared = review(review(cut(6, 13), 0, "keep", carried_from="run 1"), 0, "")
    assert carried_reviews(cut(6, 13), {"run 2": cleared, "run 1": first}) == []


def test_a_carried_verdict_names_the_run_it_was_given_in_and_is_compared_with_that_one():
    first = review(cut(6, 13), 0, "keep")
    second = review(cut(6, 13), 0, "keep", carried_from="run 1")
    assert carried_reviews(cut(6, 13), {"run 2": second}) == [(0, "keep", "", "run 1")]
    first = review(first, 0, "reject")  # since then
    assert carried_reviews(cut(6, 13), {"run 2": second, "run 1": first}) == [(0, "reject", "", "run 1")]


def test_judging_a_carried_boundary_anew_makes_the_verdict_ones_own():
    carried = review(cut(6, 13), 0, "keep", "thin", carried_from="run 1")
    assert carried.boundaries["carried_from"].tolist() == ["run 1", ""]
    own = review(carried, 0, "keep", "thin")
    assert own.boundaries["carried_from"].tolist() == ["", ""]
    assert own.provenance["edits"] == [{"edit": "review", "segment": 0, "verdict": "keep", "note": "thin"}]
    assert "carried_from" not in review(cut(6, 13), 0, "keep").boundaries


def test_results_without_boundaries_carry_nothing():
    empty = SimpleNamespace(labels=np.zeros(4, int), boundaries=None, boundary_edges=None, provenance={})
    assert carried_reviews(empty, {"run 1": review(cut(6, 13), 0, "keep")}) == []
