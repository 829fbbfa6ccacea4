"""Files are read beside a window that answers."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from weakref import ref

import pytest
from qtpy.QtCore import Qt, QTimer
from typed_keys import focus, press

import napari_trsmi as nt
from napari_trsmi.errors import DataError
from napari_trsmi.gui.jobs.libraries import Pieces
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer import reader
from napari_trsmi.gui.viewer.docks import TRAIN, docks_of
from napari_trsmi.gui.viewer.lane import Opening, lane_of
from napari_trsmi.gui.viewer.opening import open_soon
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of


class Slow:
    """Reading that takes as long as a test wants: each file until it is let go."""

    def __init__(self, dataset):
        self.dataset, self.asked, self.ended = dataset, [], []
        self.gates = {}
        self.problem = ""

    def __call__(self, paths, library=None):
        name = paths[0].rsplit("/", 1)[-1]
        self.asked.append((name, threading.current_thread() is threading.main_thread()))
        self.gates.setdefault(name, threading.Event()).wait(10)
        self.ended.append(name)
        if name == "broken.h5mu":
            raise DataError("Expected a table in broken.h5mu, found none. Check the file.")
        return [OpenSection(replace(self.dataset, name=name, sources=()))]

    def let_go(self, name):
        self.gates.setdefault(name, threading.Event()).set()


@pytest.fixture
def slow(sample, monkeypatch):
    made = Slow(sample)
    monkeypatch.setattr(reader, "found_in", made)
    yield made
    for name, _ in made.asked:
        made.let_go(name)


@pytest.fixture
def train(viewer):
    """The dock in a window, the others not asked for."""
    from napari_trsmi.gui.viewer import docks

    docks._OPENED.add(viewer)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", TRAIN)
    return dock


def names(viewer):
    return [section.dataset.name for section in sections_in(viewer)]


def test_the_window_answers_while_a_file_is_read_and_says_so(train, viewer, qtbot, slow):
    session, line = train.session, train.opening
    assert not line.isVisible()
    qtbot.mouseClick(train.data_panel.sample_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(slow.asked), timeout=30_000)
    assert slow.asked == [("trsmi_slice.h5mu", False)]  # not on the thread of the window
    qtbot.waitUntil(line.isVisible)
    assert line.bar.words.startswith("Opening trsmi_slice.h5mu")
    field = train.n_domains.lineEdit()
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "9")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.config.cluster.n_domains == 9
    assert session.section is None
    slow.let_go("trsmi_slice.h5mu")
    qtbot.waitUntil(lambda: session.section is not None, timeout=10_000)
    qtbot.waitUntil(lambda: not line.isVisible())


@pytest.mark.slow
def test_what_opens_the_next_file_stays_where_it_is(train, viewer, qtbot, slow):
    qtbot.mouseClick(train.data_panel.sample_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: train.opening.isVisible() and train.opening.y() > 0)
    assert train.opening.y() >= train.data_panel.geometry().bottom()  # Cancel does not come under the mouse


def test_opening_can_be_given_up(train, viewer, qtbot, slow):
    failed = []
    train.session.failed.connect(failed.append)
    open_soon(train.session, ["/data/big.h5mu"])
    qtbot.waitUntil(lambda: bool(slow.asked), timeout=30_000)
    qtbot.mouseClick(train.opening.cancel, Qt.MouseButton.LeftButton)
    assert not train.opening.isVisible()
    slow.let_go("big.h5mu")
    qtbot.waitUntil(lambda: slow.ended == ["big.h5mu"])
    qtbot.wait(50)
    assert (names(viewer), failed) == ([], [])


@pytest.mark.slow
def test_two_files_asked_for_one_after_the_other_open_in_that_order(train, viewer, qtbot, slow):
    for name in ("first.h5mu", "second.h5mu"):
        open_soon(train.session, [f"/data/{name}"])
    qtbot.waitUntil(lambda: bool(slow.asked), timeout=30_000)
    assert train.opening.bar.words == "Opening first.h5mu, 1 more waits"
    slow.let_go("second.h5mu")
    slow.let_go("first.h5mu")
    qtbot.waitUntil(lambda: len(names(viewer)) == 2, timeout=10_000)
    assert [name for name, _ in slow.asked] == ["first.h5mu", "second.h5mu"]
    qtbot.waitUntil(lambda: train.session.dataset.name == "second.h5mu")  # its picture is there before its spots


@pytest.mark.slow
def test_one_that_fails_is_said_and_the_next_is_opened(train, viewer, qtbot, slow):
    for name in ("broken.h5mu", "good.h5mu"):
        slow.let_go(name)
        open_soon(train.session, [f"/data/{name}"])
    qtbot.waitUntil(lambda: names(viewer) == ["good.h5mu"], timeout=30_000)
    assert not train.opening.isVisible()


@pytest.mark.parametrize("dropped", [True, False])
def test_what_was_opened_or_given_up_keeps_nothing_of_the_window(train, viewer, qtbot, dropped):
    class Wanted:
        def take(self, found):
            taken.append(found)

    taken, wanted, lane = [], Wanted(), lane_of(session_of(viewer))
    opening = Opening("Opening", lambda: 1, wanted.take, wanted.take)
    kept = ref(wanted)
    del wanted
    lane.add(opening)
    if dropped:
        lane.cancel()
    qtbot.waitUntil(lambda: not lane.line)
    gc.collect()
    assert kept() is None
    assert taken == ([] if dropped else [1])


def test_a_failure_stands_in_the_dock(train, qtbot, slow):
    slow.let_go("broken.h5mu")
    open_soon(train.session, ["/data/broken.h5mu"])
    qtbot.waitUntil(lambda: train.problem.first.text().startswith("Expected a table"), timeout=30_000)
    assert not train.opening.isVisible()


def test_a_file_that_ends_too_early_is_told_in_plain_words_that_unfold(train, qtbot, tmp_path, make_table, monkeypatch):
    path = tmp_path / "cut.h5ad"
    make_table().write_h5ad(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    monkeypatch.setattr("qtpy.QtWidgets.QFileDialog.getOpenFileNames", lambda *_, **__: ([str(path)], ""))
    focus(train.data_panel.open_button, qtbot)
    for after, key in ((150, Qt.Key.Key_Down), (250, Qt.Key.Key_Return)):
        QTimer.singleShot(after, partial(press, key))  # in the menu, which waits for them
    press(Qt.Key.Key_Space)
    problem = train.problem
    qtbot.waitUntil(problem.isVisible, timeout=20_000)
    assert problem.first.text().startswith("cut.h5ad is not complete: it ends after ")
    assert not problem.rest.isVisible()
    qtbot.mouseClick(problem.more, Qt.MouseButton.LeftButton)
    assert problem.rest.isVisible()
    assert str(path) in problem.rest.text()
    qtbot.mouseClick(problem.away, Qt.MouseButton.LeftButton)
    assert not problem.isVisible()


@pytest.mark.slow
def test_a_window_that_closes_meanwhile_opens_nothing(train, viewer, qtbot, slow):
    lane = lane_of(train.session)
    open_soon(train.session, ["/data/big.h5mu"])
    qtbot.waitUntil(lambda: bool(slow.asked), timeout=30_000)
    viewer.close()
    assert lane.line == []
    slow.let_go("big.h5mu")
    qtbot.waitUntil(lambda: slow.ended == ["big.h5mu"])
    qtbot.wait(50)
    assert names(viewer) == []


@pytest.mark.slow
def test_a_command_shows_how_far_it_is_where_no_dock_is_open(viewer, qtbot, slow):
    open_soon(session_of(viewer), ["/data/big.h5mu"])
    assert TRAIN in docks_of(viewer)
    slow.let_go("big.h5mu")
    qtbot.waitUntil(lambda: len(docks_of(viewer)) >= 7, timeout=60_000)
    qtbot.waitUntil(lambda: not docks_of(viewer)[TRAIN].visibleRegion().isEmpty())
    assert names(viewer) == ["big.h5mu"]


@pytest.mark.slow
def test_a_person_is_asked_once_the_file_is_read(train, viewer, qtbot, tmp_path, make_table, monkeypatch):
    from napari_trsmi.gui.viewer import library_picker

    table = make_table()
    table.obs["library_id"] = ["left"] * 18 + ["right"] * 18
    table.uns["spatial"] = {"left": {}, "right": {}}
    table.write_h5ad(tmp_path / "two.h5ad")
    monkeypatch.setattr(library_picker, "choose", lambda names, **_: names[1])
    open_soon(train.session, [str(tmp_path / "two.h5ad")])
    qtbot.waitUntil(lambda: train.session.section is not None, timeout=30_000)
    assert train.session.dataset.library == "right"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("study", ["study"]),
        pytest.param("apart", ["s1", "s2"], marks=pytest.mark.slow),
        pytest.param("none", [], marks=pytest.mark.slow),
    ],
)
def test_several_sections_are_a_study_or_not(train, viewer, qtbot, tmp_path, make_table, monkeypatch, answer, found):
    from napari_trsmi.gui.viewer import study_picker

    paths = [str(tmp_path / f"{name}.h5ad") for name in ("s1", "s2")]
    for seed, path in enumerate(paths):
        table = make_table(seed=seed)
        table.obsm["spatial"] = table.obsm["spatial"] * (1 + seed)
        table.write_h5ad(path)
    asked = []
    monkeypatch.setattr(study_picker, "choose", lambda sections: (asked.append(1), (answer, sections))[1])
    open_soon(train.session, paths)
    qtbot.waitUntil(lambda: bool(asked) and not lane_of(train.session).line, timeout=30_000)
    qtbot.waitUntil(lambda: len(names(viewer)) == len(found), timeout=10_000)
    assert [name.split()[0] for name in names(viewer)] == found
    if answer == "study":  # another one is told from it
        open_soon(train.session, paths)
        qtbot.waitUntil(lambda: names(viewer) == ["study", "study 2"], timeout=30_000)


# The libraries


def test_pieces_are_imported_one_event_after_the_other(qapp, qtbot):
    def broken():
        raise ImportError("no such library")

    between = []
    pieces = Pieces(lambda: iter([list, broken, list]))
    pieces.when_there(lambda: between.append("there"))
    assert (pieces.done, pieces.total) == (0, 3)
    qtbot.waitUntil(lambda: between == ["there"])
    assert pieces.done == 3
    pieces.when_there(lambda: between.append("again"))
    qtbot.waitUntil(lambda: between[-1] == "again")


ALONE = """
import sys, threading
from qtpy.QtCore import QCoreApplication
from napari_trsmi.gui.jobs.libraries import PIECES
from napari_trsmi.gui.viewer.opening import read_files

app = QCoreApplication([])
def read():
    before = set(sys.modules)
    try:
        for path in sys.argv[1:]:
            (section,) = read_files([path], None)
            assert section.dataset.n_spots
        print("new:", *sorted(set(sys.modules) - before))
    finally:
        app.quit()
PIECES.when_there(lambda: threading.Thread(target=read).start())
app.exec()
"""


@pytest.mark.slow
def test_a_thread_that_reads_finds_all_imported(fitted, tmp_path, make_table):
    path = tmp_path / "table.h5ad"
    make_table().write_h5ad(path)
    paths = [nt.sample_path(), fitted.path, path]
    done = subprocess.run([sys.executable, "-c", ALONE, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["new:"]
