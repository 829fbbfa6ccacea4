"""Versions are read from metadata, and from pyproject.toml where there are none."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import napari_trsmi
from napari_trsmi import versions

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


@pytest.fixture
def not_installed(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(versions, "version", missing)
    versions.own.cache_clear()
    yield
    versions.own.cache_clear()


def test_the_version_is_that_of_the_metadata():
    assert napari_trsmi.__version__ == versions.own() == version("napari-trsmi")


@pytest.mark.skipif(not PYPROJECT.exists(), reason="pyproject.toml is in a checkout only")
def test_a_source_tree_that_is_not_installed_has_the_version_of_its_pyproject(not_installed):
    assert napari_trsmi.__version__ == tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"]


def test_without_metadata_and_pyproject_the_version_is_unknown(not_installed, monkeypatch, tmp_path):
    monkeypatch.setattr(versions, "__file__", str(tmp_path / "napari_trsmi" / "versions.py"))
    assert versions.own() == "unknown"


def test_what_is_not_installed_is_left_out():
    assert versions.installed(["numpy", "no-such-distribution"]) == {"numpy": version("numpy")}
