"""What a report of a problem needs: facts where there are some, the problem where there are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from napari_trsmi import info
from napari_trsmi.model import devices

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


@pytest.fixture
def distributions(monkeypatch):
    """Put these in place of what is installed: {name: (version, requirements)}."""

    def put(there):
        def version(name):
            if name not in there:
                raise info.PackageNotFoundError(name)
            return there[name][0]

        monkeypatch.setattr(info, "version", version)
        monkeypatch.setattr(info, "requires", lambda name: there[name][1])

    return put


@pytest.fixture
def cuda(monkeypatch):
    """Make torch say that there is a GPU, on which training runs or fails as told."""

    def there(problem):
        monkeypatch.setattr(devices, "accelerators", lambda: ["cuda"])
        monkeypatch.setitem(devices._PROBED, "cuda", problem)

    return there


def test_the_facts_can_be_written_as_json_and_name_what_runs():
    facts = info.collect()
    assert json.loads(json.dumps(facts)) == facts
    assert list(facts) == ["versions", "platform", "devices", "window", "extras"]
    assert facts["versions"]["torch"] == version("torch")
    assert facts["platform"]["cores"] == os.cpu_count()
    assert set(facts["extras"]) == set(info.EXTRAS)
    assert not any("problem" in section for section in facts.values())


@pytest.mark.slow
def test_no_window_library_is_imported_for_it():
    program = "from napari_trsmi.info import collect; collect(); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()}.isdisjoint(
        ["napari", "qtpy", "PyQt6", "PySide6", "PyQt5", "PySide2", "magicgui", "pyqtgraph"]
    )


def test_a_section_that_fails_says_why_and_the_others_stand(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it fails
    facts = info.collect()
    assert facts["devices"]["problem"].startswith("ModuleNotFoundError: ")
    assert facts["versions"]["numpy"]
    assert facts["extras"]


def test_the_cpu_is_picked_where_torch_finds_nothing_else(monkeypatch):
    monkeypatch.setattr(devices, "accelerators", list)
    found = info.collect()["devices"]
    assert (found["picked"], found["why"]) == ("cpu", "torch finds no other")


def test_a_device_that_was_left_is_named_with_its_reason(cuda):
    cuda("no kernel image")
    found = info.collect()["devices"]
    assert (found["picked"], found["not_cuda"]) == ("cpu", "no kernel image")
    assert found["why"] == "training does not run right on the others"


def test_a_device_on_which_training_runs_is_picked(cuda):
    cuda("")
    found = info.collect()["devices"]
    assert (found["picked"], found["why"]) == ("cuda", "the fastest on which a training step runs right")


def test_the_variables_that_choose_a_screen_are_told(monkeypatch):
    monkeypatch.setenv("QT_API", "pyside6")
    monkeypatch.delenv("DISPLAY", raising=False)
    found = info.collect()["window"]
    assert found["QT_API"] == "pyside6"
    assert "DISPLAY" not in found


def test_an_extra_is_there_or_says_what_it_lacks(distributions):
    lines = ['one>=2; extra == "leiden"', 'two>=1; extra == "sweep"', 'three>=3; extra == "sweep"', "four>=1"]
    distributions({"napari-trsmi": ("1", lines), "one": ("2.1", None), "two": ("0.9", None)})
    found = info.collect()["extras"]
    assert found["leiden"] == "there"
    assert found["sweep"] == "lacks two>=1 (found 0.9), three>=3"


def test_an_extra_made_of_extras_lacks_what_these_lack(distributions):
    own = ['napari-trsmi[leiden]; extra == "all"', 'napari[all]>=1; extra == "all"', 'one>=2; extra == "leiden"']
    napari = [
        'napari[pyqt]; extra == "all"',
        'PyQt6>6; extra == "pyqt"',
        'never; extra == "all" and python_version<"3"',
    ]
    distributions({"napari-trsmi": ("1", own), "napari": ("1.5", napari)})
    assert info.collect()["extras"]["all"] == "lacks one>=2, PyQt6>6"


@pytest.mark.skipif(not PYPROJECT.exists(), reason="pyproject.toml is in a checkout only")
def test_every_extra_of_a_user_is_looked_for():
    extras = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(info.EXTRAS) == set(extras) - {"dev", "docs", "test", "test-gui"}


def test_text_has_a_line_per_fact():
    text = info.to_text(
        {"devices": {"picked": "cpu", "not_cuda": "gone"}, "window": {"bindings": ["A 1", "B 2"], "x": []}}
    )
    assert text.splitlines() == [
        "devices",
        "  picked    cpu",
        "  not cuda  gone",
        "",
        "window",
        "  bindings  A 1, B 2",
        "  x         none",
    ]
