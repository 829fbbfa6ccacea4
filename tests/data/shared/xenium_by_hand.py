"""A Xenium output folder, written part by part."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd

PIXEL, FACTOR = 0.2125, 10
N_CELLS, N_GENES, N_PROTEINS = 120, 30, 5
TYPES = {
    "Gene Expression": [f"Gene{j}" for j in range(N_GENES)],
    "Protein Expression": [f"CD{j + 3}" for j in range(N_PROTEINS)],
    "Negative Control Probe": ["NegControlProbe_00041", "NegControlProbe_00042"],
    "Negative Control Codeword": ["NegControlCodeword_0500"],
    "Unassigned Codeword": ["UnassignedCodeword_0001", "UnassignedCodeword_0002"],
}


def ids():
    return [f"{chr(97 + i % 16)}{i:07d}-1" for i in range(N_CELLS)]


def places():
    """(N, 2) x and y in micrometres, on a loose grid of 12 columns."""
    column, row = np.arange(N_CELLS) % 12, np.arange(N_CELLS) // 12
    return np.column_stack([8.0 + 10 * column + 2 * (row % 2), 9.0 + 10 * row]) + 0.25


def values(rng):
    """(N, D) whole numbers as the file keeps them; proteins times `FACTOR`."""
    parts = {
        "Gene Expression": rng.poisson(2.0, (N_CELLS, N_GENES)),
        "Protein Expression": rng.integers(1, 900, (N_CELLS, N_PROTEINS)),
    }
    return np.hstack([parts.get(kind, rng.poisson(0.1, (N_CELLS, len(names)))) for kind, names in TYPES.items()])


def cells():
    at = places()
    return pd.DataFrame(
        {
            "cell_id": ids(),
            "x_centroid": at[:, 0],
            "y_centroid": at[:, 1],
            "transcript_counts": 60,
            "total_counts": 61,
            "cell_area": np.pi * 4.0**2,
            "nucleus_area": 20.0,
        }
    )


def boundaries(radius=4.0, n=13):
    """Corners of each cell, the first again at the end as Xenium has it."""
    angle = np.linspace(0, 2 * np.pi, n)
    at = places()[:, None] + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return pd.DataFrame(
        {
            "cell_id": np.repeat(ids(), n),
            "vertex_x": at[..., 0].ravel().astype(np.float32),
            "vertex_y": at[..., 1].ravel().astype(np.float32),
            "label_id": np.repeat(np.arange(1, N_CELLS + 1), n),
        }
    )


def write_h5(folder, counts, factor=FACTOR):
    import h5py
    from scipy import sparse

    matrix = sparse.csr_matrix(counts)
    names = [name for group in TYPES.values() for name in group]
    with h5py.File(folder / "cell_feature_matrix.h5", "w") as file:
        if factor is not None:
            file.attrs["protein_scaling_factor"] = factor
        group = file.create_group("matrix")
        group["barcodes"] = np.array(ids(), dtype="S")
        group["data"], group["indices"], group["indptr"] = matrix.data.astype(np.int32), matrix.indices, matrix.indptr
        group["shape"] = np.array(matrix.shape[::-1], dtype=np.int32)
        features = group.create_group("features")
        features["id"] = np.array([f"id_{name}" for name in names], dtype="S")
        features["name"] = np.array(names, dtype="S")
        features["feature_type"] = np.array([kind for kind, own in TYPES.items() for _ in own], dtype="S")


def write_lists(folder, counts):
    from scipy import io, sparse

    matrix = folder / "cell_feature_matrix"
    matrix.mkdir()
    with gzip.open(matrix / "matrix.mtx.gz", "wb") as file:
        io.mmwrite(file, sparse.coo_matrix(counts.T))
    lines = [f"id_{name}\t{name}\t{kind}" for kind, own in TYPES.items() for name in own]
    for name, text in (("barcodes.tsv.gz", ids()), ("features.tsv.gz", lines)):
        (matrix / name).write_bytes(gzip.compress("\n".join(text).encode()))


def write_pyramid(path, pixels, n_levels=3, tile=64, pixel=PIXEL, companions=()):
    """Write (H, W), (C, H, W) or (H, W, 3) pixels as OME-TIFF with smaller copies as sub-resolutions."""
    import tifffile

    colored = pixels.ndim == 3 and pixels.shape[2] == 3
    axes = "YXS" if colored else "CYX"[-pixels.ndim :]
    rows = 0 if colored else pixels.ndim - 2
    settings = {"tile": (tile, tile), "photometric": "rgb" if colored else "minisblack"}
    metadata = {"axes": axes, "PhysicalSizeX": pixel, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": pixel}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(pixels, subifds=n_levels - 1, metadata=metadata, **settings)
        for level in range(1, n_levels):
            step = (*[slice(None)] * rows, *[slice(None, None, 2**level)] * 2)
            file.write(np.ascontiguousarray(pixels[step]), subfiletype=1, **settings)


def stain(seed=0, height=600, width=640):
    rng = np.random.default_rng(seed)
    return rng.integers(50, 3000, (height, width), dtype=np.uint16)


def write_manifest(folder, **other):
    content = {"major_version": 6, "run_name": "run", "region_name": "Region_1", "pixel_size": PIXEL, **other}
    (folder / "experiment.xenium").write_text(json.dumps(content))


def write_folder(folder, counts=None, *, lists=False, csv=False, stains=2, outlines=True):
    folder.mkdir(parents=True, exist_ok=True)
    counts = values(np.random.default_rng(0)) if counts is None else counts
    (write_lists if lists else write_h5)(folder, counts)
    write_manifest(folder)
    tables = {"cells": cells(), **({"cell_boundaries": boundaries()} if outlines else {})}
    for name, table in tables.items():
        if csv:
            table.to_csv(folder / f"{name}.csv.gz", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet", index=False)
    if stains:
        focus = folder / "morphology_focus"
        focus.mkdir()
        for number in range(stains):
            write_pyramid(focus / f"ch{number:04d}_{'dapi' if number == 0 else 'stain'}.ome.tif", stain(number))
    return folder
