"""How long a sweep will take, as a person reads it before it begins."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_trsmi.estimate import estimate
from napari_trsmi.gui.words import duration

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

START = 8  # seconds until the processes that run the sweep are ready


def lasting(session: Session, n_runs: int, scheduler: str) -> str:
    """Return about how long so many runs take, as far as that is known, with what parts it from the words before.

    Parameters
    ----------
    scheduler
        The address of a Dask scheduler; empty for this machine, less one core.
    """
    if session.dataset is None:
        return ""
    took = {} if session.result is None else session.result.provenance.get("seconds", {})
    run = sum(took.values()) or estimate(session.dataset, session.config)[0]
    if scheduler:
        return f"; about {duration(n_runs * run)} of one worker"
    at_once = max(1, min(n_runs, (os.cpu_count() or 1) - 1))
    text = f"; about {duration(START + run * -(-n_runs // at_once))}"
    return f"{text}, {at_once} at a time" if at_once > 1 else text
