"""The legend below the canvas, driven by mouse and keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer
from npe2 import PluginManager
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLineEdit, QWidget

from napari_trsmi.gui.legend.legend import Legend, attach_legend, legend_of
from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.session.undoing import told
from napari_trsmi.gui.viewer.layers import section_layers
from napari_trsmi.gui.viewer.sessions import session_of

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(viewer, sample, trained):
    """A viewer with the sample and its domains."""
    for data in section_layers(OpenSection(sample, trained)):
        viewer.add_layer(Layer.create(*data))
    return viewer


def click(qtbot, legend, k, modifier=Qt.KeyboardModifier.NoModifier, twice=False):
    place = legend.list.visualRect(legend.list.domains.index(k)).center()
    qtbot.mouseClick(legend.list.viewport(), LEFT, modifier, place)
    if twice:
        qtbot.mouseDClick(legend.list.viewport(), LEFT, modifier, place)
        qtbot.mouseRelease(legend.list.viewport(), LEFT, modifier, place)


def texts(legend):
    model = legend.list.domains
    return [model.data(model.index(k)) for k in range(model.rowCount())]


def action(menu, text):
    return next(action for action in menu.actions() if action.text().startswith(text))


def test_it_names_and_counts_the_domains_in_their_colours(legend, trained):
    counts = np.bincount(trained.labels)
    assert texts(legend) == [f"{k + 1}  ({count:,})" for k, count in enumerate(counts)]
    model = legend.list.domains
    icon = model.data(model.index(2), Qt.ItemDataRole.DecorationRole)
    assert icon.pixmap(12, 12).toImage().pixelColor(6, 6).name() == trained.palette[2]
    assert legend.caption.text() == "7 domains"


@pytest.mark.slow
def test_it_lies_below_the_canvas_once_per_window(opened, qtbot):
    from napari.utils.theme import get_theme

    legend = legend_of(opened)
    qtbot.waitUntil(lambda: legend.isVisible() and legend.list.height() > 10)
    assert legend_of(opened) is legend
    assert attach_legend(legend.list, session_of(opened)) is legend
    assert "TRSMI legend" not in opened.window.dock_widgets
    center = legend.parentWidget()
    canvas = center.layout().itemAt(0).widget()
    assert not legend.geometry().intersects(canvas.geometry())
    assert legend.y() >= canvas.geometry().bottom()
    assert legend.height() < center.height() / 4
    for theme in ("light", "dark"):
        opened.theme = theme
        background = legend.grab().toImage().pixelColor(2, 2).name()
        assert background == QColor(get_theme(theme).canvas.as_hex()).name()


def test_a_widget_outside_of_a_window_gets_none(qtbot, session):
    lonely = QWidget()
    qtbot.addWidget(lonely)
    assert attach_legend(lonely, session) is None


@pytest.mark.slow
def test_the_train_dock_brings_it_and_the_command_hides_it(opened, qtbot):
    _, dock = opened.window.add_plugin_dock_widget("napari-trsmi", "Train")
    qtbot.waitUntil(lambda: any(legend.isVisible() for legend in dock.window().findChildren(Legend)))
    legend = dock.window().findChild(Legend)
    toggle = PluginManager.instance().commands.get("napari-trsmi.toggle_legend")
    toggle(opened)
    assert not legend.isVisible()
    toggle(opened)
    assert legend.isVisible()


def test_it_is_there_as_long_as_a_section_is_open_and_says_where_domains_come_from(legend, session, sample):
    session.activate(None)
    assert not legend.isVisible()
    session.activate(OpenSection(sample))
    assert legend.isVisible()
    assert not legend.list.isVisible()
    assert "press Run" in legend.caption.text()
    session.color(Coloring("Cd3e", sample.coords[:, 0]))
    assert legend.key.isVisible()


def test_a_click_hides_and_shows_and_a_double_click_isolates(legend, session, qtbot):
    click(qtbot, legend, 2)
    assert session.hidden == {2}
    click(qtbot, legend, 2)
    assert session.hidden == frozenset()
    click(qtbot, legend, 1, twice=True)
    assert session.hidden == {0, 2, 3, 4, 5, 6}
    click(qtbot, legend, 1, twice=True)
    assert session.hidden == frozenset()
    assert legend.list.chosen == []


def test_the_keyboard_does_the_same(legend, session, qtbot):
    legend.list.setFocus()
    legend.list.setCurrentIndex(legend.list.domains.index(0))
    qtbot.keyClick(legend.list, Qt.Key.Key_Right)
    qtbot.keyClick(legend.list, Qt.Key.Key_Space)
    assert session.hidden == {1}
    qtbot.keyClick(legend.list, Qt.Key.Key_Return)
    assert session.hidden == {0, 2, 3, 4, 5, 6}
    qtbot.keyClick(legend.list, Qt.Key.Key_Escape)
    assert session.hidden == frozenset()
    qtbot.keyClick(legend.list, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert legend.list.chosen == [1, 2]


def test_a_name_typed_into_the_legend_reaches_the_result(legend, session, qtbot):
    legend.list.setFocus()
    legend.list.setCurrentIndex(legend.list.domains.index(3))
    qtbot.keyClick(legend.list, Qt.Key.Key_F2)
    editor = legend.list.findChild(QLineEdit)
    assert editor.text() == "4"
    qtbot.keyClicks(editor, "Cortex")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.result.names[3] == "Cortex")
    assert texts(legend)[3].startswith("Cortex  (")
    assert session.section.path is None


def test_a_name_that_is_taken_is_refused_in_a_sentence(legend, session):
    with _told(session.failed) as said:
        legend.rename(0, "2")
    assert "no other domain has" in said[0]
    assert session.result.names[0] == "1"


def test_a_colour_is_asked_for_and_reaches_the_canvas(legend, session):
    legend.ask_color = lambda before: QColor("#123456")
    action(legend.menu(1), "Change colour").trigger()
    assert session.result.palette[1] == "#123456"
    assert session.shown.colors[1] == "#123456"
    legend.ask_color = lambda before: QColor()
    legend.recolor(0)
    assert len(session.result.provenance["edits"]) == 1


def test_chosen_domains_are_merged_in_a_thread(legend, session, qtbot, trained):
    click(qtbot, legend, 4, CTRL)
    click(qtbot, legend, 6, CTRL)
    assert legend.list.chosen == [4, 6]
    click(qtbot, legend, 4, SHIFT)
    assert legend.list.chosen == [4, 5, 6]
    click(qtbot, legend, 5, CTRL)
    assert session.hidden == frozenset()
    session.set_hidden(frozenset({0}))
    action(legend.menu(4), "Merge the 2 chosen").trigger()
    assert "being merged" in legend.locked
    qtbot.waitUntil(lambda: session.result.partition.n_domains == 6, timeout=20_000)
    assert (session.result.labels == session.result.names.index("5")).sum() == np.isin(trained.labels, [4, 6]).sum()
    assert session.hidden == frozenset()
    assert legend.locked == ""
    into = next(entry for entry in legend.menu(0).actions() if entry.menu()).menu()
    from_name, to_name = session.result.names[:2]
    action(into, to_name).trigger()
    qtbot.waitUntil(lambda: session.result.partition.n_domains == 5, timeout=20_000)
    assert from_name not in session.result.names  # although it was the larger
    assert told(session, "undo") == f"Undo merge of {from_name} into {to_name}"


def test_a_merge_says_of_how_many_boundaries_it_takes_what_was_said(legend, session, qtbot, trained):
    from napari_trsmi import edits

    told_words, pairs = [], trained.boundaries[["domain_a", "domain_b"]].to_numpy()
    session.told.connect(told_words.append)
    between = int(np.flatnonzero((pairs == [0, 1]).all(axis=1))[0])
    elsewhere = int(np.flatnonzero(~np.isin(pairs, [0, 1]).any(axis=1))[0])
    session.set_result(edits.review(trained, elsewhere, "keep"))
    legend.merge([0, 1])
    qtbot.waitUntil(lambda: session.result.partition.n_domains == 6, timeout=20_000)
    assert told_words == []
    session.set_result(edits.review(edits.review(trained, elsewhere, "keep"), between, "", "torn here"))
    legend.merge([0, 1])
    qtbot.waitUntil(lambda: len(told_words) == 1, timeout=20_000)
    assert "what was said of 1 boundary" in told_words[0]
    assert "Undo" in told_words[0]


@pytest.mark.slow
def test_a_merge_of_domains_that_are_gone_changes_nothing(legend, session, qtbot, trained):
    from napari_trsmi import edits

    legend.merge([0, 1])
    other = edits.recluster(trained, {"n_domains": 4, "n_init": 1})
    session.set_result(other)
    with qtbot.waitSignal(legend.list.domains.modelReset, timeout=20_000):
        pass
    assert session.result is other
    assert legend.locked == ""


def test_what_was_said_of_the_domains_while_some_were_merged_is_kept(legend, session, qtbot, trained):
    from napari_trsmi import edits

    legend.merge([0, 1])
    session.set_result(edits.rename(trained, 2, "Other"))
    qtbot.waitUntil(lambda: session.result.partition.n_domains == 6, timeout=20_000)
    assert "Other" in session.result.names
    assert [one["edit"] for one in session.result.provenance["edits"]] == ["rename", "merge"]


def test_a_preview_is_counted_in_its_own_colours_and_cannot_be_edited(legend, session, trained):
    labels = np.minimum(trained.labels, 2)
    session.show(Shown(labels, ("1", "2", "3"), ("#111111", "#222222", "#333333"), 20))
    assert legend.caption.text() == "Preview, epoch 20"
    assert texts(legend) == [f"{k + 1}  ({count:,})" for k, count in enumerate(np.bincount(labels))]
    rename = action(legend.menu(0), "Rename")
    assert not rename.isEnabled()
    assert "preview" in rename.toolTip()
    legend.rename(0, "Cortex")
    legend.merge([0, 1])
    assert session.result is trained
    assert not legend.list.domains.flags(legend.list.domains.index(0)) & Qt.ItemFlag.ItemIsEditable


def test_the_caption_is_as_wide_at_every_preview(legend, session, trained, qtbot):
    widths = []
    for epoch in (5, 10, 100):
        session.show(Shown(trained.labels, trained.names, trained.palette, epoch=epoch))
        qtbot.waitUntil(lambda epoch=epoch: legend.caption.text().endswith(str(epoch)))
        widths.append(legend.caption.sizeHint().expandedTo(legend.caption.minimumSize()).width())
    assert len(set(widths)) == 1


def test_twenty_domains_stay_within_four_rows_and_a_hundred_scroll(legend, session, qtbot):
    def show(n):
        labels = np.arange(session.dataset.n_spots) % n
        session.show(Shown(labels, tuple(f"D{k}" for k in range(n)), ("#111111",) * n))

    show(20)
    qtbot.waitUntil(lambda: legend.list.height() > 50)
    row = legend.list.sizeHintForRow(0)
    twenty = legend.list.height()
    show(100)
    qtbot.waitUntil(lambda: legend.list.verticalScrollBar().maximum() > 0)
    assert twenty <= legend.list.height() < 5 * row


class _told(list):
    """What a signal says inside a with block."""

    def __init__(self, signal):
        super().__init__()
        self.signal = signal

    def __enter__(self):
        self.signal.connect(self.append)
        return self

    def __exit__(self, *error):
        self.signal.disconnect(self.append)


def test_the_caption_stands_beside_the_first_row_also_where_there_is_room_below(legend, qtbot):
    legend.resize(1200, 60)
    qtbot.waitUntil(lambda: legend.list.width() > 600)
    first = legend.list.visualRect(legend.list.domains.index(0)).center()
    row = legend.list.viewport().mapTo(legend, first).y()
    margins = legend.caption.contentsMargins()
    line = legend.caption.mapTo(legend, legend.caption.rect().topLeft()).y() + margins.top()
    assert abs(line + legend.caption.fontMetrics().height() / 2 - row) <= 3
