"""A lasso that is drawn fast loses no point, in each dock that has one; driven by the mouse in a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from around_spots import click
from dragged import STEPS, canvas_of, drag, within
from opened_dock import layer, open_section
from qtpy.QtCore import QCoreApplication, QPoint, Qt

from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def result(trained):
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    return replace(trained, dataset=dataset)


@pytest.fixture
def opened(viewer, qtbot, result):
    def opened(name):
        open_section(viewer, result.dataset, result)
        _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", name)
        window = dock.window()
        window.resize(1280, 800)
        qtbot.waitExposed(window)
        qtbot.waitUntil(lambda: dock.in_front)
        qtbot.wait(200)  # the canvas gets its size
        return dock

    return opened


def regions(dock, qtbot):
    return lambda: np.flatnonzero(dock.session.dataset.obs["region"].notna())


def ask(dock, qtbot):
    click(qtbot, dock.differ.a.draw)
    return lambda: np.flatnonzero(dock.session.dataset.obs["lasso"].notna())


def correct(dock, qtbot):
    click(qtbot, dock.panel.bar.lassos["A"])
    return lambda: dock.panel.lasso.rows("A")


def embedding(dock, qtbot):
    click(qtbot, dock.panel.there)
    return lambda: np.flatnonzero(dock.panel.plot.chosen)


DOCKS = {"Regions": regions, "Ask": ask, "Correct": correct, "Embedding": embedding}


@pytest.mark.parametrize(
    ("name", "jumps"),
    [
        ("Regions", False),
        *(pytest.param(name, False, marks=pytest.mark.slow) for name in DOCKS if name != "Regions"),
        pytest.param("Regions", True, marks=pytest.mark.slow),
        pytest.param("Embedding", True, marks=pytest.mark.slow),
    ],
)  # one function draws them all; Embedding, on a plane of its own
def test_no_point_of_a_fast_lasso_is_lost(viewer, opened, qtbot, result, name, jumps):
    found = DOCKS[name](opened(name), qtbot)
    spots = layer(viewer, "domains")
    wanted = within(viewer, spots, result.coords)
    assert len(wanted) > len(within(viewer, spots, result.coords, STEPS[:-2])) > 10
    drag(qtbot, viewer, jumps=jumps)
    qtbot.wait(100)
    assert set(found()) == set(wanted)


TOOLS = {
    "Regions": lambda dock: dock.panel.bar.tools["lasso"],
    "Ask": lambda dock: dock.differ.a.draw,
    "Correct": lambda dock: dock.panel.bar.lassos["A"],
    "Embedding": lambda dock: dock.panel.there,
    "Embedding's plot": lambda dock: dock.panel.here,
}


@pytest.mark.parametrize("name", ["Ask", *(pytest.param(one, marks=pytest.mark.slow) for one in TOOLS if one != "Ask")])
def test_with_a_lasso_in_hand_qt_keeps_the_moves_that_come_while_the_window_is_busy(viewer, opened, qtbot, name):
    def all_kept():
        return not QCoreApplication.testAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents)

    dock = opened(name.partition("'")[0])
    button = TOOLS[name](dock)
    if not button.isChecked():
        assert not all_kept()
        click(qtbot, button)
    assert button.isChecked()
    assert all_kept()  # before the mouse is pressed: by then it may have been let go
    drag(qtbot, viewer)
    assert all_kept() == button.isChecked()
    qtbot.wait(50)
    if button.isChecked():
        click(qtbot, button)
    assert not all_kept()


@pytest.mark.slow
def test_a_lasso_of_three_places_is_one(viewer, opened, qtbot, result):
    dock = opened("Regions")
    steps = ((0, -40), (90, 30), (-60, 40))
    drag(qtbot, viewer, steps, jumps=True)
    qtbot.wait(100)
    assert set(regions(dock, qtbot)()) == set(within(viewer, layer(viewer, "domains"), result.coords, steps))


@pytest.mark.slow
def test_a_click_with_the_brush_paints_what_is_under_it(viewer, opened, qtbot):
    dock = opened("Regions")
    click(qtbot, dock.panel.bar.tools["brush"])
    drag(qtbot, viewer, ((0, 0), (0, 0)))
    qtbot.waitUntil(lambda: bool(dock.panel.regions.rows))
    assert 1 <= dock.panel.regions.rows[0].n_spots <= 12


def test_the_line_is_seen_while_it_is_drawn_and_gone_afterwards(viewer, opened, qtbot):
    from napari_trsmi.gui.drawing.freehand import Stroke

    opened("Regions")
    canvas = canvas_of(viewer)
    before = len(canvas.findChildren(Stroke))
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    qtbot.mouseMove(canvas, QPoint(260, 200))
    (stroke,) = canvas.findChildren(Stroke)
    assert stroke.isVisible()
    picture = stroke.grab().toImage()
    assert picture.pixelColor(230, 200) != picture.pixelColor(230, 300)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(260, 200))
    qtbot.waitUntil(lambda: len(canvas.findChildren(Stroke)) == before)
    assert session_of(viewer).annotations.names == ()
