from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.readers.barcodes import aligned, common, unique_names
from napari_trsmi.data.tables import mudata_of
from napari_trsmi.errors import DataError

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


@pytest.mark.parametrize("form", ["c_1_{}", "1_{}", "s1_c_1_{}"])
def test_cells_numbered_within_fields_of_view_are_matched_without_what_stands_before(form):
    cells = [f"{fov}_{cell}" for fov in (1, 2) for cell in range(1, 9)]
    first, second = pd.Index([form.format(cell) for cell in cells]), pd.Index(cells[::-1])
    (renaming,), notes = aligned({"rna": first, "adt": second})
    assert list(renaming.of(second)) == list(first[::-1])
    assert "16 were matched" in notes[0]


def test_cells_of_two_slides_or_numbered_alone_are_not():
    cells = [f"{fov}_{cell}" for fov in (1, 2) for cell in range(1, 9)]
    one, two = (pd.Index([f"c_{slide}_{cell}" for cell in cells]) for slide in (1, 2))
    assert aligned({"rna": one, "adt": two}) == ([], [])
    numbers = pd.Index([str(number) for number in range(16)])
    assert aligned({"rna": "s1_" + numbers, "adt": numbers}) == ([], [])


def test_rows_under_both_names_keep_theirs():
    (renaming,), _ = aligned({"rna": pd.Index(["a-1", "b-1"]), "adt": pd.Index(["a", "b"])})
    assert renaming.of(pd.Index(["a-1", "b-1", "a", "b"])).tolist() == ["a-1", "b-1", "a", "b"]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("{}", None, "16 agree but for upper and lower case"),
        ("s1_{}-1", "{}-1_s1", "16 agree in their longest part, such as 'AAACAA'"),
        ("{}x", "{}y", "Check that the modalities come from one section"),
    ],
)
def test_barcodes_that_have_nothing_in_common_are_told_what_to_do(first, second, said):
    theirs = [cell.lower() for cell in CELLS] if second is None else [second.format(cell) for cell in CELLS]
    with pytest.raises(DataError, match=said):
        common({"rna": pd.Index([first.format(cell) for cell in CELLS]), "adt": pd.Index(theirs)})


def test_a_word_that_all_barcodes_share_is_no_agreement():
    with pytest.raises(DataError, match="Check that"):
        common({"rna": pd.Index(["spot_1_a", "spot_2_a"] * 8), "adt": pd.Index(["b_spot_3", "b_spot_4"] * 8)})


def test_a_table_with_its_spots_in_columns_is_told():
    rng = np.random.default_rng(0)
    rna = AnnData(rng.poisson(1.0, (16, 12)).astype(np.float32))
    rna.obs_names = CELLS
    rna.obsm["spatial"] = rng.normal(size=(16, 2))
    adt = AnnData(rng.poisson(5.0, (6, 16)).astype(np.float32))
    adt.obs_names, adt.var_names = [f"CD{i}" for i in range(6)], CELLS[::-1]
    with pytest.raises(DataError, match=r"Expected the spots in the rows of adt, found .*Transpose it"):
        from_memory(mudata_of({"rna": rna, "adt": adt}))


def test_spots_and_features_that_are_only_numbered_are_no_transposed_table():
    rng = np.random.default_rng(0)
    rna, adt = (AnnData(rng.poisson(3.0, (16, width)).astype(np.float32)) for width in (12, 6))
    rna.obsm["spatial"] = rng.normal(size=(16, 2))
    adt.var_names = [str(number) for number in range(20, 26)]
    adt.obs_names = rna.obs_names
    rna.var_names = [str(number) for number in range(12)]
    made = mudata_of({"rna": rna, "adt": adt})
    assert from_memory(made, kinds={"rna": "rna", "adt": "protein"}).n_spots == 16
