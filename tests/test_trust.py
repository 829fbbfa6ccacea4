from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import napari_trsmi as nt
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.trust import (
    AGREEING,
    STABILITY,
    chance,
    describe,
    modality_agreement,
    seed_stability,
    share_above,
    stability_curve,
    strata,
    suggested_domains,
    with_trust,
)


@pytest.fixture(scope="module")
def result(small_file):
    """Clear domains: a short run on a small section, reduced to few components."""
    config = nt.Config(
        cluster={"n_domains": 7, "n_init": 2},
        train={"epochs": 4},
        preprocess={"n_components": 10},
        graph={"k_feature": 8},
        evidence={"support": False},
    )
    return nt.fit(small_file, config)


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


def test_every_run_but_the_first_has_its_own_measurement_and_seed(result):
    ran = {}

    def fit(dataset, config):
        ran[config.seed] = dataset
        return result

    found, _ = finish(seed_stability(result, 3, fit=fit))
    tables = [one.modalities["rna"].table.X for one in (result.dataset, ran[1], ran[2])]
    assert found.perturbed
    assert [round(table.sum() / tables[0].sum(), 2) for table in tables] == [1.0, 0.8, 0.8]
    assert (tables[1] != tables[2]).nnz > 0
    again = dict(ran)
    finish(stability_curve(result, [3], 3, fit=fit))
    assert all((again[s].modalities["rna"].table.X != ran[s].modalities["rna"].table.X).nnz == 0 for s in (1, 2))


def test_without_fresh_measurements_only_the_seed_differs(result):
    ran = []

    def fit(dataset, config):
        ran.append(dataset)
        return result

    found, _ = finish(seed_stability(result, 2, perturb=False, fit=fit))
    finish(stability_curve(result, [3], 2, perturb=False, fit=fit))
    finish(stability_curve(result, [3], 3, stability=found, fit=fit))  # a further run is as those before
    assert not found.perturbed
    assert all(dataset is result.dataset for dataset in ran)
    assert len(ran) == 3


def test_what_was_perturbed_and_kept_is_said_and_saved(result, tmp_path):
    def fit(dataset, config):
        return result

    def asked(perturb, keep):
        stability, _ = finish(seed_stability(result, 2, perturb=perturb, fit=fit))
        shuffled, _ = finish(chance(result, 1, keep=keep, fit=fit))
        curve, _ = finish(stability_curve(result, [3], 2, stability=stability))
        return with_trust(result, stability, shuffled, curve, alone=False)

    saved = nt.restore(asked(True, "gradients").write(tmp_path / "told.h5mu").table)
    assert describe(saved).startswith("Fresh measurements and seeds: mean ARI 1.00 over 2 runs")
    assert "on tissue shuffled within gradients of depth and position (where " in describe(saved)
    assert "Stability over fresh measurements and seeds by number of domains: 3: " in describe(saved)
    plain = asked(False, "nothing")
    assert describe(plain).startswith("Seeds: mean ARI 1.00")
    assert "on tissue shuffled all over (where " in describe(plain)
    assert "Stability over seeds by number of domains: 3: " in describe(plain)
    new = ("perturbed", "curve_perturbed", "kept", "in_domain")
    older = {key: value for key, value in plain.provenance["trust"].items() if key not in new}
    said = describe(replace(plain, provenance={"trust": older}))
    assert said.startswith("Seeds: mean ARI 1.00")
    assert "on tissue shuffled all over 0." in said


def test_spots_are_dealt_among_those_of_like_place_and_depth(result):
    dataset, ran = result.dataset, []

    def fit(shuffled, config):
        ran.append(shuffled.coords)
        return result

    gentle, _ = finish(chance(result, 1, fit=fit))
    rough, _ = finish(chance(result, 1, keep="nothing", fit=fit))
    place = {tuple(at): s for s, at in enumerate(dataset.coords)}
    within, everywhere = ([place[tuple(at)] for at in coords] for coords in ran)
    found = strata(dataset)
    assert np.ptp(np.bincount(found)) <= 2
    assert len(np.unique(found)) == 27
    assert np.array_equal(found[within], found)
    assert (within != np.arange(dataset.n_spots)).mean() > 0.85  # one in fifteen stays by chance
    assert (found[everywhere] == found).mean() < 0.1  # one in 27 by chance
    assert gentle.in_domain == (result.labels[within] == result.labels).mean() > 2 * rough.in_domain


def test_strata_are_thirds_of_place_and_of_depth():
    side = 24
    y, x = np.divmod(np.arange(side**2), side)
    depth = np.random.default_rng(0).permutation(side**2) + 1
    names = np.arange(side**2).astype(str)
    modality = Modality("rna", "rna", AnnData(depth[:, None] * np.array([[1.0, 2.0]])))
    section = Dataset("square", {"rna": modality}, np.stack([x, y], axis=1), names, pd.DataFrame(index=names))
    tile, third = np.divmod(strata(section), 3)
    assert np.array_equal(tile, x // 8 * 3 + y // 8)
    for one in range(9):
        low, middle, high = (depth[(tile == one) & (third == part)] for part in range(3))
        assert low.max() < middle.min()
        assert middle.max() < high.min()


def test_shuffled_tissue_gives_domains_of_little_confidence(result):
    found, progress = finish(chance(result, 1, keep="nothing"))
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


@pytest.mark.slow
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
    "check",
    [
        lambda r: seed_stability(r, 1),
        lambda r: chance(r, 0),
        lambda r: chance(r, keep="depth"),
        lambda r: stability_curve(r, [1]),
    ],
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
    assert f"Fresh measurements and seeds: mean ARI {trust['stability']:.2f}" in printed
    assert "shuffled within gradients" in printed
    assert f"Suggested: {trust['suggested_domains']}" in printed
    assert set(trust["modality_agreement"]) == {"rna", "adt"}


@pytest.mark.slow
def test_the_command_can_leave_the_data_as_they_are_and_keep_nothing(fitted, tmp_path, monkeypatch):
    from napari_trsmi.cli import main

    saved, ran = nt.restore(fitted.path), []

    def fit(dataset, config):
        ran.append(dataset.modalities["rna"].table.X.sum() == saved.dataset.modalities["rna"].table.X.sum())
        return saved

    for module in ("seeds", "shuffled"):
        monkeypatch.setattr(f"napari_trsmi.trust.{module}.plain_fit", fit)
    out = tmp_path / "trusted.h5mu"
    words = ["trust", str(fitted.path), "-o", str(out), "--seeds", "2", "--shuffles", "1", "--domains", "3"]
    assert main([*words, "--no-perturb", "--keep", "nothing", "--no-figure", "-q"]) == 0
    trust = nt.restore(out).provenance["trust"]
    assert (trust["perturbed"], trust["curve_perturbed"], trust["kept"]) == (False, False, "nothing")
    assert ran == [True, True]
