"""The checks as a job in a thread: what it finds, and that it hears when to stop."""

from __future__ import annotations

import numpy as np
import pytest
from acted_checks import act

import napari_trsmi as nt
from napari_trsmi.domains.features import domain_features
from napari_trsmi.gui.trust.job import TrustJob, Wanted
from napari_trsmi.stages import prepare
from napari_trsmi.trust import chance, seed_stability, with_trust


@pytest.mark.slow
def test_the_window_finds_what_the_functions_find(quick):
    trained = nt.fit(nt.simulate(n_spots=300, n_genes=60, n_proteins=12, image=0), quick)

    def last(check):
        while True:
            try:
                next(check)
            except StopIteration as end:
                return end.value

    by_hand = with_trust(trained, last(seed_stability(trained, 2)), last(chance(trained, 1)))
    job = TrustJob(trained, Wanted(2, 1))
    found = job.work()
    assert found.provenance["trust"] == by_hand.provenance["trust"]
    assert np.array_equal(found.maps["stability"], by_hand.maps["stability"])
    assert np.array_equal(found.boundaries["by_chance"], by_hand.boundaries["by_chance"])
    assert (job.done, job.progress, job.thread.ended.is_set()) == (2, 1.0, True)


def test_stop_is_heard_while_the_curve_is_cut(trained, monkeypatch):
    job = TrustJob(trained, Wanted(2, 0, (3,)))
    cut = []

    def stop_then_go_on(*given):
        cut.append(job.stop())
        return domain_features(*given)

    act(monkeypatch, trained)
    monkeypatch.setattr("napari_trsmi.domains.features.domain_features", stop_then_go_on)
    found = job.work()
    assert "curve" not in found.provenance["trust"]
    assert "stability" in found.maps
    assert len(cut) == 1  # the first seed of the curve; nothing is cut after it


def test_stop_is_heard_while_each_modality_is_looked_at_alone(trained, monkeypatch):
    job = TrustJob(trained, Wanted(2, 0))
    prepared = []

    def stop_then_go_on(*given):
        job.stop()
        prepared.append(prepare(*given))
        return prepared[-1]

    act(monkeypatch, trained)
    monkeypatch.setattr("napari_trsmi.stages.prepare", stop_then_go_on)
    found = job.work()
    assert not prepared  # it ended within the preparation
    assert "stability" in found.maps
    assert "modality_agreement" not in found.provenance["trust"]
