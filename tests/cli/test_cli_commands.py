"""`trsmi domains`, `score`, `simulate`, `demo`, and what help says."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from functools import cache

import mudata
import numpy as np
import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi.cli import main
from napari_trsmi.config import Config
from napari_trsmi.data.simulate import hard_settings, simulate_study, study_settings
from napari_trsmi.data.tables import mudata_as_stored


@cache
def helped(command):
    """Return the help of a command on one line, boxes taken away."""
    with redirect_stdout(io.StringIO()) as out:
        assert main([command, "--help"]) == 0
    return re.sub(r"(?:[\s│╭╮╰╯─]|-{3,})+", " ", out.getvalue())


@pytest.mark.parametrize(
    "line",
    [
        "--train.epochs INT Passes over the section. [epochs] (default: 60)",
        "--graph.w-spatial FLOAT Starting weight of the spatial graph in the fused graph. (w_S) (default: 1.0)",
        "--cluster.n-domains INT|None Number of domains; unset: chosen after training. (K) (default: None)",
        "--cluster.method {mixture,prototypes,kmeans,leiden}",
        "--align.enabled, --align.no-enabled Let each modality see its aligned counterpart. (S) (default: True)",
        "--seed INT Seed of every random choice. (default: 0)",
        "-o OUT, --out OUT",
        "-v, --verbose",
        "The optimiser and the course of training.",
        "align.temperature options Softmax temperature. (tau)",
    ],
)
def test_help_of_fit_says_what_settings_mean(line):
    assert line in helped("fit")


@pytest.mark.parametrize("command", ["fit", "sweep", "transfer"])
def test_help_says_which_kinds_there_are(command):
    assert "Kind by modality name (rna, protein, chromatin, precomputed)" in helped(command)


def test_help_names_every_setting():
    text = helped("fit")

    def names(model, prefix=""):
        for name, value in model:
            path = f"{prefix}{name}"
            yield from names(value, f"{path}.") if hasattr(value, "model_fields_set") else [path]

    missing = [name for name in names(Config()) if name != "constraints" and f"--{name.replace('_', '-')}" not in text]
    assert missing == []


def test_help_names_the_commands(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name in (
        "fit",
        "domains",
        "across",
        "continue",
        "compare",
        "trust",
        "sweep",
        "study",
        "transfer",
        "report",
        "score",
        "markers",
        "differ",
        "describe",
        "simulate",
        "view",
        "demo",
        "info",
    ):
        assert f"  • {name} " in out
    assert "Find the spatial domains of a section" in out


def test_domains_are_cut_again_into_another_number(fitted, tmp_path, capsys):
    out = tmp_path / "cut.h5mu"
    assert main(["domains", str(fitted.path), "-o", str(out), "--cluster.n-domains", "5"]) == 0
    assert f"Domains are in {out}" in capsys.readouterr().out
    saved, before = nt.read_result(out), nt.read_result(fitted.path)
    assert len(saved.names) == 5
    np.testing.assert_array_equal(saved.embedding, before.embedding)
    assert saved.config.cluster == before.config.cluster.model_copy(update={"n_domains": 5})
    assert out.with_suffix(".png").exists()


@pytest.mark.slow
def test_domains_are_walked_to_coarser_ones_and_refused_where_there_are_none(fitted, tmp_path, capsys):
    out = tmp_path / "coarse.h5mu"
    assert main(["domains", str(fitted.path), "-o", str(out), "--nested", "4", "--no-figure"]) == 0
    found, before = nt.read_result(out), nt.read_result(fitted.path)
    assert len(found.names) == 4
    pairs = set(zip(before.labels.tolist(), found.labels.tolist(), strict=True))
    assert len(pairs) == len(before.names)  # each domain lies in one
    assert found.provenance["edits"][-1] == {"edit": "nested", "n_domains": 4}
    assert "support" in found.maps
    assert main(["domains", str(fitted.path), "-o", str(out), "--nested", "400"]) == 2
    assert "domains in the tree" in capsys.readouterr().err


@pytest.mark.slow
def test_domains_without_settings_are_those_of_the_run(fitted, tmp_path):
    out = tmp_path / "same.h5mu"
    assert main(["domains", str(fitted.path), "-o", str(out), "--no-figure", "-q"]) == 0
    np.testing.assert_array_equal(nt.read_result(out).labels, nt.read_result(fitted.path).labels)


@pytest.mark.slow
def test_constraints_that_contradict_each_other_are_named_before_training_goes_on(fitted, tmp_path, capsys):
    names = nt.read_result(fitted.path).obs_names[:4].tolist()
    said = [{"spots": names}, {"kind": "apart", "spots": names[:2], "others": names[2:]}]
    (tmp_path / "said.json").write_text(json.dumps(said), encoding="utf-8")
    line = ["continue", str(fitted.path), "-o", str(tmp_path / "on.h5mu"), "--epochs", "1", "--no-figure"]
    assert main([*line, "--constraints", str(tmp_path / "said.json")]) == 0
    out = capsys.readouterr().out
    assert "Note: “4 spots are one domain” and “2 and 2 spots are apart” contradict each other" in out


def test_scores_are_those_of_the_metrics(fitted, small_file, capsys):
    from napari_trsmi.domains.metrics import agreement

    assert main(["score", str(fitted.path), "--truth", "domain", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    truth = nt.read(small_file).obs["domain"]
    assert found["agreement"] == agreement(nt.read_result(fitted.path).labels, truth)
    assert found["boundaries"]["f1"] <= found["boundaries, 1 hop"]["f1"] <= 1
    assert set(found["smoothness"]) == {"PAS", "CHAOS", "Moran"}


def test_the_table_shows_scores_times_one_hundred(fitted, capsys):
    assert main(["score", str(fitted.path), "--truth", "trsmi_domain"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["ARI", "100.0"] in lines
    assert ["n", "spots", "400"] in lines
    assert ["f1", "100.0"] in lines


def test_ignored_labels_are_left_out(fitted, small_file, capsys):
    assert main(["score", str(fitted.path), "--truth", "domain", "--ignore", "layer 1", "island 1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    truth = nt.read(small_file).obs["domain"]
    left_out = int(truth.isin(["layer 1", "island 1"]).sum())
    assert found["agreement"]["n_left_out"] == left_out > 0


def test_markers_of_a_file_are_those_of_the_result(fitted, tmp_path, capsys):
    out = tmp_path / "markers.csv"
    assert main(["markers", str(fitted.path), "-o", str(out), "--n-top", "3"]) == 0
    found = pd.read_csv(out, dtype={"domain": str})
    expected = nt.markers(nt.recluster(fitted.path), n_top=3)
    assert set(found["modality"]) == set(expected)
    for name, table in expected.items():
        assert found.loc[found["modality"] == name, "feature"].tolist() == table["feature"].tolist()
    assert f"{len(found):,} markers are in {out}." in capsys.readouterr().out


def test_what_carries_a_boundary_is_that_of_python(fitted, tmp_path, capsys):
    out = tmp_path / "carriers.csv"
    assert main(["markers", str(fitted.path), "-o", str(out), "--boundary", "2", "--n-top", "3"]) == 0
    expected = nt.carriers(nt.restore(fitted.path), 2, n_top=3)
    found = pd.read_csv(out, dtype={"side": str})
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    printed = capsys.readouterr().out
    assert f"  {expected['name'][0]}: {expected['effect'][0]:+.2f} [" in printed
    assert f"6 features are in {out}" in printed
    assert main(["markers", str(fitted.path), "-o", str(out), "--boundary", "4000"]) == 2
    assert "found 4000" in capsys.readouterr().err


def test_profiles_across_a_boundary_are_those_of_python(fitted, tmp_path, capsys):
    out, figure = tmp_path / "across.csv", tmp_path / "across.png"
    result = nt.restore(fitted.path)
    name, modality = next(iter(result.dataset.modalities.items()))
    feature = str(modality.table.var_names[0])
    words = ["across", str(fitted.path), "--boundary", "1", "-o", str(out), "--hops", "3"]
    assert main([*words, "--feature", f"{name}:{feature}", "--figure", str(figure)]) == 0
    expected = nt.profile_across(result, 1, {name: [feature]}, hops=3)
    pd.testing.assert_frame_equal(pd.read_csv(out, dtype={"side": str}), expected, check_dtype=False)
    printed = capsys.readouterr().out
    assert f"{len(expected)} rows are in {out}." in printed
    assert figure.stat().st_size > 1000
    assert main([*words, "--feature", feature.replace(":", "")]) == 2
    assert "Give its modality, a colon, its name" in capsys.readouterr().err


def test_markers_need_a_folder(fitted, tmp_path, capsys):
    assert main(["markers", str(fitted.path), "-o", str(tmp_path / "none" / "m.csv")]) == 2
    assert "Create it or choose another" in capsys.readouterr().err


@pytest.mark.slow
def test_a_missing_column_or_label_lists_those_there_are(fitted, capsys):
    assert main(["score", str(fitted.path), "--truth", "domian"]) == 2
    err = capsys.readouterr().err
    assert "found ['section', 'domain'" in err
    assert "trsmi_" not in err.split("found")[1]
    assert main(["score", str(fitted.path), "--truth", "domain", "--ignore", "layer 9"]) == 2
    assert "Expected labels among ['island 1'" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".h5mu", pytest.param(".zarr", marks=pytest.mark.slow)])
@pytest.mark.filterwarnings("ignore:zarr v3 autosharding", "ignore:Writing zarr v2")
def test_a_simulated_slice_can_be_read(tmp_path, capsys, suffix):
    out = tmp_path / f"slice{suffix}"
    words = ["--n-spots", "80", "--modalities", "rna", "atac", "--n-genes", "30", "--n-peaks", "40", "--image", "0"]
    assert main(["simulate", "-o", str(out), *words]) == 0
    assert f'80 spots with 7 domains (obs["domain"]) are in {out}.' in capsys.readouterr().out
    dataset = nt.read(out)
    assert dataset.n_spots == 80
    assert {name: modality.kind for name, modality in dataset.modalities.items()} == {"rna": "rna", "atac": "chromatin"}


def test_a_simulated_slice_is_what_the_settings_say(tmp_path):
    words = ["--n-spots", "80", "--n-genes", "30", "--image", "0", "--seed", "4", "-q"]
    assert main(["simulate", "-o", str(tmp_path / "a.h5mu"), *words]) == 0
    with mudata_as_stored():
        written = mudata.read_h5mu(tmp_path / "a.h5mu")
    expected = nt.simulate(n_spots=80, n_genes=30, image=0, seed=4)
    assert (written["rna"].X != expected["rna"].X).nnz == 0


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "words"), [("rim", ["rim"]), ("everything", [])])
def test_a_hard_slice_is_its_kind_with_the_words_on_top(tmp_path, kind, words):
    out = tmp_path / "hard.h5mu"
    assert main(["simulate", "--n-spots", "90", "-q", "-o", str(out), "--hard", *words]) == 0
    with mudata_as_stored():
        written = mudata.read_h5mu(out)
    expected = nt.simulate(hard_settings(kind, n_spots=90))
    assert written.uns["simulation"] == expected.uns["simulation"]
    assert (written["rna"].X != expected["rna"].X).nnz == 0
    np.testing.assert_array_equal(written.obs["rim"], expected.obs["rim"])


def test_a_study_is_a_file_for_each_section(tmp_path, capsys):
    out = tmp_path / "study"
    assert main(["simulate", "--study", "-o", str(out), "--n-spots", "80", "--n-sections", "4", "--seed", "2"]) == 0
    assert "4 sections of 80 spots with 6 domains" in capsys.readouterr().out
    expected = simulate_study(study_settings(n_spots=80, n_sections=4, seed=2))
    assert sorted(path.name for path in out.iterdir()) == [f"s{n}.h5mu" for n in (1, 2, 3, 4)]
    for part in expected.parts:
        read = nt.read(out / f"{part.name}.h5mu")
        assert list(read.modalities) == list(part.modalities)
        for name, modality in part.modalities.items():
            assert (read.modalities[name].table.X != modality.table.X).nnz == 0
        for column in ("domain", "condition", "sample"):
            assert read.obs[column].tolist() == part.obs[column].tolist()


def test_a_study_goes_into_a_folder_and_is_not_hard(tmp_path, capsys):
    assert main(["simulate", "--study", "-o", str(tmp_path / "a.h5mu"), "--n-spots", "80"]) == 2
    assert "Expected a folder for the sections, found a.h5mu" in capsys.readouterr().err
    assert main(["simulate", "--study", "--hard", "rim", "-o", str(tmp_path / "a")]) == 2
    assert "Expected --hard or --study" in capsys.readouterr().err


def test_two_kinds_of_hard_slices_at_once_are_refused(tmp_path, capsys):
    assert main(["simulate", "-o", str(tmp_path / "a.h5mu"), "--hard", "rim", "depth"]) == 2
    assert "Expected one kind of hard slice, found rim depth" in capsys.readouterr().err


@pytest.mark.slow
def test_the_demo_finds_most_of_the_known_domains(tmp_path, capsys):
    folder = tmp_path / "new" / "demo"
    assert main(["demo", "-o", str(folder)]) == 0
    out = capsys.readouterr().out
    assert float(re.search(r"ARI (\d\.\d+)", out)[1]) > 0.8
    names = {path.name.removeprefix("trsmi_slice.") for path in folder.iterdir()}
    assert names == {"h5mu", "run.json", "domains.csv", "boundaries.csv", "png"}
    assert str(folder / "trsmi_slice.png") in out


def test_the_demo_needs_a_folder_it_can_make(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "-o", str(tmp_path / "file")]) == 2
    assert "Expected to make the folder" in capsys.readouterr().err


def test_what_differs_between_two_groups_is_that_of_python(fitted, tmp_path, capsys):
    out, figure = tmp_path / "differ.csv", tmp_path / "volcano.png"
    result = nt.restore(fitted.path)
    layers = result.dataset.obs["domain"]
    other = f"domain={layers[result.labels != '1'].value_counts().index[0]}"  # what has most spots outside domain 1
    line = ["differ", str(fitted.path), "domain:1", other, "-o", str(out), "--figure", str(figure)]
    assert main([*line, "--same-counts"]) == 0
    expected = nt.differ(result, "domain:1", other, held_out=False).table()
    pd.testing.assert_frame_equal(pd.read_csv(out), expected, check_dtype=False, rtol=1e-4)
    printed = capsys.readouterr().out
    assert "domain 1 (" in printed
    assert f"  {expected['name'][0]}: {expected['effect'][0]:+.2f}, more in " in printed
    assert "p still is an aid to put features in order" in printed
    assert figure.stat().st_size > 10_000
    assert main(["differ", str(fitted.path), "domain:none", "-o", str(out)]) == 2
    assert "found 'none'" in capsys.readouterr().err


def test_a_domain_is_described_in_sentences_and_tables(fitted, small_file, tmp_path, capsys):
    out = tmp_path / "domain.csv"
    sets = "made up: " + ", ".join(nt.read(small_file).modalities["rna"].table.var_names[:4])
    line = ["describe", str(fitted.path), "1", "-o", str(out), "--columns", "domain", "--sets", sets]
    assert main([*line, "--same-counts"]) == 0
    found = nt.describe_domain(nt.restore(fitted.path), "1", columns=["domain"], sets=sets, held_out=False)
    printed = capsys.readouterr().out
    assert f"Domain 1: {found.n_spots:,} spots" in printed
    assert f"It could be called “{found.suggestions[0].name}”" in printed
    counted = pd.read_csv(out.with_suffix(".composition.csv"))
    assert counted["spots"].tolist() == found.composition["domain"]["spots"].tolist()
    assert pd.read_csv(out.with_suffix(".sets.csv"))["set"].tolist() == ["made up"] * len(found.sets)
    assert pd.read_csv(out.with_suffix(".neighbours.csv"))["edges"].tolist() == found.neighbours["edges"].tolist()
    assert len(pd.read_csv(out)) == len(found.markers.table())
