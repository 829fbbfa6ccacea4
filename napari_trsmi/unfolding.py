"""An embedding in two dimensions, to be looked at: its principal components, or its UMAP."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import check
from napari_trsmi.telling import UNFOLDING, tell

LOOK = 0.1  # seconds between two questions whether the UMAP is still wanted
SAID = 400  # letters of what went wrong


def components(embedding: np.ndarray) -> np.ndarray:
    """Return the (N, 2) float32 first two principal components of (N, d); what has two dimensions as it is.

    Their signs are fixed: the largest value of each is positive, so that the same embedding always looks the same.
    """
    centred = np.asarray(embedding, np.float64)
    if centred.shape[1] == 2:
        return centred.astype(np.float32)
    centred = centred - centred.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = np.pad(axes[:, ::-1][:, :2], ((0, 0), (0, max(0, 2 - axes.shape[1]))))  # the largest come last
    found = centred @ axes
    largest = found[np.abs(found).argmax(axis=0), [0, 1]]
    return (found * np.where(largest < 0, -1.0, 1.0)).astype(np.float32)


def umap_seconds(n_spots: int) -> float:
    """Return about how long a UMAP takes on an ordinary machine; the program itself starts for 10 of the seconds."""
    return 10.0 + n_spots / 500


def umap(embedding: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the (N, 2) float32 UMAP of (N, d), the same for the same seed.

    It is worked out in a process of its own, which ends as soon as nobody wants it any more (see `interrupt`): the
    library holds Python's lock for seconds at a time, and cannot be asked to stop. Whoever follows it (see `telling`)
    hears of its epochs; before the first of them, of 0 of 0.

    Raises
    ------
    DataError
        umap-learn is not installed, or it failed.
    """
    if not has_umap():
        raise DataError(
            'Expected umap-learn for a UMAP, found none. Install it with `pip install "napari-trsmi[umap]"`, or look '
            "at the components."
        )
    with tempfile.TemporaryDirectory(prefix="trsmi-") as folder:
        source, target, said = (Path(folder) / name for name in ("embedding.npy", "umap.npy", "said"))
        np.save(source, np.asarray(embedding, np.float32))
        words = [sys.executable, "-W", "ignore", "-c", _CODE, str(source), str(target), str(seed)]
        with said.open("wb") as out, (Path(folder) / "problem").open("w+b") as problem:
            child = subprocess.Popen(words, stdout=out, stderr=problem)
            try:
                while child.poll() is None:
                    check()
                    tell(UNFOLDING, *_epochs(said))
                    time.sleep(LOOK)
            finally:
                child.kill()
                child.wait()
            problem.seek(0)
            wrong = problem.read().decode(errors="replace").strip()[-SAID:]
        if child.returncode != 0:
            raise DataError(f"Expected a UMAP, found that umap-learn failed: {wrong}")
        return np.asarray(np.load(target), np.float32)


def _epochs(said: Path) -> tuple[int, int]:
    """Return how many of how many epochs the process has told to be done, 0 of 0 before."""
    found = re.findall(rb"(\d+)/(\d+) ", said.read_bytes())
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def has_umap() -> bool:
    """Return whether umap-learn is installed."""
    try:
        return find_spec("umap") is not None
    except ValueError:  # what tests put in its place
        return False


# Given as text, not as a module: what runs it may be a program that has no folder of modules to look into.
_CODE = """
import sys
import numpy as np
from umap import UMAP
source, target, seed = sys.argv[1:]
points = np.load(source)
told = dict(disable=False, file=sys.stdout, mininterval=0.1, bar_format="{n}/{total} ")
made = UMAP(random_state=int(seed), n_jobs=1, n_neighbors=max(2, min(15, len(points) - 1)), tqdm_kwds=told)
np.save(target, made.fit_transform(points).astype(np.float32))
"""
