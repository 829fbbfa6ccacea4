"""Which files are read by us, by their names and what is in folders; all others are left to other plugins."""

from __future__ import annotations

import pytest
import zarr

from napari_trsmi.gui.viewer.reader import get_reader, read_section


def test_images_in_zarr_are_left_to_others(tmp_path):
    picture = zarr.open_group(str(tmp_path / "picture.zarr"), mode="w")
    picture.create_array("0", shape=(4, 4), dtype="uint8")
    picture.attrs["multiscales"] = [{"datasets": [{"path": "0"}]}]
    assert get_reader(str(tmp_path / "picture.zarr")) is None


@pytest.mark.parametrize("parts", [["spatial", "images"], ["tables"], ["obs", "var"], ["mod"], []])
def test_a_folder_that_only_sounds_like_ours_is_left_to_others(tmp_path, parts):
    for part in parts:
        (tmp_path / part).mkdir()
    assert get_reader(str(tmp_path)) is None


def test_an_image_in_zarr_with_tables_beside_it_is_left_to_others(tmp_path):
    picture = zarr.open_group(str(tmp_path / "picture.zarr"), mode="w")
    picture.create_array("0", shape=(4, 4), dtype="uint8")
    picture.create_group("tables")
    assert get_reader(str(tmp_path / "picture.zarr")) is None


@pytest.mark.parametrize("outs", ["", "outs"])
def test_a_folder_of_space_ranger_is_ours_even_where_parts_are_missing(tmp_path, outs):
    (tmp_path / outs / "spatial").mkdir(parents=True)
    (tmp_path / outs / "spatial" / "scalefactors_json.json").touch()
    assert get_reader(str(tmp_path)) is read_section


@pytest.mark.parametrize(
    "path",
    [
        "",
        [],
        ["a.h5ad", "b.tif"],
        "https://example.org/a.zarr",
        "none.zarr",
        "a.h5",
        "\0",
        None,
        3,
        ["a.zarr", "b.zarr"],
    ],
)
def test_other_things_are_declined_without_an_error(path):
    assert get_reader(path) is None


@pytest.mark.parametrize(("name", "ours"), [("obs", True), ("mod", True), ("matrix", True), ("picture", False)])
def test_an_hdf5_file_is_ours_by_its_groups(tmp_path, name, ours):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        for group in (name, "var"):
            file.create_group(group)
    assert (get_reader(str(tmp_path / "a.h5")) is read_section) == ours


def test_a_broken_hdf5_file_is_left_to_others(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"no HDF5")
    assert get_reader(str(tmp_path / "a.h5")) is None
    assert get_reader(str(tmp_path / "a.zarr.zip")) is read_section


def test_a_path_is_taken_by_its_name_alone(tmp_path):
    assert get_reader(str(tmp_path / "not there.h5ad")) is read_section
    assert get_reader([str(tmp_path / "a.h5ad"), str(tmp_path / "b.h5mu")]) is read_section
