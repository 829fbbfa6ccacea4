from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from color_by_hand import dock_of, opened, type_in
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QPushButton
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.color.gene_set_dialog import GeneSetDialog
from napari_trsmi.gui.finding.features import COLUMN, Feature
from napari_trsmi.gui.finding.maps import feature_coloring
from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer.sessions import session_of


def test_an_empty_viewer_says_what_to_do_and_opening_a_section_fills_the_dock(viewer, sample):
    dock = dock_of(viewer)
    assert dock._empty.isVisibleTo(dock)
    assert not dock._body.isVisibleTo(dock)
    session_of(viewer).activate(OpenSection(sample))
    assert not dock._empty.isVisibleTo(dock)
    assert [dock._within.itemText(k) for k in range(4)] == ["everywhere", "in rna", "in adt", "in columns"]
    dock.resize(330, 600)
    QApplication.processEvents()
    hint = dock._search.fontMetrics().horizontalAdvance(dock._search.placeholderText())
    assert hint <= dock._search.width() - 12  # it is not cut


def test_typing_a_gene_colours_the_spots(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    type_in(qtbot, dock._search, "vim4")
    assert session.coloring.title == "VIM4 (rna, log1p)"
    assert np.array_equal(session.coloring.values, feature_coloring(sample, "rna", "VIM4").values)
    assert dock._panel._title.text() == "VIM4 (rna, log1p)"
    assert "of the spots" in dock._panel._summary.text()


@pytest.mark.parametrize("place", [0, *(pytest.param(place, marks=pytest.mark.slow) for place in (1, 2)), 3])
def test_what_is_typed_stays_as_typed(viewer, sample, qtbot, place):
    dock, _ = opened(viewer, sample)
    dock._two.setChecked(place > 0)
    field = dock._fields[place]
    focus(field, qtbot)
    for typed, letter in (("c", "c"), ("cd", "d"), ("cd3", "3")):
        type_keys(letter)
        assert field.text() == typed
    press(Qt.Key.Key_Down)
    assert field.text() == "cd3"
    press(Qt.Key.Key_Backspace)
    assert field.text() == "cd"
    press(Qt.Key.Key_Escape)
    assert (field.text(), field.list.isVisible()) == ("cd", False)


def test_before_anything_is_typed_there_is_a_list_and_a_click_colours(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    listed = [feature.name for feature in dock._list.features()]
    assert listed[0] == "domain"
    assert set(sample.modalities["adt"].table.var_names) <= set(listed)
    item = dock._list.findItems("CD8", Qt.MatchFlag.MatchExactly)[0]
    dock._list.scrollToItem(item)
    at = dock._list.visualItemRect(item).center()
    qtbot.mouseClick(dock._list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert session.coloring.title == "CD8 (adt, log1p)"
    assert dock._search.text() == "CD8"
    dock._back.click()
    assert dock._list.selectedItems() == []


@pytest.mark.slow
def test_the_arrow_keys_go_through_the_list(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    dock._list.setCurrentItem(dock._list.findItems("CD3", Qt.MatchFlag.MatchExactly)[0])
    qtbot.keyClick(dock._list, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: session.coloring is not None)
    assert session.coloring.title == "CD4 (adt, log1p)"


@pytest.mark.slow
def test_headings_of_the_list_colour_nothing(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    at = dock._list.visualItemRect(dock._list.item(0)).center()
    qtbot.mouseClick(dock._list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert session.coloring is None


@pytest.mark.slow
def test_the_list_follows_where_to_search(viewer, sample):
    dock, _ = opened(viewer, sample)
    dock._within.setCurrentText("in adt")
    assert {feature.modality for feature in dock._list.features()} == {"adt"}


@pytest.mark.slow
def test_recent_features_come_back_with_a_click(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    for name in ("VIM4", "GRI9", "VIM4"):
        dock.pick(Feature("rna", name))
    chips = {chip.text(): chip for chip in dock._recent.group.buttons()}
    assert set(chips) == {"VIM4", "GRI9"}
    qtbot.mouseClick(chips["GRI9"], Qt.MouseButton.LeftButton)
    assert session.coloring.title == "GRI9 (rna, log1p)"
    assert dock._search.text() == "GRI9"


@pytest.mark.slow
def test_a_typed_gene_set_becomes_a_score_to_colour_by(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    news = []
    session.told.connect(news.append)
    qtbot.mouseClick(dock._sets, Qt.MouseButton.LeftButton)
    dialog = dock.findChild(GeneSetDialog)
    assert not dialog._ok.isEnabled()
    focus(dialog._name, qtbot)
    type_keys("Mine")
    focus(dialog._genes, qtbot)
    type_keys("vim4, GRI9 none")
    assert dialog._found.text() == "2 of 3 genes are in rna. Missing: none."
    qtbot.mouseClick(dialog._ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.coloring is not None)
    assert session.coloring.title == "Mine (mean z of 2 genes of rna)"
    assert news == ["Mine: 2 of 3 genes are in rna. Missing: none."]
    assert dock._search.text() == "Mine"
    dock._two.setChecked(True)
    type_in(qtbot, dock._together.channels[1].search, "Mine")
    assert session.coloring.channels[0].title == "Mine (mean z of 2 genes of rna)"


@pytest.mark.slow
def test_a_set_of_a_gmt_file_fills_the_dialog(viewer, sample, qtbot, tmp_path):
    path = tmp_path / "sets.gmt"
    path.write_text("T cells\tabout\tVIM4\tGRI9\nB cells\t\tGRI1\n")
    dock, _ = opened(viewer, sample)
    dock.ask_for_set()
    dialog = dock.findChild(GeneSetDialog)
    dialog.ask_file = lambda parent: str(path)
    qtbot.mouseClick(dialog._open, Qt.MouseButton.LeftButton)
    type_in(qtbot, dialog._sets, "b c")
    assert (dialog.name, dialog.genes) == ("B cells", ["GRI1"])
    assert dialog.isVisible()  # Enter took the set, and did not close the dialog
    dialog.ask_file = lambda parent: str(tmp_path / "gone.gmt")
    dialog.open_file()
    assert "gone.gmt" in dialog._found.text()
    dialog.reject()


def test_a_column_of_ones_own_is_found_at_once(viewer, sample):
    section = OpenSection(replace(sample, obs=sample.obs.copy(), own_columns={}))
    session = session_of(viewer)
    session.activate(section)
    dock = dock_of(viewer)
    dock._search.set_picked(Feature("rna", "VIM4"))
    session.annotations.put("region", pd.Categorical(["a"] * sample.n_spots))
    assert [feature.name for feature in dock._search.matching("region")] == ["region"]
    assert dock._search.text() == "VIM4"


@pytest.mark.slow
def test_a_feature_can_be_sought_in_one_modality(viewer, sample, qtbot):
    dock, _ = opened(viewer, sample)
    dock._within.setCurrentText("in columns")
    qtbot.keyClicks(dock._search, "d")
    assert {f.modality for f in dock._search.matches} == {COLUMN}


@pytest.mark.slow
def test_categories_have_no_limits_and_numbers_do(viewer, sample):
    dock, session = opened(viewer, sample)
    dock.pick(Feature(COLUMN, "domain"))
    assert session.coloring.names[0] == "layer 1"
    assert not dock._panel._numbers.isVisibleTo(dock)
    dock.pick(Feature(COLUMN, "array_row"))
    assert dock._panel._numbers.isVisibleTo(dock)


def test_limits_clip_and_colour_map_change_the_colouring_and_not_its_values(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    dock.pick(Feature("rna", "VIM4"))
    values, panel = session.coloring.values, dock._panel
    with qtbot.waitSignal(panel._apply.timeout):
        panel._limits.setValue((0.5, 1.5))
    assert session.coloring.limits == pytest.approx((0.5, 1.5), abs=0.01)
    panel._clip.setValue(10)
    tenth = np.percentile(values[values > 0], 90)
    assert session.coloring.limits == pytest.approx((0, tenth))
    assert panel._limits.value() == pytest.approx((0, tenth), abs=0.01)
    panel._colormap.setCurrentText("magma")
    panel._colormap.activated.emit(2)
    assert session.coloring.colormap == "magma"
    assert session.coloring.values is values
    dock.pick(Feature("rna", "GRI9"))
    assert session.coloring.colormap == "magma"


@pytest.mark.slow
def test_the_mean_of_each_domain_is_drawn_when_domains_come(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    dock.pick(Feature("rna", "VIM4"))
    assert not dock._panel._means.isVisibleTo(dock)
    labels = (session.coloring.values > 1).astype(int)
    session.show(Shown(labels, ("low", "high"), ("#112233", "#445566")))
    qtbot.waitUntil(lambda: dock._panel._means.isVisibleTo(dock))
    expected = [session.coloring.values[labels == k].mean() for k in (0, 1)]
    assert dock._panel._means.means == pytest.approx(expected)
    assert "highest in domain high" in dock._panel._summary.text()


def test_domains_come_back_with_a_button(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    assert not dock._back.isVisibleTo(dock)
    dock.pick(Feature("rna", "VIM4"))
    qtbot.mouseClick(dock._back, Qt.MouseButton.LeftButton)
    assert session.coloring is None
    assert not dock._panel.isVisibleTo(dock)


@pytest.mark.slow
def test_a_colouring_from_elsewhere_is_shown_too(viewer, sample):
    dock, session = opened(viewer, sample)
    session.color(Coloring("Confidence", np.linspace(0, 1, sample.n_spots), "turbo"))
    assert dock._panel._title.text() == "Confidence"
    assert dock._panel._colormap.currentText() == "turbo"
    assert dock._panel._limits.value() == (0, 1)


def test_a_colouring_that_was_taken_off_on_hearing_of_it_is_not_summed_up(viewer, sample):
    session = session_of(viewer)
    taken_off = session.coloring_changed.connect(lambda coloring: coloring is not None and session.color(None))
    dock, session = opened(viewer, sample)
    session.color(feature_coloring(sample, "rna", "VIM4"))
    assert session.coloring is None
    assert dock._panel.isHidden()
    session.coloring_changed.disconnect(taken_off)


@pytest.mark.slow
def test_what_cannot_be_coloured_is_said_and_the_colours_before_it_stay(viewer, sample, monkeypatch):
    dock, session = opened(viewer, sample)
    dock.pick(Feature("rna", "VIM4"))
    before, told = session.coloring, []
    session.failed.disconnect()
    session.failed.connect(told.append)
    dock.pick(Feature("rna", "gone"))
    assert told == ["Expected a feature of rna, found 'gone', which it does not have."]
    assert session.coloring is before


@pytest.mark.slow
def test_another_section_starts_afresh(viewer, sample):
    dock, session = opened(viewer, sample)
    dock.pick(Feature("rna", "VIM4"))
    session.activate(OpenSection(sample))
    assert session.coloring is None
    assert dock._recent.group.buttons() == []
    session.activate(None)
    assert dock._empty.isVisibleTo(dock)


@pytest.mark.parametrize("theme", ["dark", pytest.param("light", marks=pytest.mark.slow)])
def test_the_dock_fits_its_place(viewer, sample, qtbot, theme):
    viewer.theme = theme
    dock, session = opened(viewer, sample)
    for k in range(6):
        dock.pick(Feature("rna", sample.modalities["rna"].table.var_names[k]))
    session.show(Shown(np.arange(sample.n_spots) % 20, tuple("abcdefghijklmnopqrst"), ("#112233",) * 20))
    for two in (False, True):
        dock._two.setChecked(two)
        QApplication.processEvents()
        assert dock.minimumSizeHint().width() <= 340
        assert dock.minimumSizeHint().height() <= 620
    assert all(button.isEnabled() for button in dock.findChildren(QPushButton))
