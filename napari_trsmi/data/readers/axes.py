"""Which columns are x, y and z: the names that programs and platforms give to coordinates, in any spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# What may stand around the letter of an axis, as in CenterX_global_px or pxl_col_in_fullres.
_WORDS = (
    "spatial|sdim|dim|space|coordinates|coordinate|coords|coord|coor|cor|centroids|centroid|centres|centre|centers|center|"
    "locations|location|loc|positions|position|pos|pixels|pixel|pxl|pix|px|microns|micron|micrometers|micrometres|"
    "um|µm|μm|mm|nm|in|of|image|img|fullres|global|local|stitched|registered|aligned|corrected|slide|tissue|sample|"
    "section|slice\\d?|fov|array|cells|cell|nuclei|nucleus|nuclear|spot|bead|bin|area|shape|object|raw|orig|original|st|"
    "absolute|abs|stage|tile|grid|puck|well|new|adjusted|adj|shifted|rotated|transformed|mapped|mean|c"
)
_PLACE = re.compile(rf"(?:x(?=[^y]))?((?:{_WORDS}|xyz?|[23]d)+)")  # what an array of coordinates is called
_SURE = re.compile(r"spatial|coord|cent|loc(?!al)|pos|xy|pixel|pxl")
_NAME = re.compile(rf"((?:{_WORDS})*)(x|y|z|columns|column|cols|col|rows|row)((?:{_WORDS})*)")
_NUMBERED = re.compile(r"(x?(?:spatial|sdim|coordinates|coordinate|coords|coord|xy)|centroids?)([0-3])")
_AXIS = {"x": 0, "columns": 0, "column": 0, "cols": 0, "col": 0, "y": 1, "rows": 1, "row": 1, "z": 2}
_UNITS = {"mm": 1000.0, "nm": 0.001} | dict.fromkeys(
    ("um", "µm", "μm", "micron", "microns", "micrometers", "micrometres"), 1.0
)
_LOCAL = ("local", "fov", "tile")
_MOVED = ("new", "adjusted", "adj", "shifted", "rotated", "transformed", "mapped", "grid")  # after those of the file
_RANKS = (  # of coordinates in one table, the first go before the later
    ("fullres", "pxl"),
    ("image", "img"),
    ("global", "slide", "stitched", "registered", "aligned"),
    ("centroid", "centre", "center", "location", "position"),
)
_ON_GRID = r"(?:^|\D)(\d+)[xX](\d+)(?:\D|$)"  # barcodes as DBiT-seq's 12x34
_OFF_GRID = r"(?:^X?|[^A-Za-z0-9.])(\d+(?:\.\d+)?)[xX](\d+(?:\.\d+)?)(?:[^\d.]|$)"  # 17.907x4.967
_HAS_DECIMALS = r"\d\.\d+[xX]\d+\.\d"  # of both: 1.12x34 is the spot 12x34 of sample 1


class Axes(NamedTuple):
    """Columns of a table that are coordinates: x, y and, where there is one, z."""

    columns: tuple[Any, ...]
    microns: float | None  # micrometres per unit, where the names say so


def find_axes(columns: Sequence[Any]) -> list[Axes]:
    """Return the groups of `columns` that name coordinates, the best first.

    Full-resolution pixels go before global coordinates, these before centroids and plain x and y, then rows and
    columns of an array, and last what is local to a field of view. Spelling does not matter.

    Examples
    --------
    >>> find_axes(["area", "CenterX_local_px", "CenterY_local_px", "CenterX_global_px", "CenterY_global_px"])[0].columns
    ('CenterX_global_px', 'CenterY_global_px')
    >>> find_axes(["y_slide_mm", "x_slide_mm"])
    [Axes(columns=('x_slide_mm', 'y_slide_mm'), microns=1000.0)]
    """
    groups: dict[tuple[str, ...], dict[int, Any]] = {}
    for column in columns:
        text = re.sub(r"[\W_]+", "", str(column).lower())
        text = text[0] if text in ("xx", "yy", "zz") else text  # X:X of CODEX
        if match := _NAME.fullmatch(text):
            axis = _AXIS[match[2]]
            named = "array" if match[2] not in "xyz" else ""  # rows and columns go with each other only
            groups.setdefault((match[1], named, match[3]), {}).setdefault(axis, column)
        elif match := _NUMBERED.fullmatch(text):
            groups.setdefault((match[1], "number", ""), {}).setdefault(int(match[2]), column)
    found = []
    for (before, named, after), by_axis in groups.items():
        first = min(by_axis) if named == "number" else 0  # spatial_0 and spatial_1, or spatial_1 and spatial_2
        if named != "number" and 2 not in by_axis:
            lone = groups.get((before, "", after), {}) | groups.get(("", "", ""), {})
            by_axis |= {axis: column for axis, column in lone.items() if axis == 2}
        if {first, first + 1} <= set(by_axis):
            taken = tuple(by_axis[axis] for axis in range(first, first + 3) if axis in by_axis)
            if (
                before.startswith("centroid") and named == "number"
            ):  # of scikit-image: row, column, or plane, row, column
                taken = taken[::-1]
            words = re.findall(_WORDS, before) + re.findall(_WORDS, after)
            microns = next((_UNITS[word] for word in words if word in _UNITS), None)
            found.append((_rank(words, named), Axes(taken, microns)))
    return [axes for _, axes in sorted(found, key=lambda each: each[0])]


def _rank(words: Sequence[str], named: str) -> int:
    """Return the place of such coordinates among others, 0 for the best."""
    if any(word in _LOCAL for word in words):
        return len(_RANKS) + 2
    for rank, known in enumerate(_RANKS):
        if any(word in known for word in words):
            return rank
    return len(_RANKS) + (named == "array" or any(word in _MOVED for word in words))


def is_place(key: Any) -> bool:
    """Return whether a key of ``obsm`` is made of words for places, and of no others.

    Examples
    --------
    >>> [is_place(key) for key in ("X_centroids", "spatial_pixel", "coord", "X_umap", "spatial_pca", "image", "X_st")]
    [True, True, True, False, False, False, False]
    """
    match = _PLACE.fullmatch(re.sub(r"[\W_]+", "", str(key).lower()))
    return match is not None and _SURE.search(match[1]) is not None


def is_local(key: Any) -> bool:
    """Return whether a key of places is of those within a field of view."""
    return any(word in str(key).lower() for word in _LOCAL)


def numbers_of(frame: pd.DataFrame, axes: Axes) -> np.ndarray | None:
    """Return (N, 2 or 3) float64 values of the axes, NaN where a value is missing; None where they are no numbers."""
    import pandas as pd

    columns = [frame[column] for column in axes.columns]
    if any(isinstance(column, pd.DataFrame) for column in columns):  # two columns of one name
        return None
    try:
        values = [pd.to_numeric(column.astype(object)).to_numpy(np.float64, na_value=np.nan) for column in columns]
    except (TypeError, ValueError):
        return None
    return np.column_stack(values)


def text_among(frame: pd.DataFrame, axes: Axes) -> tuple[Any, str]:
    """Return the first of the axes that has text which is no number, and that text."""
    import pandas as pd

    for column in axes.columns:
        values = pd.Series(np.asarray(frame[column], dtype=object).reshape(len(frame), -1)[:, 0])
        odd = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
        if len(odd):
            return column, str(odd.iloc[0])
    return axes.columns[0], str(np.asarray(frame[axes.columns[0]], dtype=object).reshape(-1)[0])


def places_in_names(names: pd.Index) -> np.ndarray | None:
    """Return the (N, 2) places that all barcodes tell, as ``12x34`` or ``17.907x4.967`` do; None where they do not.

    Examples
    --------
    >>> import pandas as pd
    >>> places_in_names(pd.Index(["s1_12x34", "s1_2x7"])).tolist(), places_in_names(pd.Index(["1.9x4.5"])).tolist()
    ([[12.0, 34.0], [2.0, 7.0]], [[1.9, 4.5]])
    """
    texts = names.astype(str)
    patterns = [_OFF_GRID, _ON_GRID] if texts.str.contains(_HAS_DECIMALS).any() else [_ON_GRID]
    for pattern in patterns:
        xy: np.ndarray = texts.str.extract(pattern, expand=True).to_numpy(dtype=np.float64)
        if len(xy) and np.isfinite(xy).all():
            return xy
    return None
