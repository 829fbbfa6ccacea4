"""Which section of several a file is opened at: the libraries in ``uns["spatial"]`` and the columns that name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.readers.found import Holder
from napari_trsmi.data.squidpy_library import BLANK, libraries_in
from napari_trsmi.errors import ChoiceError, DataError

if TYPE_CHECKING:
    import pandas as pd

_LIBRARY_COLUMNS = ("library_id", "library", "library_key")


def libraries(holders: Sequence[Holder]) -> dict[str, Mapping[str, Any]]:
    """Return {library: its images and scale factors}.

    Entries that are no library (``is_single``) are left out, and so is the stand-in that a saved result carries for
    squidpy's plots.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for holder in holders:
        for name, entry in libraries_in(holder.uns.get("spatial")).items():
            if name != BLANK:
                found.setdefault(name, entry)
    return found


def choose_library(
    known: Sequence[str], obs: pd.DataFrame, library: str | None
) -> tuple[str | None, np.ndarray | None, list[str]]:
    """Return the library to use, (N,) bool of its spots (None for all), and notes.

    Parameters
    ----------
    known
        Libraries that have an entry in ``uns["spatial"]``.
    obs
        (N, n) annotations of the spots. A column ``library_id`` (or ``library``, ``library_key``), or any other whose
        values are all libraries, splits them.
    library
        The one asked for, or None.

    Raises
    ------
    DataError
        `library` is unknown, or there are several and none was asked for.
    """
    column = next((name for name in _LIBRARY_COLUMNS if name in obs), None)
    if column is None and len(known) > 1:
        textual = [name for name in obs if obs[name].dtype.kind not in "biuf"]
        column = next((name for name in textual if set(obs[name].astype(str)) <= set(known)), None)
    of_spot = np.array([]) if column is None else obs[column].astype(str).to_numpy()
    present = list(dict.fromkeys(of_spot))
    if len(present) < 2 and not set(present) & set(known):  # one name that may not be the one used in uns
        present = list(known)
    if library is not None and library not in present:
        raise DataError(f"Expected one of the libraries {present}, found {library!r}. Choose one of them.")
    if len(present) > 1 and library is None:
        if set(of_spot) >= set(present):
            raise ChoiceError("libraries", present)
        return present[0], None, [f"Several libraries ({', '.join(present)}) for the same spots: used {present[0]!r}."]
    chosen = library if library is not None else next(iter(present), None)
    mask = of_spot == chosen if len(set(of_spot)) > 1 else None
    return chosen, mask, []
