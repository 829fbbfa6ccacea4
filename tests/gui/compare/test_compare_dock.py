"""The dock of runs in a viewer: driven as a person does."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QLineEdit, QPushButton

from napari_trsmi import DataError, edits
from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.session.runs import on
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def dock(qtbot, trained, fewer):
    """The dock beside two runs, on a viewer without a window; the second run is shown."""
    viewer = ViewerModel()
    open_section(viewer, trained.dataset, replace(trained))
    dock = CompareDock(viewer)
    dock.viewer = viewer  # nothing else keeps it alive
    dock.session.failed.disconnect()
    dock.told = []
    dock.session.failed.connect(dock.told.append)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    dock.session.set_result(fewer)
    return dock


def rows(dock):
    """What the list says, as {name: {heading: text}}."""
    model = dock.runs.model
    headings = [model.headerData(at, Qt.Orientation.Horizontal) for at in range(model.columnCount())]
    cells = [[model.index(row, at).data() for at in range(len(headings))] for row in range(model.rowCount())]
    return {line[0]: dict(zip(headings, line, strict=True)) for line in cells}


def select(dock, row):
    dock.runs.table.selectRow(row)


def click(qtbot, dock, text):
    button = dock.runs.buttons[text]
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def finish(qtbot, session):
    """Wait for the job in the thread."""
    with qtbot.waitSignal(session.runs_changed, timeout=60_000):
        pass


def test_without_a_run_the_dock_says_what_to_do_next(viewer, sample, trained):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Compare")
    assert "Open a section" in dock.empty.text()
    open_section(viewer, sample)
    assert "Train first" in dock.empty.text()
    assert dock.stack.currentWidget() is dock.empty
    session_of(viewer).set_result(trained)
    assert dock.stack.currentWidget() is dock.page


def test_the_dock_fits_a_narrow_place_in_a_small_window(dock):
    assert dock.minimumSizeHint().width() <= 340
    assert dock.minimumSizeHint().height() <= 700
    for button in dock.findChildren(QPushButton):
        if button.isVisible():
            assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width(), button.text()


def test_runs_are_listed_with_their_scores(dock, trained, fewer):
    found = rows(dock)
    assert list(found) == ["run 1", "run 2"]
    assert found["run 1"]["Domains"] == "7"
    assert found["run 2"]["Domains"] == "5"
    assert found["run 2"]["Like"] == "1.00"
    assert 0 < float(found["run 1"]["Like"]) < 1
    assert found["run 1"]["Certain"] == f"{trained.confidence.mean():.2f}"
    assert found["run 1"]["Scattered"] == f"{trained.scores['PAS']:.2f}"
    assert found["run 2"]["Differs in"] == "clustered again"
    assert found["run 1"]["Differs in"] == "same settings"


def test_an_earlier_run_is_shown_again_by_a_double_click_a_key_and_a_button(dock, qtbot, trained, fewer):
    table = dock.runs.table
    assert table.entry.result is fewer
    place = table.visualRect(dock.runs.model.index(0, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dock.session.result.labels is trained.labels
    assert np.array_equal(dock.session.shown.labels, trained.labels)
    select(dock, 1)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert dock.session.result is fewer
    assert not dock.runs.buttons["Show"].isEnabled()
    select(dock, 0)
    click(qtbot, dock, "Show")
    assert dock.session.result.labels is trained.labels


def test_a_run_is_renamed_in_its_row(dock, qtbot):
    select(dock, 0)
    click(qtbot, dock, "Rename")
    editor = dock.runs.table.findChild(QLineEdit)
    editor.setText("wide")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: list(rows(dock)) == ["wide", "run 2"])  # Qt commits what was typed a moment later
    dock.runs.rename(dock.runs.model.entries[0], "run 2")
    assert dock.told == ["Expected a name that no other run has, found 'run 2'. Use another one."]


def test_a_pinned_run_goes_to_the_top_and_stays(dock, qtbot):
    select(dock, 1)
    qtbot.keyClick(dock.runs.table, Qt.Key.Key_P)
    assert list(rows(dock)) == ["★ run 2", "run 1"]
    assert dock.runs.table.entry.name == "run 2"
    assert not dock.runs.buttons["Delete"].isEnabled()
    assert dock.runs.buttons["Pin"].text() == "Unpin"
    click(qtbot, dock, "Pin")
    assert list(rows(dock)) == ["run 1", "run 2"]


def test_a_run_is_deleted_unless_it_is_shown(dock, qtbot):
    select(dock, 1)
    assert not dock.runs.buttons["Delete"].isEnabled()
    qtbot.keyClick(dock.runs.table, Qt.Key.Key_Delete)
    assert dock.told == ["Expected a run that is not shown, found run 2. Show another one first."]
    select(dock, 0)
    qtbot.keyClick(dock.runs.table, Qt.Key.Key_Delete)
    assert list(rows(dock)) == ["run 2"]


def test_a_run_that_is_deleted_here_is_let_go_of(dock, qtbot):
    gone = weakref.ref(dock.runs.model.entries[0].result)
    select(dock, 0)
    click(qtbot, dock, "Delete")
    gc.collect()
    assert gone() is None


def test_the_settings_of_a_run_go_back_to_the_form(dock, qtbot, trained):
    select(dock, 0)
    click(qtbot, dock, "Settings to form")
    assert dock.session.config == trained.config
    select(dock, 1)
    click(qtbot, dock, "Settings to form")
    assert dock.session.config.cluster.n_domains == 5


def test_a_run_is_clustered_again_in_a_thread(dock, qtbot, trained):
    select(dock, 0)
    dock.runs.n_domains.setValue(4)
    dock.runs.domain_scale.setValue(1)
    with qtbot.waitSignal(dock.session.runs_changed, timeout=60_000):
        click(qtbot, dock, "Cluster again")
        assert not dock.runs.buttons["Cluster again"].isEnabled()
    result = dock.session.result
    assert result.partition.n_domains == 4
    assert result.config.cluster.domain_scale == 1
    assert np.array_equal(result.embedding, trained.embedding)
    assert rows(dock)["run 3"]["Domains"] == "4"
    assert dock.runs.buttons["Cluster again"].isEnabled()
    expected = edits.recluster(trained, trained.config.cluster.model_copy(update={"n_domains": 4, "domain_scale": 1}))
    assert np.array_equal(result.labels, expected.labels)


def test_more_domains_than_groups_are_refused_in_a_sentence(dock, qtbot, monkeypatch):
    from napari_trsmi.errors import ConfigError

    def refuse(*_):
        raise ConfigError("n_domains=9 needs that many distinct groups of spots, found 8. Lower n_domains.")

    monkeypatch.setattr(edits, "recluster", refuse)
    with qtbot.waitSignal(dock.session.failed, timeout=60_000, check_params_cb=lambda text: "Lower" in text):
        click(qtbot, dock, "Cluster again")
    assert dock.runs.buttons["Cluster again"].isEnabled()
    assert len(dock.runs.model.entries) == 2


@pytest.mark.parametrize(
    ("name", "way"), [("kept.h5mu", "file"), pytest.param("kept.zarr", "folder", marks=pytest.mark.slow)]
)
def test_a_saved_result_is_added_and_one_of_other_spots_refused(dock, qtbot, trained, tmp_path, monkeypatch, name, way):
    path = tmp_path / name
    edits.rename(trained, 0, "cortex").write(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))
    actions = dock.runs.buttons["Add…"].menu().actions()
    with qtbot.waitSignal(dock.session.runs_changed, timeout=60_000):
        next(action for action in actions if action.text().startswith(f"Saved result: {way}")).trigger()
    assert list(rows(dock)) == ["run 1", "run 2", "kept"]
    assert dock.session.result.names[0] == "cortex"
    assert dock.session.result.dataset is dock.session.dataset
    assert dock.session.section.path == path

    few = replace(trained.dataset, obs_names=np.char.add(trained.dataset.obs_names.astype(str), "-2"))
    with pytest.raises(DataError, match=r"Expected a result of the 2500 spots of .* 0 of them the same"):
        on(few, trained)


def test_the_table_is_reached_and_left_by_keys(dock):
    assert dock.runs.table.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert not dock.runs.table.tabKeyNavigation()
    for button in dock.runs.buttons.values():
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert button.toolTip()


def test_nothing_acts_while_training_that_would_change_the_result(dock, qtbot, monkeypatch):
    select(dock, 0)
    dock.session._start_trainer = lambda session, run: None
    dock.session.start()
    for text in ("Show", "Cluster again", "Add…"):
        assert not dock.runs.buttons[text].isEnabled()
    before = dock.session.result
    qtbot.keyClick(dock.runs.table, Qt.Key.Key_Return)
    assert dock.session.result is before
    dock.session.cancel()
    assert dock.runs.buttons["Show"].isEnabled()


def test_the_run_that_is_shown_can_be_shown_again_where_its_layer_was_removed(dock, qtbot):
    session = dock.session
    shown = next(row for row, entry in enumerate(dock.runs.model.entries) if entry is dock.runs.model.shown)
    select(dock, shown)
    assert not dock.runs.buttons["Show"].isEnabled()
    viewer = session.canvas.viewer
    viewer.layers.remove(session.canvas.layer("domains").name)
    click(qtbot, dock, "Show")
    assert session.canvas.layer("domains").visible
    assert not dock.runs.buttons["Show"].isEnabled()


def test_nothing_moves_when_a_view_is_chosen(dock, qtbot):
    qtbot.waitUntil(lambda: dock.comparison.pair is not None, timeout=20_000)
    buttons = [*dock.runs.buttons.values(), *dock.comparison.buttons.values()]

    def places():
        qtbot.wait(30)
        return [(button.mapTo(dock, button.rect().topLeft()), button.size()) for button in buttons]

    before = places()
    for mode in ("side", "blink", "swipe", "differences", "differences"):
        dock.comparison.buttons[mode].click()
        assert places() == before, mode


def test_what_sets_a_run_apart_is_seen_whole_in_a_narrow_dock(dock):
    dock.resize(330, 700)
    table, columns = dock.runs.table, [column.key for column in dock.runs.model.columns]
    at = columns.index("differs")
    assert table.columnViewportPosition(at) + table.columnWidth(at) <= table.viewport().width()
