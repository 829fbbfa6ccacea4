"""`trsmi fit` end to end: files, settings, repeating, continuing."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from short_run import small_slice

import napari_trsmi as nt
from napari_trsmi.cli import main
from napari_trsmi.config import Config, Evidence
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.stages import prepare


def domains(path):
    return pd.read_csv(path.with_suffix(".domains.csv"))["domain"].to_numpy()


def run_record(path):
    return json.loads(path.with_suffix(".run.json").read_text())


@pytest.fixture
def edit_record(fitted, tmp_path):
    """Write the record of the run again, with entries changed."""

    def edit(**changes):
        path = tmp_path / "run.json"
        path.write_text(json.dumps(run_record(fitted.path) | changes))
        return path

    return edit


def test_the_result_its_tables_and_its_figure_are_written(fitted):
    names = {path.name for path in fitted.path.parent.iterdir()}
    assert names == {"slice.h5mu", "slice.run.json", "slice.domains.csv", "slice.boundaries.csv", "slice.png"}
    saved = nt.read_result(fitted.path)
    assert len(saved.obs_names) == 400
    assert len(saved.names) == 7


def test_what_went_where_is_printed(fitted):
    assert f"Domains are in {fitted.path}" in fitted.out
    assert "7 domains over 400 spots. Mean support " in fitted.out
    assert f"Figure: {fitted.path.with_suffix('.png')}" in fitted.out
    assert "400 spots; rna (rna), adt (protein)" in fitted.err
    assert "Epoch 4 of 4: loss" in fitted.err


def test_the_command_line_gives_the_labels_of_python(fitted, small_file):
    config = Config(cluster={"n_domains": 7, "n_init": 1}, train={"epochs": 4})
    result = nt.fit(small_file, config.model_copy(update={"evidence": Evidence(support=False)}))
    np.testing.assert_array_equal(nt.read_result(fitted.path).labels, result.labels)
    assert nt.read_result(fitted.path).config == config


@pytest.mark.slow
def test_features_and_graphs_are_prepared_once_for_training_and_support(tmp_path, monkeypatch):
    asked = []

    def counted(*given, **named):
        asked.append(given)
        return prepare(*given, **named)

    for module in ("stages", "api"):
        monkeypatch.setattr(f"napari_trsmi.{module}.prepare", counted)
    section, out, on = (tmp_path / f"{name}.h5mu" for name in ("section", "out", "on"))
    with mudata_as_stored():
        small_slice().write(section)
    words = ["--cluster.n-domains", "3", "--train.epochs", "2", "--no-figure", "-q"]
    assert main(["fit", str(section), "-o", str(out), *words]) == 0
    assert len(asked) == 1
    assert "support" in nt.restore(out).maps
    assert run_record(out)["seconds"]["features and graphs"] > 0.001
    assert main(["continue", str(out), "-o", str(on), "--epochs", "1", "--no-figure", "-q"]) == 0
    assert len(asked) == 2
    assert "support" in nt.restore(on).maps


def test_run_json_repeats_the_run_label_for_label(fitted, tmp_path, capsys):
    out = tmp_path / "again.h5mu"
    assert main(["fit", "--config", str(fitted.path.with_suffix(".run.json")), "-o", str(out)]) == 0
    assert "has changed" not in capsys.readouterr().err
    np.testing.assert_array_equal(domains(out), domains(fitted.path))
    assert run_record(out)["config"] == run_record(fitted.path)["config"]


@pytest.mark.slow
def test_fields_on_the_command_line_win_over_the_file(tmp_path, short_fit):
    (tmp_path / "c.json").write_text('{"seed": 5, "train": {"epochs": 9}, "cluster": {"n_domains": 3}}')
    out = tmp_path / "x.h5ad"
    words = [*short_fit[:2], "--config", str(tmp_path / "c.json"), "--train.epochs", "1", "--no-figure", "-q"]
    assert main([*words, "--evidence.no-support", "-o", str(out)]) == 0
    expected = Config(seed=5, train={"epochs": 1}, cluster={"n_domains": 3}, evidence={"support": False})
    assert Config.load(out.with_suffix(".run.json")) == expected
    assert not out.with_suffix(".png").exists()


@pytest.mark.slow
def test_an_input_that_changed_since_the_run_is_told(edit_record, small_file, tmp_path, capsys):
    sources = [{"path": str(small_file), "sha256": "0" * 64}]
    record = edit_record(sources=sources, stopped=True)
    words = ["fit", "--config", str(record), "-o", str(tmp_path / "x.h5mu"), "--no-figure", "--train.epochs", "1"]
    assert main([*words, "--evidence.no-support"]) == 0
    err = capsys.readouterr().err
    assert "small.h5mu has changed since the run" in err
    assert "finished early" in err


@pytest.mark.parametrize("sources", [[], [{"path": "gone.h5mu", "sha256": None}]])
def test_a_record_without_usable_files_is_refused(edit_record, sources, tmp_path, capsys):
    assert main(["fit", "--config", str(edit_record(sources=sources)), "-o", str(tmp_path / "x.h5mu")]) == 2
    assert capsys.readouterr().err.startswith("trsmi: Expected ")


@pytest.mark.slow
def test_a_run_continued_from_a_checkpoint_ends_like_an_unbroken_one(tmp_path, short_fit):
    words = [*short_fit, "--no-figure", "-q", "--train.epochs", "6"]
    checkpoint, whole, rest = tmp_path / "state.pt", tmp_path / "whole.h5mu", tmp_path / "rest.h5mu"
    every = ["--train.checkpoint-every", "4"]
    assert main([*words, *every, "--checkpoint", str(checkpoint), "-o", str(whole)]) == 0
    assert checkpoint.exists()
    assert main([*words, "--resume", str(checkpoint), "-o", str(rest)]) == 0
    np.testing.assert_array_equal(domains(rest), domains(whole))
    assert len(run_record(rest)["history"]) == 6


@pytest.mark.slow
def test_a_checkpoint_alone_is_written_every_ten_epochs(tmp_path, short_fit):
    out = tmp_path / "x.h5mu"
    words = [*short_fit, "--no-figure", "-q", "--checkpoint", str(tmp_path / "state.pt"), "-o", str(out)]
    assert main(words) == 0
    assert Config.load(out.with_suffix(".run.json")).train.checkpoint_every == 10


@pytest.mark.slow
def test_one_of_several_sections_can_be_fitted_repeated_scored_and_cut_again(tmp_path, capsys):
    two, out, again, cut = (tmp_path / f"{name}.h5mu" for name in ("two", "out", "again", "cut"))
    simulated = ["--n-spots", "120", "--n-genes", "60", "--n-sections", "2", "--n-domains", "3", "--image", "0"]
    assert main(["simulate", "-o", str(two), *simulated]) == 0
    words = ["--library", "section2", "--train.epochs", "2", "--cluster.n-domains", "3"]
    assert main(["fit", str(two), "-o", str(out), *words]) == 0
    assert main(["fit", "--config", str(out.with_suffix(".run.json")), "-o", str(again)]) == 0
    np.testing.assert_array_equal(domains(again), domains(out))
    assert main(["domains", str(out), "-o", str(cut), "--cluster.n-domains", "2"]) == 0
    assert len(np.unique(domains(cut))) == 2
    capsys.readouterr()
    assert main(["score", str(out), "--truth", "domain", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["agreement"]["n_spots"] == 120


@pytest.mark.slow
def test_kinds_on_the_command_line_are_used_and_recorded(tmp_path, short_fit, capsys):
    out = tmp_path / "x.h5mu"
    words = ["--kinds", "adt", "rna", "--train.epochs", "1", "--no-figure", "-o", str(out)]
    assert main([*short_fit, *words]) == 0
    assert "adt (rna)" in capsys.readouterr().err
    assert Config.load(out.with_suffix(".run.json")).preprocess.kinds == {"adt": "rna"}


def test_several_files_are_read_as_one_section(tmp_path, make_table, capsys):
    make_table().write_h5ad(tmp_path / "rna.h5ad")
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1)[:30].copy().write_h5ad(tmp_path / "adt.h5ad")
    out = tmp_path / "x.h5mu"
    words = [
        "--train.epochs",
        "1",
        "--cluster.n-domains",
        "2",
        "--no-figure",
        "--kinds",
        "rna",
        "rna",
        "adt",
        "protein",
        "--preprocess.spots",
        "common",
    ]
    assert main(["fit", str(tmp_path / "rna.h5ad"), str(tmp_path / "adt.h5ad"), "-o", str(out), *words]) == 0
    assert "Left out 6 spots of rna that another modality lacks." in capsys.readouterr().err
    assert len(domains(out)) == 30
