"""Faults of a window in which something trains, met by clicks and keys in a real window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from color_by_hand import type_in
from dock_by_hand import ALL, click, idle
from opened_dock import open_section
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QApplication
from tabbed import go_to
from typed_keys import focus, press

from napari_trsmi.gui.form.config_form import LEAST
from napari_trsmi.gui.train.pages import SETTINGS
from napari_trsmi.gui.viewer.docks import SETTLE

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def train(viewer, qtbot, dock, gate, trained, quick):
    """The dock in a window of 1280 x 800 beside the sample, with short settings; training waits for the gate."""
    open_section(viewer, trained.dataset)
    dock.session.set_config(quick)
    viewer.window.resize(1280, 800)
    qtbot.waitExposed(dock.window())
    return dock


def epochs(dock, gate, n):
    """Let so many epochs of the section that is open go by."""
    gate.release(n)
    section = dock.session.section
    return lambda: section.run is not None and len(section.run.steps) == n


def seen(viewer):
    """Names of the layers that are drawn."""
    return {layer.name for layer in viewer.layers if layer.visible and not layer.name.endswith("tissue")}


def test_a_click_on_another_section_leaves_training_alone_and_its_result_is_there_afterwards(
    viewer, train, qtbot, gate, trained
):
    rows, bar = train.data_panel.list, train.run_bar
    open_section(viewer, replace(trained.dataset, name="second"))

    def choose(number):
        place = rows.visualItemRect(rows.topLevelItem(number)).center()
        qtbot.mouseClick(rows.viewport(), LEFT, pos=place)

    def said():
        return [rows.topLevelItem(k).text(1) for k in range(2)]

    click(qtbot, bar.run_button)
    assert not bar.controls.finish.isEnabled()  # there is nothing to keep
    qtbot.waitUntil(epochs(train, gate, 2), timeout=5_000)
    qtbot.waitUntil(lambda: said() == ["", "training 2/6"])
    assert bar.progress.words.startswith("epoch 2 of 6")
    assert bar.controls.finish.isEnabled()
    choose(0)
    assert seen(viewer) == {f"{trained.dataset.name} spots"}
    assert not bar.progress.isVisible()
    assert said() == ["", "training 2/6"]
    click(qtbot, bar.run_button)  # it waits in line
    qtbot.waitUntil(lambda: said()[0].startswith("waiting"))
    gate.release(ALL)
    qtbot.waitUntil(lambda: said() == ["ready", "ready"], timeout=20_000)
    choose(1)
    assert seen(viewer) == {"second domains"}
    assert train.result_row.label.text().startswith("7 domains")


def test_a_gene_that_was_typed_makes_way_for_previews_and_comes_back_by_a_key_and_with_the_result(
    viewer, train, qtbot, gate
):
    _, colors = viewer.window.add_plugin_dock_widget("napari-trsmi", "Colour by")
    qtbot.wait(2 * SETTLE)  # until the docks lie as tabs
    go_to(qtbot, train, "Colour")
    qtbot.waitUntil(colors._search.isVisible)
    type_in(qtbot, colors._search, "cd3")
    name = train.session.dataset.name
    qtbot.waitUntil(lambda: seen(viewer) == {f"{name} spots"} and train.session.coloring is not None)
    go_to(qtbot, colors, "Train")
    bar = train.run_bar
    qtbot.waitUntil(bar.run_button.isVisible)
    click(qtbot, bar.run_button)
    qtbot.waitUntil(epochs(train, gate, 2), timeout=5_000)
    qtbot.waitUntil(lambda: seen(viewer) == {f"{name} domains"})
    focus(bar.follow, qtbot)
    press(Qt.Key.Key_Space)
    assert seen(viewer) == {f"{name} spots"}
    press(Qt.Key.Key_Space)
    assert seen(viewer) == {f"{name} domains"}
    gate.release(ALL)
    idle(train, qtbot)
    assert train.session.coloring.title.startswith("CD3")
    assert f"{name} domains" not in seen(viewer)


def test_a_run_that_was_clicked_teaches_the_estimate_of_the_next(viewer, train, qtbot, gate):
    said = train.run_bar.estimate
    before = said.text()
    gate.release(ALL)
    click(qtbot, train.run_bar.run_button)
    idle(train, qtbot)
    assert said.isVisible()
    assert said.text() != before
    assert "learned from runs on this machine" in said.toolTip()


@pytest.mark.parametrize("size", [(1280, 800), pytest.param((1000, 700), marks=pytest.mark.slow)])
def test_while_training_the_settings_have_room_and_what_ends_a_run_is_in_the_window(viewer, train, qtbot, gate, size):
    viewer.window.resize(*size)
    bar, pages = train.run_bar, train.pages
    click(qtbot, bar.run_button)
    qtbot.waitUntil(epochs(train, gate, 4), timeout=5_000)
    qtbot.waitUntil(lambda: pages.currentIndex() != SETTINGS)  # the course has come
    assert all(_is_whole(one) for one in (bar.run_button, bar.controls.cancel))
    tabs = pages.tabBar()
    qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(SETTINGS).center())
    fold = train.form.folds["gate"]
    focus(fold.button, qtbot)
    press(Qt.Key.Key_Space)  # with the curves that it shapes
    for _ in range(5):
        QApplication.processEvents()
    assert train.form.height() >= LEAST
    assert _is_whole(bar.controls.cancel)
    click(qtbot, bar.controls.cancel)


def _is_whole(widget):
    """Whether all of a widget is seen."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == QRect(0, 0, widget.width(), widget.height())
