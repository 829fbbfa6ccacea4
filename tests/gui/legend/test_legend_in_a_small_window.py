"""The legend in a window of 1000 x 700: no row of domains is cut, and its sentence does not widen the window."""

from __future__ import annotations

import numpy as np
import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt

from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.legend.legend import Legend
from napari_trsmi.gui.session.state import Shown
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.mark.slow
def test_all_rows_of_the_legend_are_seen(viewer, qtbot, sample):
    open_section(viewer, sample)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    window = dock.window()
    window.resize(1000, 700)
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: window.findChild(Legend) is not None)
    legend = window.findChild(Legend)
    assert legend.caption.text().startswith("No domains yet")
    qtbot.waitUntil(lambda: window.width() == 1000)
    names, colors = tuple("1234567"), tuple(f"#{k * 30:02x}8855" for k in range(7))
    session_of(viewer).show(Shown(np.arange(sample.n_spots) % 7, names, colors, 5))
    qtbot.waitUntil(lambda: legend.domains.height() >= legend.list.geometry().bottom() > 40)
    window.resize(1000, 540)
    qtbot.waitUntil(lambda: window.height() == 540)


def test_rows_that_are_all_seen_have_no_scroll_bar(viewer, qtbot, trained):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    dock.window().resize(960, 540)
    qtbot.waitExposed(dock.window())
    open_section(viewer, trained.dataset, trained)
    qtbot.waitUntil(lambda: dock.window().findChild(Legend) is not None)
    rows = dock.window().findChild(Legend).list
    qtbot.waitUntil(lambda: rows.isVisible() and rows.model().rowCount() == len(trained.names))
    qtbot.wait(300)
    last = rows.visualRect(rows.model().index(len(trained.names) - 1, 0))
    assert rows.viewport().rect().contains(last)
    assert not rows.verticalScrollBar().isVisible()
    one, *others = (maps.feature_coloring(trained.dataset, "adt", name) for name in ("CD3", "CD4", "CD8"))
    session_of(viewer).color(
        maps.together([maps.channel(one, "#ff00ff"), *(maps.channel(x, "#00ff00") for x in others)])
    )
    key = dock.window().findChild(Legend).key.categories
    qtbot.wait(300)
    assert dock.window().width() == 960
    assert key.viewport().rect().contains(key.visualRect(key.model().index(2, 0)))
    assert not key.verticalScrollBar().isVisible()


def test_a_long_name_is_cut_in_the_middle_and_keeps_its_count(viewer, qtbot, trained):
    from napari_trsmi import edits

    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    dock.window().resize(1000, 700)
    qtbot.waitExposed(dock.window())
    long = "Outer_medulla_collecting_duct_principal_cells_and_interstitium"
    open_section(viewer, trained.dataset, edits.rename(trained, 3, long))
    qtbot.waitUntil(lambda: dock.window().findChild(Legend) is not None)
    rows = dock.window().findChild(Legend).list
    qtbot.waitUntil(lambda: rows.isVisible() and rows.model().rowCount() == len(trained.names))
    qtbot.wait(300)
    model, room = rows.model(), rows.viewport().width()
    assert rows.fontMetrics().horizontalAdvance(model.data(model.index(3, 0))) > room  # else it is not cut
    assert all(rows.visualRect(model.index(k, 0)).right() < room for k in range(len(trained.names)))
    assert rows.textElideMode() == Qt.TextElideMode.ElideMiddle
    assert long in model.data(model.index(3, 0), Qt.ItemDataRole.ToolTipRole)
