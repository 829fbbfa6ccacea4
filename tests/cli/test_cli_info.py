"""`trsmi info` says what a report of a problem needs, whatever is broken."""

from __future__ import annotations

import io
import json
import sys

import pytest

import napari_trsmi as nt
from napari_trsmi import info
from napari_trsmi.cli import main, window


@pytest.fixture
def facts(monkeypatch):
    """Facts that take no time to find."""
    found = {"versions": {"napari-trsmi": nt.__version__}, "window": {"bindings": ["Größe 1"]}}
    monkeypatch.setattr(info, "collect", lambda: found)
    monkeypatch.setattr(window, "missing", lambda: "")
    return found


def test_it_prints_sections_and_facts(capsys, facts):
    assert main(["info"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "versions",
        f"  napari-trsmi  {nt.__version__}",
        "",
        "window",
        "  bindings  Größe 1",
        "  missing   nothing",
    ]


def test_json_holds_the_same(capsys, facts):
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == facts


def test_it_says_what_a_window_lacks(capsys, facts, monkeypatch):
    monkeypatch.setattr(window, "missing", lambda: "Expected a display.")
    assert main(["info"]) == 0
    assert "  missing   Expected a display.\n" in capsys.readouterr().out


def test_it_prints_on_a_console_that_lacks_a_letter(facts, monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    assert main(["info"]) == 0
    assert rb"Gr\xf6\xdfe 1" in console.buffer.getvalue()


def test_it_works_where_neither_torch_nor_the_window_does(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it fails

    def broken():
        raise ValueError("no spec")

    monkeypatch.setattr(window, "missing", broken)
    assert main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["devices"]["problem"].startswith("ModuleNotFoundError")
    assert found["window"]["problem"] == "ValueError: no spec"
    assert found["versions"]["python"]
