from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi.trust import (
    AGREEING,
    STABILITY,
    chance,
    modality_agreement,
    seed_stability,
    share_above,
    stability_curve,
    suggested_domains,
    with_trust,
)


@pytest.fixture(scope="module")
def result():
    """Clear domains: a short run on the sample, reduced to few components."""
    config = nt.Config(
        cluster={"n_domains": 7, "n_init": 2},
        train={"epochs": 4},
        preprocess={"n_components": 10},
        graph={"k_feature": 8},
    )
    return nt.fit(nt.sample_path(), config)


def finish(check):
    """What a check returns, and its progress."""
    progress = []
    while True:
        try:
            progress.append(next(check))
        except StopIteration as end:
            return end.value, progress


def test_clear_domains_come_again_from_other_seeds_and_all_of_it_is_saved(result, tmp_path):
    found, progress = finish(seed_stability(result, 3))
    assert [(step.done, step.total) for step in progress] == [(1, 3), (2, 3)]
    assert found.seeds == (0, 1, 2)
    assert np.array_equal(found.consensus.matched[0], result.labels)
    assert found.consensus.stability.mean() > 0.8
    assert len(found.boundaries) == len(result.boundaries)
    saved = nt.restore(with_trust(result, stability=found).write(tmp_path / "again.h5mu").table)
    assert np.allclose(saved.maps[STABILITY], found.consensus.stability)
    assert saved.maps[AGREEING].max() == 1
    assert np.allclose(saved.boundaries["stability"], found.boundaries)
    assert saved.provenance["trust"]["stability"] == pytest.approx(found.consensus.mean_agreement)


def test_shuffled_tissue_gives_domains_of_little_confidence(result):
    found, progress = finish(chance(result, 1))
    assert len(progress) == len(found.by_chance) == 1
    assert found.confidence > found.by_chance.max() + 0.2
    strongest = result.boundaries["confidence"].to_numpy().argmax()
    assert found.boundaries[strongest] < 0.05
    assert ((found.boundaries > 0) & (found.boundaries <= 1)).all()
    trusted = with_trust(result, by_chance=found)
    assert np.allclose(trusted.boundaries["by_chance"], found.boundaries)


def test_what_a_person_said_counts_for_other_seeds_but_neither_on_shuffled_tissue_nor_for_a_modality_alone(result):
    ends = result.obs_names[[int(np.argmax(result.labels == k)) for k in (0, 1)]]
    said = nt.Config(constraints=[{"kind": "together", "spots": list(ends)}]).constraints
    taught = replace(result, config=result.config.model_copy(update={"constraints": said}))
    asked = []

    def fit(dataset, config):
        asked.append(config.constraints)
        return result

    finish(seed_stability(taught, 2, fit=fit))
    finish(chance(taught, 1, fit=fit))
    assert asked == [said, ()]
    assert modality_agreement(taught)[0] == modality_agreement(result)[0]


def test_the_share_above_never_falls_as_the_threshold_does():
    rng = np.random.default_rng(0)
    share = share_above(rng.random(50), rng.random(50), np.linspace(1, 0, 11))
    assert (np.diff(share) >= 0).all()
    assert share[-1] == pytest.approx(1)


def test_a_modality_that_knows_the_domains_agrees_with_them(result):
    agreement, agreeing = modality_agreement(result)
    assert set(agreement) == set(result.dataset.modalities)
    assert min(agreement.values()) > 0.3
    assert set(np.unique(agreeing)) <= {0.0, 0.5, 1.0}


def test_the_curve_has_a_row_per_number_of_domains(result):
    curve, _ = finish(stability_curve(result, [7, 3], 2))
    assert curve["n_domains"].tolist() == [3, 7]
    assert (curve["low"] <= curve["stability"]).all()
    assert (curve["stability"] <= curve["high"]).all()


def test_the_curve_needs_no_run_beside_those_of_the_stability_and_is_the_same(result):
    ran = []

    def fit(dataset, config):
        ran.append(config.seed)
        return nt.fit(dataset, config)

    stability, _ = finish(seed_stability(result, 3, fit=fit))
    assert ran == [1, 2]
    shared, progress = finish(stability_curve(result, [7, 5], 3, stability=stability, fit=fit))
    assert (ran, len(progress)) == ([1, 2], 3)
    alone, _ = finish(stability_curve(result, [7, 5], 3, fit=fit))
    assert ran == [1, 2, 1, 2]
    pd.testing.assert_frame_equal(shared, alone)


def test_the_number_of_domains_that_a_run_found_is_given_to_the_others(result):
    open_number = result.config.cluster.model_copy(update={"n_domains": None})
    result = replace(result, config=result.config.model_copy(update={"cluster": open_number}))
    asked = []

    def fit(dataset, config):
        asked.append(config.cluster.n_domains)
        return result

    finish(seed_stability(result, 2, fit=fit))
    finish(stability_curve(result, [3], 2, fit=fit))
    assert asked == [7, 7]


def test_the_largest_number_among_the_most_stable_is_suggested():
    curve = pd.DataFrame({"n_domains": [2, 3, 4, 5], "stability": [0.8, 0.99, 0.985, 0.7]})
    assert suggested_domains(curve.assign(low=curve["stability"] - 0.005, high=curve["stability"] + 0.005)) == 4


@pytest.mark.parametrize(
    "check", [lambda r: seed_stability(r, 1), lambda r: chance(r, 0), lambda r: stability_curve(r, [1])]
)
def test_numbers_that_make_no_sense_are_refused(result, check):
    with pytest.raises(nt.ConfigError):
        next(check(result))


def test_the_command_writes_what_it_prints(fitted, tmp_path, capsys):
    from napari_trsmi.cli import main

    out = tmp_path / "trusted.h5mu"
    words = ["trust", str(fitted.path), "-o", str(out), "--seeds", "2", "--shuffles", "1", "--domains", "6", "7"]
    assert main([*words, "--no-figure"]) == 0
    printed = capsys.readouterr().out
    trust = nt.restore(out).provenance["trust"]
    assert f"mean ARI {trust['stability']:.2f}" in printed
    assert f"Suggested: {trust['suggested_domains']}" in printed
    assert set(trust["modality_agreement"]) == {"rna", "adt"}
