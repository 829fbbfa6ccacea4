"""Coarser and finer domains by two buttons beside the result."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from acted_support import with_acted_support

from napari_trsmi.interrupt import check


def walk(opened, qtbot, button):
    """Click, and return the result that comes."""
    before = opened.session.result
    button.click()
    qtbot.waitUntil(lambda: opened.session.result is not before, timeout=60_000)
    return opened.session.result


def nests(fine, coarse):
    """Whether each domain of one labelling lies within one of the other."""
    return len(set(zip(fine.tolist(), coarse.tolist(), strict=True))) == len(np.unique(fine))


def test_domains_become_coarser_and_finer_and_the_result_comes_back(opened, trained, qtbot):
    session, buttons = opened.session, opened.result_row.nest
    session.set_result(with_acted_support(trained))
    start = session.result
    fewer = walk(opened, qtbot, buttons.coarser)
    assert fewer.partition.n_domains == start.partition.n_domains - 1
    assert nests(start.labels, fewer.labels)
    assert "has support" in buttons.coarser.toolTip()
    again = walk(opened, qtbot, buttons.finer)
    assert again.partition is start.partition  # not another cut into as many
    more = walk(opened, qtbot, buttons.finer)
    assert more.partition.n_domains == start.partition.n_domains + 1
    assert nests(more.labels, start.labels)


def test_a_step_ends_soon_once_its_buttons_are_gone(opened, trained, qtbot, monkeypatch):
    session, buttons = opened.session, opened.result_row.nest
    session.set_result(with_acted_support(trained))
    left, told = Event(), []
    session.failed.connect(told.append)

    def prepare(*_):
        try:
            while True:
                check()
        finally:
            left.set()

    monkeypatch.setattr("napari_trsmi.stages.prepare", prepare)
    buttons.coarser.click()
    assert session.busy.sign
    buttons.setParent(None)
    buttons.deleteLater()
    qtbot.waitUntil(left.is_set)
    qtbot.waitUntil(lambda: not session.busy.sign)
    assert told == []


@pytest.mark.slow
def test_a_walk_begins_anew_from_another_result(opened, trained, qtbot):
    session, buttons = opened.session, opened.result_row.nest
    session.set_result(with_acted_support(trained))
    fewer = walk(opened, qtbot, buttons.coarser)
    session.set_result(with_acted_support(trained, seed=1))
    session.set_result(fewer)
    assert buttons.coarser.isEnabled()
    assert buttons.finer.isEnabled()
    fewer_still = walk(opened, qtbot, buttons.coarser)
    assert fewer_still.partition.n_domains == fewer.partition.n_domains - 1
