"""The Embedding dock beside the tissue, in a real window where it meets the canvas."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from opened_dock import dock_alone, layer, open_section
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.embedding.dock import EmbeddingDock
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.jobs import paces
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.hover import hover_of
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.interrupt import check
from napari_trsmi.telling import UNFOLDING, tell
from napari_trsmi.unfolding import components


def opened(viewer, dataset, result=None):
    open_section(viewer, dataset, result)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Embedding")
    while not dock.isVisible() or dock.panel.plot.pixels.size == 1:
        QApplication.processEvents()
    return dock, dock.panel, session_of(viewer)


@pytest.fixture
def own(trained):
    """A result whose file one can write into."""
    dataset = replace(trained.dataset, obs=trained.dataset.obs.copy(), own_columns={})
    return replace(trained, dataset=dataset)


@pytest.fixture
def alone(qtbot, own):
    """The dock beside it, on a viewer without a window."""
    dock = dock_alone(qtbot, own, EmbeddingDock)
    qtbot.waitUntil(lambda: dock.panel.plot.pixels.size > 1)
    return dock


@pytest.fixture
def panel(alone):
    return alone.panel


@pytest.fixture
def viewer_model(alone):
    return alone.viewer


def at(plot, row):
    """Return where in the plot a point lies, in pixels of its viewport."""
    return plot.mapFromScene(plot.plotItem.vb.mapViewToScene(_point(plot.places[row])))


def _point(place):
    return QPointF(float(place[0]), float(place[1]))


@pytest.mark.slow
def test_it_says_what_to_do_before_there_is_an_embedding(viewer, sample):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Embedding")
    assert "Drop a file" in dock.empty.text()
    open_section(viewer, sample)
    assert "Press Run" in dock.empty.text()


def test_components_are_there_at_once_in_the_colours_of_the_tissue(panel, trained, qtbot):
    session = panel.session
    assert np.array_equal(panel.plot.places, components(trained.embedding))
    session.set_hidden(frozenset({1}))
    qtbot.waitUntil(lambda: panel.plot.colors[trained.labels == 1, 3].max() == 0)
    wanted = layers.domain_colors(session.shown, session.hidden)[trained.labels]
    assert panel.plot.colors == pytest.approx(255 * wanted, abs=1)
    qtbot.waitUntil(lambda: 1 not in trained.labels[panel.plot.pixels[panel.plot.pixels >= 0]])
    coloring = maps.feature_coloring(trained.dataset, "rna", "VIM4")
    session.color(coloring)
    wanted = layers.spot_colors(session.section, coloring)
    qtbot.waitUntil(lambda: np.abs(panel.plot.colors - 255 * wanted).max() <= 1)


def test_a_lasso_in_the_plot_chooses_on_the_tissue_and_becomes_a_region(panel, viewer_model, trained, qtbot):
    session, plot = panel.session, panel.plot
    qtbot.mouseClick(panel.here, Qt.MouseButton.LeftButton)
    low, high = plot.places.min(axis=0), plot.places.max(axis=0)
    middle = (low + high) / 2
    view, box = plot.viewport(), plot.plotItem.vb
    corners = [(low[0] - 1, low[1] - 1), (middle[0], low[1] - 1), (middle[0], high[1] + 1), (low[0] - 1, high[1] + 1)]
    path = [plot.mapFromScene(box.mapViewToScene(_point(corner))) for corner in corners]
    path = [QPoint(min(max(p.x(), 1), view.width() - 2), min(max(p.y(), 1), view.height() - 2)) for p in path]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=path[0])
    for place in path[1:]:
        QTest.mouseMove(view, place)
        QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=path[-1])
    wanted = plot.places[:, 0] < middle[0]
    assert (plot.chosen != wanted).mean() < 0.01  # a pixel at the edge
    assert len(layer(viewer_model, "chosen in the embedding").data) == plot.chosen.sum()
    assert not panel.here.isChecked()

    focus(panel.region.name, qtbot)
    type_keys("left")
    press(Qt.Key.Key_Return)
    assert session.annotations.names == ("left",)
    assert np.array_equal(session.section.dataset.obs["left"] == "left", plot.chosen)
    assert session.deeds.done == ("keep region left",)
    session.deeds.undo()
    assert "left" not in session.section.dataset.obs
    qtbot.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    assert plot.chosen is None
    assert not layer(viewer_model, "chosen in the embedding").visible


def test_a_name_of_the_file_is_refused(panel, qtbot):
    session, said = panel.session, []
    session.failed.disconnect()
    session.failed.connect(said.append)
    panel.choose(np.arange(2500) < 9)
    panel.region.name.setText("domain")
    panel.region.keep()
    assert said == ["Expected a new name, found 'domain', a column of the file. Choose another."]


def test_a_lasso_on_the_tissue_chooses_in_the_plot(panel, viewer_model, trained, qtbot):
    before = viewer_model.layers.selection.active
    qtbot.mouseClick(panel.there, Qt.MouseButton.LeftButton)
    shapes = layer(viewer_model, "embedding lasso")
    assert str(shapes.mode) == "add_polygon_lasso"
    centre = trained.coords.mean(axis=0)
    left, top = trained.coords.min(axis=0) - 1
    corners = [(top, left), (top, centre[0]), (1e6, centre[0]), (1e6, left)]
    shapes.add(np.array(corners), shape_type="polygon")
    qtbot.waitUntil(lambda: panel.plot.chosen is not None)
    assert np.array_equal(panel.plot.chosen, trained.coords[:, 0] < centre[0])
    assert layer(viewer_model, "embedding lasso") is None
    assert viewer_model.layers.selection.active is before
    assert not panel.there.isChecked()


def test_a_click_on_a_dot_selects_the_spot_and_a_spot_gets_its_ring(panel, qtbot):
    plot, session = panel.plot, panel.session
    row = int(plot.places[:, 0].argmax())
    qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=at(plot, row))
    assert session.spot == row
    session.select_spot(7)
    assert np.allclose(np.array(plot._selected.getData()).ravel(), plot.places[7])


def move(widget, point):
    """Move the mouse over a widget, wherever the pointer of the screen is."""
    where, on_screen, none = QPointF(point), QPointF(widget.mapToGlobal(point)), Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, where, on_screen, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def test_what_is_pointed_at_on_one_side_is_marked_on_the_other(panel, viewer_model, trained, qtbot):
    plot = panel.plot
    row = int(plot.places[:, 1].argmax())
    move(plot.viewport(), QPoint(3, 3))
    move(plot.viewport(), at(plot, row))
    qtbot.waitUntil(lambda: layer(viewer_model, "pointed at") is not None, timeout=20_000)
    assert layer(viewer_model, "pointed at").data[0] == pytest.approx(trained.coords[row, ::-1])
    assert trained.dataset.obs_names[row] in panel.said.text()
    move(plot.viewport(), QPoint(3, 3))
    qtbot.waitUntil(lambda: not layer(viewer_model, "pointed at").visible, timeout=20_000)
    panel.marks.pointed.emit(5)
    assert np.allclose(np.array(plot._pointed.getData()).ravel(), plot.places[5])


@pytest.mark.slow
def test_a_mouse_that_left_the_canvas_points_at_nothing(viewer, own, trained):
    _, panel, _ = opened(viewer, own.dataset, own)
    hover, canvas = hover_of(panel.window(), viewer, panel.session), panel.window().centralWidget()
    at = trained.coords[5, ::-1] * trained.dataset.microns_per_unit
    event = type("Event", (), {"position": tuple(at)})
    for callback in list(viewer.mouse_move_callbacks):
        callback(viewer, event)
    assert len(panel.plot._pointed.getData()[0]) == 1
    assert hover.text()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert len(panel.plot._pointed.getData()[0]) == 0
    assert hover.text() == ""


def test_a_umap_is_worked_out_once_and_remembered(panel, trained, monkeypatch, qtbot):
    made, calls = np.random.default_rng(0).normal(size=(2500, 2)).astype(np.float32), []
    monkeypatch.setattr("napari_trsmi.gui.embedding.panel.has_umap", lambda: True)
    monkeypatch.setattr("napari_trsmi.unfolding.umap", lambda embedding, seed: calls.append(seed) or made)
    for _ in range(2):
        panel.how.setCurrentText("UMAP")
        panel.how.activated.emit(1)
        qtbot.waitUntil(lambda: np.array_equal(panel.plot.places, made))
        panel.how.setCurrentText("Components")
        panel.how.activated.emit(0)
    assert calls == [trained.config.seed]


def test_a_umap_says_how_far_it_is_and_how_long_it_took_last_time(panel, trained, monkeypatch, qtbot):
    made, go_on, telling = np.zeros((2500, 2), np.float32), Event(), Event()

    def umap(embedding, seed):
        if not go_on.is_set():
            telling.wait(20)
            tell(UNFOLDING, 50, 200)
            go_on.wait(20)
        return made

    monkeypatch.setattr("napari_trsmi.gui.embedding.panel.has_umap", lambda: True)
    monkeypatch.setattr("napari_trsmi.unfolding.umap", umap)
    paces.learn({"umap": 2.0})
    learned = []
    monkeypatch.setattr("napari_trsmi.gui.embedding.panel.learn", learned.append)
    focus(panel.how, qtbot)
    press(Qt.Key.Key_Down)
    assert panel.how.currentText() == "UMAP"
    assert panel.bar.isVisible()
    assert panel.bar.words == "UMAP: about 30 s for 2,500 spots, as last time"
    assert panel.cancel.width() < panel.bar.width() / 3
    assert panel.bar.maximum() == 0
    telling.set()
    qtbot.waitUntil(lambda: panel.bar.words == "50 of 200 epochs", timeout=5_000)
    assert (panel.bar.value(), panel.bar.maximum()) == (50, 200)
    go_on.set()
    qtbot.waitUntil(lambda: not panel.bar.isVisible(), timeout=5_000)
    assert learned[0]["umap"] > 0


def test_a_umap_can_be_cancelled(panel, trained, monkeypatch, qtbot):
    ended = Event()

    def umap(embedding, seed):
        try:
            while True:
                check()
        finally:
            ended.set()

    monkeypatch.setattr("napari_trsmi.gui.embedding.panel.has_umap", lambda: True)
    monkeypatch.setattr("napari_trsmi.unfolding.umap", umap)
    panel.how.setCurrentText("UMAP")
    panel.how.activated.emit(1)
    assert panel.bar.isVisible()
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert ended.wait(10)
    assert panel.how.currentText() == "Components"
    assert not panel.bar.isVisible()
    assert np.array_equal(panel.plot.places, components(trained.embedding))


def test_without_umap_learn_it_says_what_to_install(panel, monkeypatch):
    said = []
    panel.session.failed.disconnect()
    panel.session.failed.connect(said.append)
    monkeypatch.setattr("napari_trsmi.gui.embedding.panel.has_umap", lambda: False)
    panel.how.setCurrentText("UMAP")
    panel.how.activated.emit(1)
    assert "napari-trsmi[umap]" in said[0]
    assert panel.how.currentText() == "Components"


@pytest.mark.slow
def test_embeddings_of_the_file_are_shown_without_a_result(viewer, sample):
    points = np.random.default_rng(0).normal(size=(sample.n_spots, 2)).astype(np.float32)
    _, panel, _ = opened(viewer, replace(sample, embeddings={"X_other": points}))
    assert [panel.source.itemText(k) for k in range(panel.source.count())] == ["X_other"]
    assert np.array_equal(panel.plot.places, points)


@pytest.mark.slow
def test_it_is_a_tab_among_the_others_and_leaves_nothing_behind(viewer, trained):
    from napari_trsmi.gui.viewer.docks import open_docks

    open_docks(viewer)
    dock, panel, _ = opened(viewer, trained.dataset, trained)
    QApplication.processEvents()
    window = viewer.window._qt_window
    (holder,) = (one for one in window.findChildren(type(dock.parent())) if one.isAncestorOf(dock))
    assert len(window.tabifiedDockWidgets(holder)) >= 6
    assert holder.windowTitle() == "Embedding"
    assert dock.minimumSizeHint().width() <= 330
    panel.choose(np.arange(2500) < 9)
    panel.marks.leave()
    assert layer(viewer, "chosen in the embedding") is None


def test_chosen_spots_stay_chosen_while_another_section_is_looked_at(viewer_model, panel, qtbot, sample, trained):
    session, first = panel.session, panel.session.section
    chosen = np.arange(first.dataset.n_spots) < 40
    panel.choose(chosen)
    open_section(viewer_model, sample, replace(trained))
    assert panel.plot.chosen is None
    qtbot.wait(20)
    session.activate(first)
    assert np.array_equal(panel.plot.chosen, chosen)
    assert panel.said.text() == "40 spots chosen"
    qtbot.wait(20)
    assert len(layer(viewer_model, "chosen in the embedding").data) == 40
    qtbot.mouseClick(panel.clear, Qt.MouseButton.LeftButton)
    session.activate(None)
    session.activate(first)
    assert panel.plot.chosen is None


def test_behind_other_docks_it_shows_another_section_once_it_comes_to_the_front(viewer_model, panel, sample, trained):
    panel.choose(np.arange(len(panel.plot.places)) < 40)
    before, other = panel.plot.places, replace(trained, embedding=trained.embedding**2)
    panel.come(False)
    open_section(viewer_model, sample, other)
    assert panel.plot.places is before
    assert not panel.clear.isEnabled(), "what was chosen is of the other section"
    panel.come(True)
    assert np.array_equal(panel.plot.places, components(other.embedding))
    panel.come(False)
    panel.session.set_result(trained)
    assert np.array_equal(panel.plot.places, components(other.embedding))
    panel.come(True)
    assert np.array_equal(panel.plot.places, components(trained.embedding))
