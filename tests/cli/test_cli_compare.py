"""`trsmi compare`: a saved result beside others."""

from __future__ import annotations

import mudata
import numpy as np
import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.cli import main
from napari_trsmi.compare import compare, labels_of_embedding
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.graphs import spatial_graph


@pytest.fixture(scope="module")
def folder(fitted, tmp_path_factory):
    """`seven.h5mu`, with an embedding of another method, and `five.h5mu`, its domains cut again; do not write there."""
    folder = tmp_path_factory.mktemp("compared")
    one_hot = np.eye(7)[nt.restore(fitted.path).labels]
    with mudata_as_stored():
        mdata = mudata.read_h5mu(fitted.path)
        mdata.obsm["X_other"] = one_hot + 0.1 * np.random.default_rng(0).normal(size=one_hot.shape)
        mdata.write(folder / "seven.h5mu")
    result = nt.restore(folder / "seven.h5mu")
    edits.recluster(result, {"n_domains": 5, "n_init": 1}).write(folder / "five.h5mu")
    return folder


def test_each_is_compared_with_each_and_the_numbers_are_those_of_compare(folder, tmp_path, capsys):
    seven, five, table = folder / "seven.h5mu", folder / "five.h5mu", tmp_path / "table.csv"
    before = seven.read_bytes()
    words = [str(seven), str(five), "obs:domain", "obsm:X_other"]
    assert main(["compare", *words, "--csv", str(table)]) == 0
    printed = capsys.readouterr().out
    found = pd.read_csv(table)
    assert found[["first", "second"]].agg(tuple, axis=1).tolist() == [
        (a, b) for k, a in enumerate(words) for b in words[k + 1 :]
    ]
    one, other = nt.restore(seven), nt.restore(five)
    graph = spatial_graph(one.coords, one.config.graph.k_spatial)
    expected = [
        compare(one.labels, other.labels, graph),
        compare(one.labels, labels_of_embedding(one.dataset, "X_other", one.config, 7).labels, graph),
        compare(other.labels, labels_of_embedding(one.dataset, "X_other", one.config, 5).labels, graph),
    ]
    for row, scores in zip((0, 2, 4), (each.scores for each in expected), strict=True):
        assert found.loc[row, list(scores)].to_dict() == pytest.approx(scores)
        assert f"{scores['ari']:.3f}" in printed
    assert seven.read_bytes() == before


@pytest.mark.slow
def test_comparisons_are_saved_in_the_file_and_shown_in_its_report(folder, tmp_path, capsys):
    path = tmp_path / "seven.h5mu"
    path.write_bytes((folder / "seven.h5mu").read_bytes())
    before = nt.restore(path)
    words = ["compare", str(path), str(folder / "five.h5mu"), "obs:domain", "--save", "-q"]
    assert main(words) == 0
    assert main(words) == 0  # the same partners again
    assert capsys.readouterr().out == ""
    after = nt.restore(path)
    np.testing.assert_array_equal(after.labels, before.labels)
    assert after.provenance["sources"] == before.provenance["sources"]
    kept = after.provenance["comparisons"]
    assert [(one["kind"], one["name"]) for one in kept] == [
        ("file", str(folder / "five.h5mu")),
        ("column", "domain"),
    ]
    assert not list(tmp_path.glob(".*"))
    assert main(["report", str(path), "-o", str(tmp_path / "page.html"), "-q"]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "five.h5mu</b>, 5 domains" in page
    for one in kept:
        for name in ("ari", "nmi", "boundary_f1", "boundary_f1_near"):
            assert f'<td class="n">{one[name]:.3f}</td>' in page
        assert f"{one['n_different']:,} of {one['n_spots']:,}" in page


def test_a_study_is_compared_with_a_run_of_one_of_its_sections(make_table, tmp_path, capsys):
    few = ["--cluster.n-domains", "2", "--train.epochs", "1", "--cluster.n-init", "1", "--evidence.no-support", "-q"]
    for seed, name in enumerate("ab"):
        make_table(64, seed=seed).write_h5ad(tmp_path / f"{name}.h5ad")
    study, run, table = tmp_path / "study.h5ad", tmp_path / "run.h5ad", tmp_path / "table.csv"
    words = [word for name in "ab" for word in ("--section", f"{name}={tmp_path / name}.h5ad")]
    assert main(["fit", *words, "-o", str(study), *few]) == 0
    assert main(["fit", str(tmp_path / "b.h5ad"), "-o", str(run), *few]) == 0
    for first, second, said in (
        (study, run, "64 of study (a not there)"),
        (run, study, f"64 of {study} (a not there)"),
    ):
        assert main(["compare", str(first), str(second), "--csv", str(table), "--save"]) == 0
        printed = capsys.readouterr()
        assert said in printed.err
        assert "compared on 64 spots" in printed.err
        assert pd.read_csv(table)["n_spots"].tolist() == [64]
        assert nt.restore(first).provenance["comparisons"][0]["n_spots"] == 64


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ([], "Expected something to compare with"),
        (["obs:nothing"], "Expected a column of the file"),
        (["obs:trsmi_confidence"], "Expected a column of 2 to 100 labels"),
        (["obsm:X_none"], "Expected an embedding in obsm of"),
        (["none.h5mu"], "Expected a file or folder at none.h5mu, found nothing"),
        (["ITSELF"], "found itself"),
        (["OTHERS"], "0 of them the same"),
    ],
)
def test_what_cannot_be_compared_is_refused_and_nothing_is_written(
    fitted, folder, make_table, tmp_path, capsys, words, match
):
    if words == ["OTHERS"]:
        table = make_table(64)
        nt.fit(table, nt.Config(cluster={"n_domains": 2, "n_init": 1}, train={"epochs": 1}))
        table.write_h5ad(tmp_path / "others.h5ad")
    paths = {"ITSELF": str(folder / "seven.h5mu"), "OTHERS": str(tmp_path / "others.h5ad")}
    given = [paths.get(word, word) for word in words]
    out = tmp_path / "out.csv"
    assert main(["compare", str(folder / "seven.h5mu"), *given, "--csv", str(out)]) == 2
    assert match in capsys.readouterr().err
    assert not out.exists()
