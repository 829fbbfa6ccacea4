"""The sound inputs that tries start from: one section of 144 spots in every format that is read."""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

if TYPE_CHECKING:
    from anndata import AnnData

SIDE, GENES, STEP = 12, 60, 100.0
PROTEINS = ("CD3", "CD4", "CD8", "CD20", "CD45", "CD68", "CD163", "HLA-DR", "PD-1", "Ki67")
ORIGIN = "origin"  # column of obs: row of the spot in the original


def sections() -> dict[str, AnnData]:
    """Return {modality: table} of the section: counts in three stripes, squidpy's coordinates and picture."""
    import anndata

    rng = np.random.default_rng(0)
    n = SIDE * SIDE
    y, x = np.divmod(np.arange(n), SIDE)
    coords = np.column_stack([x, y]) * STEP + STEP
    pixels = rng.integers(80, 200, (70, 70, 3)).astype(np.uint8)
    library = {
        "images": {"hires": pixels},
        "scalefactors": {"tissue_hires_scalef": 0.05, "spot_diameter_fullres": 60.0},
    }
    tables = {}
    for name, features, depth in (("rna", [f"GENE{i}" for i in range(GENES)], 1), ("adt", PROTEINS, 40)):
        mean = rng.gamma(1.5, 1.5, (3, len(features))) + 0.3
        counts = rng.poisson(depth * mean[x * 3 // SIDE] + depth // 20).astype(np.float32)
        counts[:, 0] = np.arange(n) + 1  # no two spots alike
        obs = pd.DataFrame({ORIGIN: np.arange(n), "quality": rng.random(n)}, index=[f"S{i:04d}-1" for i in range(n)])
        table = anndata.AnnData(sparse.csr_matrix(counts), obs=obs, var=pd.DataFrame(index=list(features)))
        table.obsm["spatial"] = coords.copy()
        table.uns["spatial"] = {"slide": library}
        table.layers["doubled"] = 2 * table.X
        table.obsp["near"] = sparse.random(n, n, 0.03, format="csr", random_state=0)
        tables[name] = table
    return tables


@cache
def truth() -> tuple[pd.DataFrame, np.ndarray]:
    """Return values by barcode and feature, and (N, 2) coordinates in the same order."""
    tables = sections()
    frames = [pd.DataFrame(t.X.toarray(), index=t.obs_names, columns=t.var_names) for t in tables.values()]
    return pd.concat(frames, axis=1), np.asarray(tables["rna"].obsm["spatial"])


def joined() -> Any:
    """Return the section as MuData."""
    from napari_trsmi.data.tables import mudata_of

    return mudata_of(sections())


def put(table: Any, path: Path) -> Path:
    """Write an AnnData or MuData in the format that `path` ends in."""
    import anndata

    allowed = contextlib.nullcontext()
    if "allow_write_nullable_strings" in dir(anndata.settings):
        allowed = anndata.settings.override(allow_write_nullable_strings=True)
    with allowed:
        write = {".zarr": "write_zarr", ".h5mu": "write_h5mu"}.get(path.suffix, "write_h5ad")
        getattr(table, write)(str(path))
    return path


def space_ranger(folder: Path, matrix: str = "h5") -> Path:
    """Write the section as Space Ranger does, counts as one ``h5`` or as a folder of text (``mtx``)."""
    from PIL import Image
    from scipy.io import mmwrite

    values, coords = truth()
    types = ["Gene Expression"] * GENES + ["Antibody Capture"] * len(PROTEINS)
    spatial = folder / "spatial"
    spatial.mkdir(parents=True)
    counts = sparse.csc_matrix(values.to_numpy().T.astype(np.int32))  # features by barcodes
    if matrix == "h5":
        with h5py.File(folder / "filtered_feature_bc_matrix.h5", "w") as file:
            group = file.create_group("matrix")
            group["data"], group["indices"] = counts.data, counts.indices.astype("i8")
            group["indptr"], group["shape"] = counts.indptr.astype("i8"), np.array(counts.shape, "i4")
            group["barcodes"] = np.array(values.index, "S")
            features = group.create_group("features")
            for key, texts in (("id", values.columns), ("name", values.columns), ("feature_type", types)):
                features[key] = np.array(texts, "S")
            features["genome"] = np.array(["mm10"] * len(types), "S")
            features["_all_tag_keys"] = np.array(["genome"], "S")
    else:
        inside = folder / "filtered_feature_bc_matrix"
        inside.mkdir()
        rows = zip(values.columns, values.columns, types, strict=True)
        texts = {"features.tsv": ["\t".join(row) for row in rows], "barcodes.tsv": list(values.index)}
        for name, lines in texts.items():
            (inside / f"{name}.gz").write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
        mmwrite(inside / "matrix.mtx", counts.tocoo(), field="integer")
        (inside / "matrix.mtx.gz").write_bytes(gzip.compress((inside / "matrix.mtx").read_bytes()))
        (inside / "matrix.mtx").unlink()
    at = np.arange(len(values))
    positions = {"in_tissue": 1, "array_row": at // SIDE, "array_col": at % SIDE}
    positions |= {"pxl_row_in_fullres": coords[:, 1].astype(int), "pxl_col_in_fullres": coords[:, 0].astype(int)}
    pd.DataFrame(positions, index=pd.Index(values.index, name="barcode")).to_csv(spatial / "tissue_positions.csv")
    factors = {"tissue_hires_scalef": 0.05, "spot_diameter_fullres": 60.0, "fiducial_diameter_fullres": 90.0}
    (spatial / "scalefactors_json.json").write_text(json.dumps(factors), encoding="utf-8")
    pixels = np.random.default_rng(0).integers(80, 200, (70, 70, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(spatial / "tissue_hires_image.png")
    return folder


def spatial_data(path: Path) -> Path:
    """Write the section as SpatialData: a table of RNA, circles, a picture."""
    import spatialdata
    from spatialdata.models import Image2DModel, ShapesModel, TableModel

    table, coords = sections()["rna"], truth()[1]
    table.obs = table.obs.assign(region=pd.Categorical(["spots"] * table.n_obs), instance=np.arange(table.n_obs))
    del table.uns["spatial"], table.obsm["spatial"]
    pixels = np.random.default_rng(0).integers(80, 200, (3, 140, 140)).astype(np.uint8)
    store = spatialdata.SpatialData(
        images={"picture": Image2DModel.parse(pixels, dims=("c", "y", "x"))},
        shapes={"spots": ShapesModel.parse(coords / 10, geometry=0, radius=3.0)},
        tables={"table": TableModel.parse(table, region="spots", region_key="region", instance_key="instance")},
    )
    store.write(path)
    return path


def results(folder: Path) -> None:
    """Write the domains of a short run as h5ad, h5mu and zarr, named, coloured and reviewed by a person."""
    import napari_trsmi as nt
    from napari_trsmi import edits

    config = nt.Config(cluster={"n_domains": 3}, train={"epochs": 3})
    source = put(joined(), folder / "source.h5mu")
    result = edits.recolor(edits.rename(nt.fit(nt.read(source), config), 0, "inner"), 1, "#ffaa00")
    for suffix in (".h5mu", ".zarr"):
        result.write(folder / f"result{suffix}")
    alone = put(sections()["rna"], folder / "source.h5ad")
    nt.fit(nt.read(alone), config).write(folder / "result.h5ad")


def make(folder: Path) -> None:
    """Write all originals into a new folder, and `made.json` at the end."""
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        put(joined(), folder / "joined.h5mu")
        put(joined(), folder / "joined.zarr")
        put(sections()["rna"], folder / "rna.h5ad")
        put(sections()["rna"], folder / "rna.zarr")
        for matrix in ("h5", "mtx"):
            space_ranger(folder / f"ranger_{matrix}", matrix)
        with contextlib.suppress(ImportError):
            spatial_data(folder / "spatial.zarr")
        results(folder)
    (folder / "made.json").write_text("{}", encoding="utf-8")


def copied(original: Path, folder: Path) -> Path:
    """Copy an original, a file or a folder, into `folder` and return where it is."""
    target = folder / original.name
    if original.is_dir():
        shutil.copytree(original, target)
    else:
        shutil.copy(original, target)
    return target
