"""A Space Ranger folder, written part by part."""

from __future__ import annotations

import gzip
import json

import numpy as np

SCALES = {"tissue_hires_scalef": 0.5, "tissue_lowres_scalef": 0.1, "spot_diameter_fullres": 7.0}
N_SPOTS, N_GENES, N_PROTEINS = 60, 30, 4


def barcodes():
    return [f"{i:04d}ACGT-1" for i in range(N_SPOTS)]


def positions():
    """Rows of tissue_positions.csv for twice as many spots, in another order than the counts."""
    rows = []
    for i in reversed(range(2 * N_SPOTS)):
        row, half = divmod(i, 12)
        rows.append(
            (
                f"{i:04d}ACGT-1",
                int(i < N_SPOTS),
                row,
                2 * half + row % 2,
                40 + 8.66 * row,
                30 + 5 * (2 * half + row % 2),
            )
        )
    return rows


def write_spatial(folder, *, images=("hires", "lowres"), header=True):
    from PIL import Image

    spatial = folder / "spatial"
    spatial.mkdir(parents=True)
    name = "tissue_positions.csv" if header else "tissue_positions_list.csv"
    lines = ["barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres"] if header else []
    lines += [",".join(map(str, row)) for row in positions()]
    (spatial / name).write_text("\n".join(lines))
    (spatial / "scalefactors_json.json").write_text(json.dumps(SCALES))
    for key in images:
        shade = np.random.default_rng(1).integers(0, 255, (90, 80, 3), dtype=np.uint8)
        Image.fromarray(shade).save(spatial / f"tissue_{key}_image.png")


def write_h5(folder, counts):
    import h5py
    from scipy import sparse

    matrix = sparse.csc_matrix(counts.T)  # (features, spots), as 10x stores it
    with h5py.File(folder / "filtered_feature_bc_matrix.h5", "w") as file:
        file.attrs["library_ids"] = np.array([b"V1_slide"])
        group = file.create_group("matrix")
        group["barcodes"] = np.array(barcodes(), dtype="S")
        for key in ("data", "indices", "indptr"):
            group[key] = getattr(matrix, key)
        group["shape"] = np.array(matrix.shape, dtype=np.int32)
        features = group.create_group("features")
        names = [f"Gene{j}" for j in range(N_GENES)] + [f"Gene{j}" for j in range(N_PROTEINS)]
        types = ["Gene Expression"] * N_GENES + ["Antibody Capture"] * N_PROTEINS
        features["id"] = np.array([f"id{j}" for j in range(len(names))], dtype="S")
        features["name"] = np.array(names, dtype="S")
        features["feature_type"] = np.array(types, dtype="S")
        features["genome"] = np.array(["GRCh38"] * len(names), dtype="S")


def write_matrix_folder(folder, counts, *, zipped=True, features="features.tsv", name="filtered_feature_bc_matrix"):
    from scipy import io, sparse

    matrix = folder / name
    matrix.mkdir(exist_ok=True)
    kind = "" if features == "genes.tsv" else "\tGene Expression"  # as Cell Ranger 2 wrote it
    io.mmwrite(matrix / "matrix.mtx", sparse.coo_matrix(counts[:, :N_GENES].T))
    (matrix / "barcodes.tsv").write_text("\n".join(barcodes()))
    (matrix / features).write_text("\n".join(f'id{j}\tGene"{j}{kind}' for j in range(N_GENES)))
    for file in list(matrix.iterdir()) if zipped else []:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()


def gzipped(folder, *patterns):
    for file in [file for pattern in patterns for file in folder.rglob(pattern)]:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
