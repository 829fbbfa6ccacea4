"""Tables that belong together, under names that do not agree at first sight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.tables import mudata_of

pytestmark = pytest.mark.filterwarnings(
    "ignore:Observation names are not unique", "ignore:.*obs_names", "ignore:.*var_names are not unique"
)


@pytest.fixture
def rna(make_table):
    return make_table()


@pytest.fixture
def adt(make_table):
    table = make_table(n_features=20, prefix="protein", mean=20.0, seed=1)
    del table.obsm["spatial"]
    return table


@pytest.mark.parametrize("suffix", ["", "-1_1", "-2", "_1"])
def test_files_whose_barcodes_differ_by_a_suffix_are_joined_row_by_row(tmp_path, rna, adt, suffix):
    values = adt.X.copy()
    adt.obs_names = [name.removesuffix("-1") + suffix for name in adt.obs_names]
    adt.obs["depth"] = np.arange(36.0)
    order = np.random.default_rng(0).permutation(36)
    rna.write_h5ad(tmp_path / "rna.h5ad")
    adt[order].copy().write_h5ad(tmp_path / "adt.h5ad")
    dataset = read([tmp_path / "rna.h5ad", tmp_path / "adt.h5ad"])
    assert dataset.obs_names.tolist() == rna.obs_names.tolist()
    np.testing.assert_array_equal(dataset.modalities["adt"].table.X.toarray(), values.toarray())
    assert dataset.obs["depth"].tolist() == list(range(36))
    assert any("suffix" in note and "36" in note for note in dataset.notes)


def test_modalities_of_one_object_are_joined_across_a_suffix_and_rows_stay_right(make_mudata, rna, adt):
    adt.obs_names = [name.removesuffix("-1") for name in adt.obs_names]
    adt = adt[::-1].copy()
    dataset = from_memory(make_mudata({"rna": rna, "adt": adt}))
    np.testing.assert_array_equal(dataset.modalities["adt"].table.X.toarray(), adt.X[::-1].toarray())
    np.testing.assert_array_equal(dataset.rows["rna"], np.arange(36))
    np.testing.assert_array_equal(dataset.rows["adt"], np.arange(36)[::-1])


def test_equal_names_in_two_folders_are_told_apart_by_the_folders(tmp_path, rna, adt):
    for name, table in (("first", rna), ("second", adt)):
        (tmp_path / name).mkdir()
        table.write_h5ad(tmp_path / name / "filtered.h5ad")
    dataset = read([tmp_path / "first" / "filtered.h5ad", tmp_path / "second" / "filtered.h5ad"])
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    assert dataset.name == "first + second"


def test_repeated_barcodes_of_one_table_get_a_number_and_rows_stay_right(rna):
    rna.obs_names = ["twice", "twice", *rna.obs_names[2:]]
    dataset = from_memory(rna)
    assert dataset.obs_names[:3].tolist() == ["twice", "twice (2)", "spot2-1"]
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), rna.X.toarray())
    np.testing.assert_array_equal(dataset.rows[""], np.arange(36))
    assert any("'twice'" in note for note in dataset.notes)
    assert rna.obs_names[1] == "twice"


def test_repeated_barcodes_that_all_modalities_share_stand_for_the_same_rows(make_mudata, rna, adt):
    rna.obs_names = adt.obs_names = ["twice", "twice", *rna.obs_names[2:]]
    dataset = from_memory(make_mudata({"rna": rna, "adt": adt}))
    assert dataset.n_spots == 36
    for key in ("", "rna", "adt"):
        np.testing.assert_array_equal(dataset.rows[key], np.arange(36))


def test_one_table_read_twice_is_one_modality(tmp_path, rna):
    rna.write_h5ad(tmp_path / "square_008um.h5ad")
    rna[::-1, ::-1].copy().write_h5ad(tmp_path / "table.h5ad")
    dataset = read([tmp_path / "square_008um.h5ad", tmp_path / "table.h5ad"])
    assert list(dataset.modalities) == ["square_008um"]
    assert any("square_008um and table" in note for note in dataset.notes)


def test_two_tables_of_the_same_features_with_other_values_are_told(make_mudata, make_table, rna):
    dataset = from_memory(
        make_mudata({"exons": rna, "introns": make_table(seed=5)}), kinds={"exons": "rna", "introns": "rna"}
    )
    assert list(dataset.modalities) == ["exons", "introns"]
    assert any("exons and introns have the same features" in note for note in dataset.notes)


def test_tables_that_share_hardly_a_barcode_are_told(make_table):
    genes, proteins = make_table(100), make_table(100, 12, prefix="p", mean=30.0)
    proteins.obs_names = [*genes.obs_names[:4], *(f"other{i}" for i in range(96))]
    dataset = from_memory(mudata_of({"rna": genes, "adt": proteins}), spots="common")
    assert dataset.n_spots == 4
    assert any("Only 4 barcodes are in both rna (100) and adt (100)" in note for note in dataset.notes)


def test_a_column_of_both_modalities_is_one_whatever_categories_they_keep(make_mudata, rna, adt):
    of_all = pd.Categorical(["a"] * 36, categories=["a", "b"])
    rna.obs["sample"] = of_all
    adt.obs["sample"] = of_all.remove_unused_categories()
    assert list(from_memory(make_mudata({"rna": rna, "adt": adt})).obs.columns) == ["sample"]
    adt.obs["sample"] = of_all.rename_categories(["c", "b"])
    assert list(from_memory(make_mudata({"rna": rna, "adt": adt})).obs.columns) == ["sample", "adt:sample"]
