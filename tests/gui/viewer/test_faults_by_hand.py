"""Faults that only a hand finds: a drag, clicks and the buttons of napari's layer list, in a real window with docks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from around_spots import click
from opened_dock import open_section
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QPushButton
from tabbed import go_to
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.boundaries.dock import BoundariesDock
from napari_trsmi.gui.boundaries.layers import drawn
from napari_trsmi.gui.legend.legend import Legend
from napari_trsmi.gui.train.dock import TrainDock
from napari_trsmi.gui.train.section_list import SectionList
from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.undo_menu import UndoMenu
from napari_trsmi.gui.workspace.arranging import docks_of

LEFT = Qt.MouseButton.LeftButton


def window_of(viewer):
    return docks_of(viewer)["Train"].window()


@pytest.fixture
def docks(viewer, qtbot):
    """All docks are open, Train in front; the window is not given away, because that would keep it alive."""
    open_docks(viewer)
    viewer.window.resize(1280, 800)
    window_of(viewer).activateWindow()
    qtbot.waitExposed(window_of(viewer))


def drag(qtbot, viewer, by):
    """Drag the canvas with the mouse."""
    canvas = viewer.window._qt_viewer.canvas.native
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, LEFT, pos=middle)
    for part in (0.3, 0.6, 1.0):
        at = QPointF(middle + part * by)  # that of qtbot says of no button that it is down
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, canvas.mapToGlobal(at), LEFT, LEFT, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(canvas, event)
        qtbot.wait(20)
    qtbot.mouseRelease(canvas, LEFT, pos=middle + by)


def where(viewer):
    camera = viewer.scene.camera
    return (*camera.center[-2:], camera.zoom)


def test_the_camera_belongs_to_the_section_that_is_chosen_by_a_click(viewer, qtbot, docks, sample):
    large = replace(sample, name="large", image=None, coords=10 * sample.coords, spot_diameter=1000.0)
    open_section(viewer, replace(sample, image=None))
    open_section(viewer, large)
    rows = window_of(viewer).findChild(SectionList)
    qtbot.waitUntil(rows.isVisible)

    def choose(row):
        place = rows.visualItemRect(rows.item(rows.sections[row])).center()
        qtbot.mouseClick(rows.viewport(), LEFT, pos=place)

    fitted = where(viewer)
    choose(0)
    assert where(viewer)[-1] == pytest.approx(10 * fitted[-1], rel=0.02)
    first = where(viewer)
    drag(qtbot, viewer, QPoint(60, -40))
    qtbot.waitUntil(lambda: where(viewer)[:2] != pytest.approx(first[:2]), timeout=5_000)
    left = where(viewer)
    choose(1)
    assert where(viewer) == pytest.approx(fitted)
    choose(0)
    assert where(viewer) == pytest.approx(left)


def test_domains_that_were_deleted_in_the_list_of_layers_come_back_by_a_click(viewer, qtbot, docks, trained):
    open_section(viewer, trained.dataset, trained)
    session, legend = session_of(viewer), window_of(viewer).findChild(Legend)
    trash = viewer.window._qt_viewer.layerButtons.deleteButton
    _rename(qtbot, viewer, session.canvas.layer("domains"), "my own name")  # it is ours all the same

    def delete():
        viewer.layers.selection = {session.canvas.layer("domains")}
        click(qtbot, trash)
        assert session.canvas.layer("domains") is None

    def touch_the_legend():
        chips = legend.list
        qtbot.mouseClick(chips.viewport(), LEFT, pos=chips.visualRect(chips.model().index(1, 0)).center())

    def show_in_compare():
        dock = docks_of(viewer)["Compare"]
        dock.raise_()
        click(qtbot, next(one for one in dock.findChildren(QPushButton) if one.text() == "Show"))

    for bring_back in (touch_the_legend, show_in_compare):
        delete()
        bring_back()
        qtbot.waitUntil(lambda: session.canvas.layer("domains") is not None, timeout=5_000)
        assert session.canvas.layer("domains").visible


def _rename(qtbot, viewer, layer, name):
    """Type another name for a layer into napari's list."""
    layers = viewer.window._qt_viewer.layers
    model = layers.model()
    index = next(one for one in (model.index(k, 0) for k in range(model.rowCount())) if model.data(one) == layer.name)
    place = layers.visualRect(index).center()
    qtbot.mouseClick(layers.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(layers.viewport(), LEFT, pos=place)
    editor = layers.findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, name)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: layer.name == name)


def _type_name(qtbot, viewer, domain, name):
    """Type another name for a domain into the legend."""
    chips = window_of(viewer).findChild(Legend).list
    qtbot.waitUntil(lambda: chips.isVisible() and chips.model().rowCount() > domain)
    focus(chips, qtbot)
    chips.setCurrentIndex(chips.model().index(domain, 0))
    press(Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    type_keys(name)
    press(Qt.Key.Key_Return)


def test_one_undo_takes_back_names_settings_and_verdicts_in_the_order_in_which_they_were_given(
    viewer, qtbot, docks, trained
):
    open_section(viewer, trained.dataset, trained)
    window, session = window_of(viewer), session_of(viewer)
    train, boundaries = (docks_of(viewer)[name] for name in ("Train", "Boundaries"))
    canvas = viewer.window._qt_viewer.canvas.native
    number = train.findChild(TrainDock).n_domains
    before, name = session.config.cluster.n_domains, trained.names[0]

    def take_back():
        undo = window.findChild(UndoMenu).actions_by_way["undo"].text().partition("\t")[0]
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        QApplication.processEvents()
        return undo

    _type_name(qtbot, viewer, 0, "Cortex")
    qtbot.waitUntil(lambda: session.result.names[0] == "Cortex")
    focus(number, qtbot)
    number.selectAll()
    type_keys("5")
    press(Qt.Key.Key_Return)
    assert session.config.cluster.n_domains == 5
    go_to(qtbot, train, "Boundaries")
    table = boundaries.findChild(BoundariesDock).boundaries.table
    qtbot.waitUntil(table.isVisible)
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(table.model().index(0, 0)).center())
    focus(canvas, qtbot)
    press(Qt.Key.Key_R)
    assert list(session.result.boundaries["review"][lambda said: said != ""]) == ["reject"]
    assert take_back().startswith("Undo rejecting")
    assert "review" not in session.result.boundaries
    assert "domains" in take_back().lower()
    assert session.config.cluster.n_domains == before
    assert take_back() == f"Undo renaming of {name} to Cortex"
    assert session.result.names[0] == name


def test_a_domain_that_is_isolated_in_the_legend_keeps_its_outline(viewer, qtbot, docks, trained):
    open_section(viewer, trained.dataset, trained)
    chips, strokes = window_of(viewer).findChild(Legend).list, session_of(viewer).canvas.layer("boundaries")
    edges, alone = drawn(trained.boundary_edges), 2
    qtbot.waitUntil(lambda: chips.isVisible() and chips.model().rowCount() == len(trained.names))
    place = chips.visualRect(chips.model().index(alone, 0)).center()
    qtbot.mouseClick(chips.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(chips.viewport(), LEFT, pos=place)
    qtbot.waitUntil(lambda: len(session_of(viewer).hidden) == len(trained.names) - 1)
    around = (edges["domain_a"] == alone) | (edges["domain_b"] == alone)
    assert (strokes.edge_color[:, 3] > 0).tolist() == around.tolist()
    assert 0 < around.sum() < len(edges)
