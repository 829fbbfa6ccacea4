"""Which features the tables of one modality in several sections have in common, and whether they are of one scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.data import feature_names
from napari_trsmi.data.dataset import Modality
from napari_trsmi.errors import DataError
from napari_trsmi.normalised import scale_of

if TYPE_CHECKING:
    import pandas as pd

FEWEST_SHARED = 50  # features that tables of several sections must have in common, or half of the narrowest
_CHUNK = 1 << 22  # values looked at at once
_EXPECTED = 10  # spots of a section that a feature would be found at, if it is as frequent as in the others
_UNMEASURED = 0.1  # share of such features found at none, from which on they were not looked for: fewer may be biology


def check_one_scale(key: str, modalities: Mapping[str, Modality]) -> None:
    """Raise `DataError` where {section: modality} are counts in some and transformed in others: nothing joins these."""
    looks = {name: _look(one) for name, one in modalities.items() if one.kind in ("rna", "protein")}
    # Intensities may look like logarithms, or not, for the gain of a microscope alone.
    of_gain = all(one.kind == "protein" for one in modalities.values())
    for odd in ("centred values", "logarithms"):
        having = [name for name, look in looks.items() if look == odd]
        lacking = [name for name, look in looks.items() if look != odd and not (of_gain and look == "scaled")]
        if having and lacking:
            raise DataError(
                f"Expected counts of {key!r} in all sections, or {odd} in all, found {odd} in {', '.join(having)} and "
                f"none in {', '.join(lacking)}. Put the counts of all into layers['counts'], or leave sections out."
            )


def _look(modality: Modality) -> str:
    """Return what the values of a modality look like."""
    values = modality.table.X
    flat = values.data if sparse.issparse(values) else values
    if flat.size and flat.min() < 0:
        return "centred values"
    return {"logged": "logarithms"}.get(look := scale_of(values), look)


def matched(key: str, modalities: Mapping[str, Modality]) -> tuple[list[np.ndarray], list[str]]:
    """Return for the modality of each section the columns of the features that all share, in one order, and notes.

    They are matched by name, symbol or identifier, and where few are, regardless of upper and lower case and of what
    vendors put around the name of an antibody. Features of which a section has nothing but zeros, and others have many,
    were not measured there: an outer join fills them in.

    Raises
    ------
    DataError
        They share too few.
    """
    variables = {name: one.table.var for name, one in modalities.items()}
    sizes = {name: len(var) for name, var in variables.items()}
    columns, notes = _columns(key, modalities, variables)
    filled = _filled_in(modalities, columns)
    for name, absent in filled.items():
        if absent.any():
            sizes[name] -= int(absent.sum())
            notes.append(
                f"{key}: {int(absent.sum()):,} features have nothing but zeros in {name} and are frequent elsewhere: "
                "they count as not measured there."
            )
    kept = ~np.logical_or.reduce(list(filled.values())) if filled else np.ones(len(columns[0]), bool)
    columns = [own[kept] for own in columns]
    common = len(columns[0])
    fewest = min(FEWEST_SHARED, (min(sizes.values()) + 1) // 2)
    if common < fewest:
        raise DataError(_too_few(key, variables, sizes, common, fewest))
    if any(len(var) > common for var in variables.values()):
        left = ", ".join(f"{len(var) - common:,} of {name}" for name, var in variables.items())
        notes.append(f"{key}: {common:,} features are common to all sections; left out {left}.")
    return columns, notes


def n_alike(one: Modality, other: Modality) -> int:
    """Return how many features two modalities have in common, by the names that `matched` goes by."""
    both = {"one": one, "other": other}
    return len(_columns("", both, {name: each.table.var for name, each in both.items()})[0][0])


def _columns(
    key: str, modalities: Mapping[str, Modality], variables: Mapping[str, pd.DataFrame]
) -> tuple[list[np.ndarray], list[str]]:
    """Return the columns of the features that are called alike in all sections, in one order, and notes."""
    first, *others = variables.values()
    if all(first.index.equals(other.index) for other in others):
        return [np.arange(len(first))] * len(variables), []
    called = [names_of(var) for var in variables.values()]
    narrowest = min(map(len, variables.values()))
    columns = _most_alike(called, narrowest)
    protein = next(iter(modalities.values())).kind == "protein"
    # A panel is small: each antibody counts. Of genes, a few that differ in case are not worth a note.
    if 2 * len(columns[0]) >= narrowest and not (protein and len(columns[0]) < narrowest):
        return columns, []
    plain: Callable[[str], str] = feature_names.antibody if protein else str.casefold
    looser = _most_alike([{how: names.map(plain) for how, names in own.items()} for own in called], narrowest)
    if len(looser[0]) <= len(columns[0]):
        return columns, []
    differing = next(
        pair
        for pair in zip(*(called[at]["shown"][looser[at]] for at in range(len(called))), strict=True)
        if len(set(pair)) > 1
    )
    said = ", ".join(f"{name!r} in {section}" for section, name in zip(variables, differing, strict=True))
    ignored = "case, and what is put around an antibody's name, are" if protein else "upper and lower case are"
    return looser, [f"{key}: features are called otherwise in some sections ({said}): {ignored} ignored."]


def _most_alike(called: Sequence[dict[str, Any]], narrowest: int) -> list[np.ndarray]:
    """Return the columns of the features called alike, through the names of one table where the first's do not do."""
    columns = _called_alike(called)
    for hub in range(len(called) if len(called) > 2 and 2 * len(columns[0]) < narrowest else 0):
        if 2 * len((by_one := _called_alike_by_one(called, hub))[0]) >= narrowest:
            return by_one
    return columns


