"""Output folders of Space Ranger: counts, and the positions, image and scale factors beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.readers.files import reading
from napari_trsmi.data.readers.found import Found, found_in_anndata
from napari_trsmi.data.readers.matrices import library_in, read_matrix
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_NAMES = ("*feature_bc_matrix*", "spatial/tissue_positions*", "spatial/scalefactors_json.json")
_POSITION_COLUMNS = ["in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"]


def is_space_ranger(folder: Path) -> bool:
    """Return whether `folder`, or ``outs`` in it, has a ``spatial`` folder and anything that Space Ranger names so."""
    return any(
        (outs / "spatial").is_dir() and any(any(outs.glob(name)) for name in _NAMES)
        for outs in (folder, folder / "outs")
    )


def from_space_ranger(folder: Path) -> Found:
    """Return the modalities, positions and image in a Space Ranger output folder.

    Counts come from ``*filtered_feature_bc_matrix.h5``, else from the matrix folder of that name, else from the raw
    ones.

    Raises
    ------
    DataError
        Counts, positions or scale factors are missing or cannot be read.
    """
    if not (folder / "spatial").is_dir():
        folder = folder / "outs"
    with reading(folder):
        adata, library = _counts(folder)
        positions = _positions(folder / "spatial")
        adata.obs = adata.obs.join(positions, how="left")
        adata.obsm["spatial"] = adata.obs[["pxl_col_in_fullres", "pxl_row_in_fullres"]].to_numpy(np.float64)  # (x, y)
        adata.uns["spatial"] = {
            library: {"images": _images(folder / "spatial"), "scalefactors": _scale_factors(folder / "spatial")}
        }
        found = found_in_anndata(adata, library)
    return found


def _counts(folder: Path) -> tuple[AnnData, str]:
    """Return all features of the filtered (else the raw) matrix, and the library's name."""
    name = folder.parent.name if folder.name == "outs" else folder.name
    for which in ("filtered", "raw"):
        matrix = folder / f"{which}_feature_bc_matrix"
        for file in (
            *sorted(folder.glob(f"*{which}_feature_bc_matrix.h5")),
            matrix / "matrix.mtx.gz",
            matrix / "matrix.mtx",
        ):
            if file.exists():
                return read_matrix(file), library_in(file) or name
    raise DataError(
        f"Expected filtered_feature_bc_matrix (.h5 or folder) in {folder}, found none. "
        "Choose the folder that Space Ranger calls outs, or one of its binned_outputs."
    )


def _positions(spatial: Path) -> pd.DataFrame:
    """Return position columns by barcode, from any of the file forms Space Ranger has used."""
    import pandas as pd

    for name in ("tissue_positions.csv", "tissue_positions_list.csv", "tissue_positions.parquet"):
        file = spatial / name
        if not file.exists():
            continue
        if file.suffix == ".parquet":
            return pd.read_parquet(file).set_index("barcode")[_POSITION_COLUMNS]
        with file.open(encoding="utf-8") as lines:
            header = 0 if lines.readline().startswith("barcode") else None
        table = pd.read_csv(file, header=header, index_col=0)
        table.columns = pd.Index(_POSITION_COLUMNS)
        return table
    raise DataError(f"Expected tissue_positions.csv in {spatial}, found none. Choose a complete Space Ranger folder.")


def _scale_factors(spatial: Path) -> dict[str, Any]:
    file = spatial / "scalefactors_json.json"
    if not file.exists():
        raise DataError(f"Expected scalefactors_json.json in {spatial}, found none. Choose a complete folder.")
    return json.loads(file.read_text(encoding="utf-8"))


def _images(spatial: Path) -> dict[str, np.ndarray]:
    """Return {"hires" or "lowres": pixels}: the finest image there is, or nothing."""
    from PIL import Image

    for key in ("hires", "lowres"):
        for suffix in (".png", ".jpg", ".tiff"):
            file = spatial / f"tissue_{key}_image{suffix}"
            if file.exists():
                with Image.open(file) as image:
                    return {key: np.asarray(image)}
    return {}
