"""Whatever people keep in a table, it can be written; what is not kept as it is, is told."""

from __future__ import annotations

import datetime
import decimal
import math
import pathlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from results_by_hand import dataset_of, result_of
from scipy import sparse

from napari_trsmi.data.storable import make_storable
from napari_trsmi.data.tables import mudata_of, read_table, write_table

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
    pytest.mark.filterwarnings("ignore:.*forward slash.*:FutureWarning"),
]

MakeTable = Callable[..., AnnData]
N = 6
SUFFIXES = [".h5ad", ".h5mu", ".zarr"]
AMISS = {"", ".", "a/b", "zarr.json", "n\0l", "nested", "mixed"}
ALONE = [".h5ad", ".zarr"]  # the tables of a MuData are written as an AnnData is: there all at once


class Thing:
    """A class of somebody's."""


def alone(names: Iterable[str]) -> list[Any]:
    """Each name in an .h5ad, and in a .zarr, where all but what a folder may take amiss are slow."""
    stores = [pytest.param(name, ".zarr", marks=() if name in AMISS else pytest.mark.slow) for name in names]
    return [*((name, ".h5ad") for name in names), *stores]


def deep() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["again"] = found
    return found


COLUMNS: dict[str, Any] = {
    "mixed": [1, "a", 2.5, None, "b", 3],
    "numbers and gaps": np.array([1, None, 3, 4, 5, 6], dtype=object),
    "floats as objects": np.array([1.5, None, 3, 4, 5, 6], dtype=object),
    "truth and gaps": np.array([True, None, False, True, True, None], dtype=object),
    "texts and gaps": np.array(["a", None, "b", math.nan, "c", "d"], dtype=object),
    "nothing": np.array([None] * N, dtype=object),
    "nullable texts": pd.array(["a", None, "b", "c", "d", "e"], dtype="string"),
    "nullable numbers": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
    "nullable floats": pd.array([1, None, 3, 4, 5, 6], dtype="Float64"),
    "nullable truth": pd.array([True, None, False, True, True, None], dtype="boolean"),
    "days": pd.date_range("2020-01-01", periods=N),
    "days elsewhere": pd.date_range("2020-01-01", periods=N, tz="Europe/Berlin"),
    "times": pd.to_timedelta(range(N), unit="h"),
    "months": pd.period_range("2020-01", periods=N, freq="M"),
    "bins": pd.cut(np.arange(N), 3),
    "mixed categories": pd.Categorical([1, "a", 2, "a", None, "1"]),
    "categories of days": pd.Categorical(pd.date_range("2020-01-01", periods=N)),
    "categories of numbers": pd.Categorical([1, 2, 2, 1, 1, None]),
    "long doubles": np.arange(N, dtype=np.longdouble),
    "complex": np.arange(N) * 1j,
    "mostly zero": pd.arrays.SparseArray([0, 0, 0, 1, 0, 0]),
    "lists": np.array([[1], [1, 2], {}, None, {1}, ()], dtype=object),
    "decimals": [decimal.Decimal(i) for i in range(N)],
    "dates": [datetime.date(2020, 1, 1)] * N,
    "large": [2**70] * N,
    "nul": ["a\0b"] * N,
    "bytes": [b"a"] * N,
    "_index": range(N),
    "a/b": range(N),
    "": range(N),
    ".": range(N),
    "zarr.json": range(N),
    "n\0l": range(N),
    "x" * 300: range(N),
}
if pd.__version__.startswith("2."):  # later ones hold no such text
    COLUMNS["half a sign"] = ["a\udc80"] * N

