"""`python -m napari_trsmi` is `trsmi`."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import napari_trsmi

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def test_the_module_runs_as_the_command():
    done = subprocess.run([sys.executable, "-m", "napari_trsmi", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"trsmi {napari_trsmi.__version__}\n", "")


def test_its_exit_code_is_that_of_the_command():
    words = [sys.executable, "-m", "napari_trsmi", "fit", "--config", "none.json", "-o", "x.h5mu"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("trsmi: Expected a readable JSON file of settings")


@pytest.mark.skipif(not PYPROJECT.exists(), reason="pyproject.toml is in a checkout only")
def test_the_version_and_the_command_are_those_of_the_package():
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    assert project["version"] == napari_trsmi.__version__
    assert project["scripts"]["trsmi"] == "napari_trsmi.__main__:main"
