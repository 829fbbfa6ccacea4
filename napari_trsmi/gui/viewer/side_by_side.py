"""The sections of a study beside each other: what of each image is drawn, and how much of each name has room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

MARGIN = 0.02  # of the widest section: how far an image reaches beyond the spots, a quarter of the gap between sections
# Widths of letters in heights of a line of text: those of a wide font, for fonts differ from one system to the next.
GROUPS = (("ijlI'.,:;| ", 0.34), ('ftr!()[]-/"', 0.46), ("mwMW@%&#+=<>~^…ÆæŒœ", 1.01))
SMALL, LARGE, WIDEST = 0.64, 0.79, 1.05
WIDTHS = {letter: wide for group, wide in GROUPS for letter in group}
LATIN = 0x250  # what comes after it may be as wide as high
LINE = 1.5  # from one line of text to the next
BLANK = 0.4  # between two names


def margin(study: Dataset) -> float:
    """Return how far images reach beyond the spots, in the unit of the study."""
    return MARGIN * max(float(np.ptp(study.coords[rows], axis=0).max()) for rows in study.sections)


def cut_out(study: Dataset, number: int) -> tuple[slice, slice]:
    """Return the rows and columns of the image of a section that lie around its spots: more would cover others."""
    part, around = study.parts[number], margin(study) / study.places[number].scale
    assert part.image is not None
    low = np.floor((part.coords.min(axis=0) - around) * part.image.scale).astype(int)
    high = np.ceil((part.coords.max(axis=0) + around) * part.image.scale).astype(int) + 1
    height, width = part.image.pixels.shape[:2]
    (left, top), (right, bottom) = np.clip(low, 0, (width - 1, height - 1)), np.clip(high, 1, (width, height))
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def name_corners(study: Dataset, spot: float, at: np.ndarray) -> np.ndarray:
    """Return the (n, 2) places (row, column) above which the names stand.

    Parameters
    ----------
    spot
        Diameter of one, in the unit of the study.
    at
        (N, 2) places (x, y) of the spots on the canvas.
    """
    around = np.array([margin(study) if part.image is not None else 0.0 for part in study.parts])
    corners = np.array([at[rows].min(axis=0)[::-1] for rows in study.sections])
    corners[:, 0] -= np.maximum(around.max(), spot / 2)  # on one line in each row of sections
    corners[:, 1] -= around
    return corners


def rooms(study: Dataset, at: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the room that each name has until the next section begins, and that from one row of them to the next.

    Both are in the unit of the study, the first as (n,); `at` as for `name_corners`. One row has infinite room.
    """
    low = np.array([at[rows].min(axis=0) for rows in study.sections])
    right, room = float(at[:, 0].max()), np.empty(len(low))
    for number, (x, y) in enumerate(low):
        beside = low[(low[:, 0] > x) & np.isclose(low[:, 1], y), 0]
        room[number] = (float(beside.min()) if len(beside) else right) - x
    steps = np.diff(np.sort(low[:, 1]))
    steps = steps[~np.isclose(steps, 0.0, atol=1e-8 * max(1.0, float(np.abs(low).max())))]
    return room, float(steps.min()) if len(steps) else np.inf


def written_names(names: Sequence[str], room: np.ndarray, below: float) -> list[str]:
    """Return as much of each name as can be read without one lying on another.

    Parameters
    ----------
    room
        (n,) heights of a letter that each name has until the next begins.
    below
        Heights of a letter from one row of names to the next.
    """
    if below < LINE:
        return [""] * len(names)
    return [fitted(name, float(wide)) for name, wide in zip(names, room, strict=True)]


def fitted(name: str, room: float) -> str:
    """Return as much of a name as surely takes no more than `room` heights of a letter; nothing below two letters.

    Examples
    --------
    >>> fitted("cortex", 9), fitted("a mouse with a long name", 9), fitted("cortex", 1)
    ('cortex', 'a mous… name', '')
    """
    for most in range(len(name), 1, -1):
        if width(cut := shortened(name, most)) + BLANK <= room:
            return cut
    return name if width(name) + BLANK <= room else ""


def width(text: str) -> float:
    """Return how many heights of a letter a text takes at most."""
    return sum(map(_width_of, text))


def _width_of(letter: str) -> float:
    if letter in WIDTHS:
        return WIDTHS[letter]
    if ord(letter) >= LATIN or (ord(letter) > 127 and not letter.isalpha()):
        return WIDEST
    return LARGE if letter.isupper() else SMALL


def shortened(name: str, most: int) -> str:
    """Return a name of at most so many letters, its middle left out where it is longer.

    Examples
    --------
    >>> shortened("a mouse with a long name", 9)
    'a mo…name'
    """
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[len(name) - end :]}"