VALUES: dict[str, Any] = {
    "none": None,
    "tuple": (1, 2),
    "texts": ["a", "b"],
    "mixed": [1, "a", None],
    "ragged": [[1], [1, 2]],
    "dicts": [{"a": 1}, {"b": np.arange(2)}],
    "set": {"b", "a"},
    "empty": [[], (), set(), {}],
    "nested": {1: {"a/b": {"": {(1, 2): None, "..": {3}}}}, "1": 5, "zarr.json": 1, ".zgroup": 2},
    "deep": deep(),
    "array of texts and gaps": np.array(["a", None, "b"], dtype=object),
    "array of anything": np.array([1, "a", None, {}], dtype=object),
    "table of texts and gaps": np.array([["a", None], ["b", 1]], dtype=object),
    "days": np.array(["2020-01-01"], dtype="datetime64[ns]"),
    "time": np.timedelta64(1, "h"),
    "a day": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    "half floats": np.ones(3, np.float16),
    "long doubles": np.ones(3, np.longdouble),
    "complex": 1j,
    "large": 2**70,
    "bytes": b"\xff\0a",
    "bytes in an array": np.array([b"a", b"b"]),
    "structured": np.array([(1, "a"), (2, None)], dtype=[("x", int), ("y", object)]),
    "ranked": np.rec.fromarrays([np.array(["g1", "g2"]), np.array([1.0, 2.0])], names=["names", "scores"]),
    "series": pd.Series([1, "a"], index=[0, "b"]),
    "index": pd.Index(["a", "b"]),
    "categories": pd.Categorical([1, "a"]),
    "frame": pd.DataFrame({0: [1, "a"], ("a", "b"): [None, b"c"]}, index=pd.Index([3, "c"], name=0)),
    "levels": pd.DataFrame(
        np.ones((2, 2)),
        index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]),
        columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]),
    ),
    "same names": pd.DataFrame(np.ones((2, 2)), columns=["a", "a"]),
    "coordinates": sparse.coo_matrix(np.eye(2)),
    "lists of lists": sparse.lil_matrix(np.eye(2)),
    "matrix": np.ones((1, 2)).view(np.matrix),
    "masked": np.ma.masked_array([1, 2], mask=[False, True]),
    "nul": "a\0b",
    "half a sign": "a\udc80",
    "path": pathlib.PurePosixPath("/a"),
    "id": uuid.UUID(int=1),
    "missing": pd.NA,
    "interval": pd.Interval(0, 1),
    "function": len,
    "type": int,
    "instance": Thing(),
    "instances": [Thing(), Thing()],
    "generator": (i for i in range(3)),
    "table": AnnData(np.ones((2, 2)), uns={"bad": Thing()}),
    "zero dimensions": np.array("a"),
}

ARRAYS: dict[str, Any] = {
    "sparse": sparse.csr_matrix(np.eye(N)),
    "sparse array": sparse.csr_array(np.eye(N)),
    "three": np.ones((N, 2, 2)),
    "texts": np.full((N, 2), "a"),
    "mixed": np.array([[1, "a"]] * N, dtype=object),
    "a/b": np.ones((N, 2)),
    "": np.ones((N, 2)),
}


def table_with(**parts: Any) -> AnnData:
    table = AnnData(sparse.csr_matrix(np.ones((N, 3), np.float32)), obs=pd.DataFrame(index=list("abcdef")), **parts)
    table.obsm["spatial"] = np.arange(2.0 * N).reshape(N, 2)
    return table


def written(table: AnnData, path: Path) -> tuple[AnnData, tuple[str, ...]]:
    """What is read back, by the package that the format belongs to, and what was told."""
    whole = mudata_of({"rna": table}) if path.suffix == ".h5mu" else table
    notes = make_storable(whole, path.suffix)
    write_table(whole, path, path.suffix)
    found = read_table(path)
    found = found["rna"] if path.suffix == ".h5mu" else found
    np.testing.assert_array_equal(found.X.toarray(), table.X.toarray())
    return found, notes


@pytest.mark.parametrize(("name", "suffix"), alone(COLUMNS))
def test_any_column_can_be_written(tmp_path: Path, name: str, suffix: str) -> None:
    table = table_with()
    frame = pd.DataFrame({name: COLUMNS[name]}, index=table.obs_names)
    table.obs = frame
    table.uns["frame"] = table.obsm["frame"] = frame.copy()
    before = frame.iloc[:, 0]
    found, _ = written(table, tmp_path / f"x{suffix}")
    for after in (found.obs, found.uns["frame"], found.obsm["frame"]):
        assert after.shape == (N, 1)
        np.testing.assert_array_equal(after.iloc[:, 0].isna(), before.isna())


