"""Space Ranger folders, against what squidpy reads where it can read them."""

from __future__ import annotations

import gzip
import json
import warnings

import numpy as np
import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.errors import DataError

SCALES = {"tissue_hires_scalef": 0.5, "tissue_lowres_scalef": 0.1, "spot_diameter_fullres": 7.0}
N_SPOTS, N_GENES, N_PROTEINS = 60, 30, 4


@pytest.fixture
def counts():
    return np.random.default_rng(0).poisson(2.0, (N_SPOTS, N_GENES + N_PROTEINS)).astype(np.int32)


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


def test_h5_output_reads_like_squidpy_reads_it(tmp_path, counts):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    dataset = read(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of squidpy's imports, and of the repeated names in this file
        from squidpy.read import visium

        expected = visium(tmp_path)
    assert (dataset.modalities["rna"].table.X != expected.X).nnz == 0
    np.testing.assert_array_equal(dataset.obs_names, expected.obs_names)
    np.testing.assert_allclose(dataset.coords, expected.obsm["spatial"])
    entry = expected.uns["spatial"]["V1_slide"]
    assert dataset.library == "V1_slide"
    np.testing.assert_array_equal(dataset.image.pixels, entry["images"]["hires"])
    assert dataset.image.scale == entry["scalefactors"]["tissue_hires_scalef"]


def test_proteins_beside_the_genes_are_a_modality(tmp_path, counts):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    dataset = read(tmp_path)
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    np.testing.assert_array_equal(dataset.modalities["adt"].table.X.toarray(), counts[:, N_GENES:])


@pytest.mark.parametrize("header", [True, False])
def test_a_matrix_folder_with_a_lowres_image_alone_is_enough(tmp_path, counts, header):
    folder = tmp_path / "run" / "outs"
    write_spatial(folder, images=("lowres",), header=header)
    write_matrix_folder(folder, counts)
    for path in (folder, folder.parent):
        dataset = read(path)
        assert dataset.name == dataset.library == "run"
        np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), counts[:, :N_GENES])
        assert (dataset.image.key, dataset.image.scale, dataset.spot_diameter) == ("lowres", 0.1, 7.0)
        assert dataset.microns_per_unit == pytest.approx(10.0, rel=1e-3)
        by_barcode = {row[0]: row for row in positions()}
        expected = [(by_barcode[name][5], by_barcode[name][4]) for name in dataset.obs_names]
        np.testing.assert_allclose(dataset.coords, expected)


@pytest.mark.parametrize("features", ["features.tsv", "genes.tsv"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_matrix_folder_is_read_gzipped_and_not_and_as_it_was_written_long_ago(tmp_path, counts, zipped, features):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts, zipped=zipped, features=features)
    table = read(tmp_path).modalities["rna"].table
    np.testing.assert_array_equal(table.X.toarray(), counts[:, :N_GENES])
    assert table.var_names.tolist() == [f'Gene"{j}' for j in range(N_GENES)]
    assert table.var["gene_ids"].tolist() == [f"id{j}" for j in range(N_GENES)]


@pytest.mark.parametrize("name", ["barcodes.tsv", "features.tsv"])
def test_a_matrix_without_one_of_its_lists_says_which(tmp_path, counts, name):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts, zipped=False)
    (tmp_path / "filtered_feature_bc_matrix" / name).unlink()
    with pytest.raises(DataError, match=f"Expected {name}"):
        read(tmp_path)


def test_a_folder_without_an_image_is_read(tmp_path, counts):
    write_spatial(tmp_path, images=())
    write_matrix_folder(tmp_path, counts)
    assert read(tmp_path).image is None


def test_missing_parts_are_named(tmp_path, counts):
    write_spatial(tmp_path)
    with pytest.raises(DataError, match="Expected filtered_feature_bc_matrix"):
        read(tmp_path)
    write_matrix_folder(tmp_path, counts)
    (tmp_path / "spatial" / "scalefactors_json.json").rename(tmp_path / "kept.json")
    with pytest.raises(DataError, match=r"Expected scalefactors_json\.json"):
        read(tmp_path)
    (tmp_path / "kept.json").rename(tmp_path / "spatial" / "scalefactors_json.json")
    (tmp_path / "spatial" / "tissue_positions.csv").unlink()
    with pytest.raises(DataError, match=r"Expected tissue_positions\.csv"):
        read(tmp_path)


def test_a_damaged_part_is_one_sentence(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    matrix = tmp_path / "filtered_feature_bc_matrix" / "matrix.mtx.gz"
    matrix.write_bytes(matrix.read_bytes()[:100])
    with pytest.raises(DataError, match="damaged or cut short"):
        read(tmp_path)
