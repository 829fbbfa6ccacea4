"""What squidpy keeps of a section in ``uns["spatial"]``, read: libraries, their pictures and scale factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

BLANK = "trsmi_blank"  # the library of data without an image: readers take no picture from it
MOVED_FROM = "spatial_input"  # key in obsm and uns of what lay under "spatial" and had to be changed to be drawn
ESTIMATED = "trsmi_estimated"  # entry of a library: names of images and scale factors that were made up to draw it
ENOUGH = 50_000  # spots whose neighbours are looked for


def libraries_in(spatial: Any) -> dict[str, Mapping[str, Any]]:
    """Return {library: its images and scale factors} of ``uns["spatial"]``, whatever else that may hold.

    Images and scale factors without the level of libraries are one, called ``"library"``.

    Examples
    --------
    >>> libraries_in({"A1": {"images": {}}, "is_single": True})
    {'A1': {'images': {}}}
    >>> libraries_in({"images": {}, "scalefactors": {}})
    {'library': {'images': {}, 'scalefactors': {}}}
    >>> libraries_in("none")
    {}
    """
    if not isinstance(spatial, Mapping):
        return {}
    if lacks_library_level(spatial):
        return {"library": spatial}
    return {str(name): entry for name, entry in spatial.items() if isinstance(entry, Mapping)}


def lacks_library_level(spatial: Mapping[str, Any]) -> bool:
    """Return whether images or scale factors stand directly in ``uns["spatial"]``."""
    return bool({"images", "scalefactors"} & set(spatial))


def as_number(value: Any) -> float | None:
    """Return a scale factor as a number: also of an array of one, text and bytes; None for what is none.

    Examples
    --------
    >>> as_number(np.array([[0.2]])), as_number(b"0.2"), as_number("none"), as_number([1, 2])
    (0.2, 0.2, None, None)
    """
    array = np.asarray(value)
    if array.size != 1:
        return None
    single = array.reshape(-1)[0]
    try:
        return float(single.decode() if isinstance(single, bytes) else single)
    except (TypeError, ValueError):
        return None


def made_up(entry: Mapping[str, Any]) -> set[str]:
    """Return the names of images and scale factors of a library that are there only to draw it."""
    return {str(name) for name in np.atleast_1d(entry.get(ESTIMATED, []))}


def positive(entry: Mapping[str, Any], name: str) -> float | None:
    """Return a scale factor of a library, or None where it is missing, made up, or no finite number above 0."""
    factors = entry.get("scalefactors")
    if not isinstance(factors, Mapping) or name in made_up(entry):
        return None
    value = as_number(factors.get(name))
    return value if value is not None and np.isfinite(value) and value > 0 else None


def scale_names(key: str) -> tuple[str, str]:
    """Return the names that the scale factor of an image may have."""
    return key, f"tissue_{key}_scalef"


def scale_of(entry: Mapping[str, Any], key: str) -> float | None:
    """Return image pixels per unit of the coordinates for the image `key` of a library, None where not known."""
    return next((scale for name in scale_names(key) if (scale := positive(entry, name))), None)


def spacing(coords: np.ndarray) -> float:
    """Return the median distance from a spot of `coords` (N, 2) to its fourth nearest neighbour.

    That is the step of a square or hexagonal grid, and about the mean distance of cells scattered at random. Of many
    spots every so-many-th is asked, which takes a second at a million and not eight.
    """
    from scipy.spatial import KDTree

    known = coords[np.isfinite(coords).all(axis=1)]
    if len(known) < 2:
        return 1.0
    some = known[:: 1 + len(known) // ENOUGH]
    distance = KDTree(known, compact_nodes=False, balanced_tree=False).query(some, k=min(5, len(known)))[0][:, -1]
    return float(np.median(distance)) or 1.0
