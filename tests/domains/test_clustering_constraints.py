"""What a person said of spots is followed where they are cut into domains."""

from __future__ import annotations

import numpy as np
import pytest
from four_domains import COLUMN, METHODS, ROW, SPATIAL, TRUTH, cluster, embedding, prototypes

from napari_trsmi.constraints import RowConstraint, satisfaction
from napari_trsmi.domains.clustering import find_domains

LEFT, MIDDLE = np.flatnonzero((TRUTH == 0) & (COLUMN == 0)), np.flatnonzero((TRUTH == 1) & (COLUMN == 6))
TOP = [np.flatnonzero((ROW < 3) & (COLUMN < 2)), np.flatnonzero((ROW < 3) & (COLUMN > 11))]
SAID = {
    "together": RowConstraint("together", np.concatenate([LEFT[:6], MIDDLE]), LEFT[:0]),
    "belong": RowConstraint("belong", LEFT, MIDDLE),
    "apart": RowConstraint("apart", *TOP),
}


@pytest.mark.parametrize("refinement", ["off", "potts"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", SAID)
def test_what_a_person_said_is_followed_by_every_method(kind, method, refinement):
    z, said = embedding(), SAID[kind]
    settings = cluster(method=method, refinement=refinement)
    given = {"n_domains": 4, "prototypes": prototypes(z, 4)}
    free, told = (find_domains(z, SPATIAL, settings, constraints=some, **given) for some in ((), [said]))
    assert satisfaction(said, free.labels) < 0.7
    assert satisfaction(said, told.labels) >= 0.85
    assert told.n_domains == 4


def test_what_a_person_said_is_followed_the_less_the_weaker_it_is():
    shares = [
        satisfaction(
            SAID["belong"],
            find_domains(embedding(), SPATIAL, settings, constraints=[SAID["belong"]], n_domains=4).labels,
        )
        for settings in (cluster(constraint_strength=strength) for strength in (0.0, 0.7, 2.0))
    ]
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert shares[2] == 1.0


def test_the_posterior_weighs_what_was_measured_and_not_what_was_said():
    found = find_domains(
        embedding(), SPATIAL, cluster(), constraints=[SAID["belong"]], n_domains=4, evidence=embedding().astype(float)
    )
    assert found.confidence[LEFT].max() < 0.5 < np.median(found.confidence)
