"""Xenium output folders: counts, intensities, places, outlines and stained tissue, and what is said of damaged ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xenium_by_hand as by_hand

from napari_trsmi.data.readers import read, xenium
from napari_trsmi.errors import ChoiceError, DataError


@pytest.fixture
def counts():
    return by_hand.values(np.random.default_rng(3))


@pytest.fixture
def folder(tmp_path, counts):
    return by_hand.write_folder(tmp_path / "region_1", counts)


def test_genes_are_counts_and_proteins_are_intensities(folder, counts):
    dataset = read(folder)
    genes = dataset.modalities["rna"].table
    proteins = dataset.modalities["adt"].table
    n = by_hand.N_GENES
    assert {name: one.kind for name, one in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    assert np.array_equal(genes.X.toarray(), counts[:, :n])
    assert np.allclose(proteins.X.toarray(), counts[:, n : n + by_hand.N_PROTEINS] / by_hand.FACTOR)
    assert list(proteins.var_names) == by_hand.TYPES["Protein Expression"]


def test_controls_and_codewords_are_left_out_and_counted(folder):
    notes = " ".join(read(folder).notes)
    assert "2 Negative Control Probe, 2 Unassigned Codeword, 1 Negative Control Codeword" in notes


def test_cells_lie_in_micrometres_and_are_as_large_as_the_median(folder):
    dataset = read(folder)
    assert np.array_equal(dataset.coords, by_hand.places())
    assert dataset.microns_per_unit == 1.0
    assert dataset.spot_diameter == pytest.approx(8.0)
    assert list(dataset.obs_names) == by_hand.ids()
    assert {"cell_area", "transcript_counts"} <= set(dataset.obs)


def test_areas_that_are_no_numbers_only_leave_the_size_open(folder):
    by_hand.cells().assign(cell_area="large").to_parquet(folder / "cells.parquet", index=False)
    assert np.array_equal(read(folder).coords, by_hand.places())


def test_cells_are_matched_by_name_whatever_their_order(folder):
    by_hand.cells().sample(frac=1, random_state=0).to_parquet(folder / "cells.parquet", index=False)
    assert np.array_equal(read(folder).coords, by_hand.places())


def test_a_list_saved_anew_by_cell_is_read(folder):
    by_hand.cells().set_index("cell_id").to_parquet(folder / "cells.parquet")
    assert np.array_equal(read(folder).coords, by_hand.places())


def test_cells_missing_from_the_list_are_left_out_and_counted(folder):
    by_hand.cells().iloc[5:].to_parquet(folder / "cells.parquet", index=False)
    dataset = read(folder)
    assert dataset.n_spots == by_hand.N_CELLS - 5
    assert any("lacks 5 of 120 cells" in note for note in dataset.notes)


def test_lists_and_text_say_the_same_as_hdf5_and_parquet(folder, tmp_path, counts):
    text = read(by_hand.write_folder(tmp_path / "text", counts, lists=True, csv=True))
    assert np.array_equal(text.coords, by_hand.places())
    assert np.array_equal(text.modalities["rna"].table.X.toarray(), counts[:, : by_hand.N_GENES])
    corners, starts = text.outlines.of(text.obs_names)
    same, again = (one := read(folder)).outlines.of(one.obs_names)
    assert np.allclose(corners, same, atol=1e-3)
    assert np.array_equal(starts, again)


def test_names_kept_as_bytes_are_understood(folder):
    cells, boundaries = by_hand.cells(), by_hand.boundaries()
    for name, table in (("cells", cells), ("cell_boundaries", boundaries)):
        table["cell_id"] = table["cell_id"].str.encode("ascii")
        table.to_parquet(folder / f"{name}.parquet", index=False)
    dataset = read(folder)
    assert np.array_equal(dataset.coords, by_hand.places())
    assert len(dataset.outlines.of(dataset.obs_names).corners) == len(boundaries)


def test_the_tissue_lies_under_the_cells_by_the_size_of_a_pixel(folder):
    image = read(folder).image
    assert image.pixels.shape == (600, 640, 3)
    assert image.scale == pytest.approx(1 / by_hand.PIXEL)
    assert image.pyramid.channels == ("dapi", "stain")
    by_hand.write_manifest(folder, pixel_size="?")
    dataset = read(folder)
    assert dataset.image.scale == pytest.approx(1 / 0.2125)
    assert any("says no pixel_size" in note for note in dataset.notes)


def test_one_file_in_focus_is_taken_as_earlier_versions_wrote_it(tmp_path):
    folder = by_hand.write_folder(tmp_path / "old", stains=0)
    assert read(folder).image is None
    by_hand.write_pyramid(folder / "morphology_focus.ome.tif", by_hand.stain())
    assert read(folder).image.pixels.shape == (600, 640, 3)


def test_of_many_stains_the_first_four_are_shown(tmp_path):
    folder = by_hand.write_folder(tmp_path / "many", stains=6)
    dataset = read(folder)
    assert len(dataset.image.pyramid.paths) == 4
    assert any("has 6 images: shown are the first 4" in note for note in dataset.notes)


def test_what_macos_leaves_beside_a_picture_is_no_picture(folder):
    path = folder / "morphology_focus" / "ch0000_dapi.ome.tif"
    path.with_name(f"._{path.name}").write_bytes(b"\0\5")
    assert read(folder).image is not None


def test_a_damaged_picture_is_left_out_and_told(folder):
    path = folder / "morphology_focus" / "ch0000_dapi.ome.tif"
    path.write_bytes(path.read_bytes()[:200])
    dataset = read(folder)
    assert dataset.image is None
    assert any("Left out the image ch0000_dapi.ome.tif" in note for note in dataset.notes)


def test_the_manifest_and_the_matrix_stand_for_their_folder(folder):
    whole = read(folder)
    assert read(folder / "experiment.xenium").name == whole.name == "region_1"
    assert np.array_equal(read(folder / "cell_feature_matrix.h5").coords, whole.coords)


def test_a_folder_of_several_regions_asks_which(tmp_path, counts):
    for name in ("region_1", "region_2"):
        by_hand.write_folder(tmp_path / name, counts, stains=0)
    with pytest.raises(ChoiceError) as several:
        read(tmp_path)
    assert list(several.value.names) == ["region_1", "region_2"]
    assert read(tmp_path, library="region_2").n_spots == by_hand.N_CELLS
    with pytest.raises(DataError, match="Expected one of the sections"):
        read(tmp_path, library="region_3")


def _without(name):
    return lambda folder: (folder / name).unlink()


def _cut(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:100])


def _no_column(folder):
    by_hand.cells().drop(columns="y_centroid").to_parquet(folder / "cells.parquet", index=False)


def _no_number(folder):
    table = by_hand.cells().astype({"x_centroid": object})
    table.loc[1, "x_centroid"] = "abc"
    table.astype({"x_centroid": str}).to_parquet(folder / "cells.parquet", index=False)


def _other_cells(folder):
    by_hand.cells().assign(cell_id=lambda table: "z" + table["cell_id"]).to_parquet(folder / "cells.parquet")


def _twice(folder):
    by_hand.cells().assign(cell_id="a").to_parquet(folder / "cells.parquet")


def _bad_factor(folder):
    by_hand.write_h5(folder, by_hand.values(np.random.default_rng(0)), factor=0)


def _out_of_range(folder):
    import h5py

    with h5py.File(folder / "cell_feature_matrix.h5", "a") as file:
        file["matrix/indices"][0] = 10_000


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_without("cells.parquet"), "Expected cells.parquet or cells.csv.gz in"),
        (_without("cell_feature_matrix.h5"), r"Expected cell_feature_matrix \(.h5 or folder\) in"),
        (_cut("cells.parquet"), "Expected a complete file at .*cells.parquet"),
        (_cut("cell_feature_matrix.h5"), "Expected a complete file at .*cell_feature_matrix.h5"),
        (_no_column, "Expected the column y_centroid in"),
        (_no_number, "Expected numbers in the column x_centroid of .*cells.parquet, found 'abc'"),
        (_other_cells, "found only others"),
        (_twice, "Expected each cell once"),
        (_bad_factor, "Expected a positive protein_scaling_factor"),
        (_out_of_range, "Expected a complete file at"),
    ],
)
def test_what_is_damaged_is_told_in_one_sentence(folder, harm, said):
    harm(folder)
    with pytest.raises(DataError, match=said) as problem:
        read(folder)
    assert "\n" not in str(problem.value)


def test_a_packed_matrix_is_to_be_unpacked(folder):
    (folder / "cell_feature_matrix.h5").rename(folder / "cell_feature_matrix.tar.gz")
    with pytest.raises(DataError, match=r"Unpack cell_feature_matrix.tar.gz there"):
        read(folder)


def test_without_the_package_for_parquet_text_is_read(folder, monkeypatch):
    monkeypatch.setattr(xenium, "_has_pyarrow", lambda: False)
    with pytest.raises(DataError, match=r"pip install pyarrow.*put cells.csv.gz beside it"):
        read(folder)
    by_hand.cells().to_csv(folder / "cells.csv.gz", index=False)
    by_hand.boundaries().to_csv(folder / "cell_boundaries.csv.gz", index=False)
    dataset = read(folder)
    assert np.array_equal(dataset.coords, by_hand.places())
    assert dataset.outlines.path.name == "cell_boundaries.csv.gz"


def test_what_is_large_and_not_analysed_is_not_hashed(folder):
    before = read(folder).marks
    for name in ("transcripts.parquet", "nucleus_boundaries.parquet"):
        (folder / name).write_bytes(b"large")
    assert next(iter(before.values())).fits(folder)
    (folder / "experiment.xenium").write_text(json.dumps({"pixel_size": 0.3}))
    assert not next(iter(before.values())).fits(folder)


@pytest.mark.parametrize("name", ["cells.parquet", "cells.zarr.zip", "transcripts.csv.gz"])
def test_a_part_leads_to_its_folder(folder, name):
    if name != "cells.parquet":
        (folder / name).write_bytes(b"PK\x03\x04" if name.endswith("zip") else b"\x1f\x8b")
    with pytest.raises(DataError, match=r"a part of one.*Choose its folder") as caught:
        read(folder / name)
    assert read(str(caught.value).rpartition("folder, ")[2].removesuffix(".")).n_spots == by_hand.N_CELLS
