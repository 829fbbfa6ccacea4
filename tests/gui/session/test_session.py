"""The rules of a session, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from moved_by_hand import Hand, preview
from psygnal import EmitLoopError

from napari_trsmi import Config
from napari_trsmi.domains.colors import PALETTE
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def session(trained):
    session = Session(lambda session, run: Hand())
    session.activate(OpenSection(trained.dataset))
    return session


@pytest.fixture
def heard(session):
    heard = []
    session.run_changed.connect(heard.append)
    return heard


def test_a_run_goes_from_preparing_to_running_to_its_result(session, trained, heard):
    session.start()
    run = session.run
    session.on_step(run, preview(trained, 1))
    session.on_returned(run, trained)
    assert heard == ["preparing", "running", "idle"]
    assert np.array_equal(session.result.labels, trained.labels)
    assert session.shown.epoch is None
    assert session.last_run is run


def test_cancel_brings_the_result_before_back_and_what_comes_late_is_dropped(session, trained):
    session.set_result(trained)
    session.start()
    run = session.run
    session.on_step(run, preview(trained, 1))
    assert session.shown.epoch == 1
    assert session.result is trained
    session.cancel()
    assert run.trainer.asked == ["cancel"]
    assert np.array_equal(session.shown.labels, trained.labels)
    session.on_step(run, preview(trained, 2))
    session.on_returned(run, replace(trained, colors=()))
    session.on_failed(run, "too late")
    assert session.result is trained
    assert session.shown.epoch is None
    assert session.state == "idle"


def test_what_an_outdated_run_reports_does_not_touch_the_next_one(session, trained):
    session.start()
    old = session.run
    session.cancel()
    session.start()
    session.on_step(old, preview(trained, 1))
    session.on_failed(old, "too late")
    assert session.state == "preparing"
    assert session.run is not old
    assert session.run.steps == []


def test_finishing_is_asked_for_before_the_first_epoch(session, trained, heard):
    session.start()
    run = session.run
    session.finish()
    session.on_step(run, preview(trained, 1))
    session.on_returned(run, trained)
    assert run.trainer.asked == ["finish"]
    assert heard == ["preparing", "finishing", "idle"]
    assert session.result is not None


def test_new_previews_are_shown_until_a_person_goes_back(session, trained):
    session.start()
    for epoch in (1, 2, 3):
        session.on_step(session.run, preview(trained, epoch))
    assert session.shown.epoch == 3
    session.show_step(session.run.previews[0])
    session.on_step(session.run, preview(trained, 4))
    assert session.shown.epoch == 1
    session.show_step(session.run.previews[-1])
    session.on_step(session.run, preview(trained, 5))
    assert session.shown.epoch == 5


def test_a_failure_is_said_and_leaves_the_result_before(session, trained):
    said = []
    session.failed.connect(said.append)
    session.set_result(trained)
    session.start()
    session.on_step(session.run, preview(trained, 1))
    session.on_failed(session.run, "Expected memory, found none. Buy some.")
    assert said == ["Expected memory, found none. Buy some."]
    assert session.state == "idle"
    assert session.result is trained
    assert session.shown.epoch is None


def test_a_new_section_takes_the_settings_over_and_not_how_long_another_one_was_trained_on(session, trained):
    longer = session.config.train.model_copy(update={"epochs": 15, "extra_epochs": 30})
    session.set_config(session.config.model_copy(update={"train": longer}))
    before = session.section
    session.activate(OpenSection(replace(trained.dataset, name="another")))
    assert (session.config.train.epochs, session.config.train.extra_epochs) == (15, 0)
    session.activate(before)
    assert session.config.train.extra_epochs == 30


def test_a_result_is_out_of_date_where_settings_that_matter_differ(session, trained):
    session.set_result(trained)
    session.set_config(trained.config)
    assert not session.out_of_date
    train = trained.config.train.model_copy(update={"preview_every": 1})
    session.set_config(trained.config.model_copy(update={"device": "cpu", "threads": 3, "train": train}))
    assert not session.out_of_date
    session.set_config(trained.config.model_copy(update={"seed": 5}))
    assert session.out_of_date


def test_there_is_no_run_without_a_section_and_no_second_one(trained):
    session = Session(lambda session, run: Hand())
    session.start()
    assert session.run is None
    session.activate(OpenSection(trained.dataset))
    session.start()
    first = session.run
    session.start()
    assert session.run is first


def test_pause_and_resume_reach_the_trainer_once_each(session, trained, heard):
    session.start()
    session.pause()  # there is nothing to pause yet
    session.on_step(session.run, preview(trained, 1))
    session.pause()
    session.pause()
    session.resume()
    assert session.run.trainer.asked == ["pause", "resume"]
    assert heard == ["preparing", "running", "paused", "running"]


def test_after_the_last_epoch_there_is_nothing_to_pause_or_finish(session, trained, heard):
    session.start()
    run = session.run
    session.on_step(run, preview(trained, 5))
    session.on_step(run, preview(trained, 6))
    assert session.state == "finishing"
    session.pause()
    session.finish()
    assert run.trainer.asked == []
    session.on_returned(run, trained)
    assert heard == ["preparing", "running", "finishing", "idle"]


def test_a_pause_after_the_last_epoch_began_ends_in_finishing(session, trained, heard):
    session.start()
    session.on_step(session.run, preview(trained, 5))
    session.pause()
    session.on_step(session.run, preview(trained, 6))
    assert session.state == "paused"
    session.resume()
    assert heard[-1] == "finishing"


def test_a_run_is_over_also_where_a_listener_fails(session, trained):
    def fail(result):
        raise ValueError("no room on the canvas")

    session.result_changed.connect(fail)
    session.run_changed.connect(fail)
    with pytest.raises(EmitLoopError):
        session.start()
    assert session.run.trainer is not None
    session.run_changed.disconnect(fail)
    with pytest.raises(EmitLoopError):
        session.on_returned(session.run, trained)
    assert session.state == "idle"
    assert session.result.partition is trained.partition


def test_the_config_of_a_restored_result_becomes_that_of_the_next_run(trained):
    session = Session(lambda session, run: Hand())
    session.activate(OpenSection(trained.dataset, replace(trained, config=Config(seed=9))))
    assert session.config.seed == 9


def test_new_domains_take_the_fixed_colours_where_a_person_asked_for_them(session, trained):
    session.fixed_colors = PALETTE
    session.start()
    session.on_returned(session.run, trained)
    assert session.result.palette == PALETTE[:7] != trained.palette
