"""The number of domains: said before training, chosen after it, and another taken from the curve."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest
from dock_by_hand import ALL, idle
from qtpy.QtCore import Qt

from napari_trsmi import edits
from napari_trsmi.evidence import NumberCurve
from napari_trsmi.gui.train.number_panel import BEFORE
from napari_trsmi.gui.train.pages import COURSE, NUMBER, SETTINGS
from napari_trsmi.interrupt import check
from napari_trsmi.records import Progress

NUMBERS = {
    "numbers": [2, 3, 4, 5, 6, 7, 8],
    "agreement": [0.9, 0.85, 0.8, 0.8, 0.82, 0.81, None],
    "score": [0.5, 0.4, 0.6, 0.9, 0.9, 1.0, 0.0],
    "chosen": 7,
    "about_as_good": [5, 6, 7],
    "told": True,
}


@pytest.fixture
def chosen(trained):
    """A result whose number of domains was chosen."""
    return replace(trained, provenance={**trained.provenance, "numbers": NUMBERS})


def test_where_the_number_is_open_the_dock_says_when_it_is_chosen(opened):
    assert opened.number_line.isHidden()  # the short run has seven
    opened.n_domains.setValue(0)
    assert opened.number_line.isVisible()
    assert opened.number_line.text() == BEFORE
    opened.n_domains.setValue(5)
    assert opened.number_line.isHidden()


def test_before_training_the_curve_is_that_of_what_was_measured_and_a_click_sets_the_number(opened, monkeypatch, qtbot):
    seen = []

    def curve(embedding, prepared, config):
        seen.append(embedding.shape)
        yield Progress(0, 1, "")
        return NumberCurve((2, 3, 4), (0.9, 0.9, 0.4), (3.0, 3.0, 1.0))

    features = {"rna": np.zeros((5, 3)), "adt": np.zeros((5, 2))}
    monkeypatch.setattr("napari_trsmi.stages.prepare", lambda *_: SimpleNamespace(features=features))
    monkeypatch.setattr("napari_trsmi.evidence.number_curve", curve)
    look, panel = opened.early_number, opened.number_panel
    assert look.isHidden()
    opened.n_domains.setValue(0)
    assert look.isVisible()
    look.button.click()
    assert look.button.text() == "Stop"
    assert opened.number_line.text() not in ("", BEFORE)
    qtbot.waitUntil(lambda: not panel.is_empty, timeout=20_000)
    assert seen == [(5, 5)]
    assert look.isHidden()
    assert panel.title.text() == "Before training: 3 domains; about as good: 2"
    assert opened.pages.currentIndex() == NUMBER
    panel.curve.chosen.emit(2)
    assert opened.session.config.cluster.n_domains == 2
    assert not panel.is_empty
    opened.session.set_config(opened.session.config.model_copy(update={"seed": 5}))
    assert panel.is_empty  # it was of other settings
    opened.n_domains.setValue(0)
    assert look.isVisible()
    assert look.button.text() == "Look now"


def test_a_look_that_is_stopped_shows_nothing(opened, monkeypatch, qtbot):
    waiting = Event()

    def prepared(*_):
        waiting.wait(20)
        check()

    monkeypatch.setattr("napari_trsmi.stages.prepare", prepared)
    opened.n_domains.setValue(0)
    opened.early_number.button.click()
    opened.early_number.button.click()
    waiting.set()
    assert opened.early_number.job is None
    qtbot.waitUntil(lambda: not opened.session.busy.under_way, timeout=20_000)
    assert opened.number_panel.is_empty


def test_the_chosen_number_and_those_about_as_good_stand_over_the_curve(opened, chosen):
    assert not opened.pages.isTabVisible(NUMBER)
    opened.session.set_result(chosen)
    panel = opened.number_panel
    assert opened.pages.isTabVisible(NUMBER)
    assert panel.title.text() == "Chosen: 7 domains; about as good: 5, 6"
    assert panel.title.toolTip() == "7 domains were chosen; about as good: 5, 6."
    assert panel.curve.numbers.tolist() == NUMBERS["numbers"]
    assert panel.curve._line.getData()[1].tolist() == NUMBERS["score"]


def test_a_result_of_before_numbers_had_a_score_still_has_a_curve(opened, chosen):
    told = {key: value for key, value in NUMBERS.items() if key != "score"}
    opened.session.set_result(replace(chosen, provenance={**chosen.provenance, "numbers": told}))
    assert opened.number_panel.curve._line.getData()[1].tolist()[:6] == NUMBERS["agreement"][:6]


def test_where_nothing_tells_the_number_it_says_so(opened, chosen):
    told = {**NUMBERS, "told": False, "about_as_good": NUMBERS["numbers"]}
    opened.session.set_result(replace(chosen, provenance={**chosen.provenance, "numbers": told}))
    assert opened.number_panel.title.text() == "Number of domains: nothing tells it"


def test_a_number_of_the_curve_cuts_the_result_into_that_many_without_training(opened, chosen, qtbot):
    session, panel = opened.session, opened.number_panel
    session.set_result(chosen)
    opened.pages.setCurrentIndex(NUMBER)
    qtbot.keyClick(panel.curve, Qt.Key.Key_Left)
    qtbot.keyClick(panel.curve, Qt.Key.Key_Return)
    assert not panel.curve.isEnabled()
    qtbot.waitUntil(lambda: session.result.partition.n_domains == 6, timeout=60_000)
    assert panel.curve.isEnabled()
    assert session.result.embedding is chosen.embedding
    assert len(session.section.runs) == 2
    expected = edits.recluster(chosen, chosen.config.cluster.model_copy(update={"n_domains": 6}))
    assert np.array_equal(session.result.labels, expected.labels)
    assert panel.isVisible()  # to go on from there
    assert panel.title.text() == "Now 6 domains; chosen: 7; about as good: 5, 6"
    assert panel.title.toolTip() == "7 domains would be chosen; about as good: 5, 6."


def test_the_number_there_is_cuts_nothing(opened, chosen):
    opened.session.set_result(chosen)
    opened.number_panel.take(7)
    assert opened.number_panel.curve.isEnabled()
    assert len(opened.session.section.runs) == 1


def test_the_curve_takes_the_place_of_the_course_once_a_run_has_ended(done, chosen):
    assert done.pages.currentIndex() == COURSE  # training turned to it
    done.session.set_result(replace(chosen, history=done.session.result.history))
    assert done.pages.currentIndex() == NUMBER
    assert done.number_panel.isVisible()


def test_settings_that_a_person_looks_at_are_not_replaced(done, chosen):
    done.pages.setCurrentIndex(SETTINGS)
    done.session.set_result(replace(chosen, history=done.session.result.history))
    assert done.pages.currentIndex() == SETTINGS


def test_the_course_is_back_when_the_next_run_has_begun(done, chosen, gate, qtbot):
    done.session.set_result(replace(chosen, history=done.session.result.history))
    while gate.acquire(blocking=False):
        pass
    done.session.start()
    gate.release(2)
    qtbot.waitUntil(lambda: done.pages.currentIndex() == COURSE, timeout=20_000)
    assert not done.number_panel.curve.isEnabled()
    _click_tab(done.pages, SETTINGS, qtbot)  # back to the settings: the next run leaves them there
    assert done.pages.currentIndex() == SETTINGS
    gate.release(ALL)
    idle(done, qtbot)
    done.session.start()
    idle(done, qtbot)
    assert done.pages.currentIndex() == SETTINGS


def _click_tab(pages, page, qtbot):
    bar = pages.tabBar()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(page).center())
