"""Copies that take the values of a file as they are stored."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from mudata import MuData
from results_by_hand import result_of
from scipy import sparse

from napari_trsmi.data import copies, stored
from napari_trsmi.data.readers import read
from napari_trsmi.data.tables import read_table, write_table
from napari_trsmi.interrupt import Interrupted, interruptible


@pytest.fixture
def source(tmp_path: Path, make_table: Callable[..., AnnData]) -> Path:
    """A file with everything that a table may hold."""
    table = make_table()
    n, rng = table.n_obs, np.random.default_rng(0)
    table.X = sparse.csr_matrix(table.X)
    table.layers["more"] = table.X * 2
    table.raw = table.copy()
    table.obsm["X_pca"] = rng.normal(size=(n, 5))
    table.obsm["frame"] = pd.DataFrame({"a": rng.normal(size=n)}, index=table.obs_names)
    table.varm["loadings"] = rng.normal(size=(table.n_vars, 5))
    table.obsp["graph"] = sparse.random(n, n, 0.1, format="csr", random_state=0)
    table.obs["old"] = pd.Categorical(["x"] * n)
    table.uns["colours"] = {"a": 1}
    write_table(table, tmp_path / "in.h5ad", ".h5ad")
    return tmp_path / "in.h5ad"


@pytest.fixture
def source_of_two(tmp_path: Path, make_mudata: Callable[..., MuData]) -> Path:
    """A file of two modalities."""
    both = make_mudata()
    both["rna"].obsm["X_pca"] = np.ones((both["rna"].n_obs, 3))
    write_table(both, tmp_path / "in.h5mu", ".h5mu")
    return tmp_path / "in.h5mu"


def both_ways(source: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Write a result of a file with its values as stored, and with them read and written again."""
    result = result_of(read(source))
    one = result.write(out.with_stem("one")).table
    with monkeypatch.context() as patch:
        patch.setattr(copies, "_without_values", lambda *_: None)
        other = result.write(out.with_stem("other")).table
    return one, other


def values_in(path: Path) -> dict[str, Any]:
    """Every value and attribute of a file by its place, but for the record, which holds when it was written."""
    found: dict[str, Any] = {}

    def note(place: str, part: Any) -> None:
        found[place] = {name: np.asarray(value).tolist() for name, value in part.attrs.items()}
        if isinstance(part, h5py.Dataset) and place != "uns/trsmi":
            found[f"{place} values"] = [part.dtype.kind, part[()].tolist() if part.shape is not None else None]

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def assert_same(one: Path, other: Path) -> None:
    assert str(values_in(one)) == str(values_in(other))  # as texts, for which NaN are the same


@pytest.mark.parametrize("again", [pytest.param(False, marks=pytest.mark.slow), True])
def test_values_taken_as_they_are_stored_are_those_read_and_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    one, other = both_ways(source, tmp_path / "out.h5ad", monkeypatch)
    if again:  # of a file that has a result in it already
        one, other = both_ways(one, tmp_path / "out_again.h5ad", monkeypatch)
    assert_same(one, other)
    assert {"X_pca", "frame", "X_trsmi"} <= set(read_table(one).obsm)
    np.testing.assert_array_equal(read_table(one).raw.X.toarray(), read_table(source).raw.X.toarray())


@pytest.mark.slow
def test_so_are_those_of_several_modalities(
    source_of_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = both_ways(source_of_two, tmp_path / "out.h5mu", monkeypatch)
    assert_same(one, other)
    assert set(read_table(one).mod) == {"rna", "adt"}


@pytest.mark.slow
def test_one_table_becomes_one_modality(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(*both_ways(source, tmp_path / "out.h5mu", monkeypatch))


def test_they_stay_compressed_as_they_were_and_are_never_read(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with h5py.File(source, "r+") as file:
        values = file["X/data"][()]
        del file["X/data"]
        file.create_dataset("X/data", data=values, chunks=(7,), compression="lzf")
    result = result_of(read(source))

    def told(*_: object) -> None:
        raise AssertionError("the values were read")

    monkeypatch.setattr(copies, "read_table", told)
    copy = copies.copy_of_input(result.dataset, ".h5ad")
    assert copy.table.X is None
    with h5py.File(result.write(tmp_path / "out.h5ad").table) as file:
        assert (file["X/data"].compression, file["X/data"].chunks) == ("lzf", (7,))


def test_a_file_without_marks_of_its_parts_is_read_whole(source: Path, tmp_path: Path) -> None:
    with h5py.File(source, "r+") as file:
        del file.attrs["encoding-type"]
        del file.attrs["encoding-version"]
    result = result_of(read(source))
    assert copies.copy_of_input(result.dataset, ".h5ad").kept is None
    assert read_table(result.write(tmp_path / "out.h5ad").table).layers["more"].nnz


def test_a_disk_that_fills_up_under_hdf5_is_told_and_nothing_else_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small:
        """A file on a disk with little room."""

        def __init__(self, path: Path) -> None:
            self.file = path.open("wb+", buffering=0)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, content: Any) -> int:
            if self.file.tell() + len(content) > 20_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(content)

    before = stored._Disk.__init__

    def small(disk: Any, path: Path) -> None:
        before(disk, path)
        disk._file.close()
        disk._file = Small(path)

    monkeypatch.setattr(stored._Disk, "__init__", small)

    def fill() -> None:
        with stored.new_hdf5(tmp_path / "x.h5") as file:
            for number in range(50):
                file.create_group(f"group {number}")["values"] = np.random.default_rng(0).random(1000)
                file.flush()

    with pytest.raises(OSError, match="No space") as refused:
        fill()
    assert refused.value.errno == errno.ENOSPC
    with monkeypatch.context() as patch:
        patch.setattr(stored._Disk, "__init__", before)
        with stored.new_hdf5(tmp_path / "y.h5") as file:
            file["a"] = 1
    with h5py.File(tmp_path / "y.h5") as file:
        assert file["a"][()] == 1


def test_what_goes_wrong_otherwise_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(KeyError), stored.new_hdf5(tmp_path / "x.h5") as file:
        file["missing"]


def test_writing_can_be_cancelled(source: Path, tmp_path: Path) -> None:
    result = result_of(read(source))
    with interruptible(lambda: True), pytest.raises(Interrupted):
        result.write(tmp_path / "out.h5ad")
    assert not list(tmp_path.glob("*out*"))
