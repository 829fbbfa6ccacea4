from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.data.readers.barcodes import aligned, unique_names

CELLS = [f"AAAC{letter}{other}" for letter in "ACGT" for other in "ACGT"]


@given(st.lists(st.sampled_from(["a", "a (2)", "b", "c"])))
def test_names_become_unique_and_those_that_occur_once_stay(names):
    made = unique_names(pd.Index(names, dtype=object))
    assert made.is_unique
    assert [new for new, old in zip(made, names, strict=True) if names.count(old) == 1] == [
        name for name in names if names.count(name) == 1
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}-1", "{}"),
        ("{}", "{}-1"),
        ("{}-1", "{}-1_1"),
        ("{}-1", "{}-2"),
        ("{}-1", "{}_2"),
        ("{}-1_1", "{}-1_2"),
        ("{}-1", "{}.1"),
        ("{}-1", "{}-1-adt"),
        ("rna_{}", "adt_{}"),
        ("{}-1", "S1_{}-1"),
        ("{}", "x#{}-1"),
    ],
)
def test_affixes_that_keep_two_tables_apart_are_taken_off(first, second):
    tables = {
        "rna": pd.Index([first.format(cell) for cell in CELLS]),
        "adt": pd.Index([second.format(cell) for cell in CELLS[::-1]]),
    }
    (renaming,), (note,) = aligned(tables)
    assert renaming.of(tables["adt"]).tolist() == tables["rna"][::-1].tolist()
    assert "16" in note
    assert repr(tables["adt"][0]) in note


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["a-1", "b-1"], ["a-1", "c-1"]),  # half agree as they are
        (["a-1", "b-1"], ["a-2", "a-3"]),  # a of which sample?
        (["s1_7", "s1_8"], ["s2_7", "s2_8"]),  # cells of two samples
        (["cell_1", "cell_2"], ["spot_3", "spot_4"]),
    ],
)
def test_barcodes_that_agree_or_would_not_one_to_one_are_left(first, second):
    assert aligned({"rna": pd.Index(first), "adt": pd.Index(second)}) == ([], [])


def test_rows_under_both_names_keep_theirs():
    (renaming,), _ = aligned({"rna": pd.Index(["a-1", "b-1"]), "adt": pd.Index(["a", "b"])})
    assert renaming.of(pd.Index(["a-1", "b-1", "a", "b"])).tolist() == ["a-1", "b-1", "a", "b"]
