"""Modalities that do not lie on each other are told, and those that do, or share nothing, are not."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.evidence.registration import misplaced
from napari_trsmi.evidence.technical import find_technical
from napari_trsmi.graphs import neighbour_mean, spatial_graph

SIDE = 30
Y, X = (grid.ravel().astype(float) for grid in np.mgrid[:SIDE, :SIDE])
COORDS = np.column_stack([X, Y]) * 100
SPATIAL = spatial_graph(COORDS)
MEAN = neighbour_mean(SPATIAL).astype(float)
DOMAINS = ((X // 6 + 2 * (Y // 7)) % 3).reshape(SIDE, SIDE).astype(int)
DOMAINS[3:9, 20:26] = 2  # so that no turn or mirror leaves it as it is
PROGRAMS = np.random.default_rng(5).normal(size=(2, 3, 5))


def components(domains, modality, seed, noise=0.5):
    return PROGRAMS[modality][domains.ravel()] + noise * np.random.default_rng(seed).normal(size=(SIDE**2, 5))


def told(domains, noise=0.5):
    values = {"rna": components(DOMAINS, 0, 0), "adt": components(domains, 1, 1, noise)}
    return misplaced({name: MEAN @ (MEAN @ one) for name, one in values.items()}, COORDS)


def test_modalities_that_lie_on_each_other_are_not_told():
    assert told(DOMAINS) == []
    assert told(DOMAINS, noise=3.0) == []


def test_modalities_that_share_nothing_are_not_told():
    others = (X > 8).astype(int) + (Y - X / 2 > 9)
    assert told(others) == []


@pytest.mark.parametrize(
    ("moved", "how"),
    [
        (np.roll(DOMAINS, 2, axis=1), "moved by about (-200, 0)"),
        (DOMAINS.T, "mirrored on a diagonal"),
        (DOMAINS[::-1, ::-1], "turned by 180 degrees"),
    ],
)
def test_what_would_bring_one_onto_the_other_is_told(moved, how):
    (one,) = told(moved)
    assert (one.first, one.second) == ("rna", "adt")
    assert one.how.startswith(how)
    assert one.gain > 0


def test_few_spots_and_one_modality_say_nothing():
    few = np.arange(200)
    values = components(DOMAINS, 0, 0)
    assert misplaced({"rna": values[few], "adt": values[few]}, COORDS[few]) == []
    assert misplaced({"rna": values}, COORDS) == []


def test_it_is_told_in_a_sentence():
    values = {"rna": components(DOMAINS, 0, 0), "adt": components(DOMAINS.T, 1, 1)}
    (one,) = [one for one in find_technical(values, SPATIAL, COORDS) if one.what == "place"]
    assert one.sentence.startswith("rna and adt do not lie on each other: adt fits rna better mirrored on a diagonal")
    assert one.remedy == ""
