"""Runs that cannot fit into memory, whoever starts them, are refused before features and graphs are made."""

from __future__ import annotations

import pytest

from napari_trsmi import Config
from napari_trsmi.api import fit, read
from napari_trsmi.cli import main
from napari_trsmi.model import devices
from napari_trsmi.sweep.grid import Trial
from napari_trsmi.sweep.worker import Source, fit_one

SAID = "Expected a run that fits into the 8.0 GB of cpu"


@pytest.fixture
def cramped(monkeypatch):
    """A machine of 8 GB, on which every spot takes one."""
    monkeypatch.setattr("napari_trsmi.stages.prepare", None)
    monkeypatch.setattr("napari_trsmi.estimate.BYTES_PER_SPOT", 1e9)
    monkeypatch.setattr(devices, "memory_of", lambda device: 8e9)


def test_a_run_of_a_sweep(small_file, cramped):
    config = Config(device="cpu")
    outcome = fit_one(Source((small_file,), {}, None, "mark"), Trial("key", 0, config), read(small_file))
    assert outcome.problem.startswith(SAID)


def test_a_run_that_is_gone_on_with(small_file, tmp_path, request, capsys):
    brief = Config(
        cluster={"n_domains": 4}, train={"epochs": 2, "preview_every": 0}, evidence={"support": False}, device="cpu"
    )
    out = tmp_path / "out.h5mu"
    fit(small_file, brief).write(out)
    request.getfixturevalue("cramped")
    assert main(["continue", str(out), "-o", str(tmp_path / "more.h5mu"), "--epochs", "2", "-q"]) != 0
    assert SAID in capsys.readouterr().err
