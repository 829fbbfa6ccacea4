"""A dock that is left, for another tab or for good, puts its tool down and takes its marks from the tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from around_spots import click
from dragged import drag
from opened_dock import layer, open_section
from qtpy.QtCore import Qt
from tabbed import docked, go_to

from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def beside(viewer, qtbot, trained):
    """Open a result, and a dock with another tab beside it."""
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    open_section(viewer, dataset, replace(trained, dataset=dataset))

    def beside(name):
        _, other = viewer.window.add_plugin_dock_widget("napari-trsmi", "Trust")
        _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", name)
        window = dock.window()
        window.resize(1280, 800)
        qtbot.waitExposed(window)
        window.tabifyDockWidget(docked(other), docked(dock))
        qtbot.wait(100)
        docked(dock).raise_()
        qtbot.waitUntil(lambda: dock.in_front)
        qtbot.wait(200)  # the canvas gets its size
        return dock

    return beside


def is_seen(viewer, role):
    found = layer(viewer, role)
    return found is not None and found.visible


@pytest.mark.parametrize("closed", [pytest.param(False, marks=pytest.mark.slow), True], ids=["left", "closed"])
def test_regions_are_marked_and_drawn_while_their_dock_is_in_front(viewer, qtbot, beside, closed):
    before = viewer.layers.selection.active
    dock = beside("Regions")
    assert dock.panel.pen.tool == "lasso"
    drag(qtbot, viewer)
    qtbot.waitUntil(lambda: is_seen(viewer, "regions"))
    docked(dock).close() if closed else go_to(qtbot, dock, "Trust")
    qtbot.waitUntil(lambda: not is_seen(viewer, "regions"))
    assert dock.panel.pen.tool == ""
    assert layer(viewer, "pen") is None
    assert viewer.layers.selection.active is before
    assert "region" in session_of(viewer).dataset.obs
    if closed:
        docked(dock).show()
        docked(dock).raise_()
    else:
        go_to(qtbot, dock, "Regions")
    qtbot.waitUntil(lambda: is_seen(viewer, "regions"))
    assert dock.panel.pen.tool == ""


def test_marks_are_made_anew_while_the_tool_of_the_dock_before_goes(viewer, qtbot, beside):
    dock = beside("Correct")
    click(qtbot, dock.panel.bar.lassos["A"])
    drag(qtbot, viewer)
    qtbot.waitUntil(lambda: is_seen(viewer, "chosen"))
    _, regions = viewer.window.add_plugin_dock_widget("napari-trsmi", "Regions")
    qtbot.waitUntil(lambda: regions.in_front and regions.panel.pen.tool == "lasso")
    qtbot.waitUntil(lambda: not is_seen(viewer, "chosen"))
    viewer.layers.remove(layer(viewer, "chosen"))
    go_to(qtbot, regions, "Correct")
    qtbot.waitUntil(lambda: is_seen(viewer, "chosen") and layer(viewer, "pen") is None)
    assert viewer.layers.selection.active is layer(viewer, "domains")


@pytest.mark.slow
def test_what_was_chosen_to_be_corrected_is_seen_while_that_dock_is_in_front(viewer, qtbot, beside):
    dock = beside("Correct")
    click(qtbot, dock.panel.bar.lassos["A"])
    drag(qtbot, viewer)
    qtbot.waitUntil(lambda: is_seen(viewer, "chosen") and is_seen(viewer, "lasso"))
    rows = dock.panel.lasso.rows("A")
    go_to(qtbot, dock, "Trust")
    qtbot.waitUntil(lambda: not is_seen(viewer, "chosen") and not is_seen(viewer, "lasso"))
    assert not dock.panel.bar.lassos["A"].isChecked()
    go_to(qtbot, dock, "Correct")
    qtbot.waitUntil(lambda: is_seen(viewer, "chosen") and is_seen(viewer, "lasso"))
    assert np.array_equal(dock.panel.lasso.rows("A"), rows)


@pytest.mark.slow
def test_a_lasso_for_a_question_is_put_down_with_its_dock(viewer, qtbot, beside):
    dock = beside("Ask")
    before = list(viewer.layers)
    click(qtbot, dock.differ.a.draw)
    assert len(viewer.layers) == len(before) + 1
    go_to(qtbot, dock, "Trust")
    qtbot.waitUntil(lambda: list(viewer.layers) == before)
    assert not dock.differ.a.draw.isChecked()


@pytest.mark.slow
def test_what_is_chosen_in_the_embedding_is_marked_while_that_dock_is_in_front(viewer, qtbot, beside):
    dock = beside("Embedding")
    dock.panel.choose(np.arange(2500) < 40)
    click(qtbot, dock.panel.there)
    go_to(qtbot, dock, "Trust")
    qtbot.waitUntil(lambda: not is_seen(viewer, "chosen in the embedding"))
    assert layer(viewer, "embedding lasso") is None
    assert not dock.panel.there.isChecked()
    go_to(qtbot, dock, "Embedding")
    qtbot.waitUntil(lambda: is_seen(viewer, "chosen in the embedding"))
    assert dock.panel.plot.chosen.sum() == 40


@pytest.mark.slow
def test_keys_of_the_review_do_nothing_behind_another_tab(beside, qtbot):
    dock = beside("Boundaries")
    dock.session.select_boundary(0)
    keys = dock.window()
    go_to(qtbot, dock, "Trust")
    qtbot.waitUntil(lambda: not dock.in_front)
    qtbot.keyClick(keys, Qt.Key.Key_K)
    assert not dock.boundaries.model.verdict(0)
    go_to(qtbot, dock, "Boundaries")
    qtbot.waitUntil(lambda: dock.in_front)
    qtbot.keyClick(keys, Qt.Key.Key_K)
    assert dock.boundaries.model.verdict(0) == "keep"


@pytest.mark.slow
def test_3d_puts_the_tool_down(viewer, beside, qtbot):
    dock = beside("Regions")
    assert dock.panel.pen.tool == "lasso"
    viewer.dims.ndisplay = 3  # goes through all layers: none may come or go meanwhile
    qtbot.waitUntil(lambda: dock.panel.pen.tool == "")
    assert dock.session.canvas.layer("pen") is None


TOOLS = {
    "Correct": (lambda dock: dock.panel.bar.lassos["A"], lambda dock: len(dock.panel.lasso.rows("A"))),
    "Ask": (lambda dock: dock.differ.a.draw, lambda dock: dock.differ.a.where == "lasso=A"),
    "Embedding": (lambda dock: dock.panel.there, lambda dock: dock.panel.plot.chosen is not None),
    "Regions": (lambda dock: dock.panel.bar.tools["lasso"], lambda dock: "region" in dock.session.dataset.obs),
}


@pytest.mark.parametrize("name", ["Correct", *(pytest.param(name, marks=pytest.mark.slow) for name in list(TOOLS)[1:])])
def test_a_tool_that_is_taken_in_3d_draws(viewer, beside, qtbot, name):
    button, drawn = TOOLS[name]
    dock = beside(name)
    viewer.dims.ndisplay = 3
    qtbot.wait(100)
    click(qtbot, button(dock))
    assert viewer.dims.ndisplay == 2
    qtbot.wait(200)
    assert button(dock).isChecked()
    drag(qtbot, viewer)
    qtbot.waitUntil(lambda: bool(drawn(dock)))
