"""Sentences about spots whose neighbours and measurement are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_trsmi.gui.boundaries.spot_words import about, neighbours
from napari_trsmi.records import Partition


@pytest.fixture(scope="module")
def line(trained):
    """Two domains in two halves of the sample, sure of themselves, but for the spots that a test changes."""
    labels = (trained.coords[:, 0] > np.median(trained.coords[:, 0])).astype(int)
    return replace(trained, colors=(), domain_names=("left", "right"), partition=_sure(labels), maps={})


def _sure(labels):
    posterior = np.full((len(labels), 2), 0.05, np.float32)
    posterior[np.arange(len(labels)), labels] = 0.95
    return Partition(labels, posterior, "mixture")


def _deep(line, side):
    """A spot far from the other domain."""
    return int(line.coords[:, 0].argmin() if side == 0 else line.coords[:, 0].argmax())


def test_where_all_agree_the_card_says_so(line):
    said = " ".join(about(line, _deep(line, 0)))
    assert "Of its 6 nearest neighbours, 6 are in domain left." in said
    assert "speaks for domain left (95%)." in said
    assert "Neighbours and measurement agree on domain left." in said


def test_a_spot_that_its_neighbours_outvoted_says_why_it_is_where_it_is(line):
    spot = _deep(line, 0)
    posterior = line.partition.posterior.copy()
    posterior[spot] = 0.4, 0.6
    said = " ".join(about(replace(line, partition=replace(line.partition, posterior=posterior)), spot))
    assert "speaks for domain right (60%), then for left (40%)." in said
    assert "It is in domain left all the same: most of its neighbours are" in said


def test_a_spot_unlike_its_neighbours_says_that_its_measurement_outweighs_them(line):
    spot = _deep(line, 1)
    labels = line.labels.copy()
    labels[spot] = 0
    said = " ".join(about(replace(line, partition=_sure(labels)), spot))
    assert "It differs from most of its neighbours" in said


def test_neighbours_are_the_nearest_of_the_same_section(trained):
    near = neighbours(trained, 1234, 6)
    away = np.linalg.norm(trained.coords - trained.coords[1234], axis=1)
    assert 1234 not in near
    assert away[near].max() == np.sort(away)[6]


def test_support_and_modalities_have_their_sentence(line, trained):
    maps = {"support": np.full(len(line.labels), 0.25, np.float32)}
    said = " ".join(about(replace(line, maps=maps), 7))
    assert "Support 0.25: the mean of the share of other cuts" in said
    labelled = replace(line, maps=maps, provenance={**line.provenance, "transferred": {}})
    assert "Support 0.25: the chance that the domain of a spot is the one that the study would" in " ".join(
        about(labelled, 7)
    )
    assert f"rna {trained.modality_weights[7, 0]:.0%} and adt {trained.modality_weights[7, 1]:.0%}." in said
