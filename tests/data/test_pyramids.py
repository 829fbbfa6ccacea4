"""Pictures in several resolutions, of which only a small one is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xenium_by_hand as by_hand

from napari_trsmi.data import pyramids
from napari_trsmi.data.pyramids import Pyramid, pixel_size_of
from napari_trsmi.errors import DataError


def write_ome_zarr(path, pixels, n_levels=3, axes="cyx", pixel=0.5):
    import zarr

    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    datasets = []
    for level in range(n_levels):
        step = 2**level
        small = pixels[..., ::step, ::step]
        group.create_array(str(level), data=np.ascontiguousarray(small), chunks=(*[1] * (small.ndim - 2), 64, 64))
        scale = [1.0] * (small.ndim - 2) + [pixel * step] * 2
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]})
    named = [{"name": name, **({"unit": "micrometer"} if name in "xy" else {})} for name in axes]
    group.attrs["multiscales"] = [{"axes": named, "datasets": datasets, "version": "0.4"}]
    return path


@pytest.fixture
def stains():
    return np.stack([by_hand.stain(seed) for seed in range(3)])


def test_a_tiff_of_channels_has_its_resolutions(tmp_path, stains):
    by_hand.write_pyramid(tmp_path / "all.ome.tif", stains)
    levels = Pyramid((tmp_path / "all.ome.tif",)).levels()
    assert [level.shape for level in levels] == [(3, 600, 640), (3, 300, 320), (3, 150, 160)]
    assert np.array_equal(levels[0].compute(), stains)
    assert np.array_equal(levels[2][1].compute(), stains[1, ::4, ::4])


def test_files_of_one_channel_each_are_joined(tmp_path, stains):
    paths = tuple(tmp_path / f"ch{number}.ome.tif" for number in range(3))
    for path, stain in zip(paths, stains, strict=True):
        by_hand.write_pyramid(path, stain)
    levels = Pyramid(paths).levels()
    assert np.array_equal(levels[1].compute(), stains[:, ::2, ::2])
    by_hand.write_pyramid(paths[1], stains[1, :300])
    with pytest.raises(DataError, match="files of different sizes"):
        Pyramid(paths).levels()


def test_colors_come_last(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (300, 200, 3), dtype=np.uint8)
    by_hand.write_pyramid(tmp_path / "he.ome.tif", pixels)
    assert [level.shape for level in Pyramid((tmp_path / "he.ome.tif",)).levels()][::2] == [(300, 200, 3), (75, 50, 3)]


@pytest.mark.parametrize("axes", ["cyx", pytest.param("czyx", marks=pytest.mark.slow), "tczyx"])
def test_ome_zarr_has_its_resolutions(tmp_path, stains, axes):
    pixels = stains.reshape((*[1] * (len(axes) - 4), 3, *[1] * ("z" in axes), 600, 640))
    levels = Pyramid((write_ome_zarr(tmp_path / "image.zarr", pixels, axes=axes),)).levels()
    assert np.array_equal(levels[1].compute(), stains[:, ::2, ::2])


def test_the_small_copy_knows_how_much_smaller_it_is(tmp_path, stains, monkeypatch):
    by_hand.write_pyramid(tmp_path / "all.ome.tif", stains)
    monkeypatch.setattr(pyramids, "LARGEST_OVERVIEW", 400)
    pixels, pyramid = Pyramid((tmp_path / "all.ome.tif",)).overview()
    assert (pixels.shape, pyramid.step) == ((300, 320, 3), 0.5)
    monkeypatch.setattr(pyramids, "LARGEST_OVERVIEW", 100)  # no level is as small: every second pixel of the last
    assert Pyramid((tmp_path / "all.ome.tif",)).overview()[1].step == 0.125


def test_a_large_picture_without_small_copies_is_refused(tmp_path, monkeypatch):
    by_hand.write_pyramid(tmp_path / "flat.ome.tif", by_hand.stain(), n_levels=1)
    monkeypatch.setattr(pyramids, "LARGEST_OVERVIEW", 100)
    monkeypatch.setattr(pyramids, "_MOST_READ", 1000)
    with pytest.raises(DataError, match="found 600 x 640 pixels alone"):
        Pyramid((tmp_path / "flat.ome.tif",)).overview()


def test_what_is_no_picture_is_told_in_one_sentence(tmp_path):
    with pytest.raises(DataError, match="found nothing"):
        Pyramid((tmp_path / "none.tif",)).levels()
    (tmp_path / "text.tif").write_text("no picture")
    with pytest.raises(DataError, match="found one that cannot be read"):
        Pyramid((tmp_path / "text.tif",)).levels()
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError):
        Pyramid((tmp_path / "folder",)).levels()


def test_the_size_of_a_pixel_is_found(tmp_path, stains):
    by_hand.write_pyramid(tmp_path / "all.ome.tif", stains, pixel=0.3)
    assert pixel_size_of(tmp_path / "all.ome.tif") == pytest.approx(0.3)
    assert pixel_size_of(write_ome_zarr(tmp_path / "image.zarr", stains)) == pytest.approx(0.5)
    (tmp_path / "text.tif").write_text("no picture")
    assert pixel_size_of(tmp_path / "text.tif") is None


def test_of_a_large_picture_only_little_is_read(tmp_path, monkeypatch):
    """8,192 pixels a side in 4 levels: opening reads the last alone, and a corner of the first only its tiles."""
    import tifffile

    path = tmp_path / "large.ome.tif"
    pixels = np.zeros((8192, 8192), np.uint8)
    pixels[:512, :512] = 7
    by_hand.write_pyramid(path, pixels, n_levels=4, tile=512)
    read = []
    plain = tifffile.FileHandle.read_segments

    def counted(self, offsets, bytecounts, *args, **kwargs):
        read.append(sum(bytecounts))
        return plain(self, offsets, bytecounts, *args, **kwargs)

    monkeypatch.setattr(tifffile.FileHandle, "read_segments", counted)
    held = []
    whole = tifffile.FileHandle.read

    def noted(self, size=-1, *args, **kwargs):
        found = whole(self, size, *args, **kwargs)
        held.append(len(found))
        return found

    monkeypatch.setattr(tifffile.FileHandle, "read", noted)
    small, pyramid = Pyramid((path,)).overview()
    assert small.shape == (2048, 2048, 1)
    assert sum(read) + sum(held) < 1.2 * 2048**2 + 1e6
    read.clear()
    held.clear()
    corner = np.asarray(pyramid.levels()[0][0, :512, :512])
    assert (corner == 7).all()
    assert sum(read) + sum(held) < 2 * 512**2 + 1e6
    assert Path(path).stat().st_size > 60_000_000
