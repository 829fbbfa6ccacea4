"""The questions of the page on the first minutes, asked with a mouse in a shown window, clicks counted.

The third, a lasso as GeoJSON, is asked in the tests of the dock Regions.
"""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTabBar

from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.workspace.arranging import docks_of


@pytest.fixture
def clicks(viewer, qtbot, trained):
    """The window with a result, Train in front, and a counter of clicks."""
    viewer.window.resize(1280, 800)
    open_docks(viewer)
    open_section(viewer, trained.dataset, trained)
    qtbot.wait(300)

    class Clicks:
        n = 0

        def on(self, widget, at=None):
            self.n += 1
            assert widget.isVisible()
            assert not widget.visibleRegion().isEmpty()
            qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center() if at is None else at)

        def on_tab(self, parent, text):
            for bar in parent.findChildren(QTabBar):
                for at in range(bar.count()):
                    if bar.tabText(at) == text and not bar.visibleRegion().isEmpty():
                        return self.on(bar, bar.tabRect(at).center())
            raise AssertionError(f"no tab {text}")

        def on_cell(self, table, row, column):
            self.on(table.viewport(), table.visualRect(table.model().index(row, column)).center())

    return Clicks()


def test_least_supported_boundary_and_the_genes_across_it_in_two_and_five_clicks(viewer, qtbot, clicks, trained):
    session, window = session_of(viewer), docks_of(viewer)["Train"].parent()
    dock = viewer.window.dock_widgets["Boundaries (napari-trsmi)"]
    before = viewer.scene.camera.zoom
    clicks.on_tab(window, "Boundaries")
    panel = dock.boundaries
    qtbot.waitUntil(lambda: not panel.table.visibleRegion().isEmpty())
    clicks.on_cell(panel.table, 0, 0)
    assert session.boundary == panel.rows.segments()[0]
    qtbot.waitUntil(lambda: viewer.scene.camera.zoom > before, timeout=5_000)  # it flew there
    titles = [panel.model.columns[at].key for at in range(len(panel.model.columns))]
    assert set(trained.dataset.modalities) <= {title.removeprefix("contrast_") for title in titles}  # why
    assert clicks.n == 2

    clicks.on_tab(window, "Markers")
    clicks.on(dock.marker_panel.stretch)
    found = dock.marker_panel.table
    qtbot.waitUntil(lambda: found.rowCount() > 0 and found.item(0, 0) is not None, timeout=120_000)
    gene = found.item(0, 0).text().split()[0]
    clicks.on_cell(found, 0, 0)
    assert session.coloring is not None
    assert gene in session.coloring.title
    assert clicks.n == 5
