"""Runs of several sections of one viewer, without a window: one trains, the others wait, none is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from moved_by_hand import Hand, preview

from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def sections(trained):
    return [OpenSection(replace(trained.dataset, name=name)) for name in "abc"]


@pytest.fixture
def session(sections):
    session = Session(lambda session, run: Hand())
    session.activate(sections[0])
    return session


@pytest.fixture
def told(session):
    told = []
    session.told.connect(told.append)
    session.failed.connect(told.append)
    return told


def start(session, section):
    """Run on a section, as a person does: it is chosen first."""
    session.activate(section)
    session.start()
    return section.run


def test_another_section_leaves_training_alone_and_gets_its_own_state(session, sections, trained):
    run = start(session, sections[0])
    heard = []
    session.run_changed.connect(heard.append)
    session.stepped.connect(heard.append)
    session.activate(sections[1])
    session.on_step(run, preview(trained, 1))
    assert run.trainer.asked == []
    assert (session.run, session.state, session.shown) == (None, "idle", None)
    assert heard == ["idle"]
    assert (run.state, len(run.steps)) == ("running", 1)


def test_coming_back_shows_the_newest_preview_and_follows(session, sections, trained):
    run = start(session, sections[0])
    session.activate(sections[1])
    session.on_step(run, preview(trained, 1))
    session.on_step(run, preview(trained, 2))
    heard = []
    session.run_changed.connect(heard.append)
    session.activate(sections[0])
    assert (session.shown.epoch, session.state, heard) == (2, "running", ["running"])
    session.on_step(run, preview(trained, 3))
    assert session.shown.epoch == 3


def test_a_result_comes_to_its_section_with_a_sentence(session, sections, trained, told):
    run = start(session, sections[0])
    session.activate(sections[1])
    session.on_returned(run, trained)
    assert told == ["7 domains in a: training is done."]
    assert (session.result, session.shown) == (None, None)
    assert len(sections[0].runs) == 1
    session.activate(sections[0])
    assert np.array_equal(session.result.labels, trained.labels)
    assert session.shown.epoch is None
    assert session.last_run is run


def test_a_failure_elsewhere_names_its_section(session, sections, told):
    run = start(session, sections[0])
    session.activate(sections[1])
    session.on_failed(run, "Expected memory, found none. Buy some.")
    assert told == ["Training on a ended. Expected memory, found none. Buy some."]
    assert sections[0].run is None


def test_runs_wait_in_the_order_in_which_they_were_asked_for(session, sections, trained):
    first, second, third = (start(session, section) for section in sections)
    assert [run.state for run in (first, second, third)] == ["preparing", "waiting", "waiting"]
    assert second.trainer is third.trainer is None
    session.on_returned(first, trained)
    assert [run.state for run in (first, second, third)] == ["idle", "preparing", "waiting"]
    session.on_failed(second, "no")
    assert (third.state, session.state) == ("preparing", "preparing")
    session.on_returned(third, trained)
    assert session.training.line == []


def test_cancel_takes_a_section_out_of_the_line(session, sections, trained):
    first, second, third = (start(session, section) for section in sections)
    session.activate(sections[1])
    session.cancel()
    assert (first.state, second.state, third.state) == ("preparing", "idle", "waiting")
    assert session.last_run is None
    session.activate(sections[0])
    session.cancel()
    assert first.trainer.asked == ["cancel"]
    assert third.state == "preparing"
    session.on_returned(first, trained)  # too late
    assert sections[0].result is None


def test_a_pause_keeps_its_place_and_a_person_may_train_another_section_meanwhile(session, sections, trained):
    first, second = start(session, sections[0]), start(session, sections[1])
    session.on_step(first, preview(trained, 1))
    session.activate(sections[0])
    session.pause()
    assert second.state == "waiting"  # a pause is for the machine to rest
    third = start(session, sections[2])
    assert third.state == "preparing"
    session.activate(sections[0])
    session.resume()
    assert (first.state, first.trainer.asked) == ("waiting", ["pause"])
    session.on_returned(third, trained)
    assert (first.state, first.trainer.asked) == ("running", ["pause", "resume"])
    assert second.state == "waiting"


def test_a_waiting_run_that_was_paused_can_be_finished(session, sections, trained):
    first = start(session, sections[0])
    session.on_step(first, preview(trained, 1))
    session.pause()
    start(session, sections[1])
    session.activate(sections[0])
    session.resume()
    session.finish()
    assert (first.state, first.trainer.asked) == ("finishing", ["pause", "finish"])


def test_a_run_that_never_began_cannot_be_finished_or_paused(session, sections):
    start(session, sections[0])
    waiting = start(session, sections[1])
    session.finish()
    session.pause()
    assert waiting.state == "waiting"


def test_a_section_that_is_gone_ends_its_run_and_says_so(session, sections, told):
    first, second = start(session, sections[0]), start(session, sections[1])
    session.training.close(sections[1])
    session.training.close(sections[0])
    assert told == [
        "b no longer waits for training: its layers were removed.",
        "Training on a was cancelled: its layers were removed.",
    ]
    assert (first.trainer.asked, second.trainer) == (["cancel"], None)


def test_all_runs_end_at_once(session, sections):
    runs = [start(session, section) for section in sections]
    session.training.cancel_all()
    assert runs[0].trainer.asked == ["cancel"]
    assert [run.trainer for run in runs[1:]] == [None, None]
    assert session.training.line == []


def test_settings_and_hidden_domains_stay_with_their_section(session, sections, trained):
    session.set_result(trained)
    session.set_config(session.config.model_copy(update={"seed": 8}))
    session.set_hidden(frozenset({2}))
    session.activate(sections[1])
    assert (session.config.seed, session.hidden) == (8, frozenset())
    session.set_config(session.config.model_copy(update={"seed": 9}))
    heard = []
    session.hidden_changed.connect(heard.append)
    session.activate(sections[0])
    assert (session.config.seed, session.hidden, heard) == (8, {2}, [{2}])


def test_reports_are_heard_in_order_though_one_comes_while_another_is_told(session, sections, trained):
    run = start(session, sections[0])
    heard = []

    def let_in(of, one):  # as napari's progress bar does
        if one.epoch == 1:
            session.training.on_step(of, preview(trained, 2))
            session.training.on_returned(of, trained)

    session.training.stepped.connect(let_in)
    session.stepped.connect(lambda one: heard.append((one.epoch, session.state)))
    session.training.on_step(run, preview(trained, 1))
    assert heard == [(1, "running"), (2, "running")]
    assert session.state == "idle"
    assert session.result is not None


def test_a_report_that_fails_does_not_hold_up_the_next(session, sections, trained):
    run = start(session, sections[0])
    broken = []

    def fail(of, one):
        if one.epoch == 1:
            session.training.on_step(of, preview(trained, 2))
            broken.append(one)
            raise ValueError("broken")

    session.training.stepped.connect(fail)
    with pytest.raises(Exception, match="broken"):
        session.training.on_step(run, preview(trained, 1))
    assert broken
    assert [one.epoch for one in run.steps] == [1, 2]
    session.training.on_returned(run, trained)
    assert session.state == "idle"
