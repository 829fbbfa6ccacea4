"""The first words about a broken file say what is the matter, in whatever way it is broken."""

from __future__ import annotations

import gzip
import logging
import os
import shutil
import sys
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

import h5py
import pytest

import napari_trsmi as nt
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.errors import DataError


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        nt.read(path)
    assert str(caught.value).startswith("Expected")
    return f"{caught.value.plain} "


@pytest.fixture(scope="module")
def whole() -> bytes:
    return Path(nt.sample_path()).read_bytes()


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are text there")
def test_a_name_that_is_no_utf8_is_read_as_text_that_can_be_drawn_and_stored(tmp_path, whole, monkeypatch):
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)  # workers of xdist can send no such name
    path = tmp_path / os.fsdecode(b"Gew\xe4be.h5mu")
    path.write_bytes(whole)
    dataset = nt.read(path)
    assert dataset.name == "Gew\ufffdbe"
    assert all(note.encode("utf-8") for note in dataset.notes)
    assert nt.read(dataset.sources[0]).n_spots == dataset.n_spots


def test_a_file_that_was_cut_tells_how_much_of_it_is_there(tmp_path, whole):
    path = tmp_path / "cut.h5mu"
    path.write_bytes(whole[: len(whole) // 2])
    there, all_of_it = (f"{n / 1e6:.0f}" for n in (len(whole) / 2, len(whole)))
    assert refusal(path).startswith(f"cut.h5mu is not complete: it ends after {there} of {all_of_it} MB. ")
    path.write_bytes(whole[:-1000])
    assert "it ends after " in refusal(path)


@pytest.mark.parametrize(
    ("name", "content", "first"),
    [
        ("a.h5ad", b"", "a.h5ad is empty. "),
        ("a.h5ad", b"<!DOCTYPE html><html>", "a.h5ad is a web page, whatever its name says. The server sent a page"),
        ("a.h5ad", b"\n <html lang='en'>", "a.h5ad is a web page, whatever its name says. "),
        ("a.h5mu", b"cell,x,y\n1,2,3\n", "a.h5mu is a table in text (CSV), whatever its name says. "),
        ("a.csv", b"cell,x,y\n1,2,3\n", "a.csv is a table in text (CSV). "),
        ("a.h5ad", b"\x89PNG\r\n\x1a\n" + bytes(50), "a.h5ad is a picture (PNG), whatever its name says. "),
        ("a.h5ad", b"version https://git-lfs.github.com/spec/v1", "a.h5ad is a note of where the file is (Git LFS)"),
        ("._a.h5ad", b"\x00\x05\x16\x07\x00\x02", "._a.h5ad is a note that macOS leaves beside a file"),
        ("a.h5ad", b"\x01\x00\xff" * 50, "a.h5ad is damaged, or something else. "),
        ("a.h5ad", gzip.compress(b"x" * 50, mtime=0), "a.h5ad is packed. "),
        ("a.h5ad", b"\xe9\xe8 not utf-8", "a.h5ad is "),
    ],
)
def test_other_content_is_named(tmp_path, name, content, first):
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name).startswith(first)


def test_a_file_that_is_not_there_or_may_not_be_read(tmp_path):
    assert refusal(tmp_path / "none.h5ad").startswith("There is no none.h5ad. ")
    (tmp_path / "a.h5ad").write_bytes(b"x")
    (tmp_path / "a.h5ad").chmod(0)
    if os.access(tmp_path / "a.h5ad", os.R_OK):
        pytest.skip("nothing is forbidden here")
    assert refusal(tmp_path / "a.h5ad").startswith("You may not read a.h5ad. ")


@pytest.mark.filterwarnings("ignore:Writing zarr v2")
@pytest.mark.parametrize(
    ("piece", "first"),
    [
        ("X/indptr", "The matrix X is not complete. "),
        ("X", "The matrix X is not complete. "),
        ("obs/_index", "The names in obs/_index are missing. "),
        ("var", "The names in var/"),
    ],
)
def test_a_zarr_without_one_of_its_pieces_is_never_read_as_zeros(tmp_path, make_table, piece, first):
    path = tmp_path / "a.zarr"
    make_table().write_zarr(path)
    shutil.rmtree(path / piece)
    assert refusal(path).startswith(first)


@pytest.mark.skipif(find_spec("hdf5plugin") is not None, reason="here HDF5 knows the filter")
def test_a_file_packed_with_a_filter_that_hdf5_lacks_says_what_to_install(tmp_path, make_table):
    table, zstd = make_table(), 32015
    table.X = table.X.toarray()
    table.write_h5ad(tmp_path / "a.h5ad")
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        attributes = dict(file["X"].attrs)
        del file["X"]
        kind = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        kind.set_chunk(table.shape)
        kind.set_filter(zstd, h5py.h5z.FLAG_OPTIONAL)
        data = h5py.h5d.create(file.id, b"X", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(table.shape), kind)
        data.write_direct_chunk((0, 0), b"packed")
        file["X"].attrs.update(attributes)
    with pytest.raises(DataError, match=r"packed with a filter of its own.*pip install hdf5plugin"):
        nt.read(tmp_path / "a.h5ad")


def test_filters_are_known_where_their_package_is_there(tmp_path, make_table, monkeypatch):
    (tmp_path / "hdf5plugin.py").write_text("raise RuntimeError('of another HDF5')")
    monkeypatch.syspath_prepend(tmp_path)
    make_table().write_h5ad(tmp_path / "a.h5ad")
    assert nt.read(tmp_path / "a.h5ad").n_spots == 36
    (tmp_path / "hdf5plugin.py").write_text("")
    invalidate_caches()
    nt.read(tmp_path / "a.h5ad")
    assert sys.modules.pop("hdf5plugin").__file__ == str(tmp_path / "hdf5plugin.py")


def test_an_installation_that_is_broken_is_not_called_a_damaged_file(tmp_path, make_table, monkeypatch):
    make_table().write_h5ad(tmp_path / "a.h5ad")
    monkeypatch.setitem(sys.modules, "anndata.experimental", None)  # as where a library of it is missing
    with pytest.raises(DataError, match=r"cannot load the package anndata .*install anndata again") as caught:
        nt.read(tmp_path / "a.h5ad")
    assert "damaged" not in str(caught.value)
    assert caught.value.plain == "This installation lacks the package anndata, or cannot load it."


def test_so_it_is_where_a_library_says_it_in_words_of_its_own(tmp_path):
    said = r"cannot load a package that it needs \(ImportError: DLL load failed"
    with pytest.raises(DataError, match=said), reading(tmp_path):
        raise RuntimeError("no engine") from ImportError("DLL load failed")
