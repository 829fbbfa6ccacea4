"""What a run is said to take, against docs/benchmarks.md."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import napari_trsmi as nt
from napari_trsmi import Config, fitting, memory
from napari_trsmi import estimate as estimating
from napari_trsmi.cli import main
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.errors import ConfigError
from napari_trsmi.estimate import check_room, estimate, n_components
from napari_trsmi.model import devices


@pytest.fixture(autouse=True)
def loaded(monkeypatch):
    """Leave out the time that imports take."""
    monkeypatch.setitem(__import__("sys").modules, "napari_trsmi.model.training", SimpleNamespace(train=None))


def section(n: int, rna: int = 2000, adt: int = 2000) -> Dataset:
    modalities = {
        name: Modality(name, kind, SimpleNamespace(n_vars=width))
        for name, kind, width in (("rna", "rna", rna), ("adt", "protein", adt))
    }
    return Dataset("slice", modalities, None, range(n), None)


def test_the_measured_sizes_come_out_within_a_third():
    eight = Config(train={"epochs": 8, "preview_every": 0})
    seconds, size = estimate(section(20_000), eight)
    assert seconds == pytest.approx(2 + 1.53 + 8 * 0.603 + 7.44 + 0.99, rel=0.33)
    assert size == pytest.approx(1324e6, rel=0.33)
    as_a_whole = Config(train={"epochs": 8, "preview_every": 0, "tile_spots": 10**7})
    seconds, size = estimate(section(200_000), as_a_whole)
    assert seconds == pytest.approx(18.2 + 25 + 8 * 9.58 + 50.7 + 2.59, rel=0.33)
    assert size == pytest.approx(4660e6, rel=0.33)
    _, size = estimate(section(200_000), eight)
    assert size == pytest.approx(1900e6, rel=0.33)


def test_by_tiles_an_epoch_costs_the_same_whatever_the_section():
    def epochs(n):
        few, many = (estimate(section(n), Config(train={"epochs": e, "preview_every": 0}))[0] for e in (10, 110))
        return (many - few) / 100

    assert epochs(1_000_000) == pytest.approx(epochs(100_000))
    assert epochs(1_000_000) < epochs(40_000)


def test_a_study_is_by_tiles_from_fewer_spots_on():
    study = section(40_000)
    object.__setattr__(study, "parts", (section(20_000), section(20_000)))
    whole = Config(study={"tile_spots": 10**6})
    assert estimate(study, Config())[0] < 0.8 * estimate(study, whole)[0]
    assert estimate(study, whole) == estimate(section(40_000), Config())


def test_more_of_anything_takes_longer():
    def seconds(dataset=None, **settings):
        return estimate(dataset or section(5000), Config(**settings))[0]

    usual = seconds()
    assert seconds(section(10_000)) > 2 * usual
    assert seconds(train={"epochs": 120}) > 1.3 * usual
    assert seconds(train={"extra_epochs": 60}) == seconds(train={"epochs": 120})
    assert seconds(train={"preview_every": 2}) > usual > seconds(train={"preview_every": 0})
    assert seconds(preprocess={"n_components": 20}) < usual
    assert seconds(preprocess={"modalities": ("rna",)}) < usual
    assert seconds(device="cuda:0") < usual
    assert seconds(train={"epochs": 0}) > 0


def test_components_are_never_more_than_features_or_spots():
    assert n_components(section(5000, adt=30), Config()) == 80
    assert n_components(section(20, adt=30), Config()) == 40
    assert n_components(section(5000), Config(preprocess={"modalities": ("adt",)})) == 50


def test_torch_that_is_not_loaded_yet_adds_its_imports(monkeypatch):
    warm, _ = estimate(section(5000), Config())
    monkeypatch.delitem(__import__("sys").modules, "napari_trsmi.model.training")
    assert estimate(section(5000), Config())[0] > warm + 1


def test_a_run_that_would_run_out_of_memory_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr(devices, "memory_of", lambda device: 8e9)
    whole = Config(train={"tile_spots": 10**7}, device="cpu")
    with pytest.raises(
        ConfigError, match=r"8.0 GB of cpu, found one of about 12.6 GB.*Lower train.tile_spots below 500"
    ):
        check_room(section(500_000), whole)
    study = section(500_000)
    object.__setattr__(study, "parts", (section(250_000), section(250_000)))
    with pytest.raises(ConfigError, match=r"Lower study.tile_spots"):
        check_room(study, Config(study={"tile_spots": 10**7}, train={"tile_spots": 10**7}, device="cpu"))
    check_room(section(200_000), whole)
    monkeypatch.setattr(devices, "memory_of", lambda device: 1e9)
    check_room(section(500_000), Config(device="cpu"))  # by tiles, there is nothing else to do
    check_room(section(40_000), whole)  # nobody is asked about what every machine has


def test_nothing_is_made_ready_for_a_run_that_is_refused(monkeypatch):
    monkeypatch.setattr(devices, "memory_of", lambda device: 8e9)
    monkeypatch.setattr(fitting, "prepare", None)
    steps = fitting.steps_of(section(500_000), Config(train={"tile_spots": 10**7}), 0.0, True, None, None, None, None)
    with pytest.raises(ConfigError, match="Expected a run that fits"):
        next(steps)


@pytest.mark.parametrize("way", ["python", "command line"])
def test_a_refusal_does_not_wait_for_preparation(way, tmp_path, monkeypatch, capsys):
    """Large sections are prepared for minutes, and whoever starts a run would wait for them in vain."""
    for module in ("api", "stages", "fitting"):
        monkeypatch.setattr(f"napari_trsmi.{module}.prepare", None)
    monkeypatch.setattr(estimating, "BYTES_PER_SPOT", 1e9)
    monkeypatch.setattr(devices, "memory_of", lambda device: 8e9)
    if way == "python":
        with pytest.raises(ConfigError, match="Expected a run that fits"):
            nt.fit(nt.sample_path(), Config(device="cpu"))
        return
    assert main(["fit", str(nt.sample_path()), "-o", str(tmp_path / "out.h5mu"), "--device", "cpu", "-q"]) != 0
    assert "Expected a run that fits into the 8.0 GB of cpu" in capsys.readouterr().err


def test_memory_is_what_a_queue_or_a_shell_leaves_to_the_program(tmp_path, monkeypatch):
    """A job of Slurm is a group of its own below others; each of them may have a limit."""
    own = tmp_path / "own"
    monkeypatch.setattr(memory, "_GROUPS_OF_THE_PROGRAM", own)
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_of_the_shell", lambda: math.inf)
    whole = memory.machine_memory()
    own.write_text("0::/slurm/job_7/step_0\n")
    step = tmp_path / "slurm/job_7/step_0"
    step.mkdir(parents=True)
    (step / "memory.max").write_text("max\n")
    assert memory.machine_memory() == whole
    (step.parent / "memory.max").write_text("300000000\n")
    assert memory.machine_memory() == 3e8
    own.write_text("9:cpu:/elsewhere\n4:memory:/job\n0::/\n")  # groups of the first kind
    (tmp_path / "memory/job").mkdir(parents=True)
    (tmp_path / "memory/job/memory.limit_in_bytes").write_text("200000000\n")
    assert memory.machine_memory() == 2e8
    monkeypatch.setattr(memory, "_of_the_shell", lambda: 1e8)
    assert memory.machine_memory() == 1e8


@pytest.mark.skipif(os.name == "nt", reason="there is no such limit")
def test_a_limit_of_the_shell_counts():
    code = "from napari_trsmi.memory import machine_memory; print(machine_memory())"
    limited = f"ulimit -v 900000; exec '{sys.executable}' -c '{code}'"
    done = subprocess.run(["/bin/sh", "-c", limited], capture_output=True, text=True, check=True)
    assert float(done.stdout) <= 900_000 * 1024
