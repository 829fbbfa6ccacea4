"""What is seen in a real window before anything is found: colours, scale bar, sweeps to ask for, where the keys are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acted_training import step
from opened_dock import open_section
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QLabel
from tabbed import go_to
from typed_keys import focus, press

from napari_trsmi.gui.boundaries.dock import BoundariesDock
from napari_trsmi.gui.sweep.panel import SweepPanel
from napari_trsmi.gui.train.dock import TrainDock
from napari_trsmi.gui.train.section_list import SectionList
from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.gui.viewer.docks import SETTLE, docks_of, open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.focus_ring import FocusRing

LEFT = Qt.MouseButton.LeftButton
FIELDS = 330  # pixels from the first field of a sweep to its buttons, at most


@pytest.fixture
def docks(viewer, qtbot):
    """All docks are open, Train in front; the window is kept by nobody."""
    open_docks(viewer)
    viewer.window.resize(1280, 800)
    window = docks_of(viewer)["Train"].window()
    qtbot.waitExposed(window)
    qtbot.wait(2 * SETTLE)


def part(viewer, kind):
    """Return the widget of a kind in the docks of the window."""
    return docks_of(viewer)["Train"].window().findChild(kind)


def test_a_section_without_image_has_colours_and_no_section_has_millipixels(viewer, docks, qtbot, sample):
    bare = replace(sample, name="bare", image=None)
    open_section(viewer, bare)
    open_section(viewer, replace(sample, name="plain", image=None, microns_per_unit=None))
    session, bar, rows = session_of(viewer), viewer.canvas.overlays.scale_bar, part(viewer, SectionList)
    qtbot.waitUntil(rows.isVisible)

    def choose(number):
        place = rows.visualItemRect(rows.item(rows.sections[number])).center()
        qtbot.mouseClick(rows.viewport(), LEFT, pos=place)

    assert not bar.visible  # its unit would be a pixel
    choose(0)
    assert bar.visible
    assert {str(unit) for layer in viewer.layers if layer.visible for unit in layer.units} == {"micrometer"}
    qtbot.waitUntil(lambda: session.coloring is not None, timeout=10_000)
    spots = session.canvas.layer("spots")
    colors = np.unique(np.round(spots.face_color[:, :3], 2), axis=0)
    assert len(colors) > 20
    assert np.ptp(colors, axis=1).max() > 0.3  # no grey silhouette
    choose(1)
    assert not bar.visible


def test_a_sweep_is_asked_for_in_words_beside_how_long_it_takes(viewer, docks, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    go_to(qtbot, docks_of(viewer)["Train"].widget(), "Trust")
    tabs, panel = part(viewer, TrustDock).tabs, part(viewer, SweepPanel)
    qtbot.waitUntil(tabs.isVisible)
    qtbot.mouseClick(tabs.tabBar(), LEFT, pos=tabs.tabBar().tabRect(1).center())
    qtbot.waitUntil(panel.isVisible)
    for _ in range(5):
        QApplication.processEvents()
    top, bottom = (one.mapTo(panel, QPoint(0, 0)).y() for one in (panel.first, panel.run_button))
    assert 0 < bottom - top < FIELDS < panel.height()
    said = panel.count.text()
    assert said.startswith("9 runs: 3 settings x 3 seeds; about ")
    focus(panel.seeds, qtbot)
    press(Qt.Key.Key_Up)
    assert panel.count.text().startswith("12 runs: 3 settings x 4 seeds; about ")
    texts = [one.text() for one in panel.findChildren(QLabel) if one.isVisible()]
    texts += [panel.first.search.text()]
    assert "Number of domains" in texts[-1]
    assert not [text for text in texts if "_" in text or "n_domains" in text]


def test_tab_moves_a_frame_that_is_seen_and_columns_are_called_in_words(viewer, docks, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    train = part(viewer, TrainDock)
    qtbot.wait(2 * SETTLE)
    focus(train.run_bar.run_button, qtbot)
    seen = []
    for _ in range(4):
        (ring,) = train.findChildren(FocusRing)
        inside = QApplication.focusWidget()
        assert ring.frame.isVisible()
        assert ring.frame.parentWidget() is inside
        assert not ring.frame.visibleRegion().isEmpty()
        seen.append(inside)
        press(Qt.Key.Key_Tab)
    assert len(set(seen)) == 4
    go_to(qtbot, train, "Boundaries")
    table = part(viewer, BoundariesDock).boundaries.table
    qtbot.waitUntil(table.isVisible)
    model = table.model()
    heads = [
        str(model.headerData(k, Qt.Orientation.Horizontal))
        for k in range(model.columnCount())
        if not table.isColumnHidden(k)
    ]
    assert heads
    assert not [head for head in heads if "_" in head]


def test_a_click_on_a_hidden_loss_puts_its_part_into_the_total_and_before_it_makes_no_jump(
    viewer, docks, qtbot, trained
):
    weight = trained.config.loss.lam_cluster
    history = []
    for epoch in range(1, 21):
        own = {"reconstruction": 1.0, **({"cluster": 4.0} if epoch > 10 else {})}
        losses = {**own, "total": 1.0 + weight * own.get("cluster", 0.0)}
        history.append(replace(step(epoch, 20), losses=losses))
    open_section(viewer, trained.dataset, replace(trained, history=tuple(history)))
    train = part(viewer, TrainDock)
    plot, tabs = train.live_plot, train.pages.tabBar()
    if not plot.isVisible():
        at = next(k for k in range(train.pages.count()) if train.pages.widget(k).isAncestorOf(plot))
        qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(at).center())
    qtbot.waitUntil(plot.isVisible)

    def total():
        return plot.curves["total"].getData()[1]

    assert np.allclose(total(), 1.0)
    qtbot.mouseClick(plot.chips["cluster"], LEFT)
    qtbot.waitUntil(lambda: np.allclose(total()[10:], 1.0 + 4.0 * weight), timeout=2_000)
    assert np.allclose(total()[:10], 1.0)
    qtbot.mouseClick(plot.chips["beta"], LEFT)
    assert np.allclose(total()[10:], 1.0 + 4.0 * weight)
