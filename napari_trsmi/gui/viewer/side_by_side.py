"""The sections of a study beside each other: what of each image is drawn, and how much of each name has room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

MARGIN = 0.02  # of the widest section: how far an image reaches beyond the spots, a quarter of the gap between sections
LETTERS = 46  # that have room side by side on a canvas of a usual width


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


def written_names(study: Dataset, at: np.ndarray) -> list[str]:
    """Return as much of each name as has room until the next section begins; `at` as for `name_corners`."""
    low = np.array([at[rows].min(axis=0) for rows in study.sections])
    right, left = float(at[:, 0].max()), float(at[:, 0].min())
    names = []
    for (x, y), name in zip(low, study.section_names, strict=True):
        beside = low[(low[:, 0] > x) & np.isclose(low[:, 1], y), 0]
        room = (float(beside.min()) if len(beside) else max(right, x)) - x
        names.append(shortened(name, max(3, int(LETTERS * room / max(right - left, 1e-12)))))
    return names


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
