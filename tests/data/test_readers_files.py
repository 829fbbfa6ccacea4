"""What lies at a path, told by its content: opened whatever it is called, or refused in a sentence that leads on."""

from __future__ import annotations

import contextlib
import gc
import gzip
import os
import shutil
import socket
import sys
import weakref
from pathlib import Path

import h5py
import numpy as np
import pytest
from results_by_hand import result_of

from napari_trsmi import sampling
from napari_trsmi.data import heaps, readers
from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.tables import read_table
from napari_trsmi.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore:zarr v3 autosharding", "ignore:Writing zarr v2")


@pytest.fixture
def table(make_table):
    return make_table()


def write_h5mu(mdata, path):
    from napari_trsmi.data.tables import write_table

    write_table(mdata, path, ".h5mu")


@pytest.mark.parametrize("name", ["a.h5", "a.H5AD", "a.h5mu", "a.hdf5", "a.h5ad.bak", "a"])
def test_anndata_opens_and_is_copied_whole_whatever_it_is_called(tmp_path, table, name):
    table.layers["more"] = table.X * 2
    table.write_h5ad(tmp_path / "x.h5ad")
    (tmp_path / "x.h5ad").rename(tmp_path / name)
    dataset = read(tmp_path / name)
    assert dataset.n_spots == 36
    result_of(dataset).write(tmp_path / "out.h5ad")
    assert "more" in read_table(tmp_path / "out.h5ad").layers


@pytest.mark.parametrize("name", ["a.h5", "a.h5ad", "a"])
def test_mudata_opens_whatever_it_is_called(tmp_path, make_mudata, name):
    write_h5mu(make_mudata(), tmp_path / name)
    assert list(read(tmp_path / name).modalities) == ["rna", "adt"]


@pytest.mark.parametrize("name", ["a.zarr", "a.anndata", "a"])
def test_a_zarr_folder_opens_whatever_it_is_called(tmp_path, table, name):
    table.write_zarr(tmp_path / name)
    assert read(tmp_path / name).n_spots == 36


@pytest.mark.parametrize("kind", ["anndata", pytest.param("mudata", marks=pytest.mark.slow)])
def test_a_zipped_zarr_opens_and_is_told(tmp_path, table, make_mudata, kind):
    from napari_trsmi.data.tables import write_table

    write_table(table if kind == "anndata" else make_mudata(), tmp_path / "a.zarr", ".zarr")
    path = shutil.make_archive(str(tmp_path / "a.zarr"), "zip", tmp_path / "a.zarr")
    dataset = read(path)
    assert dataset.n_spots == 36
    assert any("zip archive" in note for note in dataset.notes)
    result_of(dataset).write(tmp_path / "out.zarr")
    assert read(tmp_path / "out.zarr").n_spots == 36


def test_a_zip_with_the_folder_in_it_is_to_be_unpacked(tmp_path, table):
    (tmp_path / "in").mkdir()
    table.write_zarr(tmp_path / "in" / "a.zarr")
    path = shutil.make_archive(str(tmp_path / "a.zarr"), "zip", tmp_path / "in")
    with pytest.raises(DataError, match=r"found a\.zarr\. Unpack it"):
        read(path)


@pytest.mark.parametrize("name", ["a.h5ad.gz", "outs.tar.gz", "a.h5ad"])
def test_a_packed_file_is_to_be_unpacked(tmp_path, table, name):
    table.write_h5ad(tmp_path / "x.h5ad")
    (tmp_path / name).write_bytes(gzip.compress((tmp_path / "x.h5ad").read_bytes()))
    with pytest.raises(DataError, match=r"packed with gzip.*Unpack it"):
        read(tmp_path / name)


