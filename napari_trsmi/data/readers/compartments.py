"""What programs for cells in pictures measure of each marker: means over the cell, its nucleus, and much more."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FEWEST = 3  # markers
_AND = r"[:._ ]+"  # R writes each of these as a dot
_MEANS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(.+?){_AND}Cell{_AND}Mean",  # QuPath, of cells found by its extensions
        rf"Cell:?{_AND}(.+?){_AND}Mean",  # QuPath, of those found by itself
        rf"Entire{_AND}Cell{_AND}(.+?){_AND}Mean(?:{_AND}\(.*\))?",  # inForm
        r"(.+?) Cell Intensity",  # HALO
        rf"(.+?){_AND}Nucleus{_AND}Mean",
        rf"Nucleus:?{_AND}(.+?){_AND}Mean",
        r"(.+?): Mean",  # QuPath, of nuclei without cells
    )
)
_DYE = re.compile(r"[. ]*\(Opal[. ]\d+\)", re.IGNORECASE)
_CORNERS = ("xmin", "xmax", "ymin", "ymax")


def corners_among(columns: Sequence[str]) -> list[str]:
    """Return the columns of the left, right, upper and lower end of cells, which HALO gives; none where one is missing.

    Examples
    --------
    >>> corners_among(["Object Id", "XMin", "XMax", "YMin", "YMax"]), corners_among(["XMin", "XMax"])
    (['XMin', 'XMax', 'YMin', 'YMax'], [])
    """
    known = {column.lower(): column for column in columns}
    return [known[name] for name in _CORNERS] if known.keys() >= set(_CORNERS) else []


def markers_of(columns: Sequence[str]) -> dict[str, str]:
    """Return {column: marker} of the means over cells, else over nuclei; none where there are few or no such columns.

    Examples
    --------
    >>> markers_of(["Nucleus: Area", "CD3: Nucleus: Mean", "CD3: Cell: Mean", "CD4: Cell: Mean", "PanCK: Cell: Mean"])
    {'CD3: Cell: Mean': 'CD3', 'CD4: Cell: Mean': 'CD4', 'PanCK: Cell: Mean': 'PanCK'}
    >>> markers_of(["CD3", "CD4", "PanCK", "Cell Area"])
    {}
    """
    for pattern in _MEANS:
        found = {column: _DYE.sub("", match[1]) for column in columns if (match := pattern.fullmatch(column))}
        if len(set(found.values())) == len(found) >= _FEWEST:
            return found
    return {}
