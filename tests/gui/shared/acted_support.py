"""Support as the window waits for it, without looking for other cuts."""

from __future__ import annotations

import numpy as np

from napari_trsmi.evidence import with_support
from napari_trsmi.interrupt import check
from napari_trsmi.records import Progress


def cuts_of(result, seed=0):
    """Return (N, 4) cuts: the domains of a result, and those with more and more of one side made one domain."""
    rng = np.random.default_rng(seed)
    order = np.argsort(result.coords @ rng.normal(size=2))
    cuts = np.repeat(result.labels[:, None], 4, axis=1)
    for k in range(1, 4):
        cuts[order[: len(order) * k // 8], k] = 0
    return cuts.astype(np.int16)


def with_acted_support(result, seed=0):
    """Return a result with the support that `act_support` finds."""
    return with_support(result, cuts_of(result, seed))


def act_support(monkeypatch, gate=None, error=None, nothing=False):
    """Act the search from now on: it waits for the gate, and finds `with_acted_support`; return what it was asked."""
    asked = []

    def supported(result, prepared=None):
        asked.append(result)
        for done in range(4):
            yield Progress(done, 4, f"cut {done}")
            while gate is not None and not gate.acquire(timeout=0.02):
                check()
        if error is not None:
            raise error
        return result if nothing else with_acted_support(result)

    monkeypatch.setattr("napari_trsmi.evidence.supported", supported)
    monkeypatch.setattr("napari_trsmi.gui.jobs.ready.Ready.get", lambda ready, result: None)
    return asked
