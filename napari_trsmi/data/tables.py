"""Tables from files and to files: AnnData, MuData and SpatialData."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.data.heaps import check_heaps
from napari_trsmi.data.soundness import check_matrices, check_stored
from napari_trsmi.data.spatialdata_store import is_spatialdata
from napari_trsmi.data.stored import Kept, new_hdf5, put, read_without_values
from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import Interrupted

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

_H5MU_HEADER = 512  # bytes before the HDF5 part, by which mudata knows its files


def read_table(path: str | Path, only: tuple[str, ...] = ()) -> AnnData | MuData:
    """Return the AnnData or MuData in a file, as it is.

    Parameters
    ----------
    only
        Of arrays and sparse matrices only those called as these begin are needed; an HDF5 file is read without others.

    Raises
    ------
    DataError
        The file is of another kind, or a sparse matrix in it is damaged.
    """
    found = _read_as_it_is(Path(path), only)
    check_matrices(found)
    return found


def _read_as_it_is(path: Path, only: tuple[str, ...]) -> AnnData | MuData:
    import anndata

    kind = table_kind(path)
    if kind not in ("anndata", "mudata"):
        if path.is_file() and path.stat().st_size == 0:
            raise DataError(f"Expected a file with content at {path}, found an empty one. Copy or write it again.")
        raise DataError(
            f"Expected .h5ad, .h5mu or a .zarr folder of AnnData or MuData at {path}, found other content. "
            "Choose another."
        )
    with _opened(path) as group:
        check_stored(group)
    with warnings.catch_warnings(), mudata_as_stored():
        # What is odd about the input was said when it was read the first time.
        warnings.simplefilter("ignore")
        if only and path.is_file() and (there := read_without_values(path, only, graphs=True)) is not None:
            return there[0]
        if kind == "anndata" and (large := _with_large_on_disk(path)) is not None:
            return large
        if kind == "anndata":
            return anndata.read_zarr(path) if path.is_dir() else anndata.read_h5ad(path)
        import mudata

        return read_mudata_zarr(path) if path.is_dir() else mudata.read_h5mu(path)


def _with_large_on_disk(path: Path) -> AnnData | None:
    """Return a stored AnnData whose large matrices are mapped from the disk; None where it has none.

    Only those whose values are of the same type there: this is read to be written again.
    """
    from anndata.experimental import read_dispatched

    from napari_trsmi.data.readers.on_disk import is_large, mapped

    def stays(part: Any) -> bool:
        return is_large(part) and str(part["data"].dtype) in ("float32", "float64")

    def read(func: Callable[[Any], Any], _name: str, part: Any, iospec: Any) -> Any:
        found = mapped(part) if stays(part) else None
        return func(part) if found is None else found

    with _opened(path) as group:
        parts = [group[name] for name in ("X",) if name in group]
        parts += [group["layers"][name] for name in group["layers"]] if "layers" in group else []
        if group.attrs.get("encoding-type") != "anndata" or not any(map(stays, parts)):
            return None
        found: AnnData = read_dispatched(group, read)
        return found


def read_mudata_zarr(store: Any) -> MuData:
    """Return the MuData in a zarr folder or store, with the `raw` of its modalities, which mudata leaves behind."""
    import mudata
    import zarr
    from anndata import AnnData
    from anndata.io import read_elem

    found = mudata.read_zarr(store)
    group: Any = zarr.open_group(str(store) if isinstance(store, Path) else store, mode="r")
    for name, table in found.mod.items():
        if table.raw is None and "raw" in (stored := group["mod"][name]):
            parts = {part: read_elem(stored["raw"][part]) for part in ("X", "var", "varm") if part in stored["raw"]}
            table.raw = AnnData(obs=table.obs[[]], **parts)
    return found


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file or folder of tables as it is stored."""
    if path.is_dir():
        import zarr

        yield zarr.open_group(str(path), mode="r")
    else:
        import h5py

        with h5py.File(path, "r") as file:
            yield file


def write_table(table: AnnData | MuData, path: Path, suffix: str, kept: Kept | None = None) -> None:
    """Write `table` to `path` in the format of `suffix`.

    Parameters
    ----------
    kept
        Parts of another HDF5 file that are copied beside it as they are stored.

    Raises
    ------
    DataError
        The table holds something that the format cannot hold.
    OSError
        The system refuses: full disk, no permission.
    """
    try:
        with mudata_as_stored():
            if suffix == ".zarr":
                _write_zarr(table, path)
            else:
                _write_hdf5(table, path, kept)
    except (OSError, Interrupted):
        raise
    except Exception as error:  # what anndata raises for values it has no writer for is private
        problem = "; ".join([str(error), *getattr(error, "__notes__", ())])
        raise DataError(
            f"Expected only values that a {suffix} can hold, found one that cannot be written: {problem}. "
            "Remove or convert it in the input."
        ) from error


