from __future__ import annotations

import numpy as np
import pytest
from studies_by_hand import study_of

from napari_trsmi.study import neighbours


@pytest.mark.slow
def test_domains_that_never_touch_lie_beside_each_other_less_than_by_chance():
    pytest.importorskip("squidpy")
    stripes = np.repeat([0, 1, 2], 48)  # four columns each of a grid of 12 x 12
    table = neighbours(study_of({"a": stripes, "b": np.zeros(25, int)}), n_perms=50)
    assert table["section"].unique().tolist() == ["a"]  # b has one domain only
    z = table.set_index(["domain", "neighbour"])["z"]
    assert z["1", "3"] < z["1", "2"] < 0 < z["1", "1"]
    edges = table.set_index(["domain", "neighbour"])["edges"]
    assert edges["1", "3"] == 0
    assert edges["1", "2"] == edges["2", "1"] > 0
