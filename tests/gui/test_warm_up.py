"""What takes long the first time is made ready beside the window, once."""

from __future__ import annotations

from importlib import reload

from napari_trsmi.gui import warm_up


def test_it_is_begun_once_and_does_not_hold_up_the_window(monkeypatch):
    begun = []
    monkeypatch.undo()
    again = reload(warm_up)
    monkeypatch.setattr(again, "make_ready", lambda: begun.append(1))
    again.begin()
    again.begin()
    again.wait()
    assert begun == [1]
    again._STARTED.clear()


def test_labels_are_drawn_without_a_canvas(qapp):
    warm_up.draw_labels()


def test_what_fails_is_no_matter(monkeypatch):
    def fail():
        raise ImportError("numba")

    monkeypatch.setattr(warm_up, "draw_labels", fail)
    warm_up.make_ready()
