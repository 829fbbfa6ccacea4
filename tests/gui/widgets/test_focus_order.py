from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget
from typed_keys import focus, press

from napari_trsmi.gui.widgets.focus_ring import FocusRing


def dock_of(*widgets):
    """A dock widget of ours with these in it."""
    dock = QWidget()
    layout = QVBoxLayout(dock)
    for widget in widgets:
        layout.addWidget(widget)
    FocusRing(dock)
    return dock


def test_tab_goes_past_a_dock_that_lies_behind_another(qtbot):
    window, before, after = QMainWindow(), QPushButton("before"), QPushButton("after")
    hidden = [QPushButton("unseen"), QLineEdit()]
    window.setCentralWidget(QLineEdit())
    docks = []
    for contents in (hidden, [before, after]):
        around = QDockWidget()
        around.setWidget(dock_of(*contents))
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, around)
        docks.append(around)
    window.tabifyDockWidget(*docks)
    qtbot.addWidget(window)
    focus(before, qtbot)
    docks[1].raise_()
    qtbot.waitUntil(lambda: docks[0].geometry().right() < 0)
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        met = []
        for _ in range(8):
            press(key)
            met.append(QApplication.focusWidget())
        assert before in met
        assert after in met
        assert not set(met) & set(hidden)


def test_a_button_that_is_switched_off_gives_the_keys_to_nothing_and_gets_them_back(qtbot):
    run, cancel = QPushButton("Run"), QPushButton("Cancel")
    pressed = []
    cancel.clicked.connect(lambda: pressed.append("cancel"))
    run.clicked.connect(lambda: run.setEnabled(False))
    dock = dock_of(run, cancel)
    qtbot.addWidget(dock)
    focus(run, qtbot)
    press(Qt.Key.Key_Space)
    press(Qt.Key.Key_Space)
    assert not run.isEnabled()
    assert not pressed
    press(Qt.Key.Key_Tab)
    assert cancel.hasFocus()
    run.setEnabled(True)
    assert cancel.hasFocus()  # a person went there
    focus(run, qtbot)
    run.setEnabled(False)
    run.setEnabled(True)
    assert run.hasFocus()


def test_a_page_that_is_switched_off_gives_the_keys_back(qtbot):
    page, field, other = QWidget(), QLineEdit(), QPushButton("other")
    QVBoxLayout(page).addWidget(field)
    dock = dock_of(page, other)
    qtbot.addWidget(dock)
    focus(field, qtbot)
    page.setEnabled(False)
    assert not other.hasFocus()
    page.setEnabled(True)
    assert field.hasFocus()


def test_a_dock_that_is_gone_is_not_asked_where_the_focus_goes(qtbot):
    dock, other = QWidget(), QPushButton("other")
    qtbot.addWidget(other)
    ring = FocusRing(dock)
    with qtbot.waitSignal(dock.destroyed):
        dock.deleteLater()
    ring._on_focus(None, other)
    ring.order._on_focus(None, other)
    assert ring.frame is None
