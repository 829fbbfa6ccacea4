"""Pictures of any depth, layout and number of channels, as the window shows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_trsmi.errors import DataError

_MOST_CHANNELS = 64  # more in the last or first axis are no channels
_TINTS = np.array(  # (6, 3) colours of fluorescence, the nuclei, which come first as a rule, in blue
    [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=np.float32
)
_SAMPLE = 1 << 20  # pixels asked for the range of a channel
_RANGE = (0.1, 99.8)  # percentiles
_DARK = 0.5  # share of what the depth allows, below which a picture is stretched
_FLAT = 0.125


def as_rgb(pixels: Any) -> tuple[np.ndarray, list[str]]:
    """Return a picture as (H, W, 3) uint8, and notes on what had to be changed to see it.

    Of 8 bits, grey is repeated and nothing else changed. Other numbers are brought from the smallest depth that holds
    them (fractions, 8, 10, 12, 14 or 16 bits) to 0..255, and stretched to their own range where they would be dark or
    flat. Transparent places become white. Two channels, and four or more, are taken for fluorescence and mixed in
    colours.

    Parameters
    ----------
    pixels
        (H, W), (H, W, C) or (C, H, W) numbers.

    Raises
    ------
    DataError
        The array is no picture.

    Examples
    --------
    >>> as_rgb(np.array([[0.0, 1.0]]))[0].tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    pixels, notes = _channels_last(pixels)
    n_channels = pixels.shape[2]
    if n_channels in (2, 4) and (opacity := _opacity(pixels[:, :, -1])) is not None:
        colors, more = _eight_bits(pixels[:, :, :-1])
        pixels = (colors * opacity + 255.0 * (1.0 - opacity)).round().astype(np.uint8)
        notes += more
    elif n_channels not in (1, 3):
        return _mixed(pixels), [*notes, f"The image has {n_channels} channels: mixed {_named(n_channels)}."]
    shown, more = _eight_bits(pixels)
    return np.repeat(shown, 3, axis=2) if shown.shape[2] == 1 else shown, notes + more


def _channels_last(pixels: Any) -> tuple[np.ndarray, list[str]]:
    """Return (H, W, C) numbers, and a note where the channels came first."""
    found = np.asarray(pixels)
    pixels = found
    while pixels.ndim > 3 and 1 in pixels.shape:
        pixels = pixels.squeeze(axis=pixels.shape.index(1))
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or 0 in pixels.shape or pixels.dtype.kind not in "biuf":
        raise DataError(
            f"Expected an image of shape (H, W, 3), found {found.dtype} of shape {found.shape}. Replace it."
        )
    first, _, last = pixels.shape
    turned = last not in (1, 3, 4) and (first in (1, 3, 4) or first < last)
    if turned:
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.shape[2] > _MOST_CHANNELS:
        raise DataError(
            f"Expected an image of shape (H, W, 3), found {found.dtype} of shape {found.shape}. Keep a few channels."
        )
    return pixels, [f"The image had its channels first, {found.shape}: turned."] if turned else []


def _opacity(channel: np.ndarray) -> np.ndarray | None:
    """Return (H, W, 1) shares in [0, 1] where a last channel is transparency, else None.

    It is where it is one value throughout, which then means nothing, or full in a good part and full or none nearly
    everywhere.
    """
    some = _some(channel).astype(np.float64)
    full = some.max()
    if full == some.min():
        return np.ones((*channel.shape, 1), dtype=np.float32)
    opaque, clear = (some == full).mean(), (some == 0).mean()
    if full not in (1.0, 255.0, 65535.0) or opaque < 0.2 or opaque + clear < 0.8:
        return None
    return np.clip(channel[:, :, None].astype(np.float32) / full, 0.0, 1.0)


def _eight_bits(pixels: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return pixels as uint8, and a note where they were stretched to their own range; what is NaN becomes 0."""
    if pixels.dtype == np.uint8:
        return pixels, []
    low, high, top = _range_of(pixels)
    notes = []
    if high < _DARK * top or high - low < _FLAT * top or low < 0:
        if high <= low:
            low, high = min(low, 0.0), max(high, low + 1.0)
        notes.append(f"The image was stretched from {low:.4g}..{high:.4g} to 0..255 to be seen.")
    else:
        low, high = 0.0, top
    return _scaled(pixels, low, high), notes


def _range_of(pixels: np.ndarray) -> tuple[float, float, float]:
    """Return low and high percentiles of the finite values, and the largest value that their depth allows."""
    some = _some(pixels).astype(np.float64)
    some = some[np.isfinite(some)]
    if not some.size:
        raise DataError("Expected an image with finite values, found only NaN or infinity. Replace it.")
    low, high = (float(value) for value in np.percentile(some, _RANGE))
    largest = float(some.max())
    top = next((top for bits in (8, 10, 12, 14, 16) if largest <= (top := 2.0**bits - 1)), largest)
    return low if low < 0 or low > _DARK * high else 0.0, high, 1.0 if largest <= 1.001 else top


def _scaled(pixels: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values from `low` to `high` as uint8 from 0 to 255."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = (pixels.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    return np.clip(np.nan_to_num(values, posinf=255.0, neginf=0.0), 0.0, 255.0).round().astype(np.uint8)


def _mixed(pixels: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) uint8 of the first channels, each stretched to its range and in a colour of its own."""
    mixed = np.zeros((*pixels.shape[:2], 3), dtype=np.float32)
    for channel, tint in zip(np.moveaxis(pixels, 2, 0), _TINTS, strict=False):
        low, high, _ = _range_of(channel)
        mixed += _scaled(channel, low, max(high, low + 1e-6))[:, :, None] * tint
    return np.clip(mixed, 0.0, 255.0).astype(np.uint8)


def _named(n_channels: int) -> str:
    colors = ("blue", "green", "red", "cyan", "magenta", "yellow")[:n_channels]
    which = "them" if n_channels <= len(_TINTS) else f"the first {len(_TINTS)}"
    return f"{which} in {', '.join(colors)}"


def _some(pixels: np.ndarray) -> np.ndarray:
    """Return the values of at most about a million pixels, evenly spread, in one row."""
    step = 1 + int(np.sqrt(pixels.shape[0] * pixels.shape[1] / _SAMPLE))
    return pixels[::step, ::step].reshape(-1)