def test_a_damaged_zip_is_a_sentence(tmp_path):
    (tmp_path / "a.zarr.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "a.zarr.zip")


def test_a_file_of_a_zarr_leads_to_its_folder(tmp_path, table):
    table.write_zarr(tmp_path / "a.zarr")
    mark = next(name for name in ("zarr.json", ".zgroup") if (tmp_path / "a.zarr" / name).exists())
    with pytest.raises(DataError, match="Choose its folder"):
        read(tmp_path / "a.zarr" / mark)


def test_a_folder_of_files_names_them(tmp_path, table):
    for name in ("a.h5ad", "b.h5ad"):
        table.write_h5ad(tmp_path / name)
    with pytest.raises(DataError, match=r"a folder with a\.h5ad, b\.h5ad.*Give one of them"):
        read(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device"])
def test_what_is_neither_file_nor_folder_is_refused_at_once(tmp_path, kind):
    path = tmp_path / "a.h5ad"
    with contextlib.ExitStack() as stack:
        if kind == "a pipe":
            os.mkfifo(path)
        elif kind == "a device":
            path = Path(os.devnull)
        else:
            listening = stack.enter_context(socket.socket(socket.AF_UNIX))
            here = Path.cwd()
            os.chdir(tmp_path)  # names of sockets must be short
            stack.callback(os.chdir, here)
            listening.bind("a.h5ad")
        with pytest.raises(DataError, match=f"found {kind}"):
            read(path)


@pytest.mark.parametrize("name", ["a\0.h5ad", "n" * 5000])
def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path, name):
    with pytest.raises(DataError, match=r"^Expected a"):
        read(tmp_path / name)


def test_links_in_a_circle_are_a_sentence(tmp_path):
    (tmp_path / "a.h5ad").symlink_to(tmp_path / "b.h5ad")
    (tmp_path / "b.h5ad").symlink_to(tmp_path / "a.h5ad")
    with pytest.raises(DataError, match="Expected a readable file"):
        read(tmp_path / "a.h5ad")


def test_a_folder_that_holds_itself_is_a_sentence(tmp_path):
    (tmp_path / "outs").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(DataError, match="a folder of another kind"):
        read(tmp_path)


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "a.h5ad").touch()
    with pytest.raises(DataError, match="found an empty one"):
        read(tmp_path / "a.h5ad")


def test_a_locked_file_is_not_called_damaged(tmp_path, table):
    table.write_h5ad(tmp_path / "a.h5ad")
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / "a.h5ad").open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as the HDF5 library does in another program that writes
        with pytest.raises(DataError, match="locked by another program") as caught:
            read(tmp_path / "a.h5ad")
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("depth", [3, 100_000])
def test_attributes_of_any_depth_are_no_traceback(tmp_path, table, depth):
    table.write_zarr(tmp_path / "a.zarr")
    mark = next(path for name in ("zarr.json", ".zattrs") if (path := tmp_path / "a.zarr" / name).exists())
    mark.write_text('{"a": ' * depth)
    with pytest.raises(DataError, match=r"^Expected"):
        read(tmp_path / "a.zarr")


OTHER_PARTS = ("X/indices", "X/indptr", "obs/_index")


