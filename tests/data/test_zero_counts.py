"""Spots at which one modality counted nothing: kept and masked, or left out, value by value."""

from __future__ import annotations

import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import DataError

FAILED = {"rna": slice(0, 7), "adt": slice(55, 60)}


@pytest.fixture
def tables(make_table):
    made = {"rna": make_table(60, 80), "adt": make_table(60, 20, prefix="protein", mean=20.0, seed=1)}
    for name, rows in FAILED.items():
        values = made[name].X.toarray()
        values[rows] = 0
        values[30] = 0  # nothing at all
        made[name].X = values
    return made


def test_they_are_kept_and_masked_where_all_spots_are_asked_for(make_mudata, tables):
    dataset = from_memory(make_mudata(tables), spots="all")
    assert (dataset.n_spots, dataset.dropped) == (60, {})
    for name, rows in FAILED.items():
        lacking = np.zeros(60, bool)
        lacking[rows] = True
        np.testing.assert_array_equal(dataset.modalities[name].measured, ~lacking)
        np.testing.assert_array_equal(dataset.modalities[name].table.X.toarray(), tables[name].X)


def test_they_are_left_out_where_common_ones_are_asked_for(make_mudata, tables):
    dataset = from_memory(make_mudata(tables), spots="common")
    assert dataset.obs_names.tolist() == tables["rna"].obs_names[7:55].tolist()
    assert dataset.dropped == {"rna": 5, "adt": 7}
    assert list(dataset.obs.index) == dataset.obs_names.tolist()
    np.testing.assert_array_equal(dataset.coords, tables["rna"].obsm["spatial"][7:55])
    for name, table in tables.items():
        modality = dataset.modalities[name]
        assert modality.measured is None
        assert list(modality.table.obs_names) == dataset.obs_names.tolist()
        np.testing.assert_array_equal(modality.table.X.toarray(), table.X[7:55])
        np.testing.assert_array_equal(dataset.rows[name], np.r_[7:55])
    assert "Left out 7 spots at which rna counted nothing." in dataset.notes
    assert "Left out 5 spots at which adt counted nothing." in dataset.notes


def test_a_run_without_them_comes_back_as_it_was(make_mudata, tables, tmp_path):
    settings = nt.Config(
        preprocess={"spots": "common"}, train={"epochs": 2}, cluster={"n_domains": 2}, evidence={"support": False}
    )
    mdata = make_mudata(tables)
    result = nt.fit(mdata, settings)
    assert result.predicted == {}
    result.write(tmp_path / "a.h5mu")
    again = nt.restore(tmp_path / "a.h5mu")
    np.testing.assert_array_equal(again.obs_names, result.obs_names)
    np.testing.assert_array_equal(again.labels, result.labels)
    assert mdata.obs["trsmi_domain"].isna().sum() == 12


def test_where_no_spot_has_both_it_is_a_sentence(make_mudata, tables):
    tables["rna"].X[:40], tables["adt"].X[40:] = 0, 0
    tables["rna"].X[40:], tables["adt"].X[:40] = 1 + np.arange(80), 1 + np.arange(20)
    with pytest.raises(DataError, match="at which rna and adt counted something, found none"):
        from_memory(make_mudata(tables), spots="common")


def test_components_may_be_zero(make_mudata, tables):
    dataset = from_memory(make_mudata(tables), kinds={"rna": "precomputed"}, spots="common")
    assert dataset.n_spots == 54  # without the five that failed, and the one at which nothing was counted
