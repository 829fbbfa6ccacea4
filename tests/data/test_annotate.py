"""Where a result's keys go: by the rows from which the spots were read, else by their names."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from mudata import MuData
from results_by_hand import dataset_of, result_of

from napari_trsmi.data.annotate import annotate, find_rows
from napari_trsmi.data.copies import copy_of_input
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError

MakeTable = Callable[..., AnnData]
MakeMuData = Callable[..., MuData]


def read_from(table: AnnData, rows: list[int]) -> Result:
    """A result on some rows of a table, in that order."""
    dataset = dataset_of({"rna": table[rows].copy()})
    return result_of(replace(dataset, rows={"": np.array(rows)}))


def domains(table: AnnData, rows: list[int]) -> list[str]:
    return table.obs["trsmi_domain"].astype(str).iloc[rows].tolist()


def found(result: Result) -> list[str]:
    return [result.names[k] for k in result.labels]


ROWS = [35, 3, 4, 20, 7, 8, 9, 10, 30, 1]


def test_spots_go_back_to_the_rows_they_were_read_from(make_table: MakeTable) -> None:
    table = make_table()
    result = read_from(table, ROWS)
    annotate(result, table)
    assert domains(table, ROWS) == found(result)
    assert table.obs["trsmi_domain"].notna().sum() == len(ROWS)


def test_a_table_has_an_embedding_of_its_own_but_where_it_is_only_written(make_table: MakeTable) -> None:
    table = make_table()
    every = list(range(table.n_obs))
    for rows, copy, shared in [(every, True, False), (every, False, True), (every[::-1], False, False)]:
        result = read_from(table, rows)
        annotate(result, table, {"": np.array(rows)}, copy=copy)
        assert np.shares_memory(table.obsm["X_trsmi"], result.embedding) is shared
        assert np.array_equal(table.obsm["X_trsmi"][rows], result.embedding)


@pytest.mark.parametrize("change", ["repeated", "without suffix", "with suffix"])
def test_names_that_differ_by_their_ends_from_those_read_do_not_matter(make_table: MakeTable, change: str) -> None:
    table = make_table()
    result = read_from(table, ROWS)
    endings = {"repeated": "spot", "without suffix": "-1", "with suffix": ""}
    if change == "with suffix":
        table.obs_names = table.obs_names + "-2"
    elif change == "without suffix":
        table.obs_names = table.obs_names.str.removesuffix(endings[change])
    else:
        table.obs_names = ["spot"] * table.n_obs
    annotate(result, table)
    assert domains(table, ROWS) == found(result)


def test_in_another_table_spots_are_found_by_their_names(make_table: MakeTable) -> None:
    table = make_table()
    result = read_from(table, ROWS)
    other = table[::-1].copy()
    annotate(result, other)
    assert domains(other, [35 - row for row in ROWS]) == found(result)


def test_a_table_without_the_spots_or_with_repeated_names_of_others_is_refused(make_table: MakeTable) -> None:
    result = read_from(make_table(), ROWS)
    other = make_table()
    other.obs_names = [f"cell{i}" for i in range(other.n_obs)]
    with pytest.raises(DataError, match="found 10 missing"):
        annotate(result, other)
    other.obs_names = ["cell"] * other.n_obs
    with pytest.raises(DataError, match="unique barcodes"):
        annotate(result, other)


def test_rows_that_are_given_are_taken_whatever_the_names(make_table: MakeTable) -> None:
    result = read_from(make_table(), ROWS)
    other = make_table()
    other.obs_names = ["cell"] * other.n_obs
    rows = list(range(10, 20))
    annotate(result, other, {"": np.array(rows)})
    assert domains(other, rows) == found(result)


def test_every_table_of_a_mudata_has_its_own_rows(make_mudata: MakeMuData, make_table: MakeTable) -> None:
    adt = make_table(n_features=20, prefix="protein", mean=20.0, seed=1)[::-1].copy()
    mdata = make_mudata({"rna": make_table(), "adt": adt})
    result = result_of(replace(dataset_of(dict(mdata.mod)), rows={"": np.arange(36), "adt": np.arange(36)[::-1]}))
    annotate(result, mdata)
    assert domains(mdata["rna"], list(range(36))) == found(result)
    assert domains(mdata["adt"], list(range(36))[::-1]) == found(result)


def test_a_file_with_repeated_names_is_written_back_by_its_rows(make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    result = read_from(table, list(range(36)))
    table.obs_names = [f"spot{i % 12}-1" for i in range(36)]
    table.write_h5ad(tmp_path / "in.h5ad")
    dataset = replace(result.dataset, sources=(tmp_path / "in.h5ad",))
    stored = table.obs_names.copy()
    table.obs_names_make_unique()
    dataset = replace(dataset, obs_names=table.obs_names.to_numpy(dtype=str))
    copy = copy_of_input(dataset, ".h5ad")
    written = copy.table
    annotate(replace(result, dataset=dataset), written, copy.rows)
    assert list(written.obs_names) == list(stored)
    assert domains(written, list(range(36))) == found(result)


def test_finding_the_rows_of_many_spots_takes_no_time() -> None:
    names = np.array([f"ACGT{i:07d}-1" for i in range(50_000)])
    table = AnnData(obs=pd.DataFrame(index=names))
    small = dataset_of({"rna": AnnData(np.ones((4, 2)), obsm={"spatial": np.arange(8.0).reshape(4, 2)})})
    dataset = replace(small, obs_names=names[::-1])
    started = time.perf_counter()
    rows = find_rows(dataset, table)
    assert time.perf_counter() - started < 5  # comparing every name with every other takes minutes
    np.testing.assert_array_equal(rows, np.arange(50_000)[::-1])
