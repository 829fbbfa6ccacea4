"""Pictures of any depth, layout and number of channels become bytes that can be seen; bytes stay what they are."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_trsmi.data.readers.pixels import as_rgb
from napari_trsmi.errors import DataError

H, W = 30, 40
TISSUE = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)
TISSUE[0, 0] = 255


def seen(pixels: np.ndarray) -> np.ndarray:
    rgb, _ = as_rgb(pixels)
    assert rgb.shape == (H, W, 3)
    assert rgb.dtype == np.uint8
    return rgb


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int32, np.float16, np.float32, np.float64, bool]),
        st.sampled_from([(8, 9), (8, 9, 1), (8, 9, 2), (8, 9, 3), (8, 9, 4), (1, 8, 9, 3), (3, 8, 9), (2, 8, 9)]),
    )
)
def test_any_numbers_become_bytes_of_three_channels_or_are_refused(pixels):
    with contextlib.suppress(DataError):  # of nothing but NaN and infinity
        rgb, _ = as_rgb(pixels)
        assert rgb.shape == (8, 9, 3)
        assert rgb.dtype == np.uint8


@pytest.mark.parametrize("shade", [1.0, 0.1])
def test_bytes_are_kept_also_where_they_are_dark(shade):
    pixels = (TISSUE * shade).astype(np.uint8)
    rgb, notes = as_rgb(pixels)
    np.testing.assert_array_equal(rgb, pixels)
    assert notes == []


@pytest.mark.parametrize("dtype", [np.uint16, np.int64, np.float32, np.float64])
def test_bytes_in_a_wider_type_are_kept(dtype):
    np.testing.assert_array_equal(seen(TISSUE.astype(dtype)), TISSUE)


def test_fractions_of_one_are_brought_to_bytes():
    rgb, notes = as_rgb(TISSUE / 255.0)
    np.testing.assert_array_equal(rgb, TISSUE)
    assert notes == []


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_channels_that_come_first_are_turned_and_told(channels):
    last = np.concatenate([TISSUE, np.full((H, W, 1), 255, np.uint8)], axis=2)[:, :, :channels]
    rgb, notes = as_rgb(np.moveaxis(last, 2, 0))
    np.testing.assert_array_equal(rgb, as_rgb(last)[0])
    assert any("turned" in note for note in notes)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_every_depth_fills_the_bytes(bits):
    values = np.linspace(0, 2**bits - 1, H * W).reshape(H, W).astype(np.uint16)
    rgb, notes = as_rgb(values)
    assert rgb.min() == 0
    assert rgb.max() == 255
    assert notes == []


@pytest.mark.parametrize(("low", "high"), [(0, 1500), (0, 60), (30_000, 31_000), (0.0, 480.0), (0.0, 0.01), (-3, 3)])
def test_dark_flat_and_negative_values_are_stretched_to_their_range_and_told(low, high):
    values = np.random.default_rng(0).uniform(low, high, (H, W))
    values[0, 0] = high if high != 60 else 4000  # one hot pixel does not count
    rgb, notes = as_rgb(values if isinstance(high, float) or low < 0 else values.astype(np.uint16))
    assert 90 < rgb.mean() < 165
    assert any("stretched" in note for note in notes)


def test_what_is_not_finite_is_dark():
    values = (TISSUE / 255.0)[:, :, 0]
    values[3, 4], values[5, 6] = np.nan, -np.inf
    rgb = seen(values)
    assert rgb[3, 4].tolist() == rgb[5, 6].tolist() == [0, 0, 0]
    assert rgb[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("full", [255, 65535, 1.0])
def test_transparent_places_are_white(full):
    alpha = np.full((H, W, 1), full)
    alpha[:10] = 0
    pixels = np.concatenate([TISSUE / 255.0 * full, alpha], axis=2)
    pixels = pixels if full == 1.0 else pixels.astype(np.uint16 if full == 65535 else np.uint8)
    rgb = seen(pixels)
    assert (rgb[:10] == 255).all()
    assert np.abs(rgb[10:].astype(int) - TISSUE[10:]).max() <= 1


def test_a_fourth_channel_of_one_value_means_nothing():
    for value in (0, 255):
        rgb = seen(np.concatenate([TISSUE, np.full((H, W, 1), value, np.uint8)], axis=2))
        np.testing.assert_array_equal(rgb, TISSUE)


@pytest.mark.parametrize("channels", [2, 4, 5, 9])
@pytest.mark.parametrize("first", [False, True])
def test_fluorescence_of_any_number_of_channels_is_mixed_and_told(channels, first):
    pixels = np.random.default_rng(0).integers(200, 3000, (H, W, channels), dtype=np.uint16)
    rgb, notes = as_rgb(np.moveaxis(pixels, 2, 0) if first else pixels)
    assert rgb.shape == (H, W, 3)
    assert rgb.mean() > 40
    assert any(f"{channels} channels" in note for note in notes)


def test_the_first_channel_of_fluorescence_is_blue():
    pixels = np.zeros((H, W, 2), np.uint16)
    pixels[:15, :, 0], pixels[15:, :, 1] = 900, 900
    rgb = seen(pixels)
    assert rgb[0, 0].tolist() == [0, 0, 255]
    assert rgb[20, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize(
    "pixels",
    [
        None,
        "images/tissue.png",
        b"",
        np.array([]),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros(7),
        np.zeros((4, 5, 6, 7)),
        np.zeros((30, 40, 3), complex),
        np.full((30, 40), "a"),
        np.full((30, 40), np.nan),
        np.zeros((300, 200, 100)),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(pixels):
    with pytest.raises(DataError, match=r"^Expected an image"):
        as_rgb(pixels)
