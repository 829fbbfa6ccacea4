"""Support is found after a result is shown, put in its place, and dropped when nobody wants it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from acted_support import act_support, with_acted_support
from qtpy.QtCore import QStringListModel, Qt
from qtpy.QtWidgets import QLineEdit, QListView, QWidget

from napari_trsmi import edits
from napari_trsmi.data.placement import apply, moved_along, turned
from napari_trsmi.gui.jobs.worker import sentence
from napari_trsmi.gui.session.state import OpenSection, Run, Shown
from napari_trsmi.gui.support.bar import SupportBar
from napari_trsmi.gui.support.finder import finder_of


@pytest.fixture
def bar(session, qtbot):
    bar = SupportBar(session, offers=True)
    qtbot.addWidget(bar)
    yield bar
    bar.finder._drop()


def found(session, qtbot):
    qtbot.waitUntil(lambda: session.support.job is None, timeout=10_000)
    return session.result


def test_it_takes_the_place_of_the_result_in_the_same_run(session, bar, gate, qtbot, wanting):
    session.set_result(wanting, Path("/somewhere/saved.h5mu"))
    assert (bar.isHidden(), session.result.cuts) == (False, None)
    changes = []
    session.result_changed.connect(changes.append)
    gate.release(2)
    qtbot.waitUntil(lambda: bar.progress.words.startswith("Measuring support: 2 of 4, "), timeout=5_000)
    gate.release(9)
    result = found(session, qtbot)
    assert np.array_equal(result.maps["support"], with_acted_support(wanting).maps["support"])
    assert changes == [result]
    (entry,) = session.section.runs
    assert entry.result is result
    assert session.section.path == entry.path == Path("/somewhere/saved.h5mu")
    assert bar.isHidden()


def test_edits_made_meanwhile_are_kept(session, bar, gate, qtbot, wanting):
    session.set_result(wanting)
    session.set_result(edits.review(edits.rename(wanting, 0, "cortex"), 1, "doubt"))
    gate.release(9)
    result = found(session, qtbot)
    assert result.names[0] == "cortex"
    assert (result.boundaries["review"] == "doubt").sum() == 1
    assert "support" in result.maps


def test_a_section_that_is_flipped_meanwhile_gets_it_where_its_spots_are(session, bar, gate, qtbot, wanting):
    session.set_result(wanting)
    old = session.section
    flipped = apply(old.dataset, turned(old.dataset, "x"))
    result = moved_along(old.result, flipped)
    session.activate(OpenSection(flipped, result, old.path, old.runs.move_to(flipped)))
    gate.release(9)
    found(session, qtbot)
    here, flipped, before = (np.sort(one.boundary_edges["x0"]) for one in (session.result, result, wanting))
    assert "support" in session.result.maps
    assert here == pytest.approx(flipped)
    assert here != pytest.approx(before)


def test_what_is_shown_stays_where_it_is_a_preview(session, bar, gate, qtbot, wanting):
    session.set_result(wanting)
    preview = Shown(wanting.labels, wanting.names, wanting.palette, epoch=3)
    session.show(preview)
    gate.release(9)
    found(session, qtbot)
    assert session.shown is preview


def test_other_domains_drop_the_search_and_begin_another(session, bar, monkeypatch, qtbot, gate, wanting):
    session.set_result(wanting)
    first = session.support.job
    other = edits.merge(wanting, [0, 1])
    session.set_result(other)
    assert first.dropped
    assert session.support.job.result is other
    gate.release(9)
    assert found(session, qtbot).partition is other.partition
    assert "support" in session.result.maps
    session.set_result(wanting)  # which never got its own
    gate.release(9)
    assert found(session, qtbot).partition is wanting.partition
    assert "support" in session.result.maps


@pytest.mark.parametrize("why", ["off", "there", "one domain"])
def test_nothing_is_looked_for_where_it_is_off_there_already_or_cannot_be(session, bar, gate, wanting, trained, why):
    one = replace(wanting, partition=replace(wanting.partition, posterior=wanting.partition.posterior[:, :1]))
    session.set_result({"off": trained, "there": with_acted_support(wanting), "one domain": one}[why])
    assert session.support.job is None
    assert bar.find_button.isHidden() == (why != "off")


def test_stop_leaves_the_result_without_until_it_is_asked_for(session, bar, gate, qtbot, wanting):
    session.set_result(wanting)
    job = session.support.job
    bar.stop_button.click()
    assert job.dropped
    session.set_result(edits.rename(wanting, 0, "cortex"))
    assert (session.support.job, session.result.cuts) == (None, None)
    gate.release(9)
    bar.find_button.click()
    assert "support" in found(session, qtbot).maps


def test_an_error_is_told_and_not_met_again(session, bar, monkeypatch, qtbot, wanting):
    asked = act_support(monkeypatch, error=ValueError("no"))
    session.set_result(wanting)
    found(session, qtbot)
    session.set_result(edits.rename(wanting, 0, "cortex"))
    assert session.failures == [sentence(ValueError("no"))]
    assert len(asked) == 1


def test_where_nothing_is_found_it_is_not_looked_for_again(session, bar, monkeypatch, qtbot, wanting):
    asked = act_support(monkeypatch, nothing=True)
    session.set_result(wanting)
    found(session, qtbot)
    session.set_result(edits.rename(wanting, 0, "cortex"))
    assert (len(asked), session.support.job) == (1, None)


def test_training_comes_first(session, bar, gate, qtbot, wanting):
    session.set_result(wanting)
    first = session.support.job
    session.training.start_trainer = lambda session, run: SimpleNamespace(cancel=lambda: None)
    session.start()
    assert first.dropped
    assert session.support.job is None
    session.cancel()
    gate.release(9)
    assert "support" in found(session, qtbot).maps


def test_the_result_of_a_run_gets_it(session, bar, gate, qtbot, wanting):
    session.training.start_trainer = lambda session, run: SimpleNamespace()
    session.training.begin(run := Run(session.section, wanting.config))
    session.on_returned(run, wanting)
    gate.release(9)
    assert "support" in found(session, qtbot).maps


def test_another_section_drops_it(session, bar, gate, wanting):
    session.set_result(wanting)
    job = session.support.job
    session.activate(OpenSection(wanting.dataset))
    assert job.dropped
    assert session.support.job is None


def test_without_a_dock_to_show_it_nothing_is_looked_for(session, gate, qtbot, wanting):
    session.set_result(wanting)
    finder = finder_of(session)
    assert finder.job is None
    bar = SupportBar(session)
    job = finder.job
    assert job is not None
    bar.deleteLater()
    qtbot.waitUntil(lambda: job.dropped, timeout=5_000)
    session.set_result(edits.rename(wanting, 0, "cortex"))
    assert finder.job is None


def test_it_waits_while_a_person_writes_in_a_cell(session, bar, gate, qtbot, wanting):
    window = QWidget()
    cells = QListView(window)
    cells.setModel(QStringListModel(["a note"]))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    session.set_result(wanting)
    cells.edit(cells.model().index(0, 0))
    qtbot.waitUntil(lambda: isinstance(window.focusWidget(), QLineEdit), timeout=5_000)
    gate.release(9)
    qtbot.wait(600)
    assert session.result.cuts is None
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    assert "support" in found(session, qtbot).maps
