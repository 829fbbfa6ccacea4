"""What a person closes for good is gone, under either binding of Qt."""

from __future__ import annotations

import gc

from opened_dock import open_section
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication


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
