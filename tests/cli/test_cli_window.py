"""What `trsmi view` and `trsmi demo` do where there is no window."""

from __future__ import annotations

import pytest

from napari_trsmi.cli import demo, main, window
from napari_trsmi.data.sample import sample_path


@pytest.fixture
def no_display(monkeypatch):
    monkeypatch.setattr(window, "find_spec", lambda name: name)
    monkeypatch.setattr(window.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def written(monkeypatch):
    """Folders that the demo was to write to; it does not."""
    folders = []
    monkeypatch.setattr(demo.Demo, "write", lambda self, out: folders.append(str(out)))
    return folders


def test_view_needs_a_file(capsys):
    assert main(["view"]) == 2
    assert "INPUT" in capsys.readouterr().err


def test_view_without_a_display_says_what_to_do(capsys, no_display):
    assert main(["view", str(sample_path())]) == 2
    assert capsys.readouterr().err.startswith("trsmi: Expected a display to open a window on, found none.")


@pytest.mark.parametrize(
    ("gone", "named"),
    [({"pyqtgraph"}, "no pyqtgraph."), ({"PyQt6", "PySide6", "PyQt5", "PySide2"}, "no Qt binding.")],
)
def test_view_without_the_packages_says_how_to_install_them(capsys, monkeypatch, gone, named):
    monkeypatch.setattr(window, "find_spec", lambda name: None if name in gone else name)
    assert main(["view", str(sample_path())]) == 2
    err = capsys.readouterr().err
    assert 'pip install "napari-trsmi[all]"' in err
    assert named in err


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_of_either_kind_will_do(no_display, monkeypatch, name):
    monkeypatch.setenv(name, ":0")
    assert window.missing() == ""


def test_mac_and_windows_need_no_such_variable(no_display, monkeypatch):
    monkeypatch.setattr(window.sys, "platform", "darwin")
    assert window.missing() == ""


def test_the_demo_without_a_display_says_so_and_writes(capsys, no_display, written):
    assert main(["demo"]) == 0
    assert written == ["trsmi_demo"]
    assert capsys.readouterr().err.endswith("Training without a window.\n")


@pytest.mark.parametrize("words", [["--headless"], ["-o", "there"], ["--headless", "-o", "there"]])
def test_the_demo_opens_no_window_where_none_is_wanted(monkeypatch, written, words):
    monkeypatch.setattr(window, "new_viewer", lambda: pytest.fail("opened a window"))
    assert main(["demo", *words]) == 0
    assert written == ["there" if "-o" in words else "trsmi_demo"]


def test_view_opens_a_session_file_and_refuses_rubbish_before_a_window(capsys, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(window, "missing", lambda: "")
    monkeypatch.setattr(window, "new_viewer", lambda: "viewer")
    monkeypatch.setattr(window, "wait", lambda: None)
    monkeypatch.setattr("napari_trsmi.gui.plugin.start.show_session", lambda *given: opened.append(given))
    path = tmp_path / "work.trsmi.json"
    path.write_text(
        '{"format": 1, "sections": [{"name": "a", "parts": [{"name": "a", "files": [{"path": "a.h5mu"}]}]}]}'
    )
    assert main(["view", str(path)]) == 0
    assert opened == [("viewer", path)]
    assert main(["view", str(path), str(path)]) == 2
    path.write_text("{")
    assert main(["view", str(path)]) == 2
    assert len(opened) == 1
    assert "Expected a session file of TRSMI" in capsys.readouterr().err
