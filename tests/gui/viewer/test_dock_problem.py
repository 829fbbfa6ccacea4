"""What went wrong stands in the dock that asked for it."""

from __future__ import annotations

import pytest
from typed_keys import focus

from napari_trsmi.errors import DataError
from napari_trsmi.gui.controls.problem import Problem
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.viewer.docks import docks_of, open_docks
from napari_trsmi.gui.viewer.sessions import session_of

TEXT = "There is no gene X. Expected a gene, found none. Choose another."


def said(viewer):
    """Return the docks that say something."""
    rows = {name: dock.findChildren(Problem) for name, dock in docks_of(viewer).items()}
    assert {len(found) for found in rows.values()} == {1}
    return {name for name, (row,) in rows.items() if not row.isHidden()}


@pytest.fixture
def window(viewer, qtbot, trained):
    from dataclasses import replace

    from opened_dock import open_section

    open_docks(viewer)
    open_section(viewer, trained.dataset, replace(trained))
    return viewer


def stand_in(window, qtbot, name):
    """Put the focus into a dock, as a click does."""
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QWidget

    dock = docks_of(window)[name]
    dock.show()
    dock.raise_()
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())
    takes = Qt.FocusPolicy.TabFocus.value
    field = next(
        one
        for one in dock.widget().findChildren(QWidget)
        if one.isVisible() and one.isEnabled() and one.focusPolicy().value & takes
    )
    focus(field, qtbot)


@pytest.mark.parametrize(
    "name", ["Colour by", *(pytest.param(name, marks=pytest.mark.slow) for name in ("Ask", "Train"))]
)
def test_an_error_stands_in_the_dock_that_asked(window, qtbot, name):
    stand_in(window, qtbot, name)
    session_of(window).failed.emit(TEXT)
    assert said(window) == {name}


@pytest.mark.slow
def test_one_that_belongs_to_no_dock_is_seen_in_all(window, qtbot):
    session_of(window).failed.emit(TEXT)
    assert said(window) == set(docks_of(window))


@pytest.mark.slow
def test_a_job_that_fails_later_belongs_to_the_dock_that_began_it(window, qtbot):
    session = session_of(window)

    def fail():
        raise DataError(TEXT)

    docks_of(window)["Trust"].setFloating(True)  # beside the others
    stand_in(window, qtbot, "Trust")
    run_job(session, "Working", fail, lambda _: None)
    stand_in(window, qtbot, "Train")
    qtbot.waitUntil(lambda: bool(said(window)), timeout=10_000)
    assert said(window) == {"Trust"}


@pytest.mark.slow
def test_one_whose_dock_went_behind_another_is_seen_all_the_same(window, qtbot):
    session = session_of(window)
    stand_in(window, qtbot, "Colour by")
    place = session.busy.place
    stand_in(window, qtbot, "Train")
    with session.busy.at(place):
        session.failed.emit(TEXT)
    assert "Train" in said(window)


def fail():
    raise DataError(TEXT)


def run(window, qtbot, busy, job):
    done = []
    run_job(session_of(window), busy, job, done.append, done.append)
    qtbot.waitUntil(lambda: bool(done))


@pytest.mark.slow
def test_it_goes_once_the_same_went_well_in_that_dock_and_not_with_something_else(window, qtbot):
    stand_in(window, qtbot, "Ask")
    run(window, qtbot, "Saving a.csv", fail)
    assert said(window) == {"Ask"}
    run(window, qtbot, "Drawing", dict)
    assert said(window) == {"Ask"}
    stand_in(window, qtbot, "Train")
    run(window, qtbot, "Saving b.csv", dict)
    assert said(window) == {"Ask"}
    stand_in(window, qtbot, "Ask")
    run(window, qtbot, "Saving b.csv", dict)
    assert said(window) == set()


@pytest.mark.slow
def test_one_that_belongs_to_no_dock_goes_once_the_same_went_well_anywhere(window, qtbot):
    run(window, qtbot, "Opening a.h5ad", fail)
    assert said(window) == set(docks_of(window))
    stand_in(window, qtbot, "Ask")
    run(window, qtbot, "Drawing", dict)
    assert said(window) == set(docks_of(window))
    run(window, qtbot, "Opening b.h5ad", dict)
    assert said(window) == set()


@pytest.mark.slow
def test_one_of_nothing_that_could_go_well_goes_with_whatever_does_in_that_dock(window, qtbot):
    stand_in(window, qtbot, "Ask")
    session_of(window).failed.emit(TEXT)
    stand_in(window, qtbot, "Train")
    run(window, qtbot, "Saving b.csv", dict)
    assert said(window) == {"Ask"}
    stand_in(window, qtbot, "Ask")
    run(window, qtbot, "Saving b.csv", dict)
    assert said(window) == set()


@pytest.mark.slow
def test_a_colouring_that_went_well_takes_away_that_another_did_not(window, qtbot):
    from qtpy.QtCore import Qt
    from typed_keys import press, type_keys

    from napari_trsmi.gui.finding.feature_search import FeatureSearch

    section = session_of(window).section
    section.dataset.obs["barcode"] = [f"cell {k}" for k in range(section.dataset.n_spots)]
    section.dataset.obs["depth"] = 1.0
    session_of(window).annotations.changed.emit("depth")
    dock = docks_of(window)["Colour by"]
    dock.show()
    dock.raise_()
    search = next(one for one in dock.widget().findChildren(FeatureSearch) if one.isVisible())
    for name, told in (("barcode", {"Colour by"}), ("depth", set())):
        focus(search, qtbot)
        search.clear()
        type_keys(name)
        press(Qt.Key.Key_Return)
        assert said(window) == told
