"""One tool is in hand at a time, also where two docks that have one are seen side by side; driven by the mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from around_spots import click
from dragged import drag
from opened_dock import open_section
from tabbed import docked

from napari_trsmi.gui.viewer.sessions import session_of

OTHERS = {"Ask": lambda dock: dock.differ.a.draw, "Embedding": lambda dock: dock.panel.there}


@pytest.fixture
def docks(viewer, qtbot, trained):
    """A result, and two docks beside one another: Regions in the window, the other one torn off."""
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    open_section(viewer, dataset, replace(trained, dataset=dataset))

    def docks(name):
        _, regions = viewer.window.add_plugin_dock_widget("napari-trsmi", "Regions")
        _, other = viewer.window.add_plugin_dock_widget("napari-trsmi", name)
        docked(other).setFloating(True)
        docked(regions).raise_()
        qtbot.waitUntil(lambda: regions.in_front and other.in_front)
        qtbot.wait(50)
        return regions, other

    return docks


@pytest.mark.parametrize("name", ["Ask", pytest.param("Embedding", marks=pytest.mark.slow)])
def test_the_tool_that_is_taken_last_draws_and_the_one_before_does_not_come_back(viewer, docks, qtbot, name):
    regions, other = docks(name)
    lasso, before = regions.panel.bar.tools["lasso"], OTHERS[name](other)
    if lasso.isChecked():  # as it is before there is a region
        click(qtbot, lasso)
    click(qtbot, before)
    assert before.isChecked()
    click(qtbot, lasso)
    qtbot.waitUntil(lambda: not before.isChecked())
    assert lasso.isChecked()
    drag(qtbot, viewer)
    obs = session_of(viewer).dataset.obs
    qtbot.waitUntil(lambda: "region" in obs)
    click(qtbot, lasso)
    qtbot.wait(50)
    assert not before.isChecked()
    assert not any(str(layer.mode).startswith("add") for layer in viewer.layers)  # a drag moves the tissue again
    click(qtbot, before)
    qtbot.waitUntil(lambda: not lasso.isChecked())
    drag(qtbot, viewer)
    qtbot.waitUntil(lambda: not before.isChecked())  # it chose what it was taken for
    assert ("lasso" in obs) == (name == "Ask")
    assert name == "Ask" or other.panel.plot.chosen.any()
