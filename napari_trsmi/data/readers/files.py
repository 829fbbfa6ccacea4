"""AnnData, MuData and Zarr files: told apart by what is inside, read by the libraries that wrote them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from napari_trsmi.data.readers.found import Found, found_in_anndata, found_in_mudata
from napari_trsmi.data.readers.matrices import is_matrix
from napari_trsmi.data.readers.needed import read_needed, read_needed_modalities
from napari_trsmi.data.readers.opening import once, reading
from napari_trsmi.data.readers.plainly import other_content, readable
from napari_trsmi.data.readers.platforms import is_part_of_platform
from napari_trsmi.data.readers.ranger_files import is_part, is_positions
from napari_trsmi.data.readers.text_tables import from_text_table, is_text_table, places_in
from napari_trsmi.data.readers.visium import from_matrix, from_positions
from napari_trsmi.data.readers.xenium import from_xenium, is_part_of_xenium, is_xenium
from napari_trsmi.data.soundness import check_stored
from napari_trsmi.data.tables import read_mudata_zarr, table_kind, zarr_kind
from napari_trsmi.errors import DataError

READABLE = ".h5ad, .h5mu, .zarr or a folder of Space Ranger or Xenium"
ZARR_MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zmetadata")  # files that make a folder a zarr group
HDF5_SUFFIXES = (".h5ad", ".h5mu", ".h5")
_PACKED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"7z\xbc\xaf", "7z"), (b"PK\x03\x04", "zip"))
_DEEP = 2  # folders around a part of a store
_ANOTHER = "Choose another file."
_AS_ANNDATA = "Make an AnnData of it first, measurements in X and places in obsm['spatial']"
_ELSEWHERE = {
    ("rds", "rda", "rdata", "qs", "h5seurat"): "Write it as .h5ad in R first, with zellkonverter or anndataR.",
    ("csv", "tsv", "txt", "xlsx", "xls", "ods"): (
        f"{_AS_ANNDATA}, or give a table in text whose rows or columns are called by barcodes, such as 12x34."
    ),
    ("parquet", "feather", "arrow", "npz", "npy", "pkl", "pickle", "mat"): f"{_AS_ANNDATA}.",
    ("loom",): "Write it as .h5ad first (anndata.io.read_loom), with places in obsm['spatial'].",
    ("png", "jpg", "jpeg", "ndpi", "czi", "lif", "nd2", "mrxs"): (
        "A picture goes beside a section as TIFF, OME-TIFF or OME-Zarr: write it as one of these."
    ),
    ("gef", "gem"): "Give the whole folder that SAW wrote, or write it as .h5ad with stereopy.",
}


def _way_out(path: Path) -> str:
    """Return what to do with a file that is none of ours, by its ending."""
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    return next((way for endings, way in _ELSEWHERE.items() if ending in endings), _ANOTHER)


def from_file(path: Path, *, alone: bool = True) -> Found:
    """Return what one file holds; the content decides, not the ending.

    Where it is not `alone`, other files may tell where its spots are.
    """
    import h5py

    if path.stat().st_size == 0:
        problem = DataError(f"Expected a file with content at {path}, found an empty one. Copy or write it again.")
        raise problem.saying(f"{path.name} is empty.")
    if not alone and is_positions(path):
        return from_positions(path)
    if is_text_table(path):
        return from_text_table(path)
    if not alone and (places := places_in(path)) is not None:
        return places
    if not h5py.is_hdf5(path) and (is_part_of_xenium(path) or is_part_of_platform(path)):
        raise _part_of_a_folder(path)
    if alone and (places := places_in(path)) is not None:
        return places  # which is told to lack counts
    with path.open("rb") as file:
        start = file.read(8)
    packed = next((name for magic, name in _PACKED if start.startswith(magic)), None)
    packed = "tar" if path.suffix.lower() == ".tar" else packed
    if packed is not None and is_part(path):
        raise _part_of_a_folder(path)
    if packed is not None and (way_out := _way_out(path)) != _ANOTHER:
        raise DataError(f"Expected {READABLE}, found {path.name} at {path.parent}. {way_out}")
    if packed == "zip":
        return _from_zipped_zarr(path)
    if packed is not None:
        problem = DataError(f"Expected {READABLE}, found a file packed with {packed} at {path}. Unpack it first.")
        raise problem.saying(f"{path.name} is packed.")
    if h5py.is_hdf5(path):
        return _from_hdf5(path, alone)
    if path.suffix.lower() in HDF5_SUFFIXES:
        problem = DataError(f"Expected an HDF5 file at {path}, found other content. Choose an .h5ad or .h5mu file.")
        raise problem.saying(other_content(path) or f"{path.name} is damaged, or something else.")
    if path.name in ZARR_MARKS or is_part(path):
        raise _part_of_a_folder(path)
    problem = DataError(f"Expected {READABLE}, found {path.suffix or 'no suffix'} at {path}. {_way_out(path)}")
    raise problem.saying(other_content(path))


def _part_of_a_folder(path: Path, folder: Path | None = None) -> DataError:
    whole = folder or path.parent
    problem = DataError(f"Expected {READABLE}, found a part of one, {path.name}. Choose its folder, {whole}.")
    return problem.saying(f"{path.name} is a part of a folder.")


def _from_hdf5(path: Path, alone: bool) -> Found:
    """Return what an AnnData or MuData file holds, or the Space Ranger folder that a matrix lies in."""
    import h5py

    with reading(path):
        kind = table_kind(path)
        if kind is None and is_matrix(path):
            return from_xenium(path.parent) if is_xenium(path.parent) else from_matrix(path, alone=alone)
        with h5py.File(path, "r") as file:
            keys = sorted(file)
            check_stored(file)
        if kind == "mudata":
            import mudata

            with h5py.File(path, "r") as file:
                needed = read_needed_modalities(file)
            return found_in_mudata(mudata.read_h5mu(path) if needed is None else needed)
        if kind == "anndata":
            import anndata

            with h5py.File(path, "r") as file:
                table = read_needed(file)
            return found_in_anndata(anndata.read_h5ad(path) if table is None else table, readable(path.stem))
    way_out = way_out if (way_out := _way_out(path)) != _ANOTHER else f"{_AS_ANNDATA}."
    problem = DataError(f"Expected an AnnData or MuData file at {path}, found HDF5 with {keys[:5]}. {way_out}")
    raise problem.saying(f"{path.name} holds something else.")


def _from_zipped_zarr(path: Path) -> Found:
    """Return what a zipped AnnData or MuData ``.zarr`` holds, without unpacking it."""
    import anndata
    import zarr
    from zarr.storage import ZipStore

    unpack = f"Expected a zipped .zarr of AnnData or MuData at {path}, found {{}}. Unpack it, and open what is in it."
    with reading(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        top = {name.split("/")[0] for name in names}
        if not ({"mod"} <= top or {"obs", "var"} <= top):
            raise DataError(unpack.format(", ".join(sorted(top)[:3]) or "nothing"))
        store = ZipStore(path, mode="r")
        try:
            check_stored(zarr.open_group(store, mode="r"))
            if "mod" in top:
                found = found_in_mudata(read_mudata_zarr(store))
            else:
                found = found_in_anndata(anndata.read_zarr(store), readable(path.stem))
        finally:
            store.close()
    found.stored = {}
    found.notes.append(
        "Opened from a zip archive: a saved copy has the analysed spots and features. Unpack it to keep all it holds."
    )
    return found


def _store_around(path: Path, kind: str | None) -> Path | None:
    """Return the SpatialData store that a folder is a part of, which its places lie in; None where it is whole."""
    if kind not in (None, "anndata") or any((path / "obsm" / key).exists() for key in ("spatial", "X_spatial")):
        return None
    around = path.absolute().parents[:_DEEP]
    return next((one for one in reversed(around) if zarr_kind(one) == "spatialdata"), None)


def from_zarr(path: Path, library: str | None = None, modalities: Sequence[str] | None = None) -> Found:
    """Return what an AnnData, MuData or SpatialData ``.zarr`` folder holds."""
    kind = zarr_kind(path)
    if (store := _store_around(path, kind)) is not None:
        raise _part_of_a_folder(path, store)
    if kind is None:
        raise DataError(
            f"Expected AnnData, MuData or SpatialData at {path}, found a folder of another kind, or a damaged one. "
            "Choose another."
        ).saying(f"{path.name} holds no table.")
    with reading(path):
        import zarr

        check_stored(zarr.open_group(str(path), mode="r"))
        if kind == "spatialdata":
            from napari_trsmi.data.readers.spatial_data import from_spatialdata

            return from_spatialdata(path, library, modalities)
        return once(("zarr", path), lambda: _from_table_zarr(path, kind))


def _from_table_zarr(path: Path, kind: str) -> Found:
    import anndata
    import zarr

    group = zarr.open_group(str(path), mode="r")
    if kind == "mudata":
        needed = read_needed_modalities(group)
        return found_in_mudata(read_mudata_zarr(path) if needed is None else needed)
    table = read_needed(group)
    return found_in_anndata(anndata.read_zarr(path) if table is None else table, readable(path.stem))
