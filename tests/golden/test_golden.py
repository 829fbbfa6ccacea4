"""The sample's domains are those on record: a change of the method that moves them must be meant."""

from __future__ import annotations

import json

import numpy as np
import pytest
from make_golden import GOLDEN, run, summary
from sklearn.metrics import adjusted_rand_score

import napari_trsmi as nt


@pytest.fixture(scope="module")
def golden():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def result(golden):
    return run(nt.Config.from_json(json.dumps(golden["config"])))


def test_the_domains_are_those_on_record(golden, result):
    expected = np.array(list(golden["labels"]), int)
    assert adjusted_rand_score(expected, result.labels) >= 0.98  # other processors round otherwise


def test_the_domains_are_those_of_the_simulation(result):
    assert adjusted_rand_score(result.dataset.obs["domain"], result.labels) > 0.92


def test_the_numbers_are_those_on_record(golden, result):
    found = summary(result)
    for name, tolerance in {"strength": 0.2, "mean_confidence": 0.02, "modality_weights": 0.02}.items():
        assert found[name] == pytest.approx(golden[name], rel=tolerance, abs=0.02), name
    assert found["losses"] == pytest.approx(golden["losses"], rel=0.05, abs=1e-3)
    assert found["scores"] == pytest.approx(golden["scores"], rel=0.05, abs=0.03)
