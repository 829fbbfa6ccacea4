"""Results to files: a copy of the input with the domains in it, `run.json`, and tables."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np

from napari_trsmi.atomic import check_name, check_replaceable, replacing
from napari_trsmi.data.annotate import (
    CONFIDENCE,
    DOMAIN,
    ENTROPY,
    RUNNER_UP,
    annotate,
    domains_frame,
    find_rows,
    spots_at,
)
from napari_trsmi.data.companions import BOUNDARIES, DOMAINS, RUN, companion
from napari_trsmi.data.copies import changed, copy_of_input, own_table
from napari_trsmi.data.own_columns import write_own_columns
from napari_trsmi.data.provenance import record
from napari_trsmi.data.sheets import write_sheet
from napari_trsmi.data.sources import mark, sha256
from napari_trsmi.data.spatialdata_writer import Write, write_spatialdata
from napari_trsmi.data.squidpy_library import make_drawable
from napari_trsmi.data.storable import make_storable
from napari_trsmi.data.study_tables import barcodes_as_read, boundaries_as_read, coords_as_read, draw_sections
from napari_trsmi.data.tables import write_table, zarr_kind
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

SUFFIXES = (".h5ad", ".h5mu", ".zarr")


@dataclass(frozen=True, slots=True)
class Written:
    """What went where; ``str()`` of it is a message for the person.

    Attributes
    ----------
    table
        The copy of the input with the domains in it.
    run
        JSON with settings and provenance; ``trsmi fit --config`` repeats the run from it.
    domains
        CSV with one row per analysed spot.
    boundaries
        CSV with one row per boundary, or None where the result has none.
    keys
        The keys written into the table.
    notes
        Sentences a person should read: what the format could not hold, why it is no copy of the input.
    """

    table: Path
    run: Path
    domains: Path
    boundaries: Path | None
    keys: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        beside = [self.run, self.domains, *([self.boundaries] if self.boundaries else [])]
        names = ", ".join(path.name for path in beside)
        where = f'Domains are in {self.table} (obs["{DOMAIN}"] and {len(self.keys) - 1} more keys); beside it: {names}.'
        return "\n".join([where, *self.notes])


def check_output(path: str | Path, force: bool = False) -> Path:
    """Return `path` if a result can be written there, so that nobody trains first and learns it later.

    Parameters
    ----------
    force
        Whether to replace also files that may only be read.

    Raises
    ------
    DataError
        Another ending than `SUFFIXES`, no such folder, no permission, a file that may only be read, or something else
        of that name is there.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    if path.suffix not in SUFFIXES:
        raise DataError(f"Expected an output ending in {', '.join(SUFFIXES)}, found {path.name}. Change the ending.")
    if not target.parent.is_dir():
        raise DataError(f"Expected the folder {target.parent}, found none. Create it or choose another.")
    if not os.access(target.parent, os.W_OK):
        raise DataError(f"Expected permission to write in {target.parent}, found none. Choose another folder.")
    beside = [path, *(companion(path, ending) for ending in (RUN, DOMAINS, BOUNDARIES))]
    for one in beside:
        check_name(one)
    if path.suffix == ".zarr":
        if target.exists() and not (target.is_dir() and (zarr_kind(target) or not any(target.iterdir()))):
            raise DataError(f"Expected a zarr table to replace at {path}, found something else. Choose another name.")
    elif target.is_dir():
        raise DataError(f"Expected a file to replace at {path}, found a folder. Choose another name.")
    for one in beside:
        check_replaceable(one, force)
    return path


def check_writable(dataset: Dataset, path: str | Path, force: bool = False) -> tuple[str, ...]:
    """Return what a person should know before a run about its result being written to `path`: what will be converted.

    Raises
    ------
    DataError
        It cannot be written there, see `check_output`.
    """
    path = check_output(path, force)
    _replaced(dataset, path)
    return conversions(dataset, path.suffix)


def conversions(dataset: Dataset, suffix: str) -> tuple[str, ...]:
    """Return a sentence on each thing of a section that a file of `suffix` can only hold converted, or not at all."""
    notes = [note for name in dataset.modalities for note in make_storable(own_table(dataset, name), suffix)]
    return tuple(dict.fromkeys(notes))


def write(result: Result, path: str | Path, force: bool = False) -> Written:
    """Write `result` to `path` and beside it; see `Result.write`."""
    path = check_output(path, force)
    replaced = _replaced(result.dataset, path)
    for source in replaced:
        if changed(result.dataset, source):
            raise DataError(
                f"Expected {path} to be the file that was analysed, found that it has changed since. "
                "Write to another name."
            )
    run, domains, boundaries = (companion(path, ending) for ending in (RUN, DOMAINS, BOUNDARIES))
    files: dict[str, str] = {}
    with ExitStack() as stack:
        # Everything is written before anything is replaced; the table, entered last, is replaced first.
        if result.boundaries is not None:
            temporary = stack.enter_context(replacing(boundaries, force))
            write_sheet(boundaries_table(result), temporary)
            files[BOUNDARIES] = sha256(temporary)
        temporary = stack.enter_context(replacing(domains, force))
        write_sheet(domains_table(result), temporary)
        files[DOMAINS] = sha256(temporary)
        stamped = replace(result, provenance={**result.provenance, "id": uuid4().hex, "files": files})
        _run_json(stamped, stack.enter_context(replacing(run, force)))
        temporary = stack.enter_context(replacing(path, force))
        keys, notes = _write_copy(result.dataset, path.suffix, temporary, partial(annotate, stamped, copy=False))
    for source in replaced:
        if (found := mark(source)) is not None:
            result.dataset.marks[source] = found
    return Written(path, run, domains, boundaries if result.boundaries is not None else None, keys, notes)