@pytest.mark.parametrize(
    "part", ["X/data", "obsm/spatial", *(pytest.param(part, marks=pytest.mark.slow) for part in OTHER_PARTS)]
)
@pytest.mark.parametrize("damage", ["cut", "noise", "gone"])
def test_a_zarr_with_a_damaged_chunk_is_a_sentence(tmp_path, table, part, damage):
    table.write_zarr(tmp_path / "a.zarr")
    folder = tmp_path / "a.zarr" / part
    chunks = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in ("zarr.json", ".zarray", ".zattrs")
    ]
    assert chunks
    for chunk in chunks:
        content = chunk.read_bytes()
        if damage == "gone":
            chunk.unlink()
        else:
            chunk.write_bytes(content[: len(content) // 2] if damage == "cut" else os.urandom(len(content)))
    with pytest.raises(DataError, match=r"^Expected"):
        read(tmp_path / "a.zarr")


def test_rows_that_end_before_the_values_do_are_refused(tmp_path, table):
    table.write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        file["X/indptr"][-1] -= 3
    with pytest.raises(DataError, match="Expected a sound sparse matrix in X"):
        read(tmp_path / "a.h5ad")


def test_a_feature_twice_in_a_row_is_refused_and_an_order_of_its_own_is_not(tmp_path, table):
    table.write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        for part in ("indices", "data"):
            first, second = file[f"X/{part}"][:2]
            file[f"X/{part}"][:2] = second, first
    np.testing.assert_array_equal(read(tmp_path / "a.h5ad").modalities["rna"].table.X.toarray(), table.X.toarray())
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        file["X/indices"][0] = file["X/indices"][1]
    with pytest.raises(DataError, match="Expected each feature once in a row"):
        read(tmp_path / "a.h5ad")


def zeroed_heap(path: Path) -> None:
    """Zero a block in the middle of the first heap of strings."""
    content = bytearray(path.read_bytes())
    at = content.index(heaps._SIGNATURE)
    size = int.from_bytes(content[at + 8 : at + 16], "little")
    middle = at + size // 4
    content[middle : middle + 512] = bytes(512)
    path.write_bytes(content)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_zeroed_block_in_the_strings_does_not_hang(tmp_path, table, monkeypatch, frozen):
    monkeypatch.setattr(heaps, "_SECONDS", 2.0)
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    table.write_h5ad(tmp_path / "a.h5ad")
    zeroed_heap(tmp_path / "a.h5ad")
    with pytest.raises(DataError, match="strings that cannot be read to their end"):
        read(tmp_path / "a.h5ad")


def test_what_only_looks_like_a_damaged_heap_is_read(tmp_path, table):
    odd = np.frombuffer(heaps._SIGNATURE + (4096).to_bytes(8, "little") + bytes(8192), dtype=np.uint8)
    table.uns["bytes"] = odd
    table.write_h5ad(tmp_path / "a.h5ad")
    assert heaps._looks_odd(tmp_path / "a.h5ad")
    assert read(tmp_path / "a.h5ad").n_spots == 36


def test_sound_files_are_not_tried_in_another_process(tmp_path, table, monkeypatch):
    monkeypatch.setattr(heaps, "_probe", lambda path: pytest.fail("tried"))
    table.obs["remark"] = [f"n{i}" for i in range(36)]
    table.write_h5ad(tmp_path / "a.h5ad")
    assert read(tmp_path / "a.h5ad").n_spots == 36


@pytest.mark.slow
def test_of_a_large_file_nothing_stays_that_is_not_used(make_mudata, tmp_path, monkeypatch):
    write_h5mu(make_mudata(), tmp_path / "large.h5mu")
    monkeypatch.setattr(sampling, "SAMPLE", 30)
    tables, found_at = [], readers.found_at

    def watched(*given):
        found, name = found_at(*given)
        tables.extend(weakref.ref(table) for table in found.tables.values())
        return found, name

    monkeypatch.setattr(readers, "found_at", watched)
    gc.disable()
    try:
        dataset = readers.read(tmp_path / "large.h5mu")
        assert dataset.n_spots == 36
        assert [table() for table in tables] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("name", "content", "way_out"),
    [
        ("a.rds", gzip.compress(b"X\n"), "zellkonverter"),
        ("cells.csv", b"X,Y,CD3\n1,2,3\n", "Make an AnnData of it first"),
        ("cells.csv.gz", gzip.compress(b"X,Y,CD3\n"), "Make an AnnData of it first"),
        ("matrix.mtx.gz", gzip.compress(b"%%MatrixMarket"), "Choose its folder"),
        ("a.h5ad.gz", gzip.compress(b"x"), "Unpack it first"),
        ("counts.parquet", b"PAR1", "Make an AnnData of it first"),
        ("counts.feather", b"ARROW1", "Make an AnnData of it first"),
        ("GSE1_RAW.tar", b"GSM1.h5", "Unpack it first"),
        ("GSE1.tar.gz", gzip.compress(b"GSM1.h5"), "Unpack it first"),
        ("counts.xls", b"\xd0\xcf\x11\xe0", "Make an AnnData of it first"),
        ("tissue.png", b"\x89PNG\r\n", "goes beside a section as TIFF, OME-TIFF or OME-Zarr"),
    ],
    ids=[
        "R",
        "table",
        "packed table",
        "part",
        "packed",
        "parquet",
        "feather",
        "tar",
        "packed tar",
        "old Excel",
        "picture",
    ],
)
def test_what_other_programs_wrote_leads_on(tmp_path, name, content, way_out):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=way_out):
        read(tmp_path / name)


@pytest.mark.parametrize(("key", "told"), [("metabolites", True), ("ATAC_counts", True), ("X_pca_protein", False)])
def test_what_is_measured_in_obsm_and_left_alone_is_told(make_table, key, told):
    table = make_table()
    table.obsm[key] = np.ones((table.n_obs, 5))
    assert any(f"Left obsm['{key}'] (5 columns)" in note for note in from_memory(table).notes) == told
