"""What the command palette and the menus can do; napari gives the viewer in front."""

from __future__ import annotations

from napari import Viewer

from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.undoing import Way, walk
from napari_trsmi.gui.train.placement_panel import Turn, turn
from napari_trsmi.gui.viewer import laying
from napari_trsmi.gui.viewer.sessions import session_of


def start_training(viewer: Viewer) -> None:
    """Train on the active section with the current settings."""
    session = session_of(viewer)
    if _has_section(session):
        session.start()


def pause_training(viewer: Viewer) -> None:
    """Pause training, or go on after a pause."""
    session = session_of(viewer)
    if session.state == "paused":
        session.resume()
    elif _is_training(session):
        session.pause()


def finish_training(viewer: Viewer) -> None:
    """End training now and keep what there is."""
    session = session_of(viewer)
    if _is_training(session):
        session.finish()


def cancel_training(viewer: Viewer) -> None:
    """End training and go back to the result before it."""
    session = session_of(viewer)
    if _is_training(session):
        session.cancel()


def open_files(viewer: Viewer) -> None:
    """Ask for files, and open them as one section."""
    from qtpy.QtWidgets import QApplication

    from napari_trsmi.gui.viewer.opening import open_soon
    from napari_trsmi.gui.widgets import folders

    open_soon(session_of(viewer), folders.ask_to_open(QApplication.activeWindow(), "Open a section", folders.SECTIONS))


def show_docks(viewer: Viewer) -> None:
    """Open all docks."""
    from napari_trsmi.gui.viewer.docks import open_docks

    open_docks(viewer)


def flip_left_right(viewer: Viewer) -> None:
    """Flip the spots of the active section along x; the image stays."""
    _turn(viewer, "x")


def flip_up_down(viewer: Viewer) -> None:
    """Flip the spots of the active section along y; the image stays."""
    _turn(viewer, "y")


def swap_axes(viewer: Viewer) -> None:
    """Swap x and y of the spots of the active section; the image stays."""
    _turn(viewer, "swap")


def turn_section(viewer: Viewer) -> None:
    """Turn the chosen section a quarter clockwise, with its image; its coordinates stay."""
    if _has_section(session := session_of(viewer)):
        laying.turn(session)


def mirror_section(viewer: Viewer) -> None:
    """Exchange left and right of the chosen section, with its image; its coordinates stay."""
    if _has_section(session := session_of(viewer)):
        laying.flip(session)


def undo_edit(viewer: Viewer) -> None:
    """Take back what was done last in the active section."""
    _walk(viewer, "undo")


def redo_edit(viewer: Viewer) -> None:
    """Do again what was undone last in the active section."""
    _walk(viewer, "redo")


def _walk(viewer: Viewer, way: Way) -> None:
    session = session_of(viewer)
    there = session.deeds.last if way == "undo" else session.deeds.next
    if not there:
        session.told.emit(f"There is nothing to {way}.")
    elif name := walk(session, way):
        viewer.status = f"{'Undone' if way == 'undo' else 'Done again'}: {name}"


def _turn(viewer: Viewer, change: Turn) -> None:
    session = session_of(viewer)
    if session.run is not None:
        session.failed.emit("Expected no training, found a run on these spots. Finish or cancel it first.")
    elif _has_section(session):
        turn(session, change)


def _has_section(session: Session) -> bool:
    if session.section is None:
        session.failed.emit("Expected an open section, found none. Open a file or the sample first.")
    return session.section is not None


def _is_training(session: Session) -> bool:
    if session.run is None:
        session.failed.emit("Expected a run, found none. Start training first.")
    return session.run is not None
