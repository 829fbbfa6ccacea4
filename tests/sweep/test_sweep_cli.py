"""`trsmi sweep` end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from napari_trsmi import sweep
from napari_trsmi.cli import main
from napari_trsmi.errors import ConfigError
from napari_trsmi.sweep import parse_field


@pytest.fixture
def words(section, quick, tmp_path):
    """A sweep of two settings and two seeds, its settings from a file, all but the cluster."""
    (tmp_path / "run.json").write_text(json.dumps({"config": quick.model_dump(mode="json")}))
    given = ["--grid", "cluster.n_domains=3,4", "--seeds", "2", "--config", str(tmp_path / "run.json")]
    return ["sweep", str(section), *given, "--out", str(tmp_path / "out")]


def test_a_sweep_prints_its_settings_and_says_where_the_runs_are(
    cluster, words, tmp_path, dataset, quick, finish, capsys
):
    assert main([*words, "--scheduler", cluster.address]) == 0
    out, err = capsys.readouterr()
    assert "4 runs: 2 settings, 2 seeds." in err
    assert "Run 4 of 4, cluster.n_domains=" in err
    assert out.split()[:5] == ["cluster.n_domains", "runs", "K", "stability", "neighbours"]
    rows = [line.split() for line in out.splitlines()[1:3]]
    assert [row[:3] for row in rows] == [["3", "2", "3"], ["4", "2", "4"]]
    assert "Agreement with the starting settings" not in out  # the file asks for 4 domains
    assert f"Runs and tables are in {tmp_path / 'out'}" in out
    # The same from Python finds all runs there, and the same numbers.
    grid = sweep.Grid({"cluster.n_domains": [3, 4]}, seeds=2)
    result, reports = finish(sweep.run(dataset, quick, grid, folder=tmp_path / "out"))
    assert reports == []
    written = pd.read_csv(tmp_path / "out" / "runs.csv")
    np.testing.assert_allclose(written["PAS"], result.table["PAS"], rtol=1e-5)
    assert main(words) == 0
    assert capsys.readouterr().out == out


def test_settings_on_the_command_line_win_over_the_file(cluster, words, tmp_path):
    given = ["--train.epochs", "1", "--seed", "5", "--seeds", "1", "-q", "--scheduler", cluster.address]
    assert main([*words, *given]) == 0
    table = sweep.load(tmp_path / "out").table
    assert table["epochs"].tolist() == [1, 1]
    assert table["seed"].tolist() == [5, 5]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--grid", "cluster.n_domain=3"], "Expected the name of a setting, found 'cluster.n_domain'"),
        (["--grid", "cluster.n_domains"], "Expected a setting with its values"),
        (["--grid", "cluster.n_domains=0"], "found 0"),
        (["--grid", "graph.k_feature=3", "--grid", "graph.k_feature=4"], "Expected each setting once"),
    ],
)
def test_a_grid_that_cannot_be_run_is_refused_before_the_data_are_read(tmp_path, capsys, changed, message):
    assert main(["sweep", str(tmp_path / "none.h5mu"), "--out", str(tmp_path / "out"), *changed]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_sweep_in_which_every_run_fails_is_a_failure(cluster, words, capsys):
    assert main([*words, "--cluster.max-domains", "0"]) == 2
    assert "max_domains" in capsys.readouterr().err
    every = [word.replace("cluster.n_domains=3,4", "cluster.n_domains=101,102") for word in words]
    assert main([*every, "--scheduler", cluster.address]) == 2
    assert "found that all 4 failed: n_domains=101 needs" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_ctrl_c_keeps_the_runs_that_are_done(words, tmp_path):
    """A terminal sends the signal to the workers too."""
    program = [sys.executable, "-m", "napari_trsmi", *words, "--workers", "1", "--train.epochs", "60", "--seeds", "50"]
    with subprocess.Popen(program, stdout=-1, stderr=-1, text=True, start_new_session=True) as process:
        while not list((tmp_path / "out").glob("[0-9a-f]*.npz")):
            time.sleep(0.1)
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Finishing now and keeping the result" in err
    assert "of 100 runs are missing: the sweep was ended before them." in out
    assert "Traceback" not in err
    assert len(sweep.load(tmp_path / "out").runs) >= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train.learning_rate=1e-3,0.01", ("train.learning_rate", (1e-3, 0.01))),
        ("align.enabled=true,false", ("align.enabled", (True, False))),
        ("cluster.n_domains=5, unset", ("cluster.n_domains", (5, None))),
        ("cluster.refinement=off,potts", ("cluster.refinement", ("off", "potts"))),
    ],
)
def test_values_are_read_as_json_or_as_words(text, expected):
    assert parse_field(text) == expected


@pytest.mark.parametrize("text", ["cluster.n_domains", "=5", "cluster.n_domains="])
def test_what_is_no_setting_with_values_is_refused(text):
    with pytest.raises(ConfigError, match="Expected a setting with its values"):
        parse_field(text)


def test_help_and_the_room_itself_import_no_dask():
    program = (
        "import sys, napari_trsmi.sweep; from napari_trsmi.cli import main; main(['sweep', '--help']);"
        "print(*(name for name in ('dask', 'distributed', 'torch', 'pandas', 'sklearn', 'scipy.optimize') "
        "if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
    assert "--scheduler ADDRESS" in done.stdout
