"""What menus and command palette can do with the result of the viewer in front."""

from __future__ import annotations

from napari import Viewer
from qtpy.QtWidgets import QApplication

from napari_trsmi.gui.train import save_menu
from napari_trsmi.gui.train import save_view as views
from napari_trsmi.gui.viewer.sessions import session_of


def save_result(viewer: Viewer) -> None:
    """Save a copy of the section with its domains."""
    save_menu.save_result(session_of(viewer), QApplication.activeWindow())


def save_figure(viewer: Viewer) -> None:
    """Save a figure of the domains."""
    save_menu.save_figure(session_of(viewer), QApplication.activeWindow())


def save_view(viewer: Viewer) -> None:
    """Save a figure of what the canvas shows."""
    views.save_view(session_of(viewer), QApplication.activeWindow(), save_menu.ask_path)


def add_view(viewer: Viewer) -> None:
    """Add what the canvas shows to the panel."""
    views.add_view(session_of(viewer))


def save_panel(viewer: Viewer) -> None:
    """Save the views of the panel as one figure."""
    views.save_panel(session_of(viewer), QApplication.activeWindow(), save_menu.ask_path)


def save_report(viewer: Viewer) -> None:
    """Save the report of the result."""
    save_menu.save_report(session_of(viewer), QApplication.activeWindow())


def copy_as_python(viewer: Viewer) -> None:
    """Copy the script that repeats the result."""
    save_menu.copy_as_python(session_of(viewer))
