"""`trsmi fit` on several sections: files by section, a column, copies per section, repeating."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import concat

import napari_trsmi as nt
from napari_trsmi.cli import main

QUICK = ["--train.epochs", "2", "--cluster.n-domains", "3", "--cluster.n-init", "1", "--evidence.no-support"]
QUICK += ["--preprocess.min-spots", "1", "--no-figure"]

pytestmark = pytest.mark.filterwarnings("ignore:.*zarr v2.*")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """RNA and protein of one section, RNA of a second, both cut from one simulated experiment."""
    folder = tmp_path_factory.mktemp("study")
    mdata = nt.simulate(n_spots=100, n_genes=60, n_sections=2, n_domains=3, image=0)
    for name in ("rna", "adt"):
        for number in (1, 2):
            table = mdata[name][mdata[name].obs["section"].astype(str).str.endswith(str(number))].copy()
            table.uns.clear()
            table.obs_names = [f"spot{i}" for i in range(table.n_obs)]
            table.write_h5ad(folder / f"{name}{number}.h5ad")
    return folder


@pytest.fixture
def words(files):
    return ["--section", f"s1={files / 'rna1.h5ad'},{files / 'adt1.h5ad'}", "--section", f"s2={files / 'rna2.h5ad'}"]


def domains(path):
    return pd.read_csv(path.with_suffix(".domains.csv"))


def test_sections_by_name_are_trained_as_one_split_and_repeated(words, tmp_path, capsys):
    out, parts = tmp_path / "study.h5mu", tmp_path / "parts"
    assert main(["fit", *words, "-o", str(out), "--split", str(parts), *QUICK]) == 0
    printed = capsys.readouterr()
    assert "study: 200 spots; rna (rna), adt (protein)" in printed.err
    assert "  s2: 100 spots; rna" in printed.err
    assert f"One copy per section: {parts / 's1.h5mu'}, {parts / 's2.h5ad'}" in printed.out
    table = domains(out)
    assert table["section"].value_counts().to_dict() == {"s1": 100, "s2": 100}
    predicted = nt.restore(out).predicted["adt"]
    np.testing.assert_array_equal(np.isnan(predicted).all(axis=1), table["section"] == "s1")
    for name, suffix in (("s1", ".h5mu"), ("s2", ".h5ad")):
        part = nt.restore(parts / f"{name}{suffix}")
        own = table[table["section"] == name]
        assert part.obs_names.tolist() == own["barcode"].tolist()
        assert [part.names[k] for k in part.labels] == own["domain"].astype(str).tolist()
    again = tmp_path / "again.h5mu"
    assert main(["fit", "--config", str(tmp_path / "study.run.json"), "-o", str(again), "-q", "--no-figure"]) == 0
    pd.testing.assert_frame_equal(domains(again), table)


@pytest.mark.slow
def test_sections_of_a_column_are_trained_as_one_and_repeated(files, tmp_path, capsys):
    import anndata

    tables = {f"s{number}": anndata.read_h5ad(files / f"rna{number}.h5ad") for number in (1, 2)}
    table = concat(tables, label="sample", index_unique="-")
    table.write_h5ad(tmp_path / "all.h5ad")
    out, again, parts = tmp_path / "out.h5ad", tmp_path / "again.h5ad", tmp_path / "parts"
    column = ["--section-column", "sample", "--split", str(parts)]
    assert main(["fit", str(tmp_path / "all.h5ad"), *column, "-o", str(out), *QUICK]) == 0
    copy = anndata.read_h5ad(out)
    assert copy.obs_names.tolist() == table.obs_names.tolist()
    assert copy.obs["trsmi_section"].astype(str).tolist() == table.obs["sample"].astype(str).tolist()
    assert [nt.restore(parts / f"{name}.h5ad").dataset.n_spots for name in tables] == [100, 100]
    record = tmp_path / "out.run.json"
    assert json.loads(record.read_text())["section_column"] == "sample"
    assert main(["fit", "--config", str(record), "-o", str(again), "--no-figure"]) == 0
    pd.testing.assert_frame_equal(domains(again), domains(out))
    capsys.readouterr()
    one = ["fit", "--config", str(parts / "s1.run.json"), "-o", str(tmp_path / "one.h5ad"), "--no-figure"]
    assert main(one) == 2  # its file holds others too
    assert "found the sections" in capsys.readouterr().err


@pytest.mark.slow
def test_a_part_says_that_its_run_was_on_several_sections(words, tmp_path, capsys):
    out, parts = tmp_path / "study.h5mu", tmp_path / "parts"
    assert main(["fit", *words, "-o", str(out), "--split", str(parts), *QUICK, "-q"]) == 0
    one = ["fit", "--config", str(parts / "s2.run.json"), "-o", str(tmp_path / "one.h5ad"), "--no-figure"]
    assert main(one) == 0
    assert "The run was on several sections; this one is on one of them alone." in capsys.readouterr().err


@pytest.mark.slow
def test_spots_that_one_file_lacks_are_left_out_when_asked(files, tmp_path):
    import anndata

    adt = anndata.read_h5ad(files / "adt1.h5ad")[:90].copy()
    adt.write_h5ad(tmp_path / "adt.h5ad")
    inputs = [str(files / "rna1.h5ad"), str(tmp_path / "adt.h5ad")]
    for spots, n in (("all", 100), ("common", 90)):
        out = tmp_path / f"{spots}.h5mu"
        assert main(["fit", *inputs, "-o", str(out), "--preprocess.spots", spots, *QUICK, "-q"]) == 0
        assert len(domains(out)) == n
        assert nt.restore(out).dataset.n_spots == n


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (["--section", "rna.h5ad"], "NAME=FILE"),
        (["--section", "s1=a.h5ad", "--section", "s1=b.h5ad"], "'s1' twice"),
        (["--section", "s1=a.h5ad", "x.h5ad"], "found also x.h5ad"),
        (["--section", "s1=a.h5ad", "--library", "A1"], "found also --library"),
        (["x.h5ad", "--library", "A1", "--section-column", "sample"], "found both"),
        (["--section", "s1=gone.h5ad"], "Section 's1': Expected a file"),
    ],
)
def test_words_that_do_not_go_together_are_refused(given, match, tmp_path, capsys):
    assert main(["fit", *given, "-o", str(tmp_path / "x.h5mu"), "-q"]) == 2
    assert match in capsys.readouterr().err


def test_split_of_one_section_or_onto_a_file_is_refused(files, tmp_path, capsys):
    words = ["fit", str(files / "rna1.h5ad"), "-o", str(tmp_path / "x.h5ad"), "-q", "--split"]
    assert main([*words, str(tmp_path / "parts")]) == 2
    assert "Expected several sections to --split" in capsys.readouterr().err
    assert main([*words, str(files / "rna1.h5ad")]) == 2
    assert "Expected a folder at" in capsys.readouterr().err


def test_a_path_with_a_comma_is_taken_as_it_is(files, tmp_path):
    from napari_trsmi.cli.sections import parse_sections

    path = tmp_path / "a,b.h5ad"
    shutil.copy(files / "rna1.h5ad", path)
    assert parse_sections([f"s={path}", "t=a,b"]) == {"s": [path], "t": [Path("a"), Path("b")]}


@pytest.mark.slow
def test_two_sections_give_the_labels_of_python(words, files, tmp_path):
    out = tmp_path / "x.h5mu"
    assert main(["fit", *words, "-o", str(out), *QUICK, "-q"]) == 0
    study = nt.read_sections({"s1": [files / "rna1.h5ad", files / "adt1.h5ad"], "s2": files / "rna2.h5ad"})
    result = nt.fit(study, nt.Config.load(tmp_path / "x.run.json"))
    np.testing.assert_array_equal(nt.restore(out).labels, result.labels)


def test_parts_that_cannot_be_written_are_refused_before_training(words, tmp_path, capsys):
    parts = tmp_path / "parts"
    (parts / "s2.h5ad").mkdir(parents=True)
    run = ["fit", *words, "-o", str(tmp_path / "study.h5mu"), "--split", str(parts), *QUICK]
    assert main(run) == 2
    said = capsys.readouterr().err
    assert "found a folder" in said
    assert "Epoch" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]


@pytest.mark.parametrize("out", ["s1.h5mu", "s2.h5mu"])
def test_a_part_that_would_take_the_place_of_the_study_or_its_tables_is_refused(words, tmp_path, capsys, out):
    assert main(["fit", *words, "-o", str(tmp_path / out), "--split", str(tmp_path), *QUICK, "-q"]) == 2
    assert f"section '{out[:2]}' would be" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
