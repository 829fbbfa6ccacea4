"""Which spots several tables have together."""

from __future__ import annotations

import pandas as pd
import pytest

from napari_trsmi.data.readers.joined import _through_others, spots_of
from napari_trsmi.errors import DataError

CHAIN = {"rna": pd.Index(["a", "b"]), "adt": pd.Index(["b", "c"]), "atac": pd.Index(["c", "d"])}


def test_all_spots_are_those_of_the_first_table_and_what_others_add():
    assert list(spots_of(CHAIN, "all")) == ["a", "b", "c", "d"]


def test_tables_that_a_chain_joins_need_no_spot_that_all_have():
    with pytest.raises(DataError, match="common to rna, adt, atac, found none"):
        spots_of(CHAIN, "common")


def test_tables_that_no_chain_joins_are_refused():
    with pytest.raises(DataError, match="found none"):
        spots_of({"rna": CHAIN["rna"], "atac": CHAIN["atac"]}, "all")


def test_tables_joined_through_others_are_of_different_spots_whatever_their_prefix():
    of_a, of_b = ([f"{name}_{i}" for i in range(5)] for name in ("A", "B"))
    tables = {"rna": pd.Index(of_a), "adt": pd.Index(of_a + of_b), "atac": pd.Index(of_b)}
    assert _through_others(tables)
    assert not _through_others({"rna": pd.Index(of_a), "atac": pd.Index(of_b)})
