"""Docks that Qt deleted while Python still knows them hear nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from opened_dock import open_section
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_trsmi import edits
from napari_trsmi.gui.session.state import Coloring
from napari_trsmi.gui.viewer.sessions import session_of

DOCKS = ["Train", "Colour by", "Boundaries", "Ask", "Correct", "Trust", "Compare", "Regions"]


@pytest.mark.slow
def test_docks_that_qt_deleted_are_left_alone(viewer, trained):
    open_section(viewer, trained.dataset, replace(trained))
    session = session_of(viewer)
    docks = [viewer.window.add_plugin_dock_widget("napari-trsmi", name)[1] for name in DOCKS]
    known = [widget for dock in docks for widget in (dock, *dock.findChildren(QWidget))]
    for dock in docks:
        viewer.window.remove_dock_widget(dock)
        dock.setParent(None)
        dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    session.color(Coloring("number", np.arange(len(trained.labels), dtype=float)))
    session.color(None)
    session.set_result(edits.merge(session.result, [0, 1]))
    session.select_spot(3)
    session.select_boundary(0)
    session.set_hidden(frozenset({1}))
    session.busy_changed.emit("Working")
    session.told.emit("Done.")
    session.set_config(session.config.model_copy(update={"seed": 5}))
    viewer.theme = "light"
    session.run_changed.emit("preparing")
    session.run_changed.emit("idle")
    session.activate(None)
    assert known
