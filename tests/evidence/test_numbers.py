from __future__ import annotations

import numpy as np
import pytest
from two_halves import CONFIG, SIDE, measured, prepared

import napari_trsmi as nt
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.evidence import NumberCurve, number_curve
from napari_trsmi.records import drain


def test_few_domains_that_agree_easily_are_outweighed_by_more_that_agree_as_well():
    curve = NumberCurve((2, 3, 4, 5, 6), (0.97, 0.7, 0.95, 0.7, 0.6))
    assert curve.chosen == 4
    assert curve.about_as_good == (4,)
    assert NumberCurve((2, 3), (0.9, 0.2)).chosen == 2


def test_where_no_number_makes_the_cuts_agree_none_is_told():
    curve = NumberCurve(tuple(range(2, 12)), (0.3,) * 10)
    assert not curve.is_told
    assert curve.chosen == 7
    assert curve.about_as_good == tuple(range(2, 12))
    assert NumberCurve((2, 3), (0.1, 0.1)).chosen == 3
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


@pytest.mark.slow
def test_a_run_without_a_number_chooses_it_at_the_end_and_says_how():
    config = nt.Config(cluster={"n_init": 2}, train={"epochs": 20}, evidence={"support": False})
    section = simulate_dataset(n_spots=900, n_genes=150, n_proteins=30, contrast=2.0, image=0)
    result = nt.fit(section, config)
    told = result.provenance["numbers"]
    assert told["chosen"] == result.partition.n_domains
    assert 6 <= told["chosen"] <= 9  # seven were simulated
    assert len(told["numbers"]) == len(told["agreement"])
