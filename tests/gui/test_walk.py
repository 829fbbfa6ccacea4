"""The random walk of the benchmarks: that it acts, and that it notices what must not be."""

from __future__ import annotations

import gc
import importlib
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from opened_dock import open_section

from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.docks import open_docks

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def walking():
    """The script; it is no package, so it is imported from its folder."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("walking")
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("walking", "window"):
            sys.modules.pop(name, None)


@pytest.fixture
def walker(walking, viewer, tmp_path):
    """On a small section in a window without docks, which opens five times as fast."""
    tiny = simulate_dataset(n_spots=150, n_genes=60, n_proteins=12, n_domains=3, image=0)
    open_section(viewer, tiny)
    return walking.Walker(viewer, [lambda: OpenSection(tiny)], np.random.default_rng(2), tmp_path)


@pytest.mark.slow
def test_a_walk_ends_well(walking, viewer, walker):
    open_docks(viewer)
    walker._section()
    done = set()
    with walking.answered(walker):
        for _ in range(40):
            walker.step()
            done.add(walker.done)
    found = walker.found  # how long steps took is for a quiet machine
    assert [*found.tracebacks, *found.lost] == []
    assert len(done) > 20


def test_an_error_is_noticed(walking, walker, monkeypatch, tmp_path):
    def fail():
        raise ValueError("broken")

    monkeypatch.setattr(walking, "ACTS", {"canvas": 1})
    monkeypatch.setattr(walker, "_canvas", fail)
    with walking.answered(walker):
        walker.step()
    assert "ValueError: broken" in walker.found.bad[0]


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.slow
def test_work_without_an_answer_is_a_hang_and_as_much_in_pieces_is_none(walking, walker, monkeypatch):
    def in_pieces():
        for _ in range(8):
            spin(0.2)
            time.sleep(0.03)  # a beat is due
            walking.settle()

    monkeypatch.setattr(walking, "ACTS", {"canvas": 1})
    monkeypatch.setattr(walking, "HANG", 1.0)
    with walking.answered(walker):
        monkeypatch.setattr(walker, "_canvas", in_pieces)
        walker.step()
        assert walker.found.hangs == []
        monkeypatch.setattr(walker, "_canvas", lambda: spin(1.2))
        walker.step()
    assert len(walker.found.hangs) == 1


@pytest.mark.slow
def test_a_header_is_clicked(walking, walker, qtbot):
    from qtpy.QtWidgets import QTableWidget

    table = QTableWidget(1, 2)
    qtbot.addWidget(table)
    table.show()
    header, clicked = table.horizontalHeader(), []
    header.setSectionsClickable(True)
    header.sectionClicked.connect(clicked.append)
    walker._use(header)
    assert clicked in ([0], [1])


def test_a_thread_that_began_during_a_walk_does_not_keep_it(walking, viewer, tmp_path):
    walker = walking.Walker(viewer, [], np.random.default_rng(2), tmp_path)
    with walking.answered(walker):
        thread = threading.Thread(target=threading.Event().wait, args=(0.1,))
        thread.start()
        hook = thread._invoke_excepthook  # what Qt's threads, which never end for Python, keep
    kept, walker = weakref.ref(walker), None
    gc.collect()
    assert kept() is None
    thread.join()
    assert callable(hook)


@pytest.mark.slow
def test_jobs_that_nobody_is_told_of_are_waited_for(walking, walker):
    heard = []
    run_job(walker.session, "", lambda: time.sleep(0.3), heard.append)
    assert walker.session.busy.sign == ""
    walking._wait_for(walker.session)
    assert heard == [None]
    assert not walker.session.busy.under_way


@pytest.mark.slow
def test_a_result_that_goes_is_noticed(walking, walker, monkeypatch, trained):
    monkeypatch.setattr(walking, "ACTS", {"canvas": 1})
    section = walker.session.section
    section.runs.take(trained, None)
    monkeypatch.setattr(walker, "_canvas", lambda: None)
    with walking.answered(walker):
        walker.step()
        assert not walker.found.bad
        section.runs._entries.clear()
        walker.step()
    assert "runs [1] went" in walker.found.bad[0]


def test_a_dialog_that_an_entry_of_a_menu_opens_is_answered(walking, viewer, tmp_path, qtbot):
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QMenu, QMessageBox

    menu, answers, late = QMenu(), [], []
    qtbot.addWidget(menu)

    def ask():
        box, end = QMessageBox(QMessageBox.Icon.Question, "", "Save it?", QMessageBox.StandardButton.Yes), QTimer()
        end.timeout.connect(lambda: late.append(1) or box.reject())
        end.start(2_000)
        answers.append(box.exec())
        end.stop()

    menu.addAction("Save", ask)
    walker = walking.Walker(viewer, [], np.random.default_rng(1), tmp_path)
    with walking.answered(walker):
        for _ in range(20):
            menu.popup(viewer.window._qt_window.pos())
            qtbot.waitUntil(lambda: not menu.isVisible(), timeout=5_000)
            if answers:
                break
    assert answers
    assert not late
