"""The list of the sections of a study."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtCore import Qt
from small_study import small_study

from napari_trsmi.gui.correct.lasso_layers import sides_of
from napari_trsmi.gui.legend.legend import Legend
from napari_trsmi.gui.session.state import OpenSection, Shown
from napari_trsmi.gui.viewer.layers import world
from napari_trsmi.gui.viewer.part_list import PartList
from napari_trsmi.gui.viewer.seen import views_of
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def opened(qtbot):
    viewer = ViewerModel()
    parts = PartList(session_of(viewer))
    parts.viewer = viewer  # nothing else keeps it alive
    qtbot.addWidget(parts)
    add(viewer, OpenSection(small_study()))
    return parts


def cells(parts, number):
    return [parts.item(number).text(column) for column in range(4)]


def click(parts, number, column):
    parts.itemClicked.emit(parts.item(number), column)


def test_each_section_has_a_row_with_spots_and_modalities(opened):
    assert cells(opened, None)[1:3] == ["All sections", f"{opened.session.dataset.n_spots:,}"]
    names = [cells(opened, number)[1] for number in range(3)]
    assert names == ["a", "b", "c"]
    assert cells(opened, 0)[3] == "rna · adt"
    assert opened.item(None).isSelected()


def test_a_single_section_has_no_list(opened):
    add(opened.viewer, OpenSection(small_study().parts[0]))
    assert opened.isHidden()
    assert opened.topLevelItemCount() == 0


def test_a_tick_hides_and_chooses_nothing(opened):
    parts = opened.session.parts
    opened.item(1).setCheckState(0, Qt.CheckState.Unchecked)
    click(opened, 1, 0)
    assert parts.hidden == {1}
    assert parts.chosen is None
    assert opened.item(None).checkState(0) == Qt.CheckState.PartiallyChecked
    opened.item(None).setCheckState(0, Qt.CheckState.Checked)
    assert parts.hidden == frozenset()
    assert opened.item(1).checkState(0) == Qt.CheckState.Checked
    opened.item(None).setCheckState(0, Qt.CheckState.Unchecked)
    assert parts.hidden == {0, 1, 2}


def test_a_lasso_takes_no_spots_that_are_hidden(opened):
    section = opened.session.section
    opened.session.parts.hide(frozenset({1}))
    low, high = section.dataset.coords.min() - 1, section.dataset.coords.max() + 1
    everything = np.array([[low, low], [low, high], [high, high], [high, low]])
    sides = sides_of(section, [("polygon", everything, "A")], np.zeros(section.dataset.n_spots, int))
    assert np.array_equal(sides > 0, section.dataset.section != 1)


def test_a_double_click_flies_to_the_section(opened, qtbot):
    session, camera = opened.session, opened.viewer.scene.camera
    opened.itemDoubleClicked.emit(opened.item(2), 1)
    qtbot.wait(400)
    own = session.dataset.coords[session.dataset.sections[2], ::-1] * world(session.dataset)[0]
    assert np.all(own.min(axis=0) < camera.center[-2:])
    assert np.all(own.max(axis=0) > camera.center[-2:])


def test_the_legend_counts_the_section_that_is_chosen(opened, qtbot):
    session = opened.session
    legend = Legend(session)
    qtbot.addWidget(legend)
    labels = (session.dataset.section == 2).astype(int)
    session.show(Shown(labels, ("cortex", "core"), ("#ff0000", "#0000ff")))
    texts = lambda: [legend.list.domains.index(k).data() for k in range(2)]  # noqa: E731
    n = [len(rows) for rows in session.dataset.sections]
    assert texts() == [f"cortex  ({n[0] + n[1]})", f"core  ({n[2]})"]
    assert "c: none" in legend.list.domains.index(0).data(Qt.ItemDataRole.ToolTipRole)
    click(opened, 2, 1)
    assert texts() == ["cortex  (0)", f"core  ({n[2]})"]
    assert legend.caption.text() == "2 domains\nspots of c"
    assert "of section c" in legend.list.domains.index(1).data(Qt.ItemDataRole.ToolTipRole)
    session.show(Shown(labels, ("cortex", "core"), ("#ff0000", "#0000ff"), epoch=3))
    assert legend.caption.text() == "Preview, epoch 3\nspots of c"
    click(opened, None, 1)
    assert texts()[0] == f"cortex  ({n[0] + n[1]})"
    assert legend.caption.text() == "Preview, epoch 3\nspots of all 3 sections"


def test_a_figure_says_which_sections_its_numbers_count_where_some_are_hidden(opened):
    session = opened.session
    labels = (session.dataset.section == 2).astype(int)
    session.show(Shown(labels, ("cortex", "core"), ("#ff0000", "#0000ff")))
    assert "2 domains. " in views_of(session)[0][0].caption
    session.parts.hide(frozenset({1}))
    (view,) = views_of(session)[0]
    assert "2 domains, spots of a, c. " in view.caption
    assert view.keys[0].names[0] == f"cortex  ({len(session.dataset.sections[0])})"
