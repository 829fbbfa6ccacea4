"""Output folders of Xenium: counts and intensities of cells, their places, their outlines, and the stained tissue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.libraries import as_number
from napari_trsmi.data.outlines import Outlines
from napari_trsmi.data.pyramids import Pyramid
from napari_trsmi.data.readers.found import Found, found_in_anndata
from napari_trsmi.data.readers.kinds import kind_of_feature_type
from napari_trsmi.data.readers.matrices import read_matrix
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.pixels import as_rgb
from napari_trsmi.data.readers.ranger_files import seen_in
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

MANIFEST = "experiment.xenium"
_MATRICES = ("cell_feature_matrix.h5", "cell_feature_matrix/matrix.mtx.gz", "cell_feature_matrix/matrix.mtx")
_PACKED_MATRIX = "cell_feature_matrix.tar.gz"
_CELLS = ("cells.parquet", "cells.csv.gz", "cells.csv")
_OUTLINES = ("cell_boundaries.parquet", "cell_boundaries.csv.gz", "cell_boundaries.csv")
_PICTURES = ("morphology_focus.ome.tif", "morphology_mip.ome.tif")
_FOCUS = "morphology_focus"  # folder of one file for each stain, from version 2 on
_STAINS = 4  # shown at most: nuclei, membranes, RNA and proteins of the cell, before single proteins
_PIXEL = 0.2125  # micrometres, of every instrument so far
_SCALING = "protein_scaling_factor"
_PARTS = re.compile(
    r"(?:cells|cell_boundaries|nucleus_boundaries|cell_feature_matrix|transcripts|analysis)"
    r"\.(?:parquet|csv(?:\.gz)?|zarr\.zip|zarr|tar\.gz)"
)
_STAIN_NUMBER = re.compile(r"^ch\d+_")
_MOST_FOLDERS = 1000
_CHUNK = 1 << 24


def is_xenium(folder: Path) -> bool:
    """Return whether a folder, or one in it, has files with the names that Xenium gives."""
    return folder.is_dir() and next(_runs(folder), None) is not None


def is_part_of_xenium(path: Path) -> bool:
    """Return whether a file is one of those that Xenium writes into the folder of a region, and lies in such a one."""
    return _PARTS.fullmatch(path.name) is not None and _is_run(path.absolute().parent)


def from_xenium(folder: Path, library: str | None = None) -> Found:
    """Return the modalities, places, outlines and stained tissue in a Xenium output folder.

    Genes are counts; proteins are intensities, freed of the factor by which the file keeps them as whole numbers.
    Controls and codewords that stand for no gene are left out. Coordinates are micrometres.

    Parameters
    ----------
    folder
        The folder of a region, or one above several of them.
    library
        Name of the folder of the region to take where there are several.

    Raises
    ------
    ChoiceError
        There are several regions, and none was chosen.
    DataError
        Counts or cells are missing or cannot be read.
    """
    with reading(folder):
        runs = {_name(run, folder): run for run in _runs(folder)}
        if library in runs:
            return _found(runs[library], library)
        if len(runs) > 1 and library is None:
            raise ChoiceError("sections", list(runs))
        if len(runs) > 1:
            raise DataError(f"Expected one of the sections {list(runs)}, found {library!r}. Choose one of them.")
        name, run = next(iter(runs.items()))
        return _found(run, name)


def _runs(folder: Path) -> Iterator[Path]:
    """Yield the folder where it is of a region, else those in it that are."""
    if _is_run(folder):
        yield folder
        return
    inner = sorted(islice(folder.iterdir(), _MOST_FOLDERS))
    yield from (sub for sub in inner if sub.is_dir() and _is_run(sub))


def _is_run(folder: Path) -> bool:
    if (folder / MANIFEST).is_file():
        return True
    return _first(folder, _CELLS) is not None and _first(folder, (*_MATRICES, _PACKED_MATRIX)) is not None


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).exists()), None)


def _name(run: Path, folder: Path) -> str:
    run = run.absolute()
    return run.parent.name if run.name == "outs" and run == folder.absolute() else run.name


def _found(run: Path, name: str) -> Found:
    """Return the cells of one region."""
    notes: list[str] = []
    table = _read_table(run, notes)
    cells = _read_cells(run, table.obs_names, notes)
    table.obsm["spatial"] = cells[["x_centroid", "y_centroid"]].to_numpy(np.float64)
    table.obs = cells.drop(columns=["x_centroid", "y_centroid"])
    factors: dict[str, Any] = {"microns_per_pixel": 1.0}
    if (area := _median_area(cells)) > 0:
        factors["spot_diameter_fullres"] = 2.0 * float(np.sqrt(area / np.pi))
    images: dict[str, np.ndarray] = {}
    pyramid = _pyramid(run, notes)
    if pyramid is not None:
        try:
            pixels, pyramid = pyramid.overview()
            images["hires"], more = as_rgb(pixels)
            notes += more
            factors["tissue_hires_scalef"] = pyramid.step / _pixel_size(run, notes)
        except DataError as error:
            notes.append(f"Left out the image {pyramid.paths[0].name}. {error}")
            pyramid = None
    table.uns["spatial"] = {name: {"images": images, "scalefactors": factors}}
    found = found_in_anndata(table, name)
    outlines = _readable(run, _OUTLINES)
    return replace(
        found,
        notes=[*found.notes, *notes],
        stored={},  # there is no table to write into
        pyramids={} if pyramid is None else {"hires": pyramid},
        outlines=None if outlines is None else Outlines(outlines),
    )


def _read_table(run: Path, notes: list[str]) -> AnnData:
    """Return counts and intensities of all features that a modality is known for."""
    path = _first(run, _MATRICES)
    if path is None:
        packed = (run / _PACKED_MATRIX).exists()
        way_out = f"Unpack {_PACKED_MATRIX} there." if packed else "Choose a complete Xenium folder."
        raise DataError(f"Expected cell_feature_matrix (.h5 or folder) in {run}, found none. {way_out}")
    with reading(path):
        table = _read_h5(path) if path.suffix == ".h5" else read_matrix(path)
    if "feature_types" not in table.var:
        return table
    types = table.var["feature_types"].astype(str)
    known = types.map({text: kind_of_feature_type(text) is not None for text in types.unique()}).to_numpy(bool)
    if not known.any():
        raise DataError(f"Expected Gene Expression or Protein Expression in {path}, found {', '.join(set(types))}.")
    if not known.all():
        counted = ", ".join(f"{count} {text}" for text, count in types[~known].value_counts().items())
        notes.append(f"Left out features that measure no gene or protein: {counted}.")
        table = table[:, known].copy()
    return table


def _read_h5(path: Path) -> AnnData:
    """Return what an ``.h5`` matrix holds, its proteins as intensities.

    Written here and not by scanpy, some versions of which may free proteins of their factor, and others not.
    """
    import h5py
    import pandas as pd
    from anndata import AnnData
    from scipy import sparse

    with h5py.File(path, "r") as file:
        group, features = file["matrix"], file["matrix/features"]
        n_features, n_cells = (int(size) for size in group["shape"])
        parts = (group["data"][:].astype(np.float32), group["indices"][:], group["indptr"][:])
        counts = sparse.csr_matrix(parts, shape=(n_cells, n_features))
        var = pd.DataFrame(
            {"gene_ids": features["id"].asstr()[:], "feature_types": features["feature_type"].asstr()[:]},
            index=features["name"].asstr()[:],
        )
        barcodes = group["barcodes"]
        names = barcodes.asstr()[:] if h5py.check_string_dtype(barcodes.dtype) else barcodes[:].astype(str)
        factor = as_number(file.attrs.get(_SCALING, 1.0))
    counts.check_format(full_check=True)  # an index out of range would crash compiled code
    if factor is None or not factor > 0:
        raise DataError(f"Expected a positive {_SCALING} in {path}, found {factor}. Copy it again.")
    proteins = (var["feature_types"] == "Protein Expression").to_numpy()
    if proteins.any() and factor != 1.0:
        share = np.where(proteins, 1.0 / factor, 1.0).astype(np.float32)
        for start in range(0, counts.nnz, _CHUNK):
            counts.data[start : start + _CHUNK] *= share[counts.indices[start : start + _CHUNK]]
    return AnnData(counts, obs=pd.DataFrame(index=names), var=var)


def _read_cells(run: Path, names: pd.Index, notes: list[str]) -> pd.DataFrame:
    """Return places and annotations of the cells `names` (N,)."""
    import pandas as pd

    path = _readable(run, _CELLS)
    if path is None and (run / _CELLS[0]).exists():
        raise DataError(
            f"Expected the package pyarrow to read {_CELLS[0]}, found none. Install it (pip install pyarrow), or put "
            f"{_CELLS[1]} beside it."
        )
    if path is None:
        raise DataError(
            f"Expected cells.parquet or cells.csv.gz in {run}, found none. Choose a complete Xenium folder."
        )
    with reading(path):
        cells = _read_list(path)
    missing = [name for name in ("cell_id", "x_centroid", "y_centroid") if name not in cells]
    if missing:
        raise DataError(f"Expected the column {missing[0]} in {path}, found {', '.join(cells)}. Copy it again.")
    for name in ("x_centroid", "y_centroid"):
        numbers = pd.to_numeric(cells[name], errors="coerce")
        if (odd := numbers.isna() & cells[name].notna()).any():
            found = str(cells.loc[odd, name].iloc[0])
            raise DataError(f"Expected numbers in the column {name} of {path}, found {found!r}. Copy it again.")
        cells[name] = numbers
    ids = [cell.decode() if isinstance(cell, bytes) else str(cell) for cell in cells.pop("cell_id")]
    cells.index = pd.Index(ids)
    if cells.index.has_duplicates:
        twice = cells.index[cells.index.duplicated()][0]
        raise DataError(f"Expected each cell once in {path}, found {twice!r} twice. Copy it again.")
    rows = cells.index.get_indexer(names)
    if not (rows >= 0).any():
        raise DataError(
            f"Expected the cells of the matrix, such as {names[0]!r}, in {path.name}, found only others. "
            f"Put the files of one region together in {run}."
        )
    if lost := int((rows < 0).sum()):
        notes.append(f"{path.name} lacks {lost:,} of {len(names):,} cells of the matrix.")
    return cells.reindex(names)


def _median_area(cells: pd.DataFrame) -> float:
    """Return the median area of the cells in square micrometres, 0 where it is not known: it is drawn and no more."""
    import pandas as pd

    if "cell_area" not in cells:
        return 0.0
    areas = pd.to_numeric(cells["cell_area"], errors="coerce").dropna()
    return float(areas.median()) if len(areas) else 0.0


def _readable(run: Path, names: tuple[str, ...]) -> Path | None:
    """Return the first of some tables that is there and can be read: parquet only with the package for it."""
    return _first(run, names if _has_pyarrow() else names[1:])


def _has_pyarrow() -> bool:
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def _read_list(path: Path) -> pd.DataFrame:
    import pandas as pd

    if path.suffix != ".parquet":
        return pd.read_csv(path, dtype={"cell_id": str})
    cells = pd.read_parquet(path)
    return cells if cells.index.name is None else cells.reset_index()  # saved anew, by cell


def _pyramid(run: Path, notes: list[str]) -> Pyramid | None:
    """Return the stained tissue, None where there is none in focus."""
    folder = run / _FOCUS
    files = [path for path in seen_in(folder) if path.name.endswith(".ome.tif")] if folder.is_dir() else []
    if not files and (alone := _first(run, _PICTURES)) is not None:
        files = [alone]
    if not files:
        return None
    if len(files) > _STAINS:
        notes.append(f"The folder {_FOCUS} has {len(files)} images: shown are the first {_STAINS}.")
        files = files[:_STAINS]
    return Pyramid(tuple(files), tuple(_STAIN_NUMBER.sub("", file.name.removesuffix(".ome.tif")) for file in files))


def _pixel_size(run: Path, notes: list[str]) -> float:
    """Return the width of a finest pixel in micrometres."""
    path = run / MANIFEST
    try:
        size = as_number(json.loads(path.read_text(encoding="utf-8"))["pixel_size"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        size = None
    if size is not None and np.isfinite(size) and size > 0:
        return size
    notes.append(f"{MANIFEST} says no pixel_size: took {_PIXEL} micrometres.")
    return _PIXEL
