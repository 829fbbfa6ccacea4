"""Importing costs nothing, nothing headless knows a window, and the rooms look one way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = ["qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6", "napari", "magicgui", "pyqtgraph"]
HEAVY = ["torch", "torch_geometric", "scanpy", "squidpy", "pandas", "anndata", "mudata", "sklearn", "matplotlib"]


def imported_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after `statement`."""
    program = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_imports_nothing_heavy():
    assert imported_by("import napari_trsmi").isdisjoint([*HEAVY, *WINDOWS, "numpy", "scipy", "pydantic"])


def test_the_headless_rooms_import_nothing_heavy_and_no_window():
    rooms = ["api", "cli", "figure", "__main__", "config", "records", "data.dataset"]
    found = imported_by("import " + ", ".join(f"napari_trsmi.{room}" for room in rooms))
    assert found.isdisjoint([*HEAVY, *WINDOWS])


def test_help_imports_nothing_heavy():
    done = imported_by("from napari_trsmi.cli import main; main(['fit', '--help'])")
    assert done.isdisjoint([*HEAVY, *WINDOWS])


@pytest.mark.slow
def test_training_imports_no_torch_geometric_which_takes_seconds():
    assert "torch_geometric" not in imported_by("import napari_trsmi.model.training")


@pytest.mark.slow
def test_reading_a_file_leaves_out_scikit_learn_for_which_the_window_would_wait():
    found = imported_by("import napari_trsmi as nt; nt.read(nt.sample_path())")
    assert found.isdisjoint(["sklearn", "torch", "scanpy"])
    assert "anndata" in found


@pytest.mark.parametrize(
    "room", [*(pytest.param(room, marks=pytest.mark.slow) for room in ("answers", "evidence")), "trust"]
)
def test_what_docks_import_when_they_open_leaves_out_the_tests_of_scipy(room):
    program = f"import napari_trsmi.{room}, sys; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False"]


def test_names_of_the_package_are_those_it_lists():
    import napari_trsmi

    for name in napari_trsmi.__all__:
        assert getattr(napari_trsmi, name) is not None
    assert set(napari_trsmi.__all__) <= set(dir(napari_trsmi))
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        napari_trsmi.fitt  # noqa: B018


@pytest.mark.skipif(shutil.which("lint-imports") is None, reason="import-linter is not installed")
@pytest.mark.skipif(not (ROOT / "setup.cfg").exists(), reason="the contracts are in a checkout only")
def test_the_rooms_look_one_way():
    words = [shutil.which("lint-imports"), "--config", str(ROOT / "setup.cfg"), "--no-cache"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-2000:]
