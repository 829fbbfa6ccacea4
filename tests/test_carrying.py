"""From which spots a missing modality is carried over, and with which weights."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.carrying import carried_over, carriers, spread_of
from napari_trsmi.errors import DataError


def profiles(kinds: list[int], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (5 * np.eye(4)[kinds] + 0.01 * rng.normal(size=(len(kinds), 4))).astype(np.float32)


KINDS = [0, 1, 2, 0, 1, 2]
HAS = {"adt": np.array([True, True, True, False, False, False])}


def test_a_spot_is_carried_over_from_the_one_most_like_it():
    features = {"rna": profiles(KINDS), "adt": np.where(HAS["adt"][:, None], profiles(KINDS, 1), 0)}
    carry = carriers(features, HAS, k=1, temperature=0.2)["adt"]
    np.testing.assert_array_equal(carry.toarray()[3:, :3], np.eye(3))
    assert carry[:3].nnz == 0
    full = carried_over(features, {"adt": carry}, HAS)["adt"]
    np.testing.assert_array_equal(full[3:], features["adt"][:3])
    np.testing.assert_array_equal(full[:3], features["adt"][:3])


def test_rows_sum_to_one_over_spots_that_have_it():
    features = {"rna": profiles(KINDS), "adt": np.zeros((6, 3), np.float32)}
    carry = carriers(features, HAS, k=3, temperature=0.5)["adt"]
    np.testing.assert_allclose(np.asarray(carry.sum(axis=1)).ravel(), [0, 0, 0, 1, 1, 1], rtol=1e-5)
    assert not carry[:, 3:].nnz


def test_it_passes_along_a_chain_of_sections():
    has = {  # spots 0-2: atac and adt; 3-5: adt and rna; 6-8: rna alone
        "atac": np.repeat([True, False, False], 3),
        "adt": np.repeat([True, True, False], 3),
        "rna": np.repeat([False, True, True], 3),
    }
    values = profiles([0, 1, 2] * 3)
    features = {name: np.where(mask[:, None], values, 0) for name, mask in has.items()}
    carry = carriers(features, has, k=1, temperature=0.2)
    np.testing.assert_array_equal(carry["atac"].toarray()[6:, :3], np.eye(3))


def test_spots_that_nothing_leads_to_are_refused():
    has = {"rna": np.array([True, True, False, False]), "adt": np.array([False, False, True, True])}
    with pytest.raises(DataError, match="found 2 that do not"):
        carriers({name: np.ones((4, 3), np.float32) for name in has}, has, k=1, temperature=0.2)


def test_the_spread_is_none_where_candidates_agree_and_large_where_they_do_not():
    features = {"rna": profiles([0, 0, 1, 1, 0, 1]), "adt": np.zeros((6, 4), np.float32)}
    features["adt"][:4] = profiles([2, 2, 0, 1], 1)
    has = {"adt": np.array([True] * 4 + [False] * 2)}
    carry = carriers(features, has, k=2, temperature=0.2)["adt"]
    spread = spread_of(features["adt"], carry, has["adt"])
    assert np.isnan(spread[:4]).all()
    assert spread[4] < 0.05
    assert spread[5] > 0.5
