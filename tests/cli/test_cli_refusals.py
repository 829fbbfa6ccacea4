"""Everything that cannot be used gets one line on stderr and exit code 2, before any training."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:Observation names are not unique")


def no_coordinates(table):
    del table.obsm["spatial"]


def coordinates_of_text(table):
    table.obsm["spatial"] = np.full((36, 2), "far")


def two_batches_at_one_place(table):
    table.obsm["spatial"][18:] = table.obsm["spatial"][:18]
    table.obs["batch"] = ["a", "b"] * 9 + ["b", "a"] * 9


def negative_counts(table):
    table.X.data[0] = -1


def nan_counts(table):
    table.X.data[0] = np.nan


def only_zeros(table):
    table.X = sparse.csr_matrix(table.shape, dtype=np.float32)


def constant_features(table):
    table.X = sparse.csr_matrix(np.ones(table.shape, np.float32))


@pytest.fixture
def refused(tmp_path, capsys):
    """Run `trsmi` with an output to be written; assert that it is refused in one line that holds `match`."""

    def run(*words, match):
        out = tmp_path / "out" / "x.h5mu"
        out.parent.mkdir(exist_ok=True)
        given = [str(word) for word in words]
        code = main([*given, "-q", *([] if "-o" in given else ["-o", str(out)])])
        printed = capsys.readouterr()
        assert code == 2
        assert printed.out == ""
        assert printed.err.startswith("trsmi: ")
        assert printed.err.count("\n") == 1
        assert match in printed.err
        assert list(out.parent.iterdir()) == []

    return run


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (no_coordinates, "Expected"),
        (coordinates_of_text, "Expected numbers as coordinates"),
        (two_batches_at_one_place, "['a', 'b'] in obs['batch']. Choose one with library= (--library"),
        (negative_counts, "Expected counts of 0 or more"),
        (nan_counts, "Expected finite values"),
        (only_zeros, "found only zeros"),
        (constant_features, "found every one constant"),
    ],
)
def test_values_that_cannot_be_used(refused, make_table, tmp_path, spoil, match):
    table = make_table()
    spoil(table)
    table.write_h5ad(tmp_path / "a.h5ad")
    refused("fit", tmp_path / "a.h5ad", match=match)


def test_an_empty_modality(refused, make_table, tmp_path):
    make_table()[:, :0].copy().write_h5ad(tmp_path / "a.h5ad")
    refused("fit", tmp_path / "a.h5ad", match="Expected features in modality")


def test_no_common_barcodes(refused, make_table, tmp_path):
    other = make_table(n_features=20, prefix="protein", mean=20.0)
    other.obs_names = [f"other{i}" for i in range(36)]
    make_table().write_h5ad(tmp_path / "rna.h5ad")
    other.write_h5ad(tmp_path / "adt.h5ad")
    refused(
        "fit", tmp_path / "rna.h5ad", tmp_path / "adt.h5ad", match="Expected barcodes common to rna, adt, found none"
    )


def test_fewer_spots_than_neighbours(refused, make_table, tmp_path):
    make_table(n_spots=9).write_h5ad(tmp_path / "a.h5ad")
    refused("fit", tmp_path / "a.h5ad", "--graph.k-feature", "12", match="found 9")


def test_a_truncated_file(refused, make_table, tmp_path):
    make_table().write_h5ad(tmp_path / "a.h5ad")
    content = (tmp_path / "a.h5ad").read_bytes()
    (tmp_path / "a.h5ad").write_bytes(content[: len(content) // 2])
    refused("fit", tmp_path / "a.h5ad", match="damaged or cut short")


def test_files_of_another_kind_or_none(refused, tmp_path):
    (tmp_path / "a.csv").write_text("a,b")
    (tmp_path / "a.h5ad").write_text("no HDF5")
    refused("fit", tmp_path / "a.csv", match="found .csv")
    refused("fit", tmp_path / "a.h5ad", match="Expected an HDF5 file")
    refused("fit", tmp_path / "none.h5ad", match="found nothing")
    refused("domains", tmp_path / "none.h5ad", match="found nothing")


def test_a_file_that_holds_no_result(refused, make_table, tmp_path):
    make_table().write_h5ad(tmp_path / "a.h5ad")
    refused("domains", tmp_path / "a.h5ad", match="Run trsmi fit")


def test_no_permission_to_read(refused, make_table, tmp_path, monkeypatch):
    make_table().write_h5ad(tmp_path / "a.h5ad")

    def forbid(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)  # root may read everything, so a mode would not do
    refused("fit", tmp_path / "a.h5ad", match="found no permission")


def test_outputs_that_cannot_be_written_are_refused_before_reading(refused, tmp_path, monkeypatch):
    missing = tmp_path / "none.h5ad"  # would be refused too, but later
    good = ["-o", tmp_path / "x.h5mu"]
    refused("fit", missing, "-o", tmp_path / "x.txt", match="Expected an output ending in")
    refused("fit", missing, "-o", tmp_path / "none" / "x.h5mu", match="Expected the folder")
    refused("fit", missing, *good, "--figure", tmp_path / "x.tiff", match="Expected a figure ending in")
    refused("fit", missing, *good, "--figure", tmp_path / "none" / "x.png", match="Expected the folder")
    refused("fit", missing, *good, "--checkpoint", tmp_path, match="found a folder")
    refused("simulate", "-o", tmp_path / "x.h5ad", match=".h5mu or .zarr")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    refused("fit", missing, match="Expected permission to write")


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_half_written(fitted, tmp_path, capsys, monkeypatch):
    def fill(table, path, kind, *kept):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_trsmi.data.writers.write_table", fill)
    assert main(["domains", str(fitted.path), "-o", str(tmp_path / "x.h5mu"), "-q"]) == 2
    assert "found it full" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["x.rescue"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('{"train": {"epoch": 3}}', "There is no setting train.epoch"),
        ('{"train": {"epochs": -3}}', "train.epochs: Input should be greater than or equal to 0, found -3."),
        ('{"seed": "x"}', "seed: "),
        ("{", "Expected JSON"),
        ("[]", "config: "),
    ],
)
def test_files_of_settings_that_cannot_be_used(refused, tmp_path, text, match):
    (tmp_path / "c.json").write_text(text)
    refused("fit", tmp_path / "none.h5ad", "--config", tmp_path / "c.json", match=match)


def test_a_missing_file_of_settings(refused, tmp_path):
    refused("fit", "--config", tmp_path / "none.json", match="Expected a readable JSON file")


def test_no_input_at_all(refused, tmp_path):
    (tmp_path / "c.json").write_text("{}")
    refused("fit", match="found neither")
    refused("fit", "--config", tmp_path / "c.json", match="found neither")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--train.epochs", "-3"], "train.epochs: Input should be greater than or equal to 0, found -3."),
        (["--cluster.tau-c.start", "0"], "cluster.tau_c.start: Input should be greater than 0, found 0.0."),
        (["--diffusion.scales"], "Expected at least one (steps, teleport) pair in diffusion.scales"),
        (["--device", "abacus"], "Expected a device that torch can use here, found 'abacus'"),
    ],
)
def test_settings_that_cannot_be_used(refused, make_table, tmp_path, words, match):
    make_table().write_h5ad(tmp_path / "a.h5ad")
    refused("fit", tmp_path / "a.h5ad", *words, match=match)


def test_settings_of_the_other_commands_are_checked_too(refused, fitted):
    refused("domains", fitted.path, "--cluster.n-domains", "0", match="cluster.n_domains: ")
    refused("domains", fitted.path, "--cluster.method", "prototypes", match="prototypes")
    refused("simulate", "--dropout", "1", match="dropout: Input should be less than 1")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ([], "Missing subcommand"),
        (["fit", "a.h5ad"], "-o OUT, --out OUT"),
        (["fit", "a.h5ad", "-o", "x.h5mu", "--trian.epochs", "3"], "--train.epochs INT"),
        (["fit", "a.h5ad", "-o", "x.h5mu", "--train.epochs", "many"], "'many'"),
    ],
)
def test_words_that_make_no_command_are_explained(capsys, words, match):
    assert main(words) == 2
    assert match in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "match"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300), 2, "folder takes, found one of 300"),
        (MemoryError(), 2, "Expected enough memory"),
    ],
)
def test_nothing_ends_in_a_traceback(monkeypatch, capsys, tmp_path, error, code, match):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr("napari_trsmi.api.read", fail)
    assert main(["fit", "a.h5ad", "-o", str(tmp_path / "x.h5mu")]) == code
    err = capsys.readouterr().err
    assert err.startswith("trsmi: ")
    assert match in err


@pytest.mark.parametrize(
    "record", [[], 3, {"sources": 3}, {"sources": [{"path": 3}]}, {"sources": ["a"]}, {"library": [], "sources": []}]
)
def test_a_record_of_a_run_of_other_types_is_refused_in_a_sentence(tmp_path, capsys, record):
    (tmp_path / "run.json").write_text(json.dumps({"config": {}, **record} if isinstance(record, dict) else record))
    assert main(["fit", "--config", str(tmp_path / "run.json"), "-o", str(tmp_path / "out.h5ad")]) == 2
    assert (said := capsys.readouterr().err).startswith("trsmi: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [("--seed", "-1"), ("--seed", "99999999999999999999"), ("--threads", "1000000")])
def test_numbers_out_of_range_are_refused_in_a_sentence(tmp_path, capsys, short_fit, words):
    assert main([*short_fit, "-o", str(tmp_path / "out.h5mu"), *words]) == 2
    assert "Traceback" not in (said := capsys.readouterr().err)
    assert words[0].strip("-") in said


@pytest.mark.parametrize(
    "words",
    [
        ["markers"],
        ["differ", "domain:1"],
        ["describe", "1"],
        ["across", "--boundary", "0"],
        ["study"],
        ["compare", "obs:domain"],
    ],
)
def test_a_table_is_not_written_over_a_result_or_under_another_ending(tmp_path, capsys, words):
    kept = tmp_path / "result.h5mu"
    kept.write_text("somebody's")
    out = "--csv" if words[0] == "compare" else "-o"
    command, *more = words
    for path in (kept, tmp_path / "x.xlsx", tmp_path / "x.csv.gz"):
        assert main([command, str(tmp_path / "none.h5mu"), *more, out, str(path)]) == 2
        assert f"Expected a table ending in .csv, found {path.name}." in capsys.readouterr().err
    assert kept.read_text() == "somebody's"
    assert list(tmp_path.iterdir()) == [kept]


@pytest.mark.parametrize("words", [["differ", "domain:1"], ["across", "--boundary", "0"]])
def test_a_figure_of_another_ending_is_refused_before_reading(refused, tmp_path, words):
    command, *more = words
    figure = ["-o", tmp_path / "x.csv", "--figure", tmp_path / "x.gif"]
    refused(command, tmp_path / "none.h5mu", *more, *figure, match="Expected a figure ending in")
    assert not (tmp_path / "x.csv").exists()


def test_a_figure_is_asked_for_or_not(refused, tmp_path):
    figure = ["--figure", tmp_path / "x.png", "--no-figure"]
    refused("fit", tmp_path / "none.h5ad", *figure, match="Expected --figure or --no-figure, found both.")


def test_a_checkpoint_replaces_nothing_but_a_checkpoint(refused, make_table, tmp_path):
    make_table().write_h5ad(tmp_path / "a.h5ad")
    before = (tmp_path / "a.h5ad").read_bytes()
    refused(
        "fit", tmp_path / "none.h5ad", "--checkpoint", tmp_path / "a.h5ad", match="Expected a checkpoint to replace"
    )
    steps = nt.fit_steps(nt.read(tmp_path / "a.h5ad"), checkpoint=tmp_path / "a.h5ad")
    with pytest.raises(nt.DataError, match="Expected a checkpoint to replace"):
        next(steps)
    assert (tmp_path / "a.h5ad").read_bytes() == before


def test_what_asks_for_a_study_is_refused_at_once_for_one_section(refused, fitted, small_file, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_trsmi.trust.seeds.seed_stability", lambda *args, **kwargs: pytest.fail("was trained"))
    refused("trust", fitted.path, "--leave-section-out", match="Expected a study of two sections or more")
    names = nt.read(small_file).obs_names
    (tmp_path / "groups.csv").write_text(f"Barcode,group\n{names[0]},a\n")
    refused("import", small_file, tmp_path / "groups.csv", "--section", "s1", match="Leave out the name 's1'")


def test_a_domain_is_described_as_it_is_asked(refused, fitted, tmp_path):
    out = ["-o", tmp_path / "x.csv"]
    refused("describe", fitted.path, "0", *out, match="found '0'. Use one of these names.")
    refused("describe", fitted.path, "1", *out, "--permutations", "-5", match="0 times or more, found -5")
    refused("describe", fitted.path, "1", *out, "--method", "guess", match="Expected a method out of")
