"""Results to files: a copy of the input with the domains in it, `run.json`, and tables."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.annotate import CONFIDENCE, DOMAIN, ENTROPY, RUNNER_UP, annotate, domains_frame
from napari_trsmi.data.atomic import replacing
from napari_trsmi.data.provenance import record
from napari_trsmi.data.spatialdata_writer import write_spatialdata
from napari_trsmi.data.squidpy_library import make_drawable
from napari_trsmi.data.tables import copy_of_input, write_table, zarr_kind
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

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
    """

    table: Path
    run: Path
    domains: Path
    boundaries: Path | None
    keys: tuple[str, ...]

    def __str__(self) -> str:
        beside = [self.run, self.domains, *([self.boundaries] if self.boundaries else [])]
        names = ", ".join(path.name for path in beside)
        return f'Domains are in {self.table} (obs["{DOMAIN}"] and {len(self.keys) - 1} more keys); beside it: {names}.'


def check_output(path: str | Path) -> Path:
    """Return `path` if a result can be written there, so that nobody trains first and learns it later.

    Raises
    ------
    DataError
        Another ending than `SUFFIXES`, no such folder, no permission, or something else of that name is there.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    if path.suffix not in SUFFIXES:
        raise DataError(f"Expected an output ending in {', '.join(SUFFIXES)}, found {path.name}. Change the ending.")
    if not target.parent.is_dir():
        raise DataError(f"Expected the folder {target.parent}, found none. Create it or choose another.")
    if not os.access(target.parent, os.W_OK):
        raise DataError(f"Expected permission to write in {target.parent}, found none. Choose another folder.")
    if path.suffix == ".zarr":
        if target.exists() and not (target.is_dir() and (zarr_kind(target) or not any(target.iterdir()))):
            raise DataError(f"Expected a zarr table to replace at {path}, found something else. Choose another name.")
    elif target.is_dir():
        raise DataError(f"Expected a file to replace at {path}, found a folder. Choose another name.")
    return path


def write(result: Result, path: str | Path) -> Written:
    """Write `result` to `path` and beside it; see `Result.write`."""
    path = check_output(path)
    stem = path.with_suffix("")
    boundaries = None if result.boundaries is None else stem.with_name(f"{stem.name}.boundaries.csv")
    run, domains = (stem.with_name(f"{stem.name}.{ending}") for ending in ("run.json", "domains.csv"))
    with ExitStack() as stack:
        # Everything is written before anything is replaced; the table, entered last, is replaced first.
        if boundaries is not None:
            _boundaries_csv(result, stack.enter_context(replacing(boundaries)))
        _domains_csv(result, stack.enter_context(replacing(domains)))
        _run_json(result, stack.enter_context(replacing(run)))
        keys = _write_copy(result, path.suffix, stack.enter_context(replacing(path)))
    return Written(path, run, domains, boundaries, keys)


def write_domains(result: Result, path: str | Path) -> Path:
    """Write one row per spot to a CSV file, replaced whole, and return its path; raises `DataError`."""
    with replacing(path) as temporary:
        _domains_csv(result, temporary)
    return Path(path)


def write_boundaries(result: Result, path: str | Path) -> Path:
    """Write one row per boundary to a CSV file, replaced whole, and return its path; raises `DataError`."""
    with replacing(path) as temporary:
        _boundaries_csv(result, temporary)
    return Path(path)


def write_run(result: Result, path: str | Path) -> Path:
    """Write everything to repeat the run to a JSON file, replaced whole, and return its path; raises `DataError`."""
    with replacing(path) as temporary:
        _run_json(result, temporary)
    return Path(path)


def domains_table(result: Result) -> pd.DataFrame:
    """Return one row per spot: barcode, domain, confidence, runner_up, entropy, x, y."""
    table = domains_frame(result).rename(
        columns={DOMAIN: "domain", CONFIDENCE: "confidence", RUNNER_UP: "runner_up", ENTROPY: "entropy"}
    )
    table.insert(0, "barcode", result.obs_names)
    table["x"], table["y"] = result.coords[:, 0], result.coords[:, 1]
    return table


def boundaries_table(result: Result) -> pd.DataFrame:
    """Return one row per boundary, with the names of the two domains instead of their numbers.

    Raises
    ------
    DataError
        The result has no boundaries.
    """
    if result.boundaries is None:
        raise DataError("Expected a result with boundaries, found one without. Find its domains again.")
    names = np.array(result.names)
    return result.boundaries.assign(**{key: names[result.boundaries[key]] for key in ("domain_a", "domain_b")})


def _write_copy(result: Result, suffix: str, temporary: Path) -> tuple[str, ...]:
    sources = result.dataset.sources
    if suffix == ".zarr" and len(sources) == 1 and zarr_kind(Path(sources[0])) == "spatialdata":
        return write_spatialdata(result, Path(sources[0]), temporary)
    table, rows = copy_of_input(result.dataset, suffix)
    keys = annotate(result, table, rows)
    for drawn in getattr(table, "mod", {"": table}).values():
        make_drawable(drawn, result.dataset)
    write_table(table, temporary, suffix)
    return keys


def _run_json(result: Result, path: Path) -> None:
    path.write_text(json.dumps(record(result), indent=2) + "\n", encoding="utf-8")


def _domains_csv(result: Result, path: Path) -> None:
    _write_csv(domains_table(result), path)


def _boundaries_csv(result: Result, path: Path) -> None:
    _write_csv(boundaries_table(result), path)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:  # pandas would say less about what is wrong with a path
        table.to_csv(file, index=False, float_format="%.6g", lineterminator="\n")
