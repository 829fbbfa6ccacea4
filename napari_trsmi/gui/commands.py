"""What the menus and the command palette can do with a viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_trsmi.gui.session import session_of

if TYPE_CHECKING:
    from napari import Viewer


def toggle_legend(viewer: Viewer) -> None:
    """Show or hide the legend."""
    from napari_trsmi.gui.legend import legend_of

    legend = legend_of(viewer)
    if legend is not None:
        legend.set_wanted(not legend.wanted)


def save_result(viewer: Viewer) -> None:
    """Save a copy of the section with its domains."""
    from napari_trsmi.gui import save_menu

    save_menu.save_result(session_of(viewer))


def save_figure(viewer: Viewer) -> None:
    """Save a figure of the domains."""
    from napari_trsmi.gui import save_menu

    save_menu.save_figure(session_of(viewer))


def copy_as_python(viewer: Viewer) -> None:
    """Copy the script that repeats the result."""
    from napari_trsmi.gui import save_menu

    save_menu.copy_as_python(session_of(viewer))
