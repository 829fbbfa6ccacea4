"""A large picture given beside a section."""

from __future__ import annotations

import numpy as np
import pytest
import xenium_by_hand as by_hand

from napari_trsmi.data.readers import read
from napari_trsmi.errors import DataError


@pytest.fixture
def folder(tmp_path):
    return by_hand.write_folder(tmp_path / "region", stains=0)


def test_a_picture_lies_under_the_spots_by_the_sizes_of_pixel_and_unit(folder, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (300, 320, 3), dtype=np.uint8)
    by_hand.write_pyramid(tmp_path / "he.ome.tif", pixels, pixel=0.425)
    dataset = read([folder, tmp_path / "he.ome.tif"])
    assert np.array_equal(dataset.image.pixels, pixels)
    assert dataset.image.scale == pytest.approx(1 / 0.425)
    assert (dataset.name, dataset.sources) == ("region", (folder,))
    assert not any("lie inside" in note for note in dataset.notes)


def test_without_a_size_coordinates_are_pixels(folder, tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((60, 70), np.uint8))
    dataset = read([tmp_path / "plain.tif", folder])
    assert dataset.image.scale == 1.0
    notes = " ".join(dataset.notes)
    assert "Coordinates are taken for pixels of plain.tif" in notes
    assert "of the spots lie inside the image" in notes


def test_a_picture_alone_is_no_section(tmp_path):
    by_hand.write_pyramid(tmp_path / "he.ome.tif", by_hand.stain())
    with pytest.raises(DataError, match=r"found the picture .* alone"):
        read(tmp_path / "he.ome.tif")


def test_a_picture_that_cannot_be_read_is_told(folder, tmp_path):
    (tmp_path / "he.ome.tif").write_text("no picture")
    with pytest.raises(DataError, match=r"The picture he.ome.tif cannot be used\. Expected a picture"):
        read([folder, tmp_path / "he.ome.tif"])


def test_an_ome_zarr_is_a_picture_and_other_zarr_are_not(folder, tmp_path):
    import zarr

    from napari_trsmi.data.readers.beside import is_picture

    zarr.open_group(str(tmp_path / "he.zarr"), mode="w").attrs["ome"] = {"multiscales": []}
    zarr.open_group(str(tmp_path / "old.zarr"), mode="w", zarr_format=2).attrs["multiscales"] = []
    zarr.open_group(str(tmp_path / "table.zarr"), mode="w").attrs["encoding-type"] = "anndata"
    found = [is_picture(tmp_path / name) for name in ("he.zarr", "old.zarr", "table.zarr", "missing.zarr", "region")]
    assert found == [True, True, False, False, False]
