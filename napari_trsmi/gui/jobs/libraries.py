"""The libraries that reading takes, imported on the thread of the window, in pieces between which it answers.

A thread that reads must find them imported. Python locks a module while it is imported; where two threads each hold one
that the other is waiting for, it lets a thread go on with what is only half imported, and what that thread imports then
fails by names that are not there yet. The window imports whenever a dock, a layer or a plugin is first used, so a
thread that imported the same libraries beside it would sooner or later meet it.
"""

from __future__ import annotations

import logging
import pkgutil
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from qtpy.QtCore import QTimer

logger = logging.getLogger(__name__)

DELAY = 800  # milliseconds after the first dock is open
PAUSE = 60  # milliseconds between two pieces while nobody waits for them
# Each is small once those before it are there.
LIBRARIES = (
    *("dateutil.parser", "pytz", "pyarrow", "pyarrow.compute", "pandas"),
    *("scipy.sparse", "scipy.linalg", "scipy.special", "scipy.spatial", "scipy.ndimage", "scipy.optimize"),
    *("scipy.interpolate", "scipy.sparse.csgraph", "scipy.integrate", "scipy.stats"),
    *("joblib", "sklearn.utils", "sklearn.base", "sklearn.utils.sparsefuncs", "sklearn.metrics"),
    *("sklearn.preprocessing", "sklearn.neighbors", "h5py", "numcodecs", "google_crc32c", "donfig", "fsspec"),
    *("zarr.core.dtype", "zarr", "tlz", "dask", "dask.base", "xarray", "dask.array", "narwhals", "natsort"),
    *("anndata", "mudata", "PIL.Image", "matplotlib.colors", "matplotlib"),
)
OURS = ("napari_trsmi.data", "napari_trsmi.data.readers", "napari_trsmi.domains")  # with all that is in them
ALONE = (
    *("napari_trsmi.api", "napari_trsmi.restoring", "napari_trsmi.versions", "napari_trsmi.figure"),
    *("napari_trsmi.gui.viewer.reader", "napari_trsmi.gui.viewer.looks", "napari_trsmi.gui.viewer.studies"),
)


class Pieces:
    """What is still to be imported, and who waits for it.

    Attributes
    ----------
    total
        Number of pieces at the beginning.
    """

    def __init__(self, pieces: Callable[[], Iterator[Callable[[], Any]]]) -> None:
        self._pieces = pieces
        self._left: deque[Callable[[], Any]] | None = None
        self._waiting: list[Callable[[], None]] = []
        self._under_way = False
        self.total = 0

    @property
    def done(self) -> int:
        """Number of pieces that are imported."""
        return self.total - len(self._left or ())

    def begin(self) -> None:
        """Import them by and by, while a person does other things."""
        if self._left is None:
            self._left = deque(self._pieces())
            self.total = len(self._left)
        if self._left and not self._under_way:
            self._under_way = True
            QTimer.singleShot(0, self._next)

    def when_there(self, act: Callable[[], None]) -> None:
        """Call `act` from the event loop once all are imported; until then one follows the other."""
        self._waiting.append(act)
        self.begin()
        if not self._left:
            QTimer.singleShot(0, self._tell)

    def _next(self) -> None:
        assert self._left
        bring(self._left.popleft())
        if self._left:
            QTimer.singleShot(0 if self._waiting else PAUSE, self._next)
        else:
            self._under_way = False
            self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for act in waiting:
            act()


def bring(piece: Callable[[], Any]) -> None:
    """Make a piece ready where it can be: whoever needs one that cannot says so better."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            piece()
    except Exception:
        logger.info("%s was not made ready", piece, exc_info=True)


def all_pieces() -> Iterator[Callable[[], Any]]:
    """Yield the pieces in the order in which they are made ready."""
    for name in LIBRARIES:
        yield partial(import_module, name)
    for package in OURS:
        for found in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
            yield partial(import_module, found.name)
    for name in ALONE:
        yield partial(import_module, name)
    yield know_units


def know_units() -> None:
    """Let napari read its table of units, which it does at the first layer."""
    import pint

    pint.get_application_registry().Unit("um")


PIECES = Pieces(all_pieces)
