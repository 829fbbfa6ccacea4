"""From files, or objects in memory, to a checked `Dataset`."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers.assemble import assemble
from napari_trsmi.data.readers.beside import apart, with_picture
from napari_trsmi.data.readers.files import READABLE, ZARR_MARKS, from_file, from_zarr
from napari_trsmi.data.readers.flat_tables import from_pair, pair_among
from napari_trsmi.data.readers.found import Found, combined, found_in_anndata, found_in_mudata
from napari_trsmi.data.readers.joined import Spots
from napari_trsmi.data.readers.opening import check_readable, once
from napari_trsmi.data.readers.plainly import readable
from napari_trsmi.data.readers.platforms import from_platform, platform_of
from napari_trsmi.data.readers.visium import from_space_ranger, is_space_ranger, run_of
from napari_trsmi.data.readers.xenium import MANIFEST, from_xenium, is_xenium
from napari_trsmi.data.sources import marks_since, stamps
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import is_large

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

__all__ = ["from_memory", "read"]

_TABLES = (".h5ad", ".h5mu", ".h5", ".zarr", ".csv", ".tsv", ".txt")


def read(
    path_or_paths: str | Path | Sequence[str | Path],
    *,
    kinds: Mapping[str, Kind] | None = None,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
    spots: Spots = "common",
    of_several: bool = False,
) -> Dataset:
    """Return the section in a file or folder, or in several files with the same barcodes.

    Reads ``.h5mu``; ``.h5ad`` with one modality or several told apart by ``var["feature_types"]``; AnnData, MuData and
    SpatialData ``.zarr``; output folders of Space Ranger and Xenium; and, where spatialdata-io is installed, those of
    CosMx, MERSCOPE, Stereo-seq, seqFISH and others; text whose rows or columns are barcodes. Proteins in
    ``obsm["protein_expression"]`` are a modality. Beside other files, a list of positions of Space Ranger, or a text
    with columns of coordinates, tells where their spots are.
    Coordinates go by name where they have names, in ``obsm`` or ``obs``. Spots that one of the modalities lacks are
    left out and counted in `Dataset.dropped`, as are those at which one counted nothing, unless `spots` is
    ``"all"``; what else was left out, guessed or converted is in `Dataset.notes`: spots off tissue or without
    coordinates, a third coordinate, kinds judged by names or values, barcodes that were made unique or matched
    without a suffix. Counts stay sparse.

    Parameters
    ----------
    path_or_paths
        One path, or several that hold different modalities of the same spots. An OME-TIFF or OME-Zarr among them is
        the picture of the tissue; of a large one only a small resolution is read.
    kinds
        {modality: kind} where the kind found would be wrong; a lone table without a name of its own takes the one
        given here. Many normalised features called precomputed are reduced to components before training.
    library
        Library (or SpatialData region or table) to use where the file holds several, or a value of a column that tells
        sections apart, such as ``obs["batch"]``, or a plane, such as ``"z=10"``.
    modalities
        Modalities to use, in this order; all where not given.
    spots
        With ``"all"`` spots that some modalities lack stay, see `Modality.measured`.
    of_several
        Whether this is one section of several, which may lack modalities that `kinds` and `modalities` name.

    Raises
    ------
    ChoiceError
        There are several libraries, or sections or planes that lie over each other, and none was chosen.
    DataError
        The file is missing, damaged or of another kind; barcodes have nothing in common, or are repeated where tables
        are joined; there are no coordinates; a modality is empty, constant, negative or not finite, or holds neither
        counts nor intensities nor components; a name asked for does not exist.

    Examples
    --------
    >>> read("section.h5xx")
    Traceback (most recent call last):
    napari_trsmi.errors.DataError: Expected a file or folder at section.h5xx, found nothing. Check the path.
    """
    paths, pictures = apart(paths_of(path_or_paths))
    before = stamps(paths)
    found, name = found_at(paths, library, modalities)
    dataset = assemble(
        found,
        name,
        kinds=kinds,
        library=library,
        modalities=modalities,
        sources=paths,
        spots=spots,
        of_several=of_several,
    )
    for picture in pictures[-1:]:
        dataset = with_picture(dataset, picture)
    if others := [picture.name for picture in pictures[:-1]]:
        note = f"One picture is shown: used {pictures[-1].name}, not {', '.join(others)}."
        dataset = replace(dataset, notes=(*dataset.notes, note))
    if is_large(dataset.n_spots):
        del found
        gc.collect()  # tables refer to themselves: what of them is not used would stay for long
    return replace(dataset, marks=marks_since(before, dataset.sources))


def paths_of(path_or_paths: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """Return one path or several; raises `DataError` where there is none."""
    given: list[Any] = [path_or_paths]
    if isinstance(path_or_paths, Iterable) and not isinstance(path_or_paths, str):
        given = list(path_or_paths)
    if not given:
        raise DataError(f"Expected a path to {READABLE}, found none. Give at least one.")
    if wrong := [one for one in given if not isinstance(one, str | Path)]:
        raise DataError(
            f"Expected paths, found {type(wrong[0]).__name__}. Give fit the AnnData or MuData itself; put the tables "
            "of one section into a MuData."
        )
    paths = (Path(path).expanduser() for path in given)
    return tuple(path.parent if path.name == MANIFEST and path.is_file() else path for path in paths)


def found_at(
    paths: Sequence[Path], library: str | None = None, modalities: Sequence[str] | None = None
) -> tuple[Found, str]:
    """Return what lies at some paths, tables of the same spots, and what to call it."""
    alone = len(paths) == 1
    named = dict(zip(paths, _names(paths), strict=True))
    parts = {}
    if (pair := pair_among(paths)) is not None:
        for path in pair:
            check_readable(path)
        parts[named.pop(pair[0])] = from_pair(*pair)
        del named[pair[1]]
    parts |= {name: _found(path, library, modalities, alone) for path, name in named.items()}
    return combined(parts) if len(parts) > 1 else next(iter(parts.values())), " + ".join(parts)


def from_memory(
    data: AnnData | MuData,
    *,
    name: str = "in memory",
    kinds: Mapping[str, Kind] | None = None,
    library: str | None = None,
    modalities: Sequence[str] | None = None,
    spots: Spots = "common",
    of_several: bool = False,
) -> Dataset:
    """Return the section in an AnnData or MuData object, which is left as it is.

    The dataset may share memory with `data`: do not write to either's values while the other is in use.

    Parameters
    ----------
    data
        One AnnData (with one modality, or several told apart by ``var["feature_types"]``), or a MuData.
    name
        Shown to people.
    kinds, library, modalities, spots, of_several
        As in `read`.

    Raises
    ------
    DataError
        As in `read`, and where `data` is neither AnnData nor MuData.

    Examples
    --------
    >>> import numpy as np
    >>> from anndata import AnnData
    >>> counts = np.random.default_rng(0).poisson(1.0, (30, 400)).astype("float32")
    >>> dataset = from_memory(AnnData(counts, obsm={"spatial": np.arange(60.0).reshape(30, 2)}))
    >>> dataset.n_spots, list(dataset.modalities), dataset.modalities["rna"].kind
    (30, ['rna'], 'rna')
    """
    return assemble(
        found_in_memory(data),
        name,
        kinds=kinds,
        library=library,
        modalities=modalities,
        spots=spots,
        of_several=of_several,
    )


def found_in_memory(data: AnnData | MuData) -> Found:
    """Return what an AnnData or MuData object holds; raises `DataError` where it is neither."""
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

    from napari_trsmi.data.readers.needed import Modalities

    if isinstance(data, MuData):
        if not any(table.isbacked for table in data.mod.values()):
            return found_in_mudata(data)
        tables = {name: table.to_memory() for name, table in data.mod.items()}
        return found_in_mudata(Modalities(tables, data.obs, data.obsm, data.uns, data.obsmap))
    if isinstance(data, AnnData):
        lazy = hasattr(data.X, "dask") or not isinstance(data.obs, pd.DataFrame)  # as of read_lazy
        return found_in_anndata(data.to_memory() if lazy or data.isbacked or data.is_view else data)
    raise DataError(
        f"Expected an AnnData or MuData object, found {type(data).__name__}. Use read for files and read_sections for "
        "several sections; put the tables of one section into a MuData."
    )


def _name(path: Path) -> str:
    """Return what to call the data: the stem, or the run's folder for Space Ranger's ``outs``."""
    path = path.absolute()
    path = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return readable(path.parent.name if path.name == "outs" else path.stem if path.suffix else path.name)


def _names(paths: Sequence[Path]) -> list[str]:
    """Return what to call the data of each path, all different: folders tell files of one name apart."""
    names = [_name(path) for path in paths]
    others = [[readable(path.absolute().parent.name) for path in paths], [readable(path.name) for path in paths]]
    for longer in others:
        twice = {name for name in names if names.count(name) > 1}
        if not twice:
            break
        tried = [other if name in twice else name for name, other in zip(names, longer, strict=True)]
        names = tried if len(set(tried)) == len(tried) else names
    if len(set(names)) < len(names):
        joined = [f"{folder} {name}" for folder, name in zip(others[0], names, strict=True)]
        names = joined if len(set(joined)) == len(joined) else names
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"Expected files with different names, found {name!r} twice. Rename one of them.")
    return names


def _found(path: Path, library: str | None, modalities: Sequence[str] | None, alone: bool) -> Found:
    """Return what lies at `path`, read by its suffix or its kind of folder."""
    check_readable(path)
    if path.is_file():
        return once(("file", path), lambda: from_file(path, alone=alone))
    if path.suffix == ".zarr" or any((path / name).exists() for name in ZARR_MARKS):
        return from_zarr(path, library, modalities)
    if is_xenium(path):
        return from_xenium(path, library)
    if is_space_ranger(path):
        return from_space_ranger(run_of(path) or path, library, alone=alone)
    if (platform := platform_of(path)) is not None:
        return from_platform(path, platform, library)
    inside = [part.name for part in sorted(path.iterdir()) if part.suffix in _TABLES]
    what = f"a folder with {', '.join(inside[:3])}" if inside else "a folder of another kind"
    way_out = "Give one of them, or those of one section together." if inside else "Choose another."
    if matrix := next((part.name for part in sorted(path.iterdir()) if part.name.endswith((".mtx", ".mtx.gz"))), ""):
        what = f"a folder with {matrix}"
        way_out = "Call the matrix and its lists as Space Ranger does: matrix.mtx, features.tsv, barcodes.tsv."
    raise DataError(f"Expected {READABLE}, found {what} at {path}. {way_out}")
