"""The barcodes that rows go by: unique in a table, and the same in all tables of a section."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_MOST_AFFIXES = 3  # suffixes and prefixes that are taken off a barcode, one after the other
_JOINT, _WORD = r"[-_.:#]", r"[^-_.:#]+"
_MANY_REPEATED = 0.1  # share of barcodes that are there again, from which on it may be those of several sections
_NAME_SECTIONS = (
    "If they are of several sections, add a column to obs that names the section of each spot, such as obs['sample'], "
    "and train them as a study by it (--section-column sample; column= in Python)."
)
_TWO_NUMBERS = rf"{_JOINT}\d+{_JOINT}\d+$"
_NUMBER = rf"(?<=.){_JOINT}\d+$"


class Renaming(NamedTuple):
    """Barcodes of one table that go by those of another: (n,) old and (n,) new ones, in the same order."""

    old: pd.Index
    new: pd.Index

    def of(self, names: pd.Index) -> pd.Index:
        """Return `names` with the old ones replaced, but for those whose new name is there already."""
        import pandas as pd

        at = self.old.get_indexer(names)
        wanted = self.new.take(np.maximum(at, 0))
        changed = (at >= 0) & ~wanted.isin(names)
        return pd.Index(np.where(changed, wanted, names)) if changed.any() else names


def unique_names(names: pd.Index) -> pd.Index:
    """Return the names as text, all different: the second ``A`` is called ``A (2)``.

    Examples
    --------
    >>> import pandas as pd
    >>> list(unique_names(pd.Index(["A", "B", "A", "A"])))
    ['A', 'B', 'A (2)', 'A (3)']
    """
    import pandas as pd

    text = names.astype(str)
    repeated = text.duplicated()
    if not repeated.any():
        return text
    taken, times, made = set(text), dict[str, int](), text.to_numpy(dtype=object)
    for row in np.flatnonzero(repeated):
        name, times[made[row]] = made[row], times.get(made[row], 1) + 1
        while (candidate := f"{name} ({times[name]})") in taken:
            times[name] += 1
        made[row] = candidate
        taken.add(candidate)
    return pd.Index(made)


def note_on_repeats(names: pd.Index, where: str) -> list[str]:
    """Return a note on the names that `unique_names` changes, or nothing."""
    repeated = names.duplicated()
    if not repeated.any():
        return []
    example = str(names[repeated][0])
    way_out = f" {_NAME_SECTIONS}" if repeated.mean() > _MANY_REPEATED else ""
    return [
        f"Barcodes of {where} were not unique: {int(repeated.sum()):,} that occur more than once, such as {example!r}, "
        f"got a number.{way_out}"
    ]


def aligned(tables: Mapping[str, pd.Index]) -> tuple[list[Renaming], list[str]]:
    """Return how barcodes must be renamed so that all tables go by those of the first, and notes.

    Only where few barcodes agree as they are, and more do once suffixes and prefixes are taken off (``-1``, ``-1_1``,
    ``_2``, or a word that all barcodes of a table share) that leave each barcode of a table another one.
    """
    (first, reference), *others = tables.items()
    renamings, notes = [], []
    for name, names in others:
        direct = int(names.isin(reference).sum())
        if 2 * direct >= min(len(names), len(reference)) or (renaming := _renaming(names, reference, direct)) is None:
            continue
        renamings.append(renaming)
        notes.append(
            f"Barcodes of {name} differ from those of {first} by a suffix or prefix, as {renaming.old[0]!r} and "
            f"{renaming.new[0]!r}: {len(renaming.old):,} were matched without it."
        )
    return renamings, notes


def common(tables: Mapping[str, pd.Index]) -> pd.Index:
    """Return the barcodes that all tables have, in the order of the first.

    Raises
    ------
    DataError
        There are none.
    """
    indexes = list(tables.values())
    found = reduce(lambda left, right: left[left.isin(right)], indexes)
    if len(found):
        return found
    examples = ", ".join(f"{index[0]!r} in {key}" for key, index in tables.items())
    raise DataError(f"Expected barcodes common to {', '.join(tables)}, found none ({examples}). {_way_out(indexes)}")


def _way_out(indexes: list[pd.Index]) -> str:
    """Return what to do with barcodes of which none is common, by what they have in common after all."""
    if bare := _shared(map(_bare, indexes)):
        return f"{bare} agree once suffixes such as '-1' are left out, but not one to one: give all the same suffix."
    if same := _shared(index.str.lower() for index in indexes):
        return f"{same} agree but for upper and lower case: write all in the same."
    few = min(map(len, indexes))
    if 2 * (same := _shared(map(_longest, indexes))) >= few:  # not a word that all of them share
        return (
            f"{same} agree in their longest part, such as {_longest(indexes[0])[0]!r}, and not in what stands before "
            "and after it: give all the same prefix and suffix."
        )
    return (
        "Check that the modalities come from one section; train several sections as a study (--section NAME=FILE; "
        "read_sections({name: file}) in Python)."
    )


def _shared(indexes: Iterable[pd.Index]) -> int:
    return len(reduce(lambda left, right: left & right, map(set, indexes)))


def _longest(names: pd.Index) -> pd.Index:
    return names.map(lambda name: max(re.split(_JOINT, name), key=len))


def _renaming(names: pd.Index, reference: pd.Index, direct: int) -> Renaming | None:
    """Return the renaming of `names` to those of `reference` that matches most, and takes off least; None for none."""
    best, most = None, direct
    theirs = list(_shorter(reference))
    pairs = [(mine, other) for mine in _shorter(names) for other in theirs]
    for mine, other in sorted(pairs, key=lambda pair: pair[0].depth + pair[1].depth):
        if mine.sample and other.sample:  # s1_7 and s2_7 are two spots
            continue
        at = other.names.get_indexer(mine.names)
        if (count := int((at >= 0).sum())) > most:
            best, most = Renaming(names[at >= 0], reference[at[at >= 0]]), count
    return best


class _Shorter(NamedTuple):
    """Barcodes with `depth` affixes taken off; `sample` is one that numbers a sample, as ``s1_``, or empty."""

    names: pd.Index
    depth: int = 0
    sample: str = ""


def _shorter(names: pd.Index) -> Iterator[_Shorter]:
    """Yield the names, then with one affix after the other taken off, as long as all are different."""
    found = _Shorter(names)
    while found.depth <= _MOST_AFFIXES and found.names.is_unique:
        yield found
        shorter = _without_affix(found)
        if shorter is None:
            return
        found = shorter


def _without_affix(found: _Shorter) -> _Shorter | None:
    """Return barcodes without a number at the end, or the word that all end or begin with; None where there is none."""
    names, depth, sample = found
    if names.str.contains(_NUMBER, regex=True).any():
        shorter = names.str.replace(_NUMBER, "", regex=True)
        if shorter.is_unique or not names.str.contains(_TWO_NUMBERS, regex=True).all():
            return _Shorter(shorter, depth + 1, sample)  # else numbers tell cells apart, as c_1_4_196 of CosMx
    example = str(names[0]) if len(names) else ""
    if (last := re.search(rf"(?<=.){_JOINT}{_WORD}$", example)) and names.str.endswith(last[0]).all():
        return _Shorter(names.str.removesuffix(last[0]), depth + 1, sample or _numbered(last[0]))
    if (head := re.match(rf"{_WORD}{_JOINT}(?=.)", example)) and names.str.startswith(head[0]).all():
        return _Shorter(names.str.removeprefix(head[0]), depth + 1, sample or _numbered(head[0]))
    return None


def _numbered(word: str) -> str:
    return word if any(letter.isdigit() for letter in word) else ""


def _bare(names: pd.Index) -> pd.Index:
    return names.str.replace(rf"({_JOINT}\d+)+$", "", regex=True)
