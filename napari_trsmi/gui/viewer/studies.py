"""Several files as sections: which of them measure the same spots, and what each section is called. No Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import combinations
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from napari_trsmi.data.own_columns import put_column
from napari_trsmi.errors import ChoiceError, DataError
from napari_trsmi.exchange.columns import free_name

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

ALL = object()  # instead of the name of a section in a file: all of them, as one study
SAME = 0.5  # share of the smaller table's barcodes
NEAR = 0.01  # of the extent of a section: so far may its spots lie apart in two files
_KINDS = re.compile(r"[\s_.+-]*(rna|gex|adt|atac|protein|proteins|peaks)$", re.IGNORECASE)
_ENDS = " _.+-"


def sections_in_files(paths: Sequence[str | Path], library: str | None = None) -> dict[str, Dataset]:
    """Return {name: section} of several files: one where all measure the same spots, else one for each set of spots.

    Raises
    ------
    DataError
        The files cannot be read, together or one by one.
    """
    from napari_trsmi.api import read
    from napari_trsmi.data.readers.coordinates import RENUMBERED
    from napari_trsmi.data.readers.twins import ALIKE

    try:
        together = read([str(path) for path in paths], library=library)
    except ChoiceError:
        if library is not None:
            raise
        try:  # slides whose spots are called alike look like sections of one where a column of one is mixed
            return _several(paths, _tables(paths))
        except DataError:
            pass
        raise
    except DataError as error:
        if RENUMBERED in str(error):
            found = _several(paths, _tables(paths, library))
            measured = [{one.kind for one in section.modalities.values()} for section in found.values()]
            if not any(a & b for a, b in combinations(measured, 2)):  # no modality twice: one section, numbered anew
                raise
            return found
        if not any(words in str(error) for words in ("barcodes", "modality per name", "look like two sections")):
            raise
    else:
        kinds = [modality.kind for modality in together.modalities.values()]
        if len(set(kinds)) == len(kinds):
            return {together.name: together}
        alone = _tables(paths, library)
        # Instruments use the same barcodes on every slide: where the spots lie tells sections apart.
        apart = any(ALIKE in note for note in together.notes)  # nor do places, on a grid
        if not apart and all(_same_places(one, alone[0]) for one in alone):
            return {together.name: together}
        return _several(paths, alone)
    return _several(paths, _tables(paths, library))


def _tables(paths: Sequence[str | Path], library: str | None = None) -> list[Dataset]:
    """Return what is in each file by itself, pictures left out."""
    from napari_trsmi.api import read
    from napari_trsmi.data.readers.beside import is_picture

    return [read(path, library=library) for path in paths if not is_picture(Path(path))]


def _several(paths: Sequence[str | Path], alone: Sequence[Dataset]) -> dict[str, Dataset]:
    """Return the sections in files, see `joined`; a picture beside them is refused, as nobody can say whose it is."""
    from napari_trsmi.data.readers.beside import is_picture

    found = joined(alone)
    if len(found) > 1 and (picture := next((Path(path) for path in paths if is_picture(Path(path))), None)):
        raise DataError(
            f"Expected one section beside the picture {picture.name}, found {', '.join(found)}. Open each section "
            "together with its picture, and then make a study of them: One study… in the dock Train."
        )
    return found


def joined(datasets: Sequence[Dataset]) -> dict[str, Dataset]:
    """Return {name: section} of datasets that came from files, those over the same spots read as one."""
    groups: list[list[Dataset]] = []
    called = [_KINDS.sub("", dataset.name) for dataset in datasets]
    told = len(set(called)) < len(called)  # spots of every slide may be numbered alike: then names tell slides apart
    for dataset, name in zip(datasets, called, strict=True):
        fitting = (group for group in groups if not told or _KINDS.sub("", group[0].name) == name)
        group = next((group for group in fitting if all(same_spots(dataset, other) for other in group)), None)
        if group is None:
            groups.append([dataset])
        else:
            group.append(dataset)
    found = [group[0] if len(group) == 1 else read_together(group) for group in groups]
    folders = [next((path.absolute().parent.name for one in group for path in one.sources), "") for group in groups]
    return dict(zip(names_of([[one.name for one in group] for group in groups], folders), found, strict=True))


def read_together(datasets: Sequence[Dataset]) -> Dataset:
    """Read the files of datasets over the same spots again, as modalities of one section.

    What was done since they were opened goes along: how the spots were flipped or placed, and columns of one's own.

    Raises
    ------
    DataError
        As `api.read` does.
    """
    from napari_trsmi.api import read
    from napari_trsmi.data.placement import apply

    paths = [path for dataset in datasets for path in dataset.sources]
    found = read(paths, library=next((dataset.library for dataset in datasets if dataset.library), None))
    rows = [np.intersect1d(found.obs_names, one.obs_names, return_indices=True)[1:] for one in datasets]
    for one, (here, there) in zip(datasets, rows, strict=True):
        placed = reduce(apply, one.placed, found)
        away = np.abs(placed.coords[here] - one.coords[there]).max(initial=0.0)
        if one.placed and away <= NEAR * float(np.ptp(one.coords, axis=0).max()):
            found = placed
            break
    for one, (here, there) in zip(datasets, rows, strict=True):
        for name, colors in one.own_columns.items():
            values = one.obs[name].array
            codes = np.full(found.n_spots, -1)
            codes[here] = values.codes[there]
            free = name if name in found.own_columns else free_name(found, name)
            put_column(found, free, pd.Categorical.from_codes(codes, values.categories), colors)
    return found


def same_spots(one: Dataset, other: Dataset) -> bool:
    """Return whether two datasets are different modalities of the same spots."""
    return not set(one.modalities) & set(other.modalities) and _same_places(one, other)


def _same_places(one: Dataset, other: Dataset) -> bool:
    shared, mine, theirs = np.intersect1d(one.obs_names.astype(str), other.obs_names.astype(str), return_indices=True)
    if len(shared) < SAME * min(one.n_spots, other.n_spots):
        return False
    away = np.abs(one.coords[mine] - other.coords[theirs]).max()
    return bool(away <= NEAR * float(np.ptp(one.coords, axis=0).max()))


def names_of(groups: Sequence[Sequence[str]], folders: Sequence[str] = ()) -> list[str]:
    """Return a name for each group of files: what their names share, without the modality where that is clear.

    Groups that are called alike have the names of their folders, where these differ.

    Examples
    --------
    >>> names_of([["s1_rna", "s1_adt"], ["s2_rna"], ["s3_adt"]])
    ['s1', 's2', 's3']
    >>> names_of([["s1_rna"], ["s1_adt"]])
    ['s1_rna', 's1_adt']
    >>> names_of([["cells"], ["cells"]], folders=["day 1", "day 2"])
    ['day 1', 'day 2']
    """
    full = [commonprefix(list(group)).rstrip(_ENDS) or " + ".join(group) for group in groups]  # noqa: RUF071 no paths
    short = [_KINDS.sub("", name).rstrip(_ENDS) for name in full]
    names = short if all(short) and len(set(short)) == len(short) else full
    pairs = zip(names, folders or names, strict=True)
    told = [folder if folder and names.count(name) > 1 else name for name, folder in pairs]
    return distinct(told if len(set(told)) == len(told) else names)


def distinct(names: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """Return names that differ from each other and from those that are taken, by a number where need be.

    Examples
    --------
    >>> distinct(["a", "a", "b"], taken=["b"])
    ['a', 'a 2', 'b 2']
    """
    found: list[str] = []
    for name in names:
        number, tried = 1, name
        while tried in found or tried in taken:
            number += 1
            tried = f"{name} {number}"
        found.append(tried)
    return found


def with_more(dataset: Dataset, more: Mapping[str, Dataset]) -> Dataset:
    """Return a study of the sections of a dataset and more.

    Raises
    ------
    DataError
        As `data.study.stack` does.
    """
    from napari_trsmi.data.study import stack

    before = {part.name: part for part in dataset.parts or (dataset,)}
    if not dataset.parts:
        before = dict(zip(names_of([[dataset.name]]), before.values(), strict=True))
    names = distinct(list(more), list(before))
    name = dataset.name if dataset.parts else "study"
    return stack({**before, **dict(zip(names, more.values(), strict=True))}, name)
