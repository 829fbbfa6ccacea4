"""Saving what the canvas shows, by the menu and by commands."""

from __future__ import annotations

import pytest
from opened_dock import open_section

from napari_trsmi.gui.plugin import save_commands
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.train import save_menu, save_view
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def session(viewer, sample):
    open_section(viewer, sample)
    session = session_of(viewer)
    session.said = []
    session.told.connect(session.said.append)
    return session


def menu_of(session, path):
    return save_menu.save_menu(session, None, lambda *_: path)


def texts(menu):
    return [action.text() for action in menu.actions()]


def choose(menu, text):
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_what_is_seen_is_saved_without_a_result(session, tmp_path, qtbot):
    path = tmp_path / "seen.svg"
    choose(menu_of(session, path), "Save what is seen…")
    qtbot.waitUntil(lambda: bool(session.said), timeout=20_000)
    assert session.said == [f"Saved {path}."]
    text = path.read_text()
    assert "trsmi_slice: spots." in text
    assert "µm" in text or "mm" in text


@pytest.mark.slow
def test_views_are_collected_and_saved_as_a_panel(session, tmp_path, qtbot):
    path = tmp_path / "panel.svg"
    menu = menu_of(session, path)
    (save,) = (action for action in menu.actions() if action.text() == "Save the panel (0 views)…")
    assert not save.isEnabled()
    choose(menu, "Add this view to the panel")
    choose(menu, "Add this view to the panel")
    menu.aboutToShow.emit()
    assert save.isEnabled()
    choose(menu, "Save the panel (2 views)…")
    qtbot.waitUntil(path.exists, timeout=20_000)
    assert path.read_text().count("trsmi_slice: spots.") == 2
    choose(menu, "Empty the panel")
    assert session.panel == []
    session.deeds.undo()
    assert len(session.panel) == 2


@pytest.mark.slow
def test_the_commands_do_the_same(viewer, session, monkeypatch, tmp_path, qtbot):
    path = tmp_path / "seen.png"
    monkeypatch.setattr(save_menu, "ask_path", lambda *_: path)
    save_commands.add_view(viewer)
    assert len(session.panel) == 1
    save_commands.save_panel(viewer)
    qtbot.waitUntil(path.exists, timeout=20_000)


def test_without_a_section_it_says_what_to_do():
    session, said = Session(lambda *_: None), []
    session.failed.connect(said.append)
    save_view.save_view(session, None, lambda *_: None)
    save_view.save_panel(session, None, lambda *_: None)
    assert said == [save_view.NOTHING, save_view.NO_VIEWS]
