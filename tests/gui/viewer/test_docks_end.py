"""What a person closes for good is gone, under either binding of Qt."""

from __future__ import annotations

import gc
from threading import Event

from opened_dock import open_section
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

from napari_trsmi.gui.trust.job import TrustJob
from napari_trsmi.gui.viewer.docks import docks_of, open_dock, open_docks
from napari_trsmi.gui.viewer.sessions import session_of


def test_a_dock_that_is_closed_is_gone_with_all_that_is_in_it(viewer, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    names = {"Boundaries": "BoundariesDock", "Compare": "CompareDock"}
    for name in names:
        dock, _ = viewer.window.add_plugin_dock_widget("napari-trsmi", name)
        qtbot.wait(20)
        dock.title.close_button.click()
        del dock
        qtbot.wait(20)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    left = {type(one).__name__ for one in QApplication.allWidgets()}
    assert not left & set(names.values())


def test_a_dock_that_is_taken_out_and_put_in_again_stays_whole(viewer, qtbot):
    dock, widget = viewer.window.add_plugin_dock_widget("napari-trsmi", "Compare")
    viewer.window.remove_dock_widget(dock)
    viewer.window.add_dock_widget(widget, name="mine")
    qtbot.wait(20)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert widget.isVisible()


def test_a_dock_that_is_closed_in_the_middle_of_its_work_is_hidden_and_has_the_answer(
    viewer, qtbot, trained, monkeypatch
):
    gate = Event()
    monkeypatch.setattr(TrustJob, "work", lambda job: gate.wait(30) and None)
    open_section(viewer, trained.dataset, trained)
    session, told = session_of(viewer), []
    session.told.connect(told.append)
    open_docks(viewer)
    dock = docks_of(viewer)["Trust"]
    panel = dock.inner_widget().trust
    dock.raise_()
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())
    panel.start()
    dock.title.close_button.click()
    qtbot.waitUntil(lambda: len(told) > 0)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert "Trust is hidden" in told[0]
    assert docks_of(viewer)["Trust"].isHidden()
    assert panel.job is not None
    open_dock(viewer, "Trust")
    qtbot.waitUntil(panel.isVisible)
    assert docks_of(viewer)["Trust"].inner_widget().trust is panel
    gate.set()
    qtbot.waitUntil(lambda: panel.job is None)
    assert panel.status.text().startswith("Stopped before any check was complete")  # it was heard
    docks_of(viewer)["Trust"].title.close_button.click()
    qtbot.waitUntil(lambda: "Trust" not in docks_of(viewer))
