"""AnnData, MuData and Zarr files: told apart by what is inside, read by the libraries that wrote them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from napari_trsmi.data.readers.found import Found, found_in_anndata, found_in_mudata
from napari_trsmi.data.tables import zarr_kind
from napari_trsmi.errors import DataError, TrsmiError

log = logging.getLogger(__name__)

HDF5_SUFFIXES = (".h5ad", ".h5mu")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a library raises on a bad file into one `DataError`, and its warnings into log lines.

    Readers of damaged files raise nearly every kind of exception (KeyError, OSError, zlib.error, ...), so all are
    caught here, and only here; the original one stays attached as the cause.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except TrsmiError:
            raise
        except MemoryError as error:
            raise DataError(
                f"Expected enough memory for what {path} says it holds, found too little. It may be damaged: copy or "
                "write it again, or use a larger machine."
            ) from error
        except Exception as error:
            reason = (str(error).strip().splitlines() or [""])[0][:200]
            raise DataError(
                f"Expected a complete file at {path}, found one that cannot be read "
                f"({type(error).__name__}: {reason}). It may be damaged or cut short: copy or write it again."
            ) from error
        finally:
            for warning in caught:
                log.debug("While reading %s: %s", path, warning.message)


def check_readable(path: Path) -> None:
    """Raise `DataError` where `path` does not exist or may not be read."""
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            with path.open("rb"):
                pass
    except FileNotFoundError:
        raise DataError(f"Expected a file or folder at {path}, found nothing. Check the path.") from None
    except PermissionError:
        raise DataError(
            f"Expected a file that may be read at {path}, found no permission. Change its access."
        ) from None
    except OSError as error:
        raise DataError(f"Expected a readable file at {path}, found {error.strerror}. Check the disk.") from None


def from_hdf5(path: Path) -> Found:
    """Return what an ``.h5ad`` or ``.h5mu`` file holds; the content decides, not the suffix."""
    import h5py

    if not h5py.is_hdf5(path):
        raise DataError(f"Expected an HDF5 file at {path}, found other content. Choose an .h5ad or .h5mu file.")
    with reading(path):
        with h5py.File(path, "r") as file:
            keys = set(file)
        if "mod" in keys:
            import mudata

            return found_in_mudata(mudata.read_h5mu(path))
        if {"obs", "var"} <= keys:
            import anndata

            return found_in_anndata(anndata.read_h5ad(path), path.stem)
    raise DataError(
        f"Expected an AnnData or MuData file at {path}, found HDF5 with {sorted(keys)[:5]}. Choose another."
    )


def from_zarr(path: Path, library: str | None = None, modalities: Sequence[str] | None = None) -> Found:
    """Return what an AnnData, MuData or SpatialData ``.zarr`` folder holds."""
    kind = zarr_kind(path)
    if kind is None:
        raise DataError(
            f"Expected AnnData, MuData or SpatialData at {path}, found a folder of another kind, or a damaged one. "
            "Choose another."
        )
    with reading(path):
        if kind == "spatialdata":
            from napari_trsmi.data.readers.spatial_data import from_spatialdata

            return from_spatialdata(path, library, modalities)
        if kind == "mudata":
            import mudata

            return found_in_mudata(mudata.read_zarr(path))
        import anndata

        return found_in_anndata(anndata.read_zarr(path), path.stem)
