"""The fuzzer: that it sees what is wrong, and that a sample of it finds nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def fuzzing() -> Iterator[dict[str, ModuleType]]:
    """The modules by name; they are found from the folder of the benchmarks."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(f"fuzzing.{name}") for name in ("cases", "children", "judge", "originals")}
    finally:
        sys.path.remove(str(FOLDER))
        for name in [name for name in sys.modules if name.split(".")[0] == "fuzzing"]:
            del sys.modules[name]


def opened(fuzzing: dict[str, ModuleType]) -> nt.Dataset:
    return from_memory(fuzzing["originals"].joined())


def test_the_original_is_judged_right(fuzzing):
    fuzzing["judge"].section(opened(fuzzing), fuzzing["cases"].Case())


def test_values_and_places_of_other_spots_are_seen(fuzzing):
    judge, case = fuzzing["judge"], fuzzing["cases"].Case()
    dataset = opened(fuzzing)
    with pytest.raises(judge.Wrong, match="other places"):
        judge.section(replace(dataset, coords=dataset.coords[::-1] * [1, -2]), case)
    rna = dataset.modalities["rna"]
    rna.table.X = rna.table.X[np.roll(np.arange(144), 1)]
    with pytest.raises(judge.Wrong, match="of rna are not those of the file"):
        judge.section(dataset, case)


def test_spots_that_are_left_out_without_a_word_are_seen(fuzzing):
    judge = fuzzing["judge"]
    tables = fuzzing["originals"].sections()
    dataset = from_memory(tables["rna"][:100].copy())
    with pytest.raises(judge.Wrong, match="left out without a word"):
        judge.section(replace(dataset, notes=()), fuzzing["cases"].Case())


@pytest.mark.parametrize(
    "line", ["import os", "__import__('os').system('x')", "result.__class__()", "open('x')", "nt.read(open('x'))"]
)
def test_a_script_that_does_more_than_call_ours_is_seen(fuzzing, line):
    judge = fuzzing["judge"]
    judge.script(
        "import napari_trsmi as nt\nresult = nt.fit(nt.read('a'), nt.Config(seed=1))\nprint(result.write('b'))"
    )
    with pytest.raises(judge.Wrong):
        judge.script(f"import napari_trsmi as nt\n{line}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="children are limited as Linux does")
def test_children_that_crash_hang_or_end_are_told_apart(fuzzing, tmp_path, monkeypatch):
    script = f"""
import os, sys, time
from pathlib import Path
sys.path.insert(0, {str(FOLDER)!r})
from fuzzing import children
children.WALL_SECONDS = 2

def work(number, tell):
    tell({{"made": number}})
    if number == 0: tell({{"outcome": "opened"}})
    if number == 1: os.abort()
    if number == 2: time.sleep(60)
    if number == 3: raise SystemExit(3)

for ended in children.run(range(4), work, Path({str(tmp_path)!r}), jobs=2):
    print(ended.number, ended.status, ended.overdue, len(ended.said))
"""
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert sorted(made.stdout.splitlines()) == ["0 0 False 2", "1 -6 False 1", "2 -9 True 1", "3 1 False 1"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="children are limited as Linux does")
def test_a_sample_of_changed_inputs_kills_and_full_disks_ends_well():
    command = [sys.executable, str(FOLDER / "fuzz.py"), "--tries", "16", "--kills", "2", "--full-disk", "2"]
    made = subprocess.run([*command, "--seed", "7", "--jobs", "2"], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout[-5000:] + made.stderr[-5000:]
