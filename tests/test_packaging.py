"""What pyproject.toml promises: a base that stands without the extras, and messages that name those there are."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
OPTIONAL = ["cryptography", "decoupler", "distributed", "igraph", "spatialdata", "spatialdata_io", "squidpy", "umap"]
ON_CONDA = {  # where the name is another
    "dask": "dask-core",
    "decoupler": "decoupler-py",
    "igraph": "python-igraph",
    "matplotlib": "matplotlib-base",
    "napari": "napari-base",
    "torch": "pytorch",
    "torch-geometric": "pytorch_geometric",
}
WITHOUT_EXTRAS = f"""
import pkgutil, sys, warnings
from importlib import import_module

warnings.simplefilter("ignore")
for name in {OPTIONAL}:
    sys.modules[name] = None  # importing it fails

import napari_trsmi
from napari_trsmi.cli import main

for _, name, _ in pkgutil.walk_packages(napari_trsmi.__path__, "napari_trsmi."):
    if not name.startswith(("napari_trsmi.gui", "napari_trsmi.__main__")):
        import_module(name)
assert main([]) == 2
"""

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="pyproject.toml is in a checkout only")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run_without_extras(program):
    words = [sys.executable, "-c", WITHOUT_EXTRAS + program]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT)


def test_all_but_the_window_can_be_imported_without_the_extras():
    done = run_without_extras("")
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_every_command_shows_its_help_without_the_extras():
    done = run_without_extras("""
import contextlib, io, re
with contextlib.redirect_stdout(io.StringIO()) as shown:
    main(["--help"])
commands = re.search(r"[{](fit,.*?)[}]", shown.getvalue()).group(1).split(",")
assert len(commands) >= 12, commands
with contextlib.redirect_stdout(io.StringIO()):
    failed = [command for command in commands if main([command, "--help"]) != 0]
assert not failed, failed
""")
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_extra_that_is_named_exists(project):
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.rglob("napari_trsmi/**/*.py")]
    named = {
        extra
        for text in texts
        for found in re.findall(r"napari-trsmi\[([a-z,-]+)\]", text.read_text(encoding="utf-8"))
        for extra in found.split(",")
    }
    assert {"all", "leiden", "pyside", "spatialdata", "sweep", "umap"} <= named <= set(project["optional-dependencies"])


def test_what_is_optional_is_not_in_the_base(project):
    assert {Requirement(line).name for line in project["dependencies"]}.isdisjoint(OPTIONAL)


def test_the_version_is_written_in_one_place(project):
    assert "version" in project
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^ *version:", citation, re.MULTILINE) == []
    written = [path for path in ROOT.rglob("napari_trsmi/**/*.py") if project["version"] in path.read_text("utf-8")]
    assert written == []


@pytest.fixture(scope="module")
def recipe():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))


def on_conda(lines, project):
    """Return {name there: bounds} of requirements, those on the package itself left out."""
    wanted = [Requirement(line) for line in lines]
    return {ON_CONDA.get(one.name, one.name): one.specifier for one in wanted if one.name != project["name"]}


def test_the_conda_recipe_has_the_version_the_command_and_the_needs_of_the_package(recipe, project):
    assert recipe["context"] == {"version": project["version"], "python_min": project["requires-python"].lstrip(">=")}
    made = [f"{name} = {where}" for name, where in project["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == made
    python, *others = recipe["requirements"]["run"]
    assert python == "python >=${{ python_min }}"
    assert on_conda([line.replace(" ", "") for line in others], project) == on_conda(project["dependencies"], project)


def test_the_conda_recipe_bounds_the_extras_and_needs_none(recipe, project):
    extras = project["optional-dependencies"]
    lines = [
        line
        for name in ("all", "genesets", "harmony", "leiden", "spatialdata", "sweep", "umap")
        for line in extras[name]
    ]
    bounded = on_conda([line for line in lines if not line.startswith(("dask", "napari"))], project)  # dask: for pip
    needs = recipe["requirements"]
    assert on_conda([line.replace(" ", "") for line in needs["run_constraints"]], project) == bounded
    assert bounded.keys().isdisjoint(line.split()[0] for line in needs["run"])


def test_there_is_a_classifier_for_every_python_that_is_tested(project):
    named = {line.rpartition(" :: ")[2] for line in project["classifiers"] if ":: Python :: 3." in line}
    assert named == {"3.11", "3.12", "3.13", "3.14"}
    assert f">={min(named, key=lambda text: int(text[2:]))}" == project["requires-python"]


def test_the_wheel_carries_what_the_manifest_and_type_checkers_look_for():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    carried = tomllib.loads(text)["tool"]["setuptools"]["package-data"]["napari_trsmi"]
    icon = re.search(r"^icon: napari_trsmi:(\S+)$", (ROOT / "napari_trsmi" / "napari.yaml").read_text(), re.MULTILINE)
    assert {"py.typed", "napari.yaml", icon.group(1)} == set(carried)
    assert all((ROOT / "napari_trsmi" / name).is_file() for name in carried)


def test_every_dependency_has_a_lowest_version(project):
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for name in set(extras) - {"dev"} for line in extras[name])]
    asked = [Requirement(line) for line in lines]
    unbounded = [one.name for one in asked if one.name != project["name"] and ">=" not in str(one.specifier)]
    assert unbounded == []
