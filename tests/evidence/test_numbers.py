from __future__ import annotations

import numpy as np
import pytest
from two_halves import CONFIG, SIDE, measured, prepared

import napari_trsmi as nt
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.evidence import NumberCurve, number_curve
from napari_trsmi.evidence.numbers import _found_again
from napari_trsmi.records import drain


def test_few_domains_that_agree_easily_are_outweighed_by_more_that_agree_as_well():
    curve = NumberCurve((2, 3, 4, 5, 6), (0.97, 0.7, 0.95, 0.7, 0.6), (2.0, 2.0, 2.0, 2.0, 2.0))
    assert curve.chosen == 4
    assert curve.about_as_good == (4,)
    assert NumberCurve((2, 3), (0.9, 0.2), (2.0, 2.0)).chosen == 2


def test_of_numbers_for_which_cuts_agree_the_one_of_which_most_domains_are_found_again_is_chosen():
    curve = NumberCurve((6, 7, 8, 9), (0.86, 0.94, 0.9, 0.93), (5.0, 7.0, 6.0, 3.0))
    assert curve.chosen == 7
    assert curve.about_as_good == (7, 8, 9)
    assert curve.scores.min() >= 0
    assert curve.scores.max() <= 1
    assert NumberCurve((6, 7, 8, 9), (0.86, 0.94, 0.9, 0.93), (-1.0, -1.0, -2.0, -3.0)).chosen == 9  # none is found
    assert NumberCurve((6, 7, 8, 9), (0.86, 0.94, 0.9, 0.93), (0.1, -1.0, -2.0, -3.0)).chosen == 9  # as good as none


def test_a_domain_that_is_found_again_counts_one_and_one_that_is_not_counts_against():
    thirds = np.repeat([0, 1, 2], 100)
    assert _found_again([thirds, thirds.copy(), np.roll(thirds, 5)], 3) == pytest.approx(3)  # indices of .9 and more
    halved = np.where(np.arange(300) < 50, 3, thirds)  # half of one of the three
    assert _found_again([thirds, halved], 3) == pytest.approx(1)
    assert _found_again([halved, thirds], 4) == pytest.approx(0)  # both halves have an index of .5
    between = np.where(np.arange(300) < 32.5, 1, thirds)  # .67 of the first, .75 of the second
    assert _found_again([thirds, between], 3) == pytest.approx(2 + 2 * (0.67 - 0.6) / 0.15 - 1, abs=0.03)
    assert _found_again([thirds], 3) == -3


def test_where_no_number_makes_the_cuts_agree_none_is_told():
    curve = NumberCurve(tuple(range(2, 12)), (0.3,) * 10, (2.0,) * 10)
    assert not curve.is_told
    assert curve.chosen == 7
    assert curve.about_as_good == tuple(range(2, 12))
    assert NumberCurve((2, 3), (0.1, 0.1), (2.0, 1.0)).chosen == 3
    assert curve.record()["told"] is False


def test_the_number_of_a_section_with_three_stripes_is_found_on_its_embedding():
    values = measured(0.0)
    stripe = np.minimum(np.arange(SIDE * SIDE) % SIDE // 7, 2)
    values["rna"][:, :3] += 6 * np.eye(3, dtype=np.float32)[stripe]
    steps = number_curve(np.hstack(list(values.values())), prepared(values), CONFIG, range(2, 7))
    found = drain(steps)
    assert found.numbers == (2, 3, 4, 5, 6)
    assert found.chosen == 3
    assert found.agreement[1] > 0.9
    assert found.found_again[1] == 3


@pytest.mark.slow
def test_a_run_without_a_number_chooses_it_at_the_end_and_says_how():
    config = nt.Config(cluster={"n_init": 2}, train={"epochs": 20}, evidence={"support": False})
    section = simulate_dataset(n_spots=900, n_genes=150, n_proteins=30, contrast=2.0, image=0)
    result = nt.fit(section, config)
    told = result.provenance["numbers"]
    assert told["chosen"] == result.partition.n_domains
    assert 6 <= told["chosen"] <= 9  # seven were simulated
    assert len(told["numbers"]) == len(told["agreement"]) == len(told["found_again"])
