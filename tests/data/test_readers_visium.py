"""Space Ranger folders, against what squidpy reads where it can read them."""

from __future__ import annotations

import gzip
import io
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from visium_by_hand import N_GENES, N_SPOTS, SCALES, gzipped, positions, write_h5, write_matrix_folder, write_spatial

from napari_trsmi.data.readers import read
from napari_trsmi.errors import DataError


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


def test_an_image_without_a_scale_factor_gives_way_to_one_that_has_it(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    left = {key: value for key, value in SCALES.items() if "hires" not in key}
    (tmp_path / "spatial" / "scalefactors_json.json").write_text(json.dumps(left))
    image = read(tmp_path).image
    assert (image.key, image.scale) == ("lowres", SCALES["tissue_lowres_scalef"])


@pytest.mark.parametrize("column", [None, "pxl_row_in_fullres"])
def test_positions_saved_anew_by_barcode_are_read(tmp_path, counts, column):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    dataset = read(tmp_path)
    path = tmp_path / "spatial" / "tissue_positions.csv"
    table = pd.read_csv(path, index_col="barcode")
    path.unlink()
    table.drop(columns=column or []).to_parquet(path.with_suffix(".parquet"))
    if column:
        with pytest.raises(DataError, match=f"Expected the column {column} in"):
            read(tmp_path)
    else:
        np.testing.assert_array_equal(read(tmp_path).coords, dataset.coords)


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
