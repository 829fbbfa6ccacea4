"""What an outer join filled in was not measured: modalities, spots and features of zeros or NaN."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData, concat
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.readers.unmeasured import without_a_number


@pytest.fixture
def rna(make_table):
    return lambda seed: dense(make_table(60, 80, seed=seed))


@pytest.fixture
def adt(make_table):
    return lambda seed: dense(make_table(60, 20, prefix="protein", mean=20.0, seed=seed))


def dense(table: AnnData) -> AnnData:
    table.X = table.X.toarray()
    return table


def joined(**sections: list[AnnData]) -> AnnData:
    """One table of sections with different modalities; what one lacks is NaN."""
    each = {}
    for name, tables in sections.items():
        each[name] = concat(tables, axis=1) if len(tables) > 1 else tables[0].copy()
        each[name].obsm["spatial"] = tables[0].obsm["spatial"]
    table = concat(each, label="sample", index_unique="-", join="outer")
    proteins = table.var_names.str.startswith("protein")
    table.var["feature_types"] = np.where(proteins, "Antibody Capture", "Gene Expression")
    return table


def test_a_modality_that_is_nan_in_a_section_was_not_measured_there(rna, adt, tmp_path):
    table = joined(s1=[rna(0), adt(1)], s2=[rna(2)], s3=[adt(3)])
    table.write_h5ad(tmp_path / "all.h5ad")
    for given in (table, tmp_path / "all.h5ad"):
        study = nt.read_sections(given, column="sample")
        assert [set(part.modalities) for part in study.parts] == [{"rna", "adt"}, {"rna"}, {"adt"}]
        found = study.modalities["adt"].table[study.section != 1, adt(1).var_names]
        np.testing.assert_array_equal(found.X.toarray(), np.vstack([adt(1).X, adt(3).X]))


def test_features_that_are_nan_in_a_section_were_not_measured_there(rna):
    study = nt.read_sections(joined(s1=[rna(0)], s2=[rna(1)[:, 20:].copy()]), column="sample")
    assert list(study.modalities["rna"].table.var_names) == list(rna(0).var_names[20:])
    assert any("NaN throughout and left out: 20 features" in note for note in study.notes)


def test_spots_that_are_nan_in_one_modality_were_not_measured_in_it(rna, adt, make_mudata):
    failed = adt(1)
    failed.X[:7] = np.nan
    dataset = from_memory(make_mudata({"rna": rna(0), "adt": failed}), spots="all")
    np.testing.assert_array_equal(dataset.modalities["adt"].measured, np.arange(60) >= 7)
    assert not dataset.modalities["adt"].table.X[:7].toarray().any()
    failed.X[:, 3] = np.nan
    for tables, spots in (({"rna": rna(0), "adt": failed}, "common"), ({"adt": failed}, "all")):
        with pytest.raises(nt.DataError, match="finite values in modality 'adt'"):
            from_memory(make_mudata(tables), spots=spots)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_single_values_that_are_no_numbers_are_refused(rna, adt, make_mudata, value):
    damaged = adt(1)
    damaged.X[3, 4] = value
    with pytest.raises(nt.DataError, match="finite values in modality 'adt'"):
        from_memory(make_mudata({"rna": rna(0), "adt": damaged}), spots="all")


def test_a_file_of_a_section_whose_modality_is_all_zeros_lacks_it(rna, adt, make_mudata):
    empty = adt(3)
    empty.X[:] = 0
    both, failed = make_mudata({"rna": rna(0), "adt": adt(1)}), make_mudata({"rna": rna(2), "adt": empty})
    study = nt.read_sections({"s1": both, "s2": failed})
    assert [set(part.modalities) for part in study.parts] == [{"rna", "adt"}, {"rna"}]
    assert "s2: adt was measured at no spot: left out." in study.notes
    with pytest.raises(nt.DataError, match="'adt', found only zeros"):
        from_memory(failed, spots="all")


def test_sections_of_a_mudata_may_lack_a_modality_also_without_a_column(rna, adt, make_mudata):
    tables = {
        "rna": concat({"s1": rna(0), "s2": rna(1)}, label="sample", index_unique="-"),
        "adt": concat({"s1": adt(2), "s3": adt(3)}, label="sample", index_unique="-"),
    }
    study = nt.read_sections(make_mudata(tables))
    assert {part.name: set(part.modalities) for part in study.parts} == {
        "s1": {"rna", "adt"},
        "s2": {"rna"},
        "s3": {"adt"},
    }


def test_tables_in_memory_are_no_paths(rna, adt):
    with pytest.raises(
        nt.DataError, match=r"Section 's1': Expected paths, found AnnData. Give fit .*; put the tables .* into a MuData"
    ):
        nt.read_sections({"s1": [rna(0), adt(1)]})


def test_spots_at_which_nothing_was_counted_at_all_are_told(rna, adt, make_mudata):
    both, one = {"rna": rna(0), "adt": adt(1)}, {"rna": rna(0), "adt": adt(1)}
    for table in both.values():
        table.X[:7] = 0
    one["rna"].X[:7] = 0
    told = [note for note in from_memory(make_mudata(both)).notes if "Nothing was counted at 7 spots" in note]
    assert len(told) == 1
    assert not any("Nothing was counted" in note for note in from_memory(make_mudata(one)).notes)


@pytest.mark.parametrize("kind", [np.array, sparse.csr_matrix, sparse.csc_matrix])
def test_rows_and_columns_without_a_number_are_found_in_any_kind_of_table(kind):
    values = np.ones((6, 4), np.float32)
    values[1], values[:, 2], values[3, 0], values[4, 1] = np.nan, np.nan, np.nan, 0
    empty, columns = without_a_number(AnnData(kind(values)), np.array([0, 1, 3, 4]))
    assert empty.tolist() == [False, True, False, False]
    assert columns.tolist() == [False, False, True, False]
