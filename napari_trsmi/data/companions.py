"""The files beside a saved table: what they are called, and whether they were written with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_trsmi.atomic import recover
from napari_trsmi.data.sources import sha256

RUN, DOMAINS, BOUNDARIES = "run.json", "domains.csv", "boundaries.csv"


def companion(table: Path, ending: str) -> Path:
    """Return where the file of an ending lies beside a table: ``x.run.json`` beside ``x.h5mu``."""
    stem = table.with_suffix("")
    return stem.with_name(f"{stem.name}.{ending}")


def recover_all(table: Path) -> None:
    """Clear up after writers of a table and the files beside it that died; see `atomic.recover`."""
    for path in (table, *(companion(table, ending) for ending in (RUN, DOMAINS, BOUNDARIES))):
        recover(path)


def strangers(table: Path, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence on the files beside a saved table that were not written together with it.

    The table is replaced first: after a kill the others are older. They may also have been changed since, or copied.

    Parameters
    ----------
    record
        What the table says of its run, with the ``id`` of the writing and in ``files`` the SHA-256 of those beside it.
    """
    written, files = record.get("id"), record.get("files")
    if not isinstance(written, str) or not isinstance(files, Mapping):
        return ()
    others = []
    for ending in (RUN, DOMAINS, BOUNDARIES):
        path = companion(table, ending)
        try:
            same = _id_of(path) == written if ending == RUN else sha256(path) == files.get(ending)
        except OSError:  # not there
            continue
        if not same:
            others.append(path.name)
    if not others:
        return ()
    are = "is" if len(others) == 1 else "are"
    return (
        f"{', '.join(others)} beside {table.name} {are} older than it or changed since: save the result again to have "
        "them agree.",
    )


def _id_of(run: Path) -> str | None:
    try:
        found = json.loads(run.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    return found.get("id") if isinstance(found, dict) else None
