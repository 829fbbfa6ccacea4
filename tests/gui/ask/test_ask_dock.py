"""The dock Ask, shown and focused, by keys and clicks: answers, lassos, what is outdated, what is empty."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from opened_dock import open_section
from pressed import LEFT, press
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtWidgets import QFileDialog

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.answers.figures import COLORS
from napari_trsmi.gui.ask import describe_panel, differ_panel
from napari_trsmi.gui.ask.dock import AskDock
from napari_trsmi.gui.finding.maps import feature_coloring
from napari_trsmi.gui.viewer.sessions import session_of


def compared(qtbot, panel):
    """Press Compare and wait for the answer."""
    press(qtbot, panel.compare)
    qtbot.waitUntil(lambda: panel.job is None and panel.found is not None, timeout=30_000)
    return panel.found


def test_two_domains_are_compared_by_keys_and_the_table_is_that_of_python(qtbot, dock):
    panel = dock.differ
    panel.a.kind.setFocus()
    qtbot.keyClick(panel.a.value, Qt.Key.Key_Down)
    qtbot.keyClick(panel.b.kind, Qt.Key.Key_Down)
    assert (panel.a.where, panel.b.where) == ("domain:2", "domain:2")
    assert not panel.compare.isEnabled()  # with itself
    qtbot.keyClick(panel.b.value, Qt.Key.Key_Up)
    assert panel.b.where == "domain:1"
    panel.compare.setFocus()
    qtbot.keyClick(panel.compare, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.found is not None, timeout=30_000)
    expected = nt.differ(dock.session.result, "2", "1", held_out=False).tables["rna"]
    pd.testing.assert_frame_equal(panel.views.table.features.table, expected)
    assert panel.views.modality.currentText() == "rna"
    assert "A: domain 2 (" in panel.note.text()
    assert "p is an aid to put features in order, no proof" in panel.note.text()


def test_a_click_on_a_feature_or_on_its_dot_colours_the_tissue(qtbot, dock):
    panel = dock.differ
    compared(qtbot, panel)
    table = panel.views.table
    at = table.visualRect(table.model().index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=at)
    name = table.features.table["feature"][1]
    expected = feature_coloring(dock.session.dataset, "rna", name)
    assert np.array_equal(dock.session.coloring.values, expected.values)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert dock.session.coloring.title.startswith(str(table.features.table["name"][2]))

    panel.views.tabs.setCurrentWidget(panel.views.volcano)
    plot = panel.views.volcano.plot
    qtbot.wait(50)
    box = plot.getPlotItem().vb
    effect, high = panel.views.volcano._at[0]
    scene = box.mapViewToScene(QPointF(float(effect), float(high)))
    qtbot.mouseClick(plot.viewport(), LEFT, pos=plot.mapFromScene(scene))
    qtbot.waitUntil(lambda: dock.session.coloring.title.startswith(str(table.features.table["name"][0])), timeout=3000)


def test_a_click_on_a_heading_sorts_and_rows_keep_their_feature(qtbot, dock):
    compared(qtbot, dock.differ)
    table = dock.differ.views.table
    header = table.horizontalHeader()
    column = [one.key for one in table.features.columns].index("auc")
    place = QPoint(header.sectionViewportPosition(column) + 10, 8)
    qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    qtbot.mouseClick(header.viewport(), LEFT, pos=place)
    whole = table.features.table
    shown = [float(table.model().index(row, column).data()) for row in range(5)]
    assert shown in (sorted(shown), sorted(shown, reverse=True))
    table.selectRow(0)
    (row,) = table.selected
    assert whole["auc"][row] in (whole["auc"].max(), whole["auc"].min())


def test_the_sides_of_the_selected_boundary_are_taken_by_one_button(qtbot, dock):
    panel = dock.differ
    assert not panel.sides.isEnabled()
    assert "Select a boundary first" in panel.sides.toolTip()
    dock.session.select_boundary(3)
    press(qtbot, panel.sides)
    pair = dock.session.result.boundaries.loc[3, ["domain_a", "domain_b"]].astype(int)
    a, b = (dock.session.result.names[k] for k in pair)
    assert (panel.a.where, panel.b.where) == (f"boundary:3:{a}", f"boundary:3:{b}")
    found = compared(qtbot, panel)
    assert found.a.name == f"side of {a} of boundary 3"


@pytest.mark.slow
def test_held_out_counts_are_made_once_for_all_questions(qtbot, dock, monkeypatch):
    from napari_trsmi.evidence import carriers

    made, real = [], carriers.count_halves
    monkeypatch.setattr(carriers, "count_halves", lambda result: made.append(1) or real(result))
    dock.differ.fresh.setChecked(True)
    found = compared(qtbot, dock.differ)
    assert set(found.tables["rna"]["tested_on"]) == {"counts that did not draw the domains"}
    assert "p comes from counts that did not draw the domains" in dock.differ.note.text()
    dock.tabs.setCurrentWidget(dock.describe)
    press(qtbot, dock.describe.describe)
    qtbot.waitUntil(lambda: dock.describe.found is not None, timeout=30_000)
    assert made == [1]


@pytest.mark.slow
def test_a_lasso_becomes_a_column_that_can_be_undone(qtbot, dock):
    panel, session = dock.differ, dock.session
    before = session.deeds.last
    press(qtbot, panel.a.draw)
    viewer = dock.viewer
    layer = viewer.layers.selection.active
    assert layer.mode == "add_polygon_lasso"
    assert "they become A" in panel.note.text()
    at = session.dataset.coords[:, ::-1]
    middle, reach = at.mean(axis=0), np.ptp(at, axis=0) / 5
    layer.add_polygons(middle + reach * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]))
    qtbot.waitUntil(lambda: panel.a.where == "lasso=A")
    inside = (np.abs(at - middle) < reach).all(axis=1)
    assert np.array_equal(session.dataset.obs["lasso"].notna().to_numpy(), inside)
    assert session.annotations.names == ("lasso",)
    assert layer not in viewer.layers
    assert not panel.a.draw.isChecked()
    assert session.coloring.title == "lasso"
    assert dict(zip(session.coloring.names, session.coloring.colors, strict=True))["A"] == COLORS[0]  # as in the plots
    found = compared(qtbot, panel)
    assert found.a.n_spots == inside.sum()
    assert session.deeds.last == "lasso A"
    session.deeds.undo()
    assert "lasso" not in session.dataset.obs
    assert session.deeds.last == before  # one lasso is one step
    assert panel.a.where.startswith("domain:")
    session.deeds.redo()
    assert session.dataset.obs["lasso"].notna().sum() == inside.sum()


def test_another_section_ends_lassoing_and_leaves_no_layer(qtbot, dock, sample):
    viewer = dock.viewer
    press(qtbot, dock.differ.a.draw)
    layer = viewer.layers.selection.active
    other = open_section(viewer, replace(sample, name="other"))
    assert not layer.visible
    assert not dock.differ.a.draw.isChecked()
    qtbot.waitUntil(lambda: layer not in viewer.layers, timeout=2_000)
    assert dock.session.section is other
    assert viewer.layers.selection.active.metadata["trsmi"]["section"] is other
    press(qtbot, dock.differ.b.draw)
    assert viewer.layers.selection.active.mode == "add_polygon_lasso"


def test_another_dock_in_front_ends_lassoing_and_leaves_no_layer(qtbot, dock):
    viewer = dock.viewer
    before = list(viewer.layers)
    press(qtbot, dock.differ.b.draw)
    assert len(viewer.layers) == len(before) + 1
    dock.hide()
    assert list(viewer.layers) == before
    assert not dock.differ.b.draw.isChecked()


def test_the_two_groups_are_shown_on_the_tissue(qtbot, dock):
    press(qtbot, dock.differ.show_groups)
    qtbot.waitUntil(lambda: dock.session.coloring is not None)
    coloring = dock.session.coloring
    assert coloring.names == ("A: domain 1", "B: rest")
    assert np.array_equal(coloring.values == 0, dock.session.result.labels == 0)


def test_the_two_groups_are_found_beside_the_window_and_not_shown_on_another_section(qtbot, dock, monkeypatch):
    threads, session = [], dock.session
    monkeypatch.setattr(differ_panel, "groups_coloring", lambda *_: threads.append(threading.current_thread()))
    colored = []
    session.coloring_changed.connect(colored.append)
    press(qtbot, dock.differ.show_groups)
    session.activate(None)
    colored.clear()
    qtbot.waitUntil(lambda: bool(threads) and not session.busy.under_way)
    assert threads[0] is not threading.main_thread()
    assert colored == []


@pytest.mark.slow
def test_an_answer_goes_with_the_domains_it_is_about_and_stays_under_other_names(qtbot, dock):
    panel, session = dock.differ, dock.session
    compared(qtbot, panel)
    told = panel.note.text()
    panel.a.choose("Domain", "domain:5")
    session.set_result(edits.rename(session.result, 4, "other"))
    assert panel.found is not None
    assert panel.a.where == "domain:other"
    assert panel.note.text() == f"{differ_panel.OTHERS} {told}"
    panel.a.choose("Domain", "domain:1")
    session.set_result(edits.rename(session.result, 0, "the first"))
    assert panel.a.where == "domain:the first"
    assert panel.note.text() == told
    session.set_result(edits.merge(session.result, [0, 1]))
    assert panel.found is None
    assert panel.note.text() == differ_panel.ASK
    assert not panel.views.isVisible()


def test_an_answer_says_that_it_is_about_other_groups_than_are_chosen_now(qtbot, dock):
    panel, own = dock.differ, dock.session.annotations
    half = np.arange(dock.session.dataset.n_spots) < 1000
    own.put("mine", pd.Categorical(np.where(half, "A", "B")))
    panel.a.choose("mine", "mine=A")
    panel.b.choose("mine", "mine=B")
    compared(qtbot, panel)
    told = panel.note.text()
    assert told.startswith("A: mine A (1,000 spots)")
    press(qtbot, panel.swap)
    assert panel.note.text() == f"{differ_panel.OTHERS} {told}"
    press(qtbot, panel.swap)
    assert panel.note.text() == told
    own.put("mine", pd.Categorical(np.where(half, "B", "A")))  # other spots of the same name
    assert panel.note.text() == f"{differ_panel.OTHERS} {told}"
    own.drop("mine")  # the dataset is that of other tests, too


def test_a_question_under_way_is_dropped_with_what_it_was_about(qtbot, dock, monkeypatch):
    from threading import Event

    from napari_trsmi.interrupt import check

    began, ended = Event(), Event()

    def slow(*_, **__):
        began.set()
        try:
            while True:
                check()
                ended.wait(0.01)
        finally:
            ended.set()

    monkeypatch.setattr("napari_trsmi.answers.differ", slow)
    press(qtbot, dock.differ.compare)
    qtbot.waitUntil(began.is_set)
    assert dock.differ.stop.isVisible()
    dock.session.set_result(edits.merge(dock.session.result, [0, 1]))
    assert dock.differ.job is None
    qtbot.waitUntil(ended.is_set)
    assert dock.differ.found is None
    press(qtbot, dock.differ.compare)
    press(qtbot, dock.differ.stop)
    assert dock.differ.note.text() == differ_panel.ASK
    assert dock.told == []


@pytest.mark.slow
def test_dots_and_violins_are_drawn(qtbot, dock):
    compared(qtbot, dock.differ)
    views = dock.differ.views
    for picture in (views.dots, views.violins):
        views.tabs.setCurrentWidget(picture)
        qtbot.waitUntil(lambda picture=picture: not picture.picture.pixmap().isNull(), timeout=20_000)
        assert picture.picture.pixmap().width() <= picture.width()


def test_no_domain_stands_twice_in_the_dots(qtbot, dock, monkeypatch):
    panel, drawn = dock.differ, []
    compared(qtbot, panel)
    monkeypatch.setattr("napari_trsmi.answers.figures.draw_dots", lambda _, __, groups, ___: drawn.append(groups))
    panel.views.tabs.setCurrentWidget(panel.views.dots)
    panel.views._drawing()(4.0)
    names = [group.name for group in drawn[-1]]
    assert names[:2] == ["domain 1", "rest"]
    assert len(names) == len(set(names)) == len(dock.session.result.names) + 1


def test_tables_and_figures_are_saved(qtbot, dock, tmp_path, monkeypatch):
    compared(qtbot, dock.differ)
    views = dock.differ.views
    for button, name in ((views.save_table, "x.csv"), (views.save_figure, "x.svg")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, name=name: (str(tmp_path / name), ""))
        press(qtbot, button)
        qtbot.waitUntil((tmp_path / name).exists, timeout=20_000)
    assert len(pd.read_csv(tmp_path / "x.csv")) == len(dock.differ.found.table())


# Empty states and room


@pytest.mark.slow
def test_empty_states_say_what_to_do(qtbot, viewer, sample):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Ask")
    assert "Open a section first" in dock.empty.text()
    open_section(viewer, sample)
    assert dock.stack.currentWidget() is dock.page
    assert dock.differ.note.text() == differ_panel.ASK
    assert "Domain" not in [dock.differ.a.kind.itemText(k) for k in range(dock.differ.a.kind.count())]
    assert dock.describe.summary.text() == describe_panel.NO_RESULT
    assert not dock.describe.describe.isEnabled()


def test_the_dock_fits_in_330_pixels_whatever_things_are_called(qtbot, dock):
    session = dock.session
    long = "a name of fifty-one letters that goes on and on, on"
    session.annotations.put(long, pd.Categorical(np.where(np.arange(session.dataset.n_spots) % 2, long, "short")))
    session.set_result(edits.rename(session.result, 0, long))
    dock.differ.a.choose(long, f"{long}={long}")
    compared(qtbot, dock.differ)
    assert isinstance(dock, AskDock)
    assert dock.minimumSizeHint().width() <= 330
    assert session_of(dock.viewer) is session
