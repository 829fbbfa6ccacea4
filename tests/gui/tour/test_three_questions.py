"""The questions of the page on the first minutes, asked with a mouse in a shown window, clicks counted.

The third, a lasso as GeoJSON, is asked in the tests of the dock Regions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from opened_dock import open_section
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QTabBar

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui.boundaries.why import WhyLine
from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.workspace.arranging import docks_of


@pytest.fixture
def result(trained):
    """A result whose longest boundary has some support, and another one the least."""
    support = np.linspace(0.9, 0.3, len(trained.boundaries)).astype(np.float32)
    return replace(trained, boundaries=trained.boundaries.assign(**{SUPPORT: np.roll(support, 3)}))


@pytest.fixture
def clicks(viewer, qtbot, result):
    """The window with a result, Train in front, and a counter of clicks."""
    viewer.window.resize(1280, 800)
    open_docks(viewer)
    open_section(viewer, result.dataset, result)
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


def test_the_least_supported_boundary_in_three_clicks(viewer, qtbot, clicks, result):
    dock = viewer.window.dock_widgets["Boundaries (napari-trsmi)"]
    panel, before = dock.boundaries, viewer.scene.camera.zoom
    clicks.on_tab(docks_of(viewer)["Train"].parent(), "Boundaries")
    qtbot.waitUntil(lambda: not panel.table.visibleRegion().isEmpty())
    heading = panel.table.horizontalHeader()
    column = next(at for at, one in enumerate(panel.model.columns) if one.key == SUPPORT)
    left, width = heading.sectionViewportPosition(column), heading.sectionSize(column)
    clicks.on(heading.viewport(), QPoint(left + width // 2, heading.height() // 2))
    clicks.on_cell(panel.table, 0, 1)
    support = result.boundaries[SUPPORT]
    assert session_of(viewer).boundary == int(support.argmin())
    qtbot.waitUntil(lambda: viewer.scene.camera.zoom > before, timeout=5_000)  # it flew there
    why, table = panel.findChild(WhyLine), result.boundaries.iloc[int(support.argmin())]
    assert why.visibleRegion().boundingRect() == why.rect()
    assert why.heightForWidth(why.width()) <= why.height()
    assert f"{table[SUPPORT]:.0%} of other cuts draw it" in why.text()
    for name in result.dataset.modalities:
        assert f"{table[f'contrast_{name}']:.1f} in {name}" in why.text()
    assert clicks.n == 3


@pytest.mark.slow
def test_the_genes_across_a_boundary_in_five_clicks(viewer, qtbot, clicks, result):
    session, window = session_of(viewer), docks_of(viewer)["Train"].parent()
    dock = viewer.window.dock_widgets["Boundaries (napari-trsmi)"]
    clicks.on_tab(window, "Boundaries")
    panel = dock.boundaries
    qtbot.waitUntil(lambda: not panel.table.visibleRegion().isEmpty())
    clicks.on_cell(panel.table, 0, 1)
    assert session.boundary == panel.rows.segments()[0]
    clicks.on_tab(window, "Markers")
    clicks.on(dock.marker_panel.stretch)
    found = dock.marker_panel.table
    qtbot.waitUntil(lambda: found.rowCount() > 0 and found.item(0, 0) is not None, timeout=120_000)
    gene = found.item(0, 0).text().split()[0]
    clicks.on_cell(found, 0, 0)
    assert session.coloring is not None
    assert gene in session.coloring.title
    assert clicks.n == 5
