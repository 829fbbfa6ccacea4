"""The container file: its base is pinned, what it copies is there, and it names no host."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docker"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="docker/ is in a checkout only")


@pytest.fixture(scope="module")
def instructions():
    """[(instruction, the rest)] of the container file, lines that go on joined."""
    text = (FOLDER / "Dockerfile").read_text()
    lines = (line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#"))
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def of(instructions, name):
    return [rest for instruction, rest in instructions if instruction == name]


def test_it_holds_instructions_that_exist_and_one_base_that_is_pinned(instructions):
    known = {"FROM", "ARG", "SHELL", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert {name for name, _ in instructions} <= known
    (base,) = of(instructions, "FROM")
    assert re.fullmatch(r"debian:\w+-\d{8}-slim", base)


def test_what_is_copied_is_in_the_checkout(instructions):
    for copied in of(instructions, "COPY"):
        *sources, _ = copied.split()
        for source in sources:
            assert (ROOT / source).exists(), source


def test_all_that_the_package_is_built_of_is_copied(instructions):
    copied = {source for one in of(instructions, "COPY") for source in one.split()[:-1]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= {path for path in project["tool"]["setuptools"]["package-dir"].values()} | {"napari_trsmi"}
    assert needed <= copied


def test_no_host_is_named_but_in_the_words_for_people():
    for name in ("Dockerfile", "start"):
        assert "://" not in (FOLDER / name).read_text()


def test_it_runs_as_no_root_and_leaves_no_lists_behind(instructions):
    assert of(instructions, "USER") == ["person"]
    (install,) = [run for run in of(instructions, "RUN") if "apt-get install" in run]
    assert "--no-install-recommends" in install
    assert "rm -rf /var/lib/apt/lists/*" in install
    assert all("--no-cache-dir" in run for run in of(instructions, "RUN") if "pip install" in run)


def test_the_screen_itself_is_reached_from_inside_only_and_with_a_password():
    start = (FOLDER / "start").read_text()
    assert subprocess.run(["bash", "-n", str(FOLDER / "start")]).returncode == 0
    assert "-localhost" in start
    assert "-passwdfile" in start
    assert "-nolisten tcp" in start
    assert 'exec trsmi "$@"' in start


def test_the_words_for_people_bind_the_port_to_this_machine():
    text = (FOLDER / "README.md").read_text()
    assert "-p 127.0.0.1:6080:6080" in text
    assert not re.search(r"-p 6080", text)
