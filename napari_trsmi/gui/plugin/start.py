"""A viewer as the command line opens it: with a section, the docks, and training that has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari import Viewer

    from napari_trsmi.gui.session.state import OpenSection

TRUTH = "domain"  # the column of the sample with the domains it was made with


def show(viewer: Viewer, section: OpenSection) -> None:
    """Put a section into the viewer and open the docks."""
    from napari.layers import Layer

    from napari_trsmi.gui.viewer.docks import open_docks
    from napari_trsmi.gui.viewer.layers import section_layers

    open_docks(viewer)
    for data in section_layers(section):
        viewer.add_layer(Layer.create(*data))


def show_session(viewer: Viewer, path: Path) -> None:
    """Open a session file in the viewer, once its window can say what goes on."""
    from qtpy.QtCore import QTimer

    from napari_trsmi.gui.viewer.docks import open_docks
    from napari_trsmi.gui.workspace.files import open_session

    open_docks(viewer)
    QTimer.singleShot(0, lambda: open_session(viewer, path))


def demo(viewer: Viewer) -> None:
    """Show the sample and train on it, with the default settings and the number of domains it was made with."""
    from napari_trsmi.data.sample import sample_path
    from napari_trsmi.gui.viewer.reader import open_section
    from napari_trsmi.gui.viewer.sessions import session_of

    section = open_section([sample_path()])
    show(viewer, section)
    session = session_of(viewer)
    cluster = session.config.cluster.model_copy(update={"n_domains": section.dataset.obs[TRUTH].nunique()})
    with session.deeds.quiet():
        session.set_config(session.config.model_copy(update={"cluster": cluster}))
    session.start()
