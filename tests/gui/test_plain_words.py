"""No table, box or button of any dock speaks in the keys of a file: each tab is clicked in a real window and read."""

from __future__ import annotations

import re

import pytest
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QTableView
from tabbed import go_to

from napari_trsmi import edits
from napari_trsmi.gui.viewer.docks import DOCKS, TABS, docks_of, open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.focus_order import is_behind

KEYS = re.compile(r"(preservation|explained|arrangement|contrast|n)_\w+|\b(PAS|CHAOS|Moran|consistency|nan)\b")
EXPLAINED = re.compile(r"\((PAS|CHAOS|Moran's I)\)")  # in brackets behind plain words: what the literature calls it
COMPARE = "Compare"


@pytest.fixture
def shown(viewer, qtbot, trained):
    """All docks of a window with two runs of the sample."""
    open_docks(viewer)
    open_section(viewer, trained.dataset, trained)
    session_of(viewer).set_result(edits.recluster(trained, {"n_domains": 5, "n_init": 1}))
    viewer.window.resize(1280, 800)
    docks = docks_of(viewer)
    qtbot.waitUntil(lambda: not is_behind(docks["Train"]) and is_behind(docks[COMPARE]), timeout=20_000)
    return docks


def table_words(view):
    model, table = view.model(), isinstance(view, QTableView)
    columns = range(model.columnCount() if table else 1)
    headings = [model.headerData(column, Qt.Orientation.Horizontal) for column in columns] if table else []
    return [
        *headings,
        *(model.index(row, column).data() for row in range(min(model.rowCount(), 30)) for column in columns),
    ]


def read(dock):
    """Return what a person reads in a dock, in tables also what is to be scrolled to."""
    words = []
    for kind in (QLabel, QAbstractButton):
        words += [one.text() for one in dock.findChildren(kind) if not one.visibleRegion().isEmpty()]
    for box in dock.findChildren(QComboBox):
        if not box.visibleRegion().isEmpty():
            words += [box.itemText(at) for at in range(box.count())]
    for view in dock.findChildren(QAbstractItemView):
        if not view.visibleRegion().isEmpty() and view.model() is not None:
            words += table_words(view)
    return [str(one) for one in words if one]


def test_each_dock_speaks_plain_words_and_explains_its_columns(shown, qtbot):
    seen = {}
    for name in DOCKS:
        front = next(dock for dock in shown.values() if not is_behind(dock))
        if front is not shown[name]:
            go_to(qtbot, front, TABS.get(name, name))
        qtbot.waitUntil(lambda name=name: not shown[name].visibleRegion().isEmpty(), timeout=20_000)
        if name == COMPARE:
            panel = shown[name].widget().findChild(QTableView)
            qtbot.waitUntil(lambda panel=panel: panel.model().rowCount() == 2, timeout=20_000)
        seen[name] = read(shown[name])
        assert len(seen[name]) > 5, name
    told = {(name, one) for name, words in seen.items() for one in words if KEYS.search(EXPLAINED.sub("", one))}
    assert not told
    assert {"Scattered", "Certain"} <= set(seen[COMPARE])
    tables = [view for dock in shown.values() for view in dock.findChildren(QTableView) if view.model() is not None]
    headed = [(view.model(), column) for view in tables for column in range(view.model().columnCount())]
    assert len(headed) > 20
    across = Qt.Orientation.Horizontal
    for model, column in headed:
        heading = model.headerData(column, across)
        assert heading != "Kept", "of what, and is more better?"
        assert not heading or model.headerData(column, across, Qt.ItemDataRole.ToolTipRole), heading