@pytest.mark.parametrize(("name", "suffix"), alone(VALUES))
def test_any_value_can_be_written_or_is_left_out(tmp_path: Path, name: str, suffix: str) -> None:
    value = next(iter([VALUES[name]]))
    table = table_with(uns={"it": value, "inside": {"it": value}})
    found, notes = written(table, tmp_path / f"x{suffix}")
    assert ("it" in found.uns) == ("it" in found.uns["inside"]) == (not any("left out" in note for note in notes)) or (
        name in ("deep", "nested")
    )


def test_all_columns_and_values_of_a_modality_can_be_written_together(tmp_path: Path) -> None:
    names = [name for name in VALUES if name != "generator"]  # read once
    table = table_with(uns={"all": {name: VALUES[name] for name in names}})
    table.obs = pd.DataFrame(COLUMNS, index=table.obs_names)
    before = table.obs.copy()
    found, notes = written(table, tmp_path / "x.h5mu")
    assert found.obs.shape == before.shape
    for k in range(before.shape[1]):
        np.testing.assert_array_equal(found.obs.iloc[:, k].isna(), before.iloc[:, k].isna())
    left_out = [name for name in names if name not in found.uns["all"]]
    assert "instance" in left_out
    assert {"texts", "frame", "series"}.isdisjoint(left_out)
    assert all(any(f'["{name}"]' in note and "left out" in note for note in notes) for name in left_out)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ARRAYS)
def test_any_array_of_the_spots_can_be_written(tmp_path: Path, name: str, suffix: str) -> None:
    table = table_with()
    table.obsm[name] = ARRAYS[name]
    found, _ = written(table, tmp_path / f"x{suffix}")
    assert len(found.obsm) == 2


def test_what_is_changed_is_told_and_what_is_not_is_the_same_object() -> None:
    table = table_with(uns={"kept": {"a": np.arange(3)}, "thing": Thing(), "day": datetime.date(2020, 1, 1)})
    table.obs["mixed"] = COLUMNS["mixed"]
    table.obs["fine"] = np.arange(N)
    array, mapping = table.uns["kept"]["a"], table.uns["kept"]
    notes = make_storable(table, ".h5ad")
    assert table.uns["kept"]["a"] is array
    assert mapping == {"a": array}
    assert [note.split(" holds ")[0] for note in notes] == ['obs["mixed"]', 'uns["thing"]', 'uns["day"]']
    assert "left out" in notes[1]
    assert table.obs["mixed"].astype(object).dropna().tolist() == ["1", "a", "2.5", "b", "3"]


def test_a_table_that_can_be_written_is_left_alone() -> None:
    table = table_with(uns={"spatial": {"A1": {"images": {"hires": np.ones((2, 2, 3))}, "scalefactors": {"a": 0.5}}}})
    table.obs["cluster"] = pd.Categorical(list("aabbcc"))
    table.obs["text"] = list("uvwxyz")
    before = table.copy()
    assert make_storable(table, ".zarr") == ()
    pd.testing.assert_frame_equal(table.obs, before.obs)
    assert table.uns["spatial"]["A1"]["scalefactors"] == {"a": 0.5}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_result_is_saved_with_odd_contents_and_they_stay_in_memory_as_they_were(
    tmp_path: Path, make_table: MakeTable, suffix: str
) -> None:
    table = make_table()
    table.obs["mixed"] = [1, "a"] * 18
    table.uns["thing"] = thing = Thing()
    table.raw = table
    result = result_of(dataset_of({"rna": table}))
    result.dataset.modalities["rna"].table.uns["thing"] = thing
    told = result.write(tmp_path / f"x{suffix}")
    assert any("mixed" in note for note in told.notes)
    assert any("thing" in note for note in told.notes)
    assert "left out" in str(told)
    assert result.dataset.modalities["rna"].table.uns["thing"] is thing
    assert list(result.dataset.modalities["rna"].table.obs["mixed"][:2]) == [1, "a"]
    assert replace(result).dataset is result.dataset
