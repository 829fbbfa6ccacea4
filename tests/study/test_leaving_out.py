"""`trust.without_each_section`, with a method that only looks labels up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_transferred import STRIPES, known, tissue

from napari_trsmi.errors import DataError
from napari_trsmi.records import Partition, drain
from napari_trsmi.trust import describe, with_trust, without_each_section


def looked_up(wrong=()):
    """A method that gives stripes the numbers 2, 0, 1, and in sections of such names the first two one number."""

    def fit(dataset, config):
        labels = np.tile((STRIPES + 2) % 3, max(len(dataset.parts), 1))
        names = dataset.section_names or (dataset.name,)
        for name, rows in zip(names, dataset.sections, strict=True):
            if name in wrong:
                labels[rows] = np.where(STRIPES == 0, 0, labels[rows])
        posterior = np.eye(3, dtype=np.float32)[labels]
        found = known({"a": tissue(1), "b": tissue(2)}, np.tile(STRIPES, 2))
        return replace(
            found, dataset=dataset, partition=Partition(labels, posterior, "mixture", 1.0), embedding=posterior
        )

    return fit


@pytest.fixture(scope="module")
def study():
    return known({name: tissue(seed) for seed, name in enumerate("abc")}, np.tile(STRIPES, 3))


def test_domains_that_do_not_hang_on_a_section_come_back_without_it(study):
    table = drain(without_each_section(study, fit=looked_up()))
    assert table["left_out"].tolist() == list("aaabbbccc")
    assert table["domain"].tolist() == ["red", "green", "blue"] * 3
    assert (table["comes_back"] == 1).all()
    assert (table["labelled_alike"] > 0.95).all()
    kept = with_trust(study, sections=table, alone=False)
    assert describe(kept).splitlines()[0] == "Without a, 3 of 3 domains come back."


def test_a_domain_that_does_not_come_back_is_told_and_kept(study):
    table = drain(without_each_section(study, fit=looked_up(wrong=("b", "c"))))
    at = table.set_index(["left_out", "domain"])["comes_back"]
    assert at["a"].tolist() == [0.5, 0.0, 1.0]  # red and green are one
    assert at["b", "blue"] == 1
    kept = with_trust(study, sections=table, alone=False)
    said = "Without a, 1 of 3 domains come back; red, green do not (Jaccard index 0.50, 0.00)."
    assert describe(kept).splitlines()[0] == said
    pd.testing.assert_frame_equal(pd.DataFrame(kept.provenance["trust"]["sections"]), table)


def test_a_domain_of_one_section_cannot_come_back_without_it(study):
    only = np.concatenate([STRIPES, *[np.minimum(STRIPES, 1)] * 2])
    result = replace(study, partition=Partition(only, np.eye(3, dtype=np.float32)[only], "mixture", 1.0))
    table = drain(without_each_section(result, fit=looked_up()))
    assert np.isnan(table.set_index(["left_out", "domain"])["comes_back"]["a", "blue"])


def test_one_section_leaves_nothing_out():
    with pytest.raises(DataError, match="two sections or more"):
        drain(without_each_section(known({"a": tissue(1)}, STRIPES), fit=looked_up()))
