"""The benchmark on a GPU: that it runs anywhere, and that what is wrong or missing is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from benchmark_scripts import FOLDER, scripts

MODULES = ("gpu", "gpu_functions", "gpu_section")


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The scripts by name."""
    with scripts(*MODULES) as found:
        yield found


NOT_NEEDED = ("napari", "qtpy", "anndata", "mudata", "scanpy", "squidpy", "pandas", "zarr", "igraph", "matplotlib")


@pytest.mark.slow
def test_the_benchmark_on_a_gpu_needs_no_tables_and_no_window(tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    arguments = ["--device", "cpu", "--parts", "operations", "functions", "run", "--epochs", "2"]
    arguments += ["--run-spots", "300", "--function-spots", "2000"]
    script = f"""
import runpy, sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

class Missing(MetaPathFinder, Loader):
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name.split(".")[0] in {NOT_NEEDED!r} else None

    def create_module(self, spec):
        raise ModuleNotFoundError(spec.name)

sys.meta_path.insert(0, Missing())
sys.argv = ["gpu.py", *{[*arguments, "--json", str(made)]!r}]
sys.path.insert(0, {str(FOLDER)!r})
runpy.run_path({str(FOLDER / "gpu.py")!r}, run_name="__main__")
sys.argv = ["gpu.py", "--way", "700", "--tile-spots", "300", "--device", "cpu"]
runpy.run_path({str(FOLDER / "gpu.py")!r}, run_name="__main__")
"""
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "REACHED" in ran.stdout
    assert "NOT REACHED" not in ran.stdout
    records = json.loads(made.read_text())["records"]
    checked = {r["operation"] for r in records if r["part"] == "operations"}
    assert checked == {"product", "product, symmetric", "scores", "row_softmax", "normalize", "row_sum", "per_entry"}
    functions = [r for r in records if r["part"] == "functions"]
    assert len(functions) == 10
    assert all(r["agrees"] and r["repeats"] for r in functions)
    runs = [r for r in records if r["part"] == "run"]
    assert [r["run"] for r in runs] == ["on the CPU", "on cpu", "on cpu again"]
    assert runs[-1]["same_bits"]
    assert {r["ari_cpu"] for r in runs} == {100.0}
    way = json.loads(ran.stdout.splitlines()[-1])
    assert sum(way["counts"]) == 700
    assert list(way["seconds"]) == [
        "spatial graph",
        "coherence",
        "averaging",
        "similar spots",
        "training",
        "pass over all spots",
        "domains",
    ]


def test_the_benchmark_on_a_gpu_finds_an_operation_that_is_wrong_or_missing(
    bench: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    gpu = bench["gpu"]
    monkeypatch.setattr(gpu, "scores", lambda pattern, q, k: 1.001 * gpu.row_softmax(pattern, q[pattern.row, 0]))
    table, _ = gpu.operations_table(torch.device("cpu"), 50)
    assert table.notes[-1].endswith("NOT REACHED")

    def missing(*given: Any) -> Any:
        raise NotImplementedError("no kernel\nmore")

    monkeypatch.setattr(gpu, "scores", missing)
    table, _ = gpu.operations_table(torch.device("cpu"), 50)
    assert table.notes[0] == "scores FAILED: no kernel"
    assert table.notes[-1].endswith("NOT REACHED")


def test_the_benchmark_on_a_gpu_tells_a_function_that_is_wrong_or_left_to_the_cpu(
    bench: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from napari_trsmi import sampling
    from napari_trsmi.accelerator import CPU
    from napari_trsmi.model import walks

    of, before = bench["gpu_functions"], sampling.SAMPLE
    made: dict[str, Any] = {
        "wrong": lambda device: np.eye(3) * (1.0 if device is CPU else 1.01),
        "turned": lambda device: np.eye(3) * (1.0 if device is CPU else -1.0),
        "other labels": lambda device: np.arange(6) % (2 if device is CPU else 3),
    }
    monkeypatch.setattr(of, "functions", lambda n: made)
    table, records = of.functions_table(torch.device("cpu"), 100)
    assert [r["agrees"] for r in records] == [False, True, False]
    assert table.notes[-1].endswith("NOT REACHED")
    assert before == sampling.SAMPLE

    def full(*given: Any) -> Any:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(walks, "averaged", full)
    made.clear()
    made["left"] = lambda device: np.eye(3) if device.averaged(np.eye(3), None, 1) is None else np.zeros((3, 3))
    table, records = of.functions_table(torch.device("cpu"), 100)
    assert records[0]["agrees"]
    assert table.notes[0].startswith("On the CPU instead of cpu, averaging over the tissue")
    assert table.notes[-1].endswith("NOT REACHED")


def test_epochs_are_timed_on_sections_with_as_many_edges_as_real_ones(bench: dict[str, ModuleType]) -> None:
    found = bench["gpu"].child(400, "cpu")
    assert min(found["epoch"], found["first"]) > 0
    assert found["peak_mb"] > 100
    per_spot = found["edges"] / 400
    assert 6 + 2 * 26 < per_spot < 6.5 + 2 * 29
