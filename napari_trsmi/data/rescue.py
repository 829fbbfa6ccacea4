"""What is left of a result that cannot be saved: a small folder of plain files, in the next place that takes it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.atomic import replacing
from napari_trsmi.data.companions import BOUNDARIES, DOMAINS, RUN
from napari_trsmi.data.writers import write_boundaries, write_domains, write_run
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

EMBEDDING = "embedding.npy"
_LETTERS = 50  # of the name that could not be written, which may have been too long


def rescue(result: Result, path: Path) -> Path | None:
    """Write domains, confidence, embedding and run.json of a result that could not be written to `path`.

    Returns
    -------
    The new folder: beside `path`, in the home folder, in that for temporary files or in the current one. None where no
    place took it.
    """
    for place in (path.absolute().parent, Path.home(), Path(tempfile.gettempdir()), Path.cwd()):
        try:
            return _write(result, place / f"{path.stem[:_LETTERS]}.rescue")
        except (DataError, OSError):
            continue
    return None


def _write(result: Result, folder: Path) -> Path:
    """Write the files to a folder that is not there yet, whole or not at all; raises `DataError`."""
    number = 1
    free = folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    with replacing(free) as temporary:
        temporary.mkdir()
        write_domains(result, temporary / DOMAINS)
        if result.boundaries is not None:
            write_boundaries(result, temporary / BOUNDARIES)
        write_run(result, temporary / RUN)
        np.save(temporary / EMBEDDING, result.embedding)
    return free
