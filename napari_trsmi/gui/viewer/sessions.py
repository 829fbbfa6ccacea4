"""The session of each viewer: the one place where a viewer meets what it works on, its canvas and its thread."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from napari_trsmi.gui.session.session import Session

_SESSIONS: WeakKeyDictionary[Any, Session] = WeakKeyDictionary()


def session_of(viewer: Any) -> Session:
    """Return the session of a viewer, made when first asked for, with a canvas that draws it."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # widgets and commands get a proxy that nothing else keeps alive
    if viewer not in _SESSIONS:
        from napari.utils.notifications import show_error, show_info

        from napari_trsmi.gui.jobs.worker import start_trainer
        from napari_trsmi.gui.viewer.canvas import Canvas

        session = Session(start_trainer)
        session.failed.connect(show_error)
        session.told.connect(show_info)
        _SESSIONS[viewer] = session
        session.canvas = Canvas(viewer, session)
        if hasattr(viewer, "window"):
            from napari_trsmi.gui.viewer.arrangement import arrange_windows

            arrange_windows()
    return _SESSIONS[viewer]
