"""The benchmark of studies: that what it compares with is right, and that it runs on sections of a few spots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import scripts

from napari_trsmi.data.simulate import simulate_dataset, simulate_study

MODULES = ("datasets", "runs", "tables", "trivial", "measure", "study_parts", "study_tables", "study")
SMALL = {"n_sections": 3, "n_spots": 150, "n_genes": 60, "n_proteins": 12}


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The scripts by name."""
    with scripts(*MODULES) as found:
        yield found


@pytest.fixture(scope="module")
def parts(bench: dict[str, ModuleType]) -> ModuleType:
    """What a study is compared with."""
    return bench["study_parts"]


def test_each_section_is_scored_by_itself_and_all_together(parts: ModuleType) -> None:
    study = simulate_study(**SMALL)
    truth = parts.truth_of(study, "domain")
    swapped = truth.copy()
    third = study.section == 2
    swapped[third] = np.where(truth[third] == "layer 1", "layer 3", truth[third])
    scores = parts.by_section(study, swapped, truth)
    assert scores["s1"] == scores["s2"] == 100
    assert scores["s3"] < scores["joint"] < 100
    counts = parts.confusions(study, swapped, truth)["s3"]
    names = sorted(set(swapped))
    assert counts["layer 1"][names.index("layer 3")] == (truth[third] == "layer 1").sum()
    assert counts["layer 1"][names.index("layer 1")] == 0


def test_a_missing_modality_is_the_mean_of_the_nearest_spots_that_have_it(
    parts: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = simulate_study(**SMALL)
    monkeypatch.setattr(parts, "NEAREST", 3)
    by = {"rna": np.random.default_rng(0).normal(size=(study.n_spots, 2))}
    values = np.random.default_rng(1).normal(size=(study.n_spots, 4))
    found = parts.carried(by, study.modalities, "adt", values)
    bridge = np.flatnonzero(study.section != 2)
    np.testing.assert_array_equal(found[bridge], values[bridge])
    for spot in np.flatnonzero(study.section == 2)[:5]:
        nearest = bridge[np.argsort(((by["rna"][bridge] - by["rna"][spot]) ** 2).sum(axis=1))[:3]]
        np.testing.assert_allclose(found[spot], values[nearest].mean(axis=0))


def test_correlation_is_of_each_feature_and_leaves_out_what_does_not_vary(parts: ModuleType) -> None:
    true = np.random.default_rng(0).normal(size=(50, 3))
    true[:, 2] = 1
    predicted = np.column_stack([5 + 2 * true[:, 0], -true[:, 1], true[:, 0]])
    assert parts.correlation(predicted, true) == pytest.approx(0)
    assert parts.correlation(predicted[:, :1], true[:, :1]) == pytest.approx(1)


def test_halves_are_the_section_cut_at_the_median(parts: ModuleType) -> None:
    section = simulate_dataset(n_spots=120, n_genes=30, image=0)
    cut = parts.halves(section)
    assert sorted([*cut["left"].obs_names, *cut["right"].obs_names]) == sorted(section.obs_names)
    assert cut["left"].coords[:, 0].max() < cut["right"].coords[:, 0].min()
    own = section.modalities["rna"].table[cut["right"].obs_names]
    assert (cut["right"].modalities["rna"].table.X != own.X).nnz == 0


def test_copies_of_a_section_differ(bench: dict[str, ModuleType]) -> None:
    section = simulate_dataset(n_spots=120, n_genes=30, image=0)
    study = bench["study"].copies(section, 3)
    first, second, third = (part.modalities["rna"].table.X for part in study.parts)
    assert (first != section.modalities["rna"].table.X).nnz == 0
    assert (second != first).nnz > 0
    assert (third != second).nnz > 0


def test_a_domain_said_to_differ_counts_as_what_most_of_its_spots_are(bench: dict[str, ModuleType]) -> None:
    table = pd.DataFrame({"domain": ["1", "2", "3"], "q": [0.01, 0.04, 0.2]})
    labels = np.array([0, 0, 0, 1, 1, 2])
    truth = np.array(["b", "b", "a", "a", "a", "c"], dtype=object)
    found = bench["study"].differing(table, ("1", "2", "3"), labels, truth, "b")
    assert found == {"found": 1, "false": 1, "of": 2}


@pytest.mark.slow
def test_a_quick_run_makes_the_tables(
    bench: dict[str, ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.json", tmp_path / "made.md"
    arguments = ["--parts", "simulated", "halves", "--quick", "--confusions"]
    bench["study"].main([*arguments, "--json", str(made[0]), "--markdown", str(made[1])])
    printed = capsys.readouterr().out
    assert "simulated, seed 0, s3: true domains in found ones" in printed
    records = json.loads(made[0].read_text())["records"]
    assert [record["part"] for record in records] == ["simulated", "halves"]
    assert set(records[0]["rows"]) == {"joined", "each alone", "stacked with zeros", "plain, 20 nearest"}
    assert set(records[0]["rows"]["joined"]) == {"joint", "s1", "s2", "s3"}
    assert set(records[0]["predicted"]["adt"]) == {
        "predicted",
        "20 nearest",
        "20 nearest, 1 hop",
        "mean of the true domain",
    }
    text = made[1].read_text()
    assert "| joined |" in text
    assert "| sample, all |" in text
    assert "- versions: " in text
