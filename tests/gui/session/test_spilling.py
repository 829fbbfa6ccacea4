"""States of training of many runs: as many in memory as there is room for, the others in temporary files."""

from __future__ import annotations

import gc
from dataclasses import replace
from weakref import WeakSet

import numpy as np
import pytest

from napari_trsmi.gui.session import runs, spilling
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.spilling import SpilledState
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.records import Partition

SIZE = 1000


def other(trained, n):
    """A result with domains of its own and a state of 1000 bytes that tells it from others."""
    posterior = np.eye(7, dtype=np.float32)[(trained.labels + n) % 7]
    return replace(
        trained, partition=Partition(posterior.argmax(axis=1), posterior, "mixture"), state=bytes([n]) * SIZE
    )


def in_memory(section):
    return [entry.number for entry in section.runs if isinstance(entry.result.state, bytes)]


@pytest.fixture
def session(trained, monkeypatch):
    monkeypatch.setattr(spilling, "BUDGET", 3 * SIZE)
    monkeypatch.setattr(runs, "_ALL", WeakSet())  # runs of other tests may live still
    session = Session(start_trainer=lambda session, run: None)
    session.activate(OpenSection(trained.dataset))
    return session


def test_states_beyond_the_budget_go_to_files_the_oldest_first(session, trained):
    for n in range(1, 6):
        session.set_result(other(trained, n))
    assert in_memory(session.section) == [3, 4, 5]
    assert [bytes(entry.result.state)[0] for entry in session.section.runs] == [1, 2, 3, 4, 5]
    assert {len(entry.result.state) for entry in session.section.runs} == {SIZE}


def test_a_run_that_was_looked_at_again_is_not_the_oldest(session, trained):
    for n in range(1, 4):
        session.set_result(other(trained, n))
    session.set_result(next(iter(session.section.runs)).result)
    session.set_result(other(trained, 4))
    assert in_memory(session.section) == [1, 3, 4]


def test_sections_share_the_budget(session, trained):
    first = session.section
    for n in range(1, 4):
        session.set_result(other(trained, n))
    session.activate(OpenSection(trained.dataset))
    session.set_result(other(trained, 4))
    assert in_memory(first) == [2, 3]


def test_the_result_that_is_shown_stays_in_memory_and_the_same(session, trained):
    large = replace(other(trained, 1), state=bytes(9 * SIZE))
    session.set_result(large)
    assert session.result is large
    assert next(iter(session.section.runs)).result is large


def test_a_spilled_state_is_read_back_to_train_on_and_to_save(session, trained):
    from anndata import AnnData

    whole = replace(trained, state=trained.state or b"state")
    session.set_result(replace(whole, state=SpilledState(bytes(whole.state))))
    session.carry_on(3)
    assert session.run.resume == bytes(whole.state)
    session.cancel()
    table = AnnData(np.zeros((len(trained.labels), 1)))
    table.obs_names = trained.obs_names
    session.result.annotate(table)
    assert table.uns["trsmi_state"].tobytes() == bytes(whole.state)


def test_the_file_goes_with_the_last_that_refers_to_it():
    state = SpilledState(b"abc")
    file = state._file
    assert bytes(state) == b"abc"
    del state
    gc.collect()
    assert file.closed


def test_a_state_stays_in_memory_where_no_file_can_be_made(session, trained, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spilling, "TemporaryFile", full)
    for n in range(1, 6):
        session.set_result(other(trained, n))
    assert in_memory(session.section) == [1, 2, 3, 4, 5]