def _write_zarr(table: AnnData | MuData, path: Path) -> None:
    """Write a table as a zarr folder, of the version that anndata writes."""
    import anndata
    import zarr
    from anndata import AnnData
    from anndata.io import write_elem

    if isinstance(table, AnnData):
        table.write_zarr(str(path))
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the setting goes where zarr 3 is all that is written
            version: Any = getattr(anndata.settings, "zarr_write_format", 3)
        _put_mudata(zarr.open_group(str(path), mode="w", zarr_format=version), table, write_elem)


def _write_hdf5(table: AnnData | MuData, path: Path, kept: Kept | None) -> None:
    """Write a table as an h5ad or h5mu file, and beside it what is kept of another."""
    import mudata
    from anndata import AnnData

    single = isinstance(table, AnnData)
    tables = [table] if single else list(table.mod.values())
    for each in tables:
        each.strings_to_categoricals()
    header = f"MuData (format-version={mudata.__mudataversion__};creator=napari-trsmi)".encode()
    with new_hdf5(path, b"" if single else header.ljust(_H5MU_HEADER, b"\0")) as file:
        if single:
            put(file, "/", table)
        else:
            _put_mudata(file, table, put)
        if kept is not None:
            kept.put_into(file)


def _put_mudata(group: Any, table: MuData, write: Callable[[Any, str, Any], None]) -> None:
    """Write a MuData into an open HDF5 file or zarr group, as its format has it: its parts, then each modality."""
    import mudata

    for part in ("obs", "var"):
        write(group, part, getattr(table, part))
    for part in ("obsm", "varm", "obsp", "varp", "uns", "obsmap", "varmap"):
        write(group, part, dict(getattr(table, part)))
    group.attrs.update(
        {
            "encoding-type": "MuData",
            "encoding-version": mudata.__mudataversion__,
            "encoder": "napari-trsmi",
            "axis": int(table.axis),
        }
    )
    modalities = group.create_group("mod")
    modalities.attrs["mod-order"] = list(table.mod)
    for name, each in table.mod.items():
        write(modalities, name, each)


def table_kind(path: Path) -> str | None:
    """Return ``"anndata"`` or ``"mudata"`` for such an HDF5 file, whatever its ending, and `zarr_kind` of a folder.

    Raises
    ------
    DataError
        The strings of an HDF5 file cannot be read to their end.
    """
    import h5py

    if not path.is_file():
        return zarr_kind(path)
    if not h5py.is_hdf5(path):
        return None
    check_heaps(path)
    with h5py.File(path, "r") as file:
        return "mudata" if "mod" in file else "anndata" if "obs" in file and "var" in file else None


def zarr_kind(path: Path) -> str | None:
    """Return ``"anndata"``, ``"mudata"`` or ``"spatialdata"`` for such a zarr folder, else None."""
    import zarr

    try:
        group = zarr.open_group(str(path), mode="r")
        encoding = str(group.attrs.get("encoding-type", "")).lower()
        names = set(group.keys())
    except Exception:  # zarr raises whatever its metadata readers raise
        return None
    if encoding in ("anndata", "mudata"):
        return encoding
    if "mod" in names or {"obs", "var"} <= names:
        return "mudata" if "mod" in names else "anndata"
    return "spatialdata" if is_spatialdata(names, group.attrs.asdict()) else None


def layers_of(table: AnnData) -> dict[str, Any]:
    """Return the layers by name, without X, which anndata 0.13 lists among them under None."""
    return {name: values for name, values in table.layers.items() if name is not None}


def mudata_of(tables: Mapping[str, AnnData]) -> MuData:
    """Return a MuData of the tables."""
    from mudata import MuData

    with mudata_as_stored():
        return MuData(dict(tables))


@contextmanager
def mudata_as_stored() -> Iterator[None]:
    """Keep mudata from copying the modalities' columns around, and anndata from refusing the texts of pandas 3."""
    import anndata
    import mudata

    with anndata.settings.override(allow_write_nullable_strings=True):
        if hasattr(mudata, "settings"):  # since 0.4
            with mudata.settings.override(pull_on_update=False):
                yield
            return
        # Not as mudata's own context manager, which sets up logging for the whole process.
        before = mudata.set_options(pull_on_update=False).opts
        try:
            yield
        finally:
            mudata.set_options(**before)
