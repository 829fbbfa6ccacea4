"""The dock Correct, driven as a person does: lasso, say, train on, undo."""

from __future__ import annotations

from dataclasses import replace
from threading import Semaphore

import numpy as np
import pytest
from acted_training import acted
from around_spots import box, click, near
from lassos import draw, idle, marked, places, says
from opened_dock import open_section
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QApplication, QPushButton

import napari_trsmi as nt
from napari_trsmi import edits, teach
from napari_trsmi.gui.correct.run import CUT_SINCE
from napari_trsmi.gui.viewer.keys import WindowKeys
from napari_trsmi.gui.viewer.sessions import session_of

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
    click(qtbot, panel.undo)
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


def test_saying_and_taking_back_are_undone_and_done_again_by_keys(viewer, qtbot, trained):
    open_section(viewer, trained.dataset, replace(trained))
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    panel = dock.panel
    dock.window().activateWindow()
    qtbot.waitUntil(lambda: any(isinstance(one, WindowKeys) for one in dock.window().children()))
    one, other = teach.together(trained, near(trained, 10)), teach.together(trained, near(trained, 900))
    panel.history.add(one, "one")
    panel.history.add(other, "other")
    panel.list.selectRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert panel.history.constraints == (other,)
    ctrl, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    panel.list.setFocus()
    qtbot.waitUntil(panel.list.hasFocus)
    qtbot.keyClick(panel.list, Qt.Key.Key_Z, ctrl)
    assert panel.history.constraints == (one, other)
    click(qtbot, panel.undo)
    assert panel.history.constraints == (one,)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Z, ctrl | shift)
    assert panel.history.constraints == (one, other)
    assert panel.undo.toolTip() == "Undo other (Ctrl+Z)"
    assert "Ctrl+Z" in panel.undo.toolTip()


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


@pytest.mark.slow
def test_training_goes_on_with_what_was_said_and_undo_brings_the_result_back(viewer, qtbot, little, tmp_path):
    before = replace(little)
    open_section(viewer, little.dataset, before)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    dock.viewer, session, panel = viewer, dock.session, dock.panel
    spots = near(little, 10, 12)
    k = int(np.argmax(np.bincount(little.labels) * (np.arange(7) != little.labels[10])))
    draw(qtbot, dock, "A", box(little, spots))
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

    again = nt.fit(little.dataset, after.config)  # the settings tell of the whole run
    assert np.array_equal(again.labels, after.labels)

    click(qtbot, panel.undo)
    assert np.array_equal(session.result.labels, before.labels)
    assert session.config == before.config
    assert says(dock)[0][1] == "new"
    click(qtbot, panel.redo)
    assert session.result.partition is after.partition
    assert says(dock)[0][1] == state

    session.result.write(tmp_path / "x.h5mu")
    restored = nt.restore(tmp_path / "x.h5mu")
    session.set_result(replace(restored, dataset=little.dataset), tmp_path / "x.h5mu")
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
    assert dock.session.deeds.last == ""


def test_it_is_said_that_domains_that_were_merged_since_are_found_anew(dock, trained):
    line, session = dock.panel.run.line, dock.session
    assert CUT_SINCE not in line.text()
    session.set_result(edits.merge(trained, [0, 1]))
    assert line.text().endswith(CUT_SINCE)
    session.deeds.undo()
    assert CUT_SINCE not in line.text()


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
    dock.session.deeds.undo()
    assert dock.session.result.partition is trained.partition
    assert dock.panel.history.constraints == (said,)


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


@pytest.mark.slow
def test_closing_the_dock_takes_its_layers_away(viewer, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Correct")
    dock.viewer = viewer
    draw(qtbot, dock, "A", box(trained, near(trained, 10)))
    viewer.window.remove_dock_widget(dock)
    roles = ["image", "spots", "domains"]
    qtbot.waitUntil(lambda: [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == roles)
