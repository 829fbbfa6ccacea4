"""Large counts stay on the disk, and nothing else is different."""

from __future__ import annotations

import mmap
import tracemalloc

import anndata
import h5py
import numpy as np
import pytest
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.components import components
from napari_trsmi.data.readers import on_disk
from napari_trsmi.data.tables import mudata_of, read_table, write_table
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import Interrupted, interruptible

N, D = 90, 70


@pytest.fixture
def table():
    values = sparse.csr_matrix(np.random.default_rng(0).poisson(1.0, (N, D)).astype(np.float32))
    found = anndata.AnnData(values)
    found.obsm["spatial"] = np.stack(np.divmod(np.arange(N), 10), axis=1).astype(float)
    return found


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr(on_disk, "FROM", 0)
    monkeypatch.setattr(on_disk, "_AT_ONCE", 100)


def is_mapped(values):
    """Whether an array is a view of a file."""
    while isinstance(values, np.ndarray):
        values = values.base
    return isinstance(values, mmap.mmap)


def on_the_disk(matrix):
    return is_mapped(matrix.data) and is_mapped(matrix.indices)


def counts(path):
    return next(iter(nt.read(path).modalities.values())).table.X


@pytest.mark.filterwarnings("ignore:Writing zarr v2")
@pytest.mark.parametrize("suffix", [".h5ad", ".zarr", ".h5mu"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
def test_the_counts_of_a_file_stay_on_the_disk(table, tmp_path, everything_is_large, suffix, dtype):
    expected = table.X.toarray()
    table.X = table.X.astype(dtype)
    path = tmp_path / f"section{suffix}"
    write_table(mudata_of({"rna": table}) if suffix == ".h5mu" else table, path, suffix)
    found = counts(path)
    assert on_the_disk(found)
    np.testing.assert_array_equal(found.toarray(), expected)


@pytest.mark.filterwarnings("ignore:Writing zarr v2")
@pytest.mark.parametrize("suffix", [".h5ad", ".zarr"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_they_stay_there_while_a_copy_is_written(table, tmp_path, everything_is_large, suffix, dtype):
    """The copy has the values as they are stored: whole numbers, which would be others here, are in memory."""
    table.X = table.X.astype(dtype)
    table.layers["counts"] = table.X.copy()
    write_table(table, tmp_path / f"section{suffix}", suffix)
    found = read_table(tmp_path / f"section{suffix}")
    for values in (found.X, found.layers["counts"]):
        assert on_the_disk(values) == (dtype != np.int64)
        assert values.dtype == dtype
        assert (values != table.X).nnz == 0
    write_table(found, tmp_path / "copy.zarr", ".zarr")
    again = anndata.read_zarr(tmp_path / "copy.zarr")
    assert again.X.dtype == dtype
    assert (again.X != table.X).nnz == 0


@pytest.mark.parametrize("where", ["layer", "raw"])
def test_so_do_those_beside_what_is_in_x(table, tmp_path, everything_is_large, where):
    expected = table.X.toarray()
    if where == "raw":
        table.raw = table.copy()
    else:
        table.layers["counts"] = table.X.copy()
    table.X = table.X.log1p()
    table.write_h5ad(tmp_path / "logged.h5ad", compression="gzip")
    found = counts(tmp_path / "logged.h5ad")
    assert on_the_disk(found)
    np.testing.assert_array_equal(found.toarray(), expected)


def test_counts_by_columns_are_in_memory_once(table, tmp_path, everything_is_large):
    expected = table.X.toarray()
    table.X = table.X.tocsc()
    table.write_h5ad(tmp_path / "columns.h5ad")
    with h5py.File(tmp_path / "columns.h5ad", "r") as file:
        assert on_the_disk(on_disk.mapped(file["X"]))
    np.testing.assert_array_equal(counts(tmp_path / "columns.h5ad").toarray(), expected)


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_counts_of_half_precision_are_read(table, tmp_path, form):
    expected = table.X.toarray()
    table.X = table.X.asformat(form)
    table.write_h5ad(tmp_path / "half.h5ad")
    with h5py.File(tmp_path / "half.h5ad", "r+") as file:
        values = file["X/data"][:]
        del file["X/data"]
        file["X/data"] = values.astype(np.float16)
    np.testing.assert_array_equal(counts(tmp_path / "half.h5ad").toarray(), expected)


def test_small_ones_are_in_memory(table, tmp_path):
    table.write_h5ad(tmp_path / "small.h5ad")
    assert not is_mapped(counts(tmp_path / "small.h5ad").data)


def test_domains_are_the_same(table, tmp_path, monkeypatch):
    table.write_h5ad(tmp_path / "section.h5ad")
    modalities = []
    for size in (on_disk.FROM, 0):
        monkeypatch.setattr(on_disk, "FROM", size)
        modalities.append(next(iter(nt.read(tmp_path / "section.h5ad").modalities.values())))
    here, there = (components(one, "rna", nt.Config().preprocess) for one in modalities)
    assert on_the_disk(modalities[1].table.X)
    np.testing.assert_array_equal(here, there)


def test_a_change_in_place_changes_no_other(table, tmp_path, everything_is_large):
    table.write_h5ad(tmp_path / "section.h5ad")
    one, other = counts(tmp_path / "section.h5ad"), counts(tmp_path / "section.h5ad")
    one.data *= 2
    assert one.sum() == 2 * other.sum() == 2 * table.X.sum()


def test_of_a_file_little_is_in_memory_at_a_time(tmp_path, monkeypatch):
    values = sparse.random(20_000, 200, 0.25, format="csr", dtype=np.float32, random_state=0)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        from anndata.io import write_elem

        write_elem(file, "X", values, dataset_kwargs={"compression": "gzip", "chunks": (10_000,)})
        monkeypatch.setattr(on_disk, "_AT_ONCE", 20_000)
        tracemalloc.start()
        found = on_disk.mapped(file["X"])
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert highest < 0.25 * (values.data.nbytes + values.indices.nbytes)
    assert (found != values).nnz == 0


def test_without_room_for_it_a_matrix_is_in_memory(table, tmp_path, everything_is_large, monkeypatch, caplog):
    class Full:
        def __init__(self, **_):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(on_disk, "TemporaryFile", Full)
    table.write_h5ad(tmp_path / "section.h5ad")
    np.testing.assert_array_equal(counts(tmp_path / "section.h5ad").toarray(), table.X.toarray())
    assert "No space left" in caplog.text


@pytest.mark.parametrize("index", [D, -1, 2**32 + 5])
def test_an_index_out_of_range_is_refused_as_ever(table, tmp_path, everything_is_large, index):
    table.write_h5ad(tmp_path / "damaged.h5ad")
    with h5py.File(tmp_path / "damaged.h5ad", "r+") as file:
        indices = file["X/indices"][:].astype(np.int64)
        indices[7] = index
        del file["X/indices"]
        file["X/indices"] = indices
    with pytest.raises(DataError, match=r"indices must be|index out of range"):
        nt.read(tmp_path / "damaged.h5ad")


def test_a_feature_twice_in_a_row_is_refused_as_ever(table, tmp_path, everything_is_large):
    table.write_h5ad(tmp_path / "damaged.h5ad")
    with h5py.File(tmp_path / "damaged.h5ad", "r+") as file:
        file["X/indices"][1] = file["X/indices"][0]
    with pytest.raises(DataError, match="some twice"):
        nt.read(tmp_path / "damaged.h5ad")


def test_reading_can_be_cancelled(table, tmp_path, everything_is_large):
    table.write_h5ad(tmp_path / "section.h5ad")
    with pytest.raises(Interrupted), interruptible(lambda: True):
        nt.read(tmp_path / "section.h5ad")