def _replaced(dataset: Dataset, path: Path) -> list[Path]:
    """Return the input that a file takes the place of, if any; raises `DataError` where it is one of several."""
    found = [Path(one) for one in dataset.sources if os.path.realpath(one) == os.path.realpath(path)]
    if found and len(dataset.sources) > 1:
        raise DataError(
            f"Expected an output that is none of the {len(dataset.sources)} inputs, found {path}, which it would "
            "replace with all of them together. Choose another name."
        )
    return found


def write_domains(result: Result, path: str | Path) -> Path:
    """Write one row per spot to a CSV file, replaced whole, and return its path; raises `DataError`."""
    with replacing(path) as temporary:
        write_sheet(domains_table(result), temporary)
    return Path(path)


def write_boundaries(result: Result, path: str | Path) -> Path:
    """Write one row per boundary to a CSV file, replaced whole, and return its path; raises `DataError`."""
    with replacing(path) as temporary:
        write_sheet(boundaries_table(result), temporary)
    return Path(path)


def write_run(result: Result, path: str | Path) -> Path:
    """Write everything to repeat the run to a JSON file, replaced whole, and return its path; raises `DataError`."""
    with replacing(path) as temporary:
        _run_json(result, temporary)
    return Path(path)


def domains_table(result: Result) -> pd.DataFrame:
    """Return one row per spot: barcode, domain, ..., x, y, columns of one's own; of a study the section first."""
    table = domains_frame(result).rename(
        columns={DOMAIN: "domain", CONFIDENCE: "confidence", RUNNER_UP: "runner_up", ENTROPY: "entropy"}
    )
    table.insert(0, "barcode", barcodes_as_read(result.dataset))
    if result.dataset.parts:
        table.insert(0, "section", result.sections)
    table["x"], table["y"] = coords_as_read(result.dataset).T
    for name in result.dataset.own_columns:
        if name not in table:
            table[name] = result.dataset.obs[name].array
    return table


def boundaries_table(result: Result) -> pd.DataFrame:
    """Return one row per boundary: section in a study, the names of the two domains instead of their numbers.

    Raises
    ------
    DataError
        The result has no boundaries.
    """
    if result.boundaries is None:
        raise DataError("Expected a result with boundaries, found one without. Find its domains again.")
    names = np.array(result.names)
    table = result.boundaries.assign(**{key: names[result.boundaries[key]] for key in ("domain_a", "domain_b")})
    if "support" in table:  # what boundaries are ranked by comes first
        table.insert(table.columns.get_loc("confidence"), "support", table.pop("support"))
    return boundaries_as_read(result, table)


def write_columns(dataset: Dataset, path: str | Path, force: bool = False) -> tuple[str, ...]:
    """Write a copy of the input with the columns of one's own in it, and return what a person should know about it.

    Raises
    ------
    DataError
        It cannot be written there, see `check_output`, or is the input.
    """
    path = check_output(path, force)
    if _replaced(dataset, path):
        raise DataError(f"Expected another file than the input, found {path}. Choose another name.")

    def write(table: AnnData | MuData, rows: Mapping[str, np.ndarray]) -> tuple[str, ...]:
        keys: list[str] = []
        for name, part in {**getattr(table, "mod", {}), "": table}.items():
            there = rows[name] if name in rows else find_rows(dataset, part, name)
            keys = write_own_columns(dataset, part, spots_at(there, part.n_obs))
        return tuple(keys)

    with replacing(path, force) as temporary:
        return _write_copy(dataset, path.suffix, temporary, write)[1]


def _write_copy(
    dataset: Dataset, suffix: str, temporary: Path, write: Write
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the copy of the input, and return its keys and what a person should know about it."""
    sources = dataset.sources if suffix == ".zarr" else ()
    damage: tuple[str, ...] = ()
    if len(sources) == 1 and zarr_kind(Path(sources[0])) == "spatialdata" and not changed(dataset, sources[0]):
        try:
            return write_spatialdata(dataset.rows, Path(sources[0]), temporary, write), ()
        except DataError as error:  # parts that reading did not need are damaged: no reason to lose the result
            shutil.rmtree(temporary, ignore_errors=True)
            damage = (f"{error} The copy holds the analysed spots and their features only.",)
    copy = copy_of_input(dataset, suffix)
    keys = write(copy.table, copy.rows)
    for name, drawn in getattr(copy.table, "mod", {"": copy.table}).items():
        there = copy.rows.get(name)
        if dataset.parts:
            there = find_rows(dataset, drawn, name) if there is None else there
            draw_sections(drawn, dataset, there)
        else:
            make_drawable(drawn, dataset, there)
    notes = make_storable(copy.table, suffix)
    write_table(copy.table, temporary, suffix, copy.kept)
    return keys, (*damage, *copy.notes, *notes)


def _run_json(result: Result, path: Path) -> None:
    path.write_text(json.dumps(record(result), indent=2) + "\n", encoding="utf-8")