def _called_alike(called: Sequence[dict[str, pd.Index]]) -> list[np.ndarray]:
    """Return the columns of the features that share the names of one kind, of as many as can be, each once."""
    import pandas as pd

    def best(names: pd.Index, other: dict[str, Any]) -> Any:
        return max(other.values(), key=lambda theirs: n_shared(names, theirs))

    reference = max(called[0].values(), key=lambda own: sum(n_shared(own, best(own, other)) for other in called[1:]))
    chosen = [reference, *(best(reference, other) for other in called[1:])]
    unique = [names[~names.duplicated(keep=False)] for names in map(pd.Index, chosen)]
    common = unique[0][np.logical_and.reduce([unique[0].isin(names) for names in unique])]
    return [pd.Index(names).get_indexer_for(common) for names in chosen]


def _called_alike_by_one(called: Sequence[dict[str, Any]], hub: int) -> list[np.ndarray]:
    """Return the columns of the features that all tables share with that numbered `hub`, in the order of the first.

    One that has symbols and identifiers joins tables of which some have the ones, some the others.
    """
    every = np.arange(len(called[hub]["index"]))
    columns = []
    for number, other in enumerate(called):
        if number == hub:
            columns.append(every)
            continue
        pairs = ((own, names) for own in called[hub].values() for names in other.values())
        own, names = max(pairs, key=lambda pair: n_shared(*pair))
        unique = np.flatnonzero(~names.duplicated(keep=False))
        found = names[unique].get_indexer(own)
        known = (found >= 0) & ~own.duplicated(keep=False)
        columns.append(np.where(known, unique[found], -1) if len(unique) else np.full(len(every), -1))
    common = np.flatnonzero(np.logical_and.reduce([own >= 0 for own in columns]))
    common = common[np.argsort(columns[0][common])]
    return [own[common] for own in columns]


def _too_few(
    key: str, variables: Mapping[str, pd.DataFrame], sizes: Mapping[str, int], common: int, fewest: int
) -> str:
    """Return the sentence on tables that share too few features; where they share none, with what theirs are called."""
    such = {name: "" if common else f", such as {str(var.index[0])!r}" for name, var in variables.items()}
    said = (", " if common else "; ").join(f"{name}: {size}{such[name]}" for name, size in sizes.items())
    mend = "" if common else "Name them alike, or add var['gene_symbols'] and var['gene_ids']; else leave"
    return (
        f"Expected at least {fewest} features of {key!r} that all sections share, found {common} ({said}). "
        f"{mend or 'Leave'} a section or {key!r} out."
    )


def _filled_in(modalities: Mapping[str, Modality], columns: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return {section: (D,) bool of the shared features that its table has only zeros of, not being measured there}.

    One that is as frequent as in the other sections would be found at `_EXPECTED` spots or more.
    """
    if next(iter(modalities.values())).kind == "precomputed":
        return {}
    found = np.array([_times(one.table.X)[own] for one, own in zip(modalities.values(), columns, strict=True)], float)
    filled = {}
    for at, name in enumerate(modalities):
        others = np.delete(found, at, axis=0).sum(axis=0)
        expected = others * (found[at].sum() / max(others.sum(), 1.0))
        frequent = expected >= _EXPECTED
        absent = frequent & (found[at] == 0)
        filled[name] = absent & (absent.sum() >= _UNMEASURED * frequent.sum())
    return filled


def _times(values: Any) -> np.ndarray:
    """(D,) at how many spots each feature has anything but 0."""
    if not sparse.issparse(values):
        return np.count_nonzero(values, axis=0)
    rows = sparse.csr_matrix(values)
    times = np.zeros(rows.shape[1], np.int64)
    for start in range(0, rows.nnz, _CHUNK):
        some = slice(start, start + _CHUNK)
        times += np.bincount(rows.indices[some][rows.data[some] != 0], minlength=len(times))
    return times


def names_of(var: pd.DataFrame) -> dict[str, Any]:
    """Return what the features of a table may be known by: its index, symbols, identifiers."""
    import pandas as pd

    found = {"index": pd.Index(var.index.astype(str)), "shown": pd.Index(feature_names.labels(var))}
    found |= {f"identifier {n}": pd.Index(names) for n, names in enumerate(feature_names.identifiers(var))}
    # Identifiers carry versions in some files and not in others.
    return found | {
        f"{key} without version": names.str.replace(r"\.\d+$", "", regex=True) for key, names in found.items()
    }


def n_shared(a: pd.Index, b: pd.Index) -> int:
    """Return how many names of `a` are in `b`."""
    return int(a.isin(b).sum())
