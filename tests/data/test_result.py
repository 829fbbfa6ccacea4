"""What a result writes into tables in memory, and its colours."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from anndata import AnnData
from hypothesis import given
from hypothesis import strategies as st
from mudata import MuData
from results_by_hand import dataset_of, result_of, with_colors
from scipy import sparse

from napari_trsmi.data.plain import plain
from napari_trsmi.errors import DataError

MakeTable = Callable[..., AnnData]
MakeMuData = Callable[..., MuData]


def test_the_conventional_keys_are_written_into_an_anndata(make_table: MakeTable) -> None:
    table = make_table()
    result = with_colors(result_of(dataset_of({"rna": table})))
    result.annotate(table)
    domain = table.obs["trsmi_domain"]
    assert list(domain.cat.categories) == ["1", "2", "3"]
    assert domain.cat.ordered
    np.testing.assert_array_equal(domain.cat.codes, result.labels)
    np.testing.assert_array_equal(table.obs["trsmi_runner_up"].cat.codes, result.partition.runner_up)
    np.testing.assert_array_equal(table.obs["trsmi_confidence"], result.confidence)
    np.testing.assert_array_equal(table.obs["trsmi_entropy"], result.partition.entropy)
    np.testing.assert_array_equal(table.obsm["X_trsmi"], result.embedding)
    np.testing.assert_array_equal(table.obsm["trsmi_posterior"], result.partition.posterior)
    np.testing.assert_array_equal(table.obsm["trsmi_modality_weights"], result.modality_weights)
    assert list(table.uns["trsmi_domain_colors"]) == ["#000000", "#000001", "#000002"]


def test_spots_are_matched_by_barcode_and_the_rest_stays_empty(make_table: MakeTable) -> None:
    whole = make_table()
    analysed = np.random.default_rng(1).permutation(whole.n_obs)[:20]
    tables = {"rna": whole[analysed].copy(), "adt": whole[analysed].copy()}
    result = result_of(dataset_of(tables))
    result.annotate(whole)
    back = whole[result.obs_names]
    np.testing.assert_array_equal(back.obs["trsmi_domain"].cat.codes, result.labels)
    np.testing.assert_array_equal(back.obsm["X_trsmi"], result.embedding)
    np.testing.assert_allclose(
        back.obsp["trsmi_S_rna_adt"].toarray(), result.correspondences["rna", "adt"].toarray(), rtol=1e-6
    )
    rest = np.setdiff1d(np.arange(whole.n_obs), analysed)
    assert whole.obs["trsmi_domain"].iloc[rest].isna().all()
    assert whole.obs["trsmi_confidence"].iloc[rest].isna().all()
    assert np.isnan(whole.obsm["X_trsmi"][rest]).all()
    assert sparse.csr_matrix(whole.obsp["trsmi_S_rna_adt"])[rest].nnz == 0


def test_keys_of_an_earlier_run_are_replaced(make_table: MakeTable) -> None:
    table = make_table()
    result_of(dataset_of({"rna": table, "adt": table}), n_domains=5).annotate(table)
    result = result_of(dataset_of({"rna": table}), n_domains=2)
    result.annotate(table)
    assert list(table.obs["trsmi_domain"].cat.categories) == ["1", "2"]
    assert len(table.uns["trsmi_domain_colors"]) == 2
    assert not [key for key in table.obsp if key.startswith("trsmi")]
    assert json.loads(table.uns["trsmi"])["n_domains"] == 2


def test_every_modality_of_a_mudata_gets_domains_and_embedding(make_mudata: MakeMuData) -> None:
    mdata = make_mudata()
    result = result_of(dataset_of(dict(mdata.mod)))
    keys = result.annotate(mdata)
    for table in (mdata, mdata["rna"], mdata["adt"]):
        np.testing.assert_array_equal(table.obs["trsmi_domain"].cat.codes, result.labels)
        np.testing.assert_array_equal(table.obsm["X_trsmi"], result.embedding)
        assert len(table.uns["trsmi_domain_colors"]) == 3
    assert set(mdata.obsp) >= {"trsmi_S_rna_adt", "trsmi_S_adt_rna"}
    assert 'obsp["trsmi_S_rna_adt"]' in keys
    assert 'rna: obs["trsmi_domain"]' in keys


def test_an_object_without_the_analysed_spots_is_refused(make_table: MakeTable) -> None:
    table = make_table()
    result = result_of(dataset_of({"rna": table}))
    with pytest.raises(DataError, match="found 6 missing"):
        result.annotate(table[:30].copy())


def test_one_domain_has_no_runner_up(make_table: MakeTable) -> None:
    table = make_table()
    result_of(dataset_of({"rna": table}), n_domains=1).annotate(table)
    assert table.obs["trsmi_runner_up"].isna().all()
    assert (table.obs["trsmi_confidence"] == 1).all()


@pytest.mark.parametrize("n_domains", [1, 2, 30])
def test_domains_without_colours_get_different_ones(make_table: MakeTable, n_domains: int) -> None:
    palette = result_of(dataset_of({"rna": make_table()}), n_domains=n_domains).palette
    assert len(set(palette)) == n_domains


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.builds(np.float32, st.floats(width=32)),
        lambda entries: st.lists(entries) | st.tuples(entries) | st.dictionaries(st.integers() | st.text(), entries),
        max_leaves=10,
    )
)
def test_anything_recorded_becomes_strict_json(value: object) -> None:
    text = json.dumps(plain(value), allow_nan=False)
    assert json.loads(text) == plain(value)
