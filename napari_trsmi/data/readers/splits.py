"""The columns by which a table may be several sections, and the names of these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

LIBRARY_COLUMNS = ("library_id", "library", "library_key")
PLANES = "z"  # what stands for a column where planes are told apart
BARCODES = "barcodes"  # and where the barcodes themselves tell sections apart
_SECTION = re.compile(
    "(batch|sample|slide|slice|section|fov|field|roi|tile|puck|specimen|block|replicate|run|image|acquisition|core|tma"
    "|chip|dataset|experiment|donor|patient|subject|individual|animal|mouse|case|condition|treatment|timepoint|bregma"
    "|library|capture|scan|plate|well|array|file|filename)s?|rep"
)
_FIELD = frozenset(("fov", "fovs", "field", "tile"))  # parts of one section, each seen by itself
_AROUND = re.compile(  # words that may stand beside those
    "ids?|names?|numbers?|no|nr|num|index|idx|key|labels?|ident|code|numeric|int|of|the|tissue|brain|orig|area|uid"
    "|unique|view"
)
_SQUEEZED = re.compile(r"(id|ids|name|names|number|no|nr|num|index|idx|key|label)$")
_MISSING = frozenset(("", "nan", "none", "na", "<na>", "null"))
LEAST_SPOTS = 3  # per part on average: columns with more values than that tell spots apart, no sections
_MOST_PLANES = 200
_JOINT = "[-_.:#]"
_AROUND_BARCODE = (  # what is left of names without the barcode, or the number of a cell
    rf"(?P<front>.*?){_JOINT}?(?P<stem>[ACGTN]{{8,}})(?P<end>.*)",
    rf"(?P<stem>.+){_JOINT}(?P<end>[^-_.:#]+)",
    rf"(?P<front>[^-_.:#]+){_JOINT}(?P<stem>.+)",
)
_NUMBERED = r" \(\d+\)$"  # names that were not unique
_REPEATED = 0.1  # share of barcodes that several sections have, of a list that all draw from; in one, each is once


class Split(NamedTuple):
    """Parts of a table: what tells them apart, (N,) int part of each spot, -1 for none, and their names."""

    column: str
    part: np.ndarray
    names: tuple[str, ...]

    def rows(self, name: str) -> np.ndarray:
        """Return (N,) bool, the spots of a part."""
        rows: np.ndarray = self.part == self.names.index(name)
        return rows

    def at(self, mask: np.ndarray) -> Split:
        """Return the split of some spots, without the parts that have none."""
        return _split(self.column, self.part[mask], self.names)


def split_by(column: str, values: pd.Series) -> Split:
    """Return the parts that the values of a column make; integers, numbers of them and text are the same names."""
    import pandas as pd

    codes, found = pd.factorize(values)
    texts = [_text(value) for value in found]
    names = list(dict.fromkeys(text for text in texts if text))
    of_value = np.array([names.index(text) if text else -1 for text in texts] + [-1])
    return _split(column, of_value[codes], tuple(names))


def _split(column: str, part: np.ndarray, names: tuple[str, ...]) -> Split:
    present = np.flatnonzero(np.bincount(part[part >= 0], minlength=len(names)))
    to_new = np.full(len(names) + 1, -1)
    to_new[present] = np.arange(len(present))
    return Split(column, to_new[part], tuple(names[code] for code in present))


def section_splits(obs: pd.DataFrame) -> list[Split]:
    """Return the splits by all columns whose names speak of sections and that have several values, fewest first."""
    splits = []
    for column in obs:
        if speaks_of_sections(str(column)):
            split = split_by(str(column), obs[column])
            if 1 < len(split.names) <= len(obs) / LEAST_SPOTS:
                splits.append(split)
    return sorted(splits, key=lambda split: len(split.names))


def plane_split(z: np.ndarray | None) -> Split | None:
    """Return the planes of a third coordinate, (N,) or None, where it has few values; else None."""
    if z is None or not np.isfinite(z).any():
        return None
    heights, part = np.unique(z, return_inverse=True)  # NaN are last
    heights = heights[np.isfinite(heights)]
    part = np.where(part < len(heights), part, -1)
    if not 1 < len(heights) <= min(_MOST_PLANES, len(z) / LEAST_SPOTS):
        return None
    return Split(PLANES, part, tuple(f"z={height:g}" for height in heights))


def barcode_split(names: pd.Index) -> Split | None:
    """Return the sections that barcodes name in front or at their end, as those of joined files do; else None.

    Many of them occur in several sections: in one, each would be there once. Sections are called by what differs;
    where that is a number, ``section1``.

    Examples
    --------
    >>> import pandas as pd
    >>> barcodes = [f"{cell}-1-{section}" for section in "AB" for cell in range(20)]
    >>> barcode_split(pd.Index(barcodes)).names
    ('A', 'B')
    >>> barcode_split(pd.Index([f"{cell}-{section}" for section in (1, 2) for cell in range(20)])).names
    ('section1', 'section2')
    """
    import pandas as pd

    if names.astype(str).str.contains(_NUMBERED).any():  # which of two that had one name is of which section?
        return None
    for pattern in _AROUND_BARCODE:
        found = names.to_series(index=range(len(names))).astype(str).str.extract(f"^{pattern}$")
        if found["stem"].isna().any():
            continue
        sides = [side.str.strip("-_.:#") for key in ("front", "end") if (side := found.get(key)) is not None]
        telling = [side for side in sides if side.nunique() > 1]
        if not telling:
            continue
        telling = [side.map(_without_common(side.unique())) for side in telling]
        split = split_by(BARCODES, telling[0] if len(telling) == 1 else telling[0] + " " + telling[1])
        few = len(split.names) > 1 and 5 * len(split.names) ** 2 <= len(names)  # x_y of a grid are many
        if few and pd.Index(found["stem"]).duplicated(keep=False).mean() > _REPEATED:
            called = (f"section{name}" if re.fullmatch(r"[\d_.:#-]+", name) else name for name in split.names)
            return split._replace(names=tuple(called))
    return None


def _without_common(names: Sequence[str]) -> dict[str, str]:
    """Return {name: it without the numbers that all begin or end with}, as each barcode of a Space Ranger run does.

    Examples
    --------
    >>> _without_common(["1-s1", "1-s2"]), _without_common(["case_1", "case_2"])
    ({'1-s1': 's1', '1-s2': 's2'}, {'case_1': 'case_1', 'case_2': 'case_2'})
    """
    cut = dict(zip(names, names, strict=True))
    for pattern in (rf"^(\d+){_JOINT}", rf"{_JOINT}(\d+)$"):
        found = [re.search(pattern, name) for name in cut.values()]
        if len({one[1] if one else None for one in found} - {None}) == 1 and all(found):
            cut = {name: re.sub(pattern, "", left) for name, left in cut.items()}
    return cut


def is_field(column: str) -> bool:
    """Return whether a column tells fields of view apart, which may all lie in one coordinate system."""
    return bool(set(_words(column)) & _FIELD)


def matched(names: Sequence[str], libraries: Sequence[str]) -> dict[str, str]:
    """Return {name: library} where the names of parts mean libraries, each another one; else an empty dict.

    They agree exactly, or but for spelling, or in a number (``1`` and ``library_1``), or the one contains the other.

    Examples
    --------
    >>> matched(["1", "2"], ["fov_2", "fov_1"])
    {'1': 'fov_1', '2': 'fov_2'}
    >>> matched(["sA1", "sA2"], ["A1", "A2", "A3"])
    {'sA1': 'A1', 'sA2': 'A2'}
    >>> matched(["healthy", "tumour"], ["A1", "A2"])
    {}
    """
    for same in (_exactly, _loosely, _by_number, _contained):
        pairs = {}
        for name in names:
            fitting = [library for library in libraries if same(name, library)]
            if len(fitting) == 1:
                pairs[name] = fitting[0]
        if pairs and len(pairs) == len(names) and len(set(pairs.values())) == len(names):
            return pairs
    return {}


def _exactly(name: str, library: str) -> bool:
    return name == library


def _loosely(name: str, library: str) -> bool:
    return _bare(name) == _bare(library) != ""


def _by_number(name: str, library: str) -> bool:
    """Return whether one of the two is a number that is the only one in the other."""
    numbers = [re.findall(r"\d+", text) for text in (name, library)]
    bare = any(re.fullmatch(r"\s*\d+\s*", text) for text in (name, library))
    return bare and all(len(found) == 1 for found in numbers) and int(numbers[0][0]) == int(numbers[1][0])


def _contained(name: str, library: str) -> bool:
    short, long = sorted((_bare(name), _bare(library)), key=len)
    return len(short) > 1 and (long.startswith(short) or long.endswith(short))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def speaks_of_sections(column: str) -> bool:
    """Return whether a column is named after sections, as sample_id and Slide.Name are, and library_id is not.

    Examples
    --------
    >>> [name for name in ("sampleID", "orig.ident", "fov", "cell_type", "cluster", "sample_type") if
    ...  speaks_of_sections(name)]
    ['sampleID', 'orig.ident', 'fov']
    """
    words = _words(column)
    if column in LIBRARY_COLUMNS:
        return False  # these are asked about in any case
    return words == ["orig", "ident"] or (bool(words) and _some_section(words))


def _some_section(words: Sequence[str]) -> bool:
    rest = [word for word in words if not _AROUND.fullmatch(word)]
    return bool(rest) and all(_SECTION.fullmatch(word) for word in rest)


def _words(column: str) -> list[str]:
    """Return the lower-case words of a name: sampleID, Sample_id and sample.id are sample and id."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", column.rpartition(":")[2])
    words = []
    for part in (part.lower() for part in parts):
        bare = _SQUEEZED.sub("", part)
        words.append(bare if _SECTION.fullmatch(bare) and not _SECTION.fullmatch(part) else part)
    return words


def _text(value: Any) -> str:
    """Return the name that a value of a column means, "" for a missing one; 1, 1.0 and "1.0" are "1"."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    text = str(value).strip()
    if text.lower() in _MISSING:
        return ""
    return text[: text.index(".")] if re.fullmatch(r"-?\d+\.0+", text) else text
