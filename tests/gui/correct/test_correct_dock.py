"""The dock Correct, driven as a person does: lasso, say, train on, undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from acted_training import acted
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QShortcut
from qtpy.QtWidgets import QPushButton

import napari_trsmi as nt
from napari_trsmi import teach
from napari_trsmi.gui.correct import lasso_layers
from napari_trsmi.gui.correct.dock import CorrectDock
from napari_trsmi.gui.viewer import layers
from napari_trsmi.gui.viewer.sessions import session_of


def opened(qtbot, result):
    """Return the dock on a viewer without a window, which opens ten times as fast."""
    viewer = ViewerModel()
    open_section(viewer, result.dataset, replace(result))
    dock = CorrectDock(viewer)
    dock.viewer, dock.told = viewer, []  # nothing else keeps the viewer alive
    dock.session.failed.disconnect()
    dock.session.failed.connect(dock.told.append)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    return dock


@pytest.fixture
def dock(qtbot, trained):
    return opened(qtbot, trained)


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.waitUntil(button.isVisible)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def box(result, rows):
    """Return the corners of a rectangle around spots, as (row, column) in the unit of the coordinates."""
    at = result.coords[rows, ::-1]
    (top, left), (bottom, right) = at.min(axis=0) - 1, at.max(axis=0) + 1
    return np.array([[top, left], [top, right], [bottom, right], [bottom, left]])


def boxed(result, corners):
    """Return the rows inside of such a rectangle."""
    at = result.coords[:, ::-1]
    return np.flatnonzero(((at > corners[0]) & (at < corners[2])).all(axis=1))


def near(result, spot, n=12):
    """Return the rows of the spots around one."""
    return np.argsort(np.linalg.norm(result.coords - result.coords[spot], axis=1))[:n]


def draw(qtbot, dock, group, corners, kind="polygon"):
    """Lasso a shape, as napari does at the end of a drag."""
    button = dock.panel.bar.lassos[group]
    if not button.isChecked():
        click(qtbot, button)
    layer = dock.session.canvas.layer("lasso")
    assert dock.viewer.layers.selection.active is layer
    assert layer.mode == "add_polygon_lasso"
    with qtbot.waitSignal(dock.panel.lasso.changed, timeout=2_000):
        layer.add(corners, shape_type=kind)


def says(dock):
    """What the list says."""
    model = dock.panel.list.rows
    return [tuple(model.index(row, at).data() for at in (0, 1)) for row in range(model.rowCount())]


def marked(dock):
    """Where spots are marked, as {colour: set of (row, column)}."""
    layer = dock.session.canvas.layer("chosen")
    if layer is None or not layer.visible:
        return {}
    found = {}
    for at, color in zip(layer.data, layer.border_color, strict=True):
        found.setdefault(tuple(np.round(color, 2)), set()).add(tuple(np.round(at, 3)))
    return found


def places(result, rows):
    return {tuple(np.round(at, 3)) for at in result.coords[rows, ::-1]}


def idle(qtbot, dock):
    qtbot.waitUntil(lambda: dock.session.state == "idle", timeout=60_000)


# Before anything can be said


def test_the_dock_says_what_to_do_first(viewer, sample, trained):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    assert "Open a section and train first" in dock.empty.text()
    open_section(viewer, sample)
    assert "Train first" in dock.empty.text()
    assert dock.stack.currentWidget() is dock.empty
    session_of(viewer).set_result(trained)
    assert dock.stack.currentWidget() is dock.panel


def test_the_dock_fits_a_narrow_place_in_a_small_window(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 0)))
    click(qtbot, dock.panel.buttons["One domain"])
    assert dock.minimumSizeHint().width() <= 340
    assert dock.minimumSizeHint().height() <= 620
    for button in dock.findChildren(QPushButton):
        if button.isVisible():
            assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width(), button.text()
            assert button.toolTip(), button.text()


# Choose spots


def test_a_lasso_chooses_the_spots_inside_and_several_add_up(dock, qtbot, trained):
    one, other = box(trained, near(trained, 10)), box(trained, near(trained, 900))
    draw(qtbot, dock, "A", one)
    first = boxed(trained, one)
    assert np.array_equal(dock.panel.lasso.rows("A"), first)
    assert f"A: {len(first)} spots, mostly domain " in dock.panel.bar.counts["A"].text()
    draw(qtbot, dock, "A", other)
    both = np.union1d(first, boxed(trained, other))
    assert np.array_equal(dock.panel.lasso.rows("A"), both)
    assert list(marked(dock).values()) == [places(trained, both)]


def test_where_lassos_overlap_the_later_one_wins(dock, qtbot, trained):
    large, small = box(trained, near(trained, 10, 40)), box(trained, near(trained, 10, 5))
    draw(qtbot, dock, "A", large)
    draw(qtbot, dock, "B", small)
    lasso = dock.panel.lasso
    assert np.array_equal(lasso.rows("B"), boxed(trained, small))
    assert np.array_equal(lasso.rows("A"), np.setdiff1d(boxed(trained, large), boxed(trained, small)))
    assert len(marked(dock)) == 2
    draw(qtbot, dock, "A", large)
    assert len(lasso.rows("B")) == 0


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_other_shapes_drawn_by_hand_count_as_well(dock, qtbot, trained, kind):
    corners = box(trained, near(trained, 700, 60))
    draw(qtbot, dock, "A", corners, kind)
    inside, found = boxed(trained, corners), dock.panel.lasso.rows("A")
    share = len(found) / len(inside)
    assert share == 1 if kind == "rectangle" else 0.6 < share < 0.95
    assert set(found) <= set(inside)


def test_clear_empties_both_groups(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    click(qtbot, dock.panel.bar.clear)
    assert not dock.panel.lasso.sides.any()
    assert len(dock.session.canvas.layer("lasso").data) == 0
    assert marked(dock) == {}
    assert not dock.panel.buttons["One domain"].isEnabled()
    draw(qtbot, dock, "A", box(trained, near(trained, 900)))  # the lasso is still at hand
    assert np.array_equal(dock.panel.lasso.rows("A"), boxed(trained, box(trained, near(trained, 900))))


def test_a_lasso_after_something_was_said_begins_anew(dock, qtbot, trained):
    one, other = box(trained, near(trained, 10)), box(trained, near(trained, 900))
    draw(qtbot, dock, "A", one)
    click(qtbot, dock.panel.buttons["One domain"])
    draw(qtbot, dock, "A", other)
    assert np.array_equal(dock.panel.lasso.rows("A"), boxed(trained, other))
    assert len(dock.session.canvas.layer("lasso").data) == 1


def test_shapes_that_are_deleted_on_the_canvas_no_longer_count(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    layer = dock.session.canvas.layer("lasso")
    layer.selected_data = {0}
    with qtbot.waitSignal(dock.panel.lasso.changed, timeout=2_000):
        layer.remove_selected()
    assert len(dock.panel.lasso.rows("A")) == 0


def test_a_second_click_ends_lassoing_and_gives_the_layer_before_back(dock, qtbot):
    before = dock.viewer.layers.selection.active
    button = dock.panel.bar.lassos["B"]
    click(qtbot, button)
    click(qtbot, button)
    assert dock.viewer.layers.selection.active is before
    assert dock.session.canvas.layer("lasso").mode == "pan_zoom"


def test_another_layer_or_tool_ends_lassoing(dock, qtbot):
    button = dock.panel.bar.lassos["A"]
    click(qtbot, button)
    dock.viewer.layers.selection.active = dock.session.canvas.layer("spots")
    assert not button.isChecked()
    click(qtbot, button)
    dock.session.canvas.layer("lasso").mode = "pan_zoom"
    assert not button.isChecked()
    click(qtbot, button)
    dock.session.canvas.layer("lasso").mode = "add_rectangle"  # still drawing
    assert button.isChecked()


def test_removing_the_lasso_layer_by_hand_breaks_nothing(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    with qtbot.waitSignal(dock.panel.lasso.changed, timeout=2_000):
        dock.viewer.layers.remove(dock.session.canvas.layer("lasso"))
    assert not dock.panel.bar.lassos["A"].isChecked()
    dock.viewer.layers.remove(dock.session.canvas.layer("chosen"))
    draw(qtbot, dock, "A", box(trained, near(trained, 900)))
    assert len(dock.panel.lasso.rows("A")) > 0


def test_the_sides_of_the_selected_boundary_become_a_and_b(dock, qtbot, trained):
    sides = dock.panel.bar.sides
    assert not sides.isEnabled()
    segment = int(trained.boundaries.index[0]) if "segment" not in trained.boundaries else 0
    dock.session.select_boundary(segment)
    click(qtbot, sides)
    own = trained.boundary_edges[trained.boundary_edges["segment"] == segment]
    a, b = dock.panel.lasso.rows("A"), dock.panel.lasso.rows("B")
    assert set(a) == set(own["i"])
    assert set(b) == set(own["j"])
    assert len(np.unique(trained.labels[a])) == len(np.unique(trained.labels[b])) == 1


def test_the_boundary_is_the_one_selected_in_the_boundaries_dock(viewer, trained):
    open_section(viewer, trained.dataset, trained)
    _, boundaries = viewer.window.add_plugin_dock_widget("napari-trsmi", "Boundaries")
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    boundaries.boundaries.table.choose(2)
    assert session_of(viewer).boundary == 2
    assert dock.panel.bar.sides.isEnabled()


# Say something


def test_what_is_said_is_listed_in_plain_words(dock, qtbot, trained):
    panel = dock.panel
    one, other = near(trained, 10, 6), near(trained, 900, 6)
    draw(qtbot, dock, "A", box(trained, one))
    assert not panel.buttons["Keep apart"].isEnabled()
    click(qtbot, panel.buttons["One domain"])
    panel.domains.setCurrentIndex(2)
    click(qtbot, panel.buttons["Give A to"])
    draw(qtbot, dock, "B", box(trained, other))
    click(qtbot, panel.buttons["Keep apart"])
    n, m = len(panel.lasso.rows("A")), len(panel.lasso.rows("B"))
    click(qtbot, panel.buttons["One domain"])
    assert says(dock) == [
        (f"{n} spots are one domain", "new"),
        (f"{n} spots belong to domain 3", "new"),
        (f"{n} and {m} spots are apart", "new"),
        (f"{n + m} spots are one domain", "new"),
    ]
    assert panel.run.line.text() == "4 constraints, 4 new."
    said = panel.history.constraints
    assert [one.kind for one in said] == ["together", "belong", "apart", "together"]
    assert set(said[0].spots) == set(trained.obs_names[panel.lasso.rows("A")])
    assert set(np.flatnonzero(np.isin(trained.obs_names, said[1].others))) <= set(np.flatnonzero(trained.labels == 2))


def test_what_contradicts_itself_is_named(dock, qtbot, trained):
    panel = dock.panel
    panel.lasso.take(np.arange(10), np.arange(20, 30))
    click(qtbot, panel.buttons["Keep apart"])
    assert not panel.doubt.isVisible()
    click(qtbot, panel.buttons["One domain"])
    assert panel.doubt.isVisible()
    assert panel.doubt.text().startswith("“10 and 10 spots are apart” and “20 spots are one domain” contradict")
    click(qtbot, panel.buttons["Undo"])
    assert not panel.doubt.isVisible()


def test_a_domain_is_called_by_its_name(dock, qtbot, trained):
    dock.session.set_result(nt.edits.rename(dock.session.result, 0, "Cortex"))
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    dock.panel.domains.setCurrentIndex(0)
    assert dock.panel.domains.currentText() == "Cortex"
    click(qtbot, dock.panel.buttons["Give A to"])
    assert says(dock)[0][0].endswith("belong to Cortex")


def test_selecting_a_constraint_marks_its_spots_and_a_lasso_goes_back(dock, qtbot, trained):
    one, other = near(trained, 10, 6), near(trained, 900, 6)
    dock.panel.history.add(teach.apart(trained, one, other), "")
    draw(qtbot, dock, "A", box(trained, near(trained, 1500)))
    dock.panel.list.selectRow(0)
    assert sorted(map(len, marked(dock).values())) == [6, 6]
    assert set.union(*marked(dock).values()) == places(trained, np.r_[one, other])
    assert not dock.session.canvas.layer("lasso").visible
    click(qtbot, dock.panel.bar.lassos["B"])
    assert dock.panel.list.constraint is None
    assert list(marked(dock).values()) == [places(trained, dock.panel.lasso.rows("A"))]
    assert dock.session.canvas.layer("lasso").visible


def test_saying_and_taking_back_are_undone_and_done_again_by_keys(dock, qtbot, trained):
    panel = dock.panel
    one, other = teach.together(trained, near(trained, 10)), teach.together(trained, near(trained, 900))
    panel.history.add(one, "one")
    panel.history.add(other, "other")
    panel.list.selectRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert panel.history.constraints == (other,)
    keys = {found.key().toString(): found for found in panel.findChildren(QShortcut)}
    keys["Ctrl+Z"].activated.emit()
    assert panel.history.constraints == (one, other)
    click(qtbot, panel.buttons["Undo"])
    assert panel.history.constraints == (one,)
    keys["Ctrl+Shift+Z"].activated.emit()
    assert panel.history.constraints == (one, other)
    assert "Ctrl+Z" in panel.buttons["Undo"].toolTip()


def test_nothing_can_be_said_while_a_preview_is_shown(dock, qtbot, trained):
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    session, panel = dock.session, dock.panel
    session.show(replace(session.shown, epoch=4))
    assert not panel.bar.lassos["A"].isEnabled()
    assert not panel.buttons["One domain"].isEnabled()
    assert not session.canvas.layer("lasso").visible
    assert marked(dock) == {}
    assert panel.preview.isVisible()
    click(qtbot, panel.buttons["Show result"])
    assert len(marked(dock)) == 1
    assert panel.buttons["One domain"].isEnabled()


# Train on


def test_training_goes_on_with_what_was_said_and_undo_brings_the_result_back(viewer, qtbot, trained, tmp_path):
    before = replace(trained)
    open_section(viewer, trained.dataset, before)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    dock.viewer, session, panel = viewer, dock.session, dock.panel
    spots = near(trained, 10, 30)
    k = int(np.argmax(np.bincount(trained.labels) * (np.arange(7) != trained.labels[10])))
    draw(qtbot, dock, "A", box(trained, spots))
    panel.domains.setCurrentIndex(k)
    click(qtbot, panel.buttons["Give A to"])
    said = panel.history.constraints
    panel.run.epochs.setValue(4)
    click(qtbot, panel.run.button)
    assert session.run.before is before
    assert not panel.run.button.isVisible()
    assert panel.run.controls.cancel.isVisible()
    assert not panel.bar.lassos["A"].isEnabled()
    idle(qtbot, dock)

    after = session.result
    assert [one.spots for one in after.config.constraints] == [one.spots for one in said]
    assert after.config.train.extra_epochs == 4
    assert len(after.history) == 10
    assert session.config == after.config
    assert not session.out_of_date
    (text, state), (constraint, kept) = says(dock)[0], teach.obedience(after)[0]
    assert constraint == panel.history.constraints[0]
    assert state == f"kept {kept:.0%}".replace("%", " %")
    assert kept > 0.9
    assert "belong" in text
    assert set(after.palette) == set(before.palette)  # domains that match keep their colours
    assert not panel.lasso.sides.any()

    again = nt.fit(trained.dataset, after.config)  # the settings tell of the whole run
    assert np.array_equal(again.labels, after.labels)

    click(qtbot, panel.buttons["Undo"])
    assert np.array_equal(session.result.labels, before.labels)
    assert session.config == before.config
    assert says(dock)[0][1] == "new"
    click(qtbot, panel.buttons["Redo"])
    assert session.result.partition is after.partition
    assert says(dock)[0][1] == state

    session.result.write(tmp_path / "x.h5mu")
    restored = nt.restore(tmp_path / "x.h5mu")
    session.set_result(replace(restored, dataset=trained.dataset), tmp_path / "x.h5mu")
    assert says(dock)[0][1] == state
    panel.list.selectRow(0)
    click(qtbot, panel.buttons["Take back"])
    assert panel.run.line.text() == "1 taken back."
    panel.run.epochs.setValue(2)
    click(qtbot, panel.run.button)
    idle(qtbot, dock)
    assert session.result.config.constraints[0].until == 10
    assert says(dock) == []
    assert panel.run.line.text().startswith("Nothing said")


class Beside(QObject):
    """Notes which of the widgets that it watches are there when one of them is shown."""

    def __init__(self, *widgets):
        super().__init__()
        self.widgets, self.most = widgets, 0
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.ShowToParent:
            self.most = max(self.most, sum(not widget.isHidden() for widget in self.widgets))
        return False


def test_the_dock_grows_no_wider_when_training_begins_or_ends(dock, qtbot, monkeypatch, trained):
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained))
    run = dock.panel.run
    beside = Beside(run.button, run.epochs, run.controls.pause, run.controls.finish, run.controls.cancel)
    click(qtbot, run.button)
    idle(qtbot, dock)
    assert run.button.isVisible()
    assert beside.most == 3  # five in a row would make the dock wider for good


def test_cancel_brings_the_result_and_the_list_back(dock, qtbot, monkeypatch, trained):
    from threading import Semaphore

    gate = Semaphore(2)
    monkeypatch.setattr("napari_trsmi.api.fit_steps", acted(trained, gate=gate))
    said = teach.together(trained, near(trained, 10))
    dock.panel.history.add(said, "")
    result = dock.session.result
    click(qtbot, dock.panel.run.button)
    trainer = dock.session.run.trainer
    qtbot.waitUntil(lambda: dock.session.state == "running", timeout=10_000)
    click(qtbot, dock.panel.run.controls.pause)
    assert (dock.session.state, dock.panel.run.controls.pause.text()) == ("paused", "Resume")
    assert dock.minimumSizeHint().width() <= 340
    click(qtbot, dock.panel.run.controls.cancel)
    gate.release(99)
    qtbot.waitUntil(trainer.ended.is_set, timeout=10_000)
    assert dock.session.result is result
    assert dock.panel.history.constraints == (said,)
    assert dock.panel.run.button.isVisible()
    assert dock.panel.history.stack.undoText() == ""


def test_a_result_without_state_says_why_it_cannot_go_on(dock, trained):
    dock.session.set_result(replace(trained, state=None, partition=replace(trained.partition)))
    assert not dock.panel.run.button.isEnabled()
    assert "without the state of training" in dock.panel.run.line.text()
    kept = {**trained.provenance, "kept_preview": 4}
    dock.session.set_result(replace(trained, state=None, partition=replace(trained.partition), provenance=kept))
    assert "preview" in dock.panel.run.line.text()
    assert "preview" in dock.panel.run.button.toolTip()


def test_what_is_new_stays_when_another_run_is_shown(dock, trained):
    said = teach.together(trained, near(trained, 10))
    dock.panel.history.add(said, "")
    other = nt.edits.recluster(trained, {"n_domains": 5, "n_init": 1})
    dock.session.set_result(other)
    assert dock.panel.history.constraints == (said,)
    assert not dock.panel.buttons["Undo"].isEnabled()


def test_other_sections_have_lists_of_their_own(dock, qtbot, trained):
    first, said = dock.session.section, teach.together(trained, near(trained, 10))
    dock.panel.history.add(said, "")
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    second = open_section(dock.viewer, trained.dataset, replace(trained))
    assert dock.session.section is second
    assert says(dock) == []
    assert not dock.panel.lasso.sides.any()
    qtbot.waitUntil(lambda: not any(layer.metadata["trsmi"]["role"] == "lasso" for layer in dock.viewer.layers))
    dock.session.activate(first)
    assert dock.panel.history.constraints == (said,)


def test_closing_the_dock_takes_its_layers_away(viewer, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    dock.viewer = viewer
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    viewer.window.remove_dock_widget(dock)
    qtbot.waitUntil(
        lambda: [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == ["image", "spots", "domains"]
    )


def test_sections_drawn_as_pixels_are_lassoed_too(qtbot, monkeypatch, trained):
    monkeypatch.setattr("napari_trsmi.gui.viewer.raster.RASTER_ABOVE", 100)
    dock = opened(qtbot, trained)
    corners = box(trained, near(trained, 900, 40))
    draw(qtbot, dock, "A", corners)
    rows, chosen = boxed(trained, corners), dock.session.canvas.layer("chosen")
    assert np.array_equal(dock.panel.lasso.rows("A"), rows)
    assert chosen.data.dtype == np.uint8
    spots = layers.look(dock.session.section).raster.spots
    assert set(np.unique(spots[chosen.data == 1])) == set(rows)
    click(qtbot, dock.panel.buttons["One domain"])
    assert says(dock) == [(f"{len(rows)} spots are one domain", "new")]


def test_a_lasso_over_a_million_spots_takes_no_second():
    import time

    at = np.random.default_rng(0).random((1_000_000, 2))
    angle = np.linspace(0, 2 * np.pi, 200)[:, None]
    began = time.perf_counter()
    found = lasso_layers.inside(at, 0.5 + 0.3 * np.hstack([np.sin(angle), np.cos(angle)]))
    assert abs(len(found) / 1e6 - np.pi * 0.09) < 0.01
    assert time.perf_counter() - began < 5
