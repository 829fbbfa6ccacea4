"""Space Ranger folders, against what squidpy reads where it can read them."""

from __future__ import annotations

import gzip
import io
import json
import warnings

import numpy as np
import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.errors import ChoiceError, DataError

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
    (tmp_path / "spatial" / "tissue_positions.csv").unlink()
    with pytest.raises(DataError, match=r"Expected tissue_positions\.csv"):
        read(tmp_path)


@pytest.mark.parametrize("content", [None, "", "{", "[1, 2]", "3", '{"a": ' * 100_000])
def test_without_scale_factors_there_is_no_image_which_is_told(tmp_path, counts, content):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    factors = tmp_path / "spatial" / "scalefactors_json.json"
    factors.unlink() if content is None else factors.write_text(content)
    dataset = read(tmp_path)
    assert dataset.image is None
    assert any("scalefactors_json.json" in note for note in dataset.notes)


def test_all_images_and_scale_factors_of_the_folder_are_kept(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    entry = read(tmp_path).library_entry
    assert entry["scalefactors"] == SCALES
    assert set(entry["images"]) == {"hires", "lowres"}


@pytest.mark.parametrize("key", ["hires", "lowres"])
def test_an_image_that_cannot_be_read_is_left_out_and_told(tmp_path, counts, key):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    image = tmp_path / "spatial" / f"tissue_{key}_image.png"
    image.write_bytes(image.read_bytes()[:900])
    dataset = read(tmp_path)
    assert dataset.image.key == ("lowres" if key == "hires" else "hires")
    assert any(f"Left out the image tissue_{key}_image.png" in note for note in dataset.notes)


@pytest.mark.parametrize("ending", [".jpg", ".jpeg", ".tif", ".tiff", ".png.gz", ".PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "I;16"])
def test_images_of_every_format_and_mode_are_shown(tmp_path, counts, ending, mode):
    from PIL import Image

    write_spatial(tmp_path, images=())
    write_matrix_folder(tmp_path, counts)
    shade = np.tile(np.linspace(60, 200, 80, dtype=np.uint8), (90, 1))
    image = Image.fromarray(np.stack([shade] * 3, axis=2))
    image = (
        Image.fromarray(shade.astype(np.uint16) * 16)
        if mode == "I;16"
        else image.convert(mode, palette=Image.Palette.ADAPTIVE)
    )
    form = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}.get(ending, "PNG")
    if (form, mode) in (("JPEG", "P"), ("JPEG", "RGBA"), ("JPEG", "I;16"), ("PNG", "CMYK")):
        pytest.skip("there is no such file")
    content = io.BytesIO()
    image.save(content, form)
    packed = gzip.compress(content.getvalue()) if ending.endswith(".gz") else content.getvalue()
    (tmp_path / "spatial" / f"tissue_hires_image{ending}").write_bytes(packed)
    pixels = read(tmp_path).image.pixels.astype(int)
    expected = shade.astype(int) if mode != "I;16" else shade * (16 * 255 / 4095)
    assert np.abs(pixels - expected[:, :, None]).max() < 12


def flattened(folder):
    """Put all files of a run into one folder."""
    for file in [file for file in folder.rglob("*") if file.is_file() and file.parent != folder]:
        file.rename(folder / file.name)
    for sub in [sub for sub in folder.iterdir() if sub.is_dir()]:
        sub.rmdir()


def prefixed(folder, prefix):
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        file.rename(file.with_name(f"{prefix}{file.name}"))


def gzipped(folder, *patterns):
    for file in [file for pattern in patterns for file in folder.rglob(pattern)]:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("prefix", ["", "GSM1234_S1_", "GSM12-A.", "GSM1_spatial_"])
@pytest.mark.parametrize("form", ["h5", "matrix"])
def test_files_of_public_archives_are_found(tmp_path, counts, flat, prefix, form):
    folder = tmp_path / "GSM1234"
    write_spatial(folder, header=flat)
    write_h5(folder, counts) if form == "h5" else write_matrix_folder(folder, counts, zipped=flat)
    gzipped(folder / "spatial", "*.csv", "*.json", "*.png")
    if flat:
        flattened(folder)
    prefixed(folder, prefix)
    dataset = read(folder)
    assert dataset.n_spots == N_SPOTS
    assert (dataset.image.key, dataset.image.scale) == ("hires", 0.5)
    by_barcode = {row[0]: row for row in positions()}
    expected = [(by_barcode[name][5], by_barcode[name][4]) for name in dataset.obs_names]
    np.testing.assert_allclose(dataset.coords, expected)


def test_folders_with_the_name_of_the_sample_in_front_are_found(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    (tmp_path / "spatial").rename(tmp_path / "GSM1_S1_spatial")
    (tmp_path / "filtered_feature_bc_matrix").rename(tmp_path / "GSM1_S1_filtered_feature_bc_matrix")
    dataset = read(tmp_path)
    assert (dataset.n_spots, dataset.image.scale) == (N_SPOTS, 0.5)


def test_several_samples_in_one_folder_are_a_choice(tmp_path, counts):
    for name, shift in (("GSM1_A", 0), ("GSM2_B", 1)):
        part = tmp_path / name
        write_spatial(part)
        write_h5(part, counts + shift)
        flattened(part)
        prefixed(part, f"{name}_")
        for file in part.iterdir():
            file.rename(tmp_path / file.name)
        part.rmdir()
    (tmp_path / "GSM2_B_scalefactors_json.json").unlink()
    with pytest.raises(ChoiceError) as caught:
        read(tmp_path)
    assert caught.value.names == ("GSM1_A", "GSM2_B")
    first, second = (read(tmp_path, library=name) for name in caught.value.names)
    assert first.image is not None
    assert second.image is None, "took the scale factors of another sample"
    assert second.library == "GSM2_B"
    assert (second.modalities["rna"].table.X - first.modalities["rna"].table.X).sum() == N_SPOTS * N_GENES
    with pytest.raises(DataError, match="Expected one of the sections"):
        read(tmp_path, library="GSM3")


@pytest.mark.parametrize("level", ["run", "outs", "binned_outputs"])
def test_bin_sizes_are_a_choice_from_every_folder_above_them(tmp_path, counts, level):
    bins = tmp_path / "run" / "outs" / "binned_outputs"
    for size in ("square_002um", "square_008um"):
        write_spatial(bins / size)
        write_h5(bins / size, counts)
    (tmp_path / "run" / "outs" / "spatial").mkdir()
    path = {"run": bins.parent.parent, "outs": bins.parent, "binned_outputs": bins}[level]
    with pytest.raises(ChoiceError) as caught:
        read(path)
    assert caught.value.names == ("square_002um", "square_008um")
    assert read(path, library="square_008um").library == "square_008um"


def test_one_run_in_a_folder_of_runs_needs_no_choice(tmp_path, counts):
    write_spatial(tmp_path / "section1" / "outs")
    write_h5(tmp_path / "section1" / "outs", counts)
    (tmp_path / "notes").mkdir()
    assert read(tmp_path).n_spots == N_SPOTS


def test_barcodes_without_a_suffix_in_one_file_are_matched_and_told(tmp_path, counts):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    file = tmp_path / "spatial" / "tissue_positions.csv"
    file.write_text(file.read_text().replace("ACGT-1", "ACGT"))
    dataset = read(tmp_path)
    assert dataset.n_spots == N_SPOTS
    assert any("agree once a suffix" in note for note in dataset.notes)


def test_positions_of_another_sample_are_refused(tmp_path, counts):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    file = tmp_path / "spatial" / "tissue_positions.csv"
    content = file.read_text()
    file.write_text(content.replace("ACGT-1", "TTTT-1"))
    with pytest.raises(DataError, match="Put the files of one sample together"):
        read(tmp_path)
    file.write_text(content + "\n" + content.splitlines()[1])
    with pytest.raises(DataError, match="Expected each barcode once"):
        read(tmp_path)


@pytest.mark.parametrize("where", ["outs", "elsewhere", "h5ad"])
def test_the_matrix_alone_stands_for_its_folder(tmp_path, counts, where):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    matrix = tmp_path / "filtered_feature_bc_matrix.h5"
    if where == "outs":
        dataset = read(matrix)
        assert dataset.n_spots == N_SPOTS
        assert any("took the folder" in note for note in dataset.notes)
        return
    (tmp_path / "alone").mkdir()
    matrix = matrix.rename(tmp_path / "alone" / ("m.h5ad" if where == "h5ad" else matrix.name))
    with pytest.raises(DataError, match="Give the folder"):
        read(matrix)


@pytest.mark.parametrize("name", ["spatial/tissue_positions.csv", "spatial/scalefactors_json.json", "spatial"])
def test_a_part_of_a_folder_leads_to_the_folder(tmp_path, counts, name):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    with pytest.raises(DataError, match=r"folder|filtered_feature_bc_matrix"):
        read(tmp_path / name)


def test_archives_that_were_not_unpacked_are_named(tmp_path):
    write_spatial(tmp_path)
    (tmp_path / "filtered_feature_bc_matrix.tar.gz").write_bytes(b"")
    with pytest.raises(DataError, match=r"Unpack filtered_feature_bc_matrix\.tar\.gz"):
        read(tmp_path)


def write_cells(folder, counts, form="Polygon", zipped=False):
    """Segmented outputs of Space Ranger 4: L-shaped cells, the second one without a polygon."""
    import h5py

    write_spatial(folder)
    (folder / "spatial" / "tissue_positions.csv").unlink()
    factors = {"tissue_hires_scalef": 0.5, "tissue_lowres_scalef": 0.1, "microns_per_pixel": 0.25}
    (folder / "spatial" / "scalefactors_json.json").write_text(json.dumps(factors))
    write_h5(folder, counts)
    matrix = (folder / "filtered_feature_bc_matrix.h5").rename(folder / "filtered_feature_cell_matrix.h5")
    with h5py.File(matrix, "r+") as file:
        del file["matrix/barcodes"]
        file["matrix/barcodes"] = np.array([f"cellid_{i + 1:09d}-1" for i in range(N_SPOTS)], dtype="S")
    corners = np.array([(0, 0), (4, 0), (4, 2), (2, 2), (2, 4), (0, 4), (0, 0)])  # area 12, middle (5/3, 5/3)
    features = []
    for i in range(N_SPOTS):
        ring = (corners + np.array([i % 8, i // 8]) * 10).tolist()
        coordinates = [ring] if form == "Polygon" else [[[[0, 0], [1, 0], [0, 1], [0, 0]]], [ring]]
        geometry = {"type": form, "coordinates": coordinates}
        features.append({"type": "Feature", "properties": {"cell_id": i + 1}, "geometry": geometry})
    del features[1]
    text = json.dumps({"type": "FeatureCollection", "features": features[::-1]})
    (folder / "cell_segmentations.geojson").write_text(text)
    if zipped:
        gzipped(folder, "*.geojson")


@pytest.mark.parametrize("form", ["Polygon", "MultiPolygon"])
@pytest.mark.parametrize("zipped", [False, True])
def test_segmented_cells_lie_in_the_middle_of_their_polygons_and_have_their_size(tmp_path, counts, form, zipped):
    write_cells(tmp_path / "outs" / "segmented_outputs", counts, form, zipped)
    dataset = read(tmp_path / "outs")
    number = np.array([int(name[7:16]) - 1 for name in dataset.obs_names])
    assert number.tolist() == [0, *range(2, N_SPOTS)]
    expected = np.column_stack([number % 8, number // 8]) * 10 + 5 / 3
    np.testing.assert_allclose(dataset.coords, expected)
    assert dataset.spot_diameter == pytest.approx(2 * np.sqrt(12 / np.pi))
    assert dataset.microns_per_unit == 0.25
    assert dataset.image is not None


def test_polygons_of_other_cells_are_refused(tmp_path, counts):
    write_cells(tmp_path, counts)
    file = tmp_path / "cell_segmentations.geojson"
    file.write_text(file.read_text().replace('"cell_id": ', '"cell_id": 9000'))
    with pytest.raises(DataError, match="Expected polygons of the cells"):
        read(tmp_path)


def test_a_damaged_part_is_one_sentence(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    matrix = tmp_path / "filtered_feature_bc_matrix" / "matrix.mtx.gz"
    matrix.write_bytes(matrix.read_bytes()[:100])
    with pytest.raises(DataError, match="damaged or cut short"):
        read(tmp_path)
