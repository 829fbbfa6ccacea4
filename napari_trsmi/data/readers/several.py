"""Several sections as one study: from files of their own, or from one file that holds them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.config import Kind
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.readers import found_at, found_in_memory, from_memory, paths_of, read
from napari_trsmi.data.readers.by_column import assemble_by
from napari_trsmi.data.readers.joined import Spots
from napari_trsmi.data.readers.opening import kept_open
from napari_trsmi.data.readers.plainly import readable
from napari_trsmi.data.sources import marks_since, stamps
from napari_trsmi.data.study import stack
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData


def read_sections(
    sections: Mapping[str, Any] | AnnData | MuData | str | Path | Sequence[str | Path],
    *,
    column: str | None = None,
    kinds: Mapping[str, Kind] | None = None,
    spots: Spots = "all",
) -> Dataset:
    """Return several sections as one study, side by side; a modality may be missing in some.

    Parameters
    ----------
    sections
        {name: what `read` takes, or an AnnData, MuData or `Dataset`}. Or one file, or one object, that holds all of
        them: a table with a column that tells them apart, or without a column a SpatialData with several regions, or
        whatever else `read` would ask about.
    column
        Column of ``obs`` that names the section of each spot.
    kinds
        Kind by modality name where the detected one is wrong.
    spots
        Whether spots that one of several modalities of their section lacks are kept, or left out.

    Raises
    ------
    DataError
        A section cannot be used, see `read`; the column does not exist; sections have too few features in common, or no
        modality joins them; the same section is there twice.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> mdata = nt.simulate(n_spots=200, n_genes=60, n_sections=2, image=0)
    >>> study = nt.read_sections(mdata, column="section")
    >>> study.section_names, study.n_spots
    (('section1', 'section2'), 400)
    """
    from napari_trsmi.atomic import recover

    for given in sections.values() if isinstance(sections, Mapping) else [sections]:
        for one in given if isinstance(given, list | tuple) else [given]:
            if isinstance(one, str | Path):
                recover(one)
    return read_several(sections, column=column, kinds=kinds, spots=spots)


def read_several(
    sections: Mapping[str, Any] | AnnData | MuData | str | Path | Sequence[str | Path],
    *,
    column: str | None = None,
    kinds: Mapping[str, Kind] | None = None,
    modalities: Sequence[str] | None = None,
    spots: Spots = "all",
) -> Dataset:
    """Return the study of several sections; see `read_sections`.

    Parameters
    ----------
    modalities
        Modalities to use, in this order; all where not given.
    """
    how: dict[str, Any] = {"kinds": kinds, "modalities": modalities, "spots": spots}
    if isinstance(sections, Mapping):
        if column is not None:
            raise DataError(
                f"Expected either files by section or a column that tells sections apart, found both ({column!r}). "
                "Give one of them."
            )
        study = stack({str(name): _one(str(name), given, how) for name, given in sections.items()})
    else:
        with kept_open():
            parts, name = _parts_of(sections, column, how)
        study = _joined(parts, name, column)
    if missing := [key for key in (*(kinds or {}), *(modalities or ())) if key not in study.modalities]:
        raise DataError(
            f"Expected modalities among {list(study.modalities)}, found {missing[0]!r}. Use one of these names."
        )
    return study


def read_again(
    sections: Sequence[Mapping[str, Any]],
    *,
    column: str | None = None,
    kinds: Mapping[str, Kind] | None = None,
    modalities: Sequence[str] | None = None,
    spots: Spots = "all",
) -> Dataset:
    """Return the study that a record tells of: for each section its ``"name"``, ``"paths"`` and ``"library"``."""
    how: dict[str, Any] = {"kinds": kinds, "modalities": modalities, "spots": spots}
    paths = list(dict.fromkeys(path for section in sections for path in section["paths"]))
    if column is not None:
        with kept_open():
            parts, name = _parts_of(paths, column, how)
        wanted = [section["name"] for section in sections]
        if lost := [one for one in wanted if one not in parts]:
            raise DataError(f"Expected the section {lost[0]!r} in obs[{column!r}], found {list(parts)}.")
        return _joined({one: parts[one] for one in wanted}, name, column)
    parts = {}
    of_one = len(sections) > 1 and len({tuple(section["paths"]) for section in sections}) == 1
    with kept_open() if of_one else nullcontext():
        for section in sections:
            try:
                parts[section["name"]] = read(section["paths"], library=section.get("library"), of_several=True, **how)
            except DataError as error:
                raise DataError(f"Section {section['name']!r}: {error}") from error
    return _joined(parts, readable(Path(paths[0]).stem), None) if of_one else stack(parts)


def _one(name: str, given: Any, how: Mapping[str, Any]) -> Dataset:
    """Return a section of a study."""
    if isinstance(given, Dataset):
        return given
    try:
        if isinstance(given, str | Path | list | tuple):
            return read(given, of_several=True, **how)
        return from_memory(given, name=name, of_several=True, **how)
    except ChoiceError as error:
        among = ", ".join(map(repr, error.names[:5])) + (f" in {error.where}" if error.where else "")
        mixed = f"; if it is one section all the same, take {error.column!r} out of obs" if error.column else ""
        raise DataError(
            f"Section {name!r}: expected one section in {_said(given)}, found the {error.kind} {among}. Read each with "
            f"read(..., library=), or all of that file alone with a column{mixed}."
        ) from error
    except DataError as error:
        raise DataError(f"Section {name!r}: {error}") from error


def _said(given: Any) -> str:
    """Return what was given for a section, in words: its files, or the kind of object."""
    if isinstance(given, str | Path):
        return str(given)
    return ", ".join(map(str, given)) if isinstance(given, list | tuple) else f"this {type(given).__name__}"


def _parts_of(given: Any, column: str | None, how: Mapping[str, Any]) -> tuple[dict[str, Dataset], str]:
    """Return {name: section} of what one file, several tables of the same spots, or an object holds; and its name."""
    in_memory = not isinstance(given, str | Path | list | tuple)
    if column is not None:
        if in_memory:
            return assemble_by(found_in_memory(given), column, **how), "in memory"
        paths = paths_of(given)
        before = stamps(paths)
        try:
            found, name = found_at(paths, None, how["modalities"])
        except ChoiceError as error:
            if error.kind != "regions":
                raise
            return _by_region(given, error.names, column, how), _name(given, in_memory)
        parts = assemble_by(found, column, sources=paths, **how)
        marks = marks_since(before, paths)
        return {key: replace(part, marks=marks) for key, part in parts.items()}, name
    opened = from_memory if in_memory else read
    try:
        whole = opened(given, **how)
    except ChoiceError as error:
        if error.kind == "tables":
            raise DataError(
                f"{error} They are of one tissue: bins, outlines or selections of the same cells. Where several are "
                "sections, give those as {name: napari_trsmi.read(..., library=)}."
            ) from error
        how = {**how, "of_several": True}
        return {name: opened(given, library=name, **how) for name in error.names}, _name(given, in_memory)
    return {whole.name: whole}, whole.name


def _by_region(given: Any, regions: Sequence[str], column: str, how: Mapping[str, Any]) -> dict[str, Dataset]:
    """Return {value of a column: the region of a SpatialData that has it}."""
    parts: dict[str, Dataset] = {}
    for region in regions:
        part = read(given, library=region, of_several=True, **how)
        values = part.obs[column].astype(str).unique() if column in part.obs else []
        if len(values) != 1 or values[0] in parts:
            raise DataError(
                f"Expected a column that names each of the regions {', '.join(map(repr, regions))}, found "
                f"{len(values)} values of {column!r} in {region!r}{', as in another' if len(values) == 1 else ''}. "
                "Choose the column that tells regions apart."
            )
        parts[values[0]] = part
    return parts


def _name(given: Any, in_memory: bool) -> str:
    return "in memory" if in_memory else " + ".join(readable(path.stem) for path in paths_of(given))


def _joined(parts: Mapping[str, Dataset], name: str, column: str | None) -> Dataset:
    """Return sections that come from the same tables as one, with its rows in those tables."""
    if len(parts) == 1:
        return stack(parts, name)
    names = np.concatenate([part.obs_names for part in parts.values()])
    study = stack(parts, name, keep_names=len(set(names)) == len(names))
    keys = dict.fromkeys(key for part in parts.values() for key in part.rows)
    rows = {
        key: np.concatenate([part.rows.get(key, np.full(part.n_spots, -1)) for part in parts.values()]) for key in keys
    }
    return replace(study, column=column, rows=rows, notes=_told_once(study.notes, list(parts)))


def _told_once(notes: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return notes with those that every section has told once, without its name."""
    told = []
    for note in notes:
        name, _, rest = note.partition(": ")
        of_all = name in names and all(f"{other}: {rest}" in notes for other in names)
        told.append(rest if of_all else note)
    return tuple(dict.fromkeys(told))
