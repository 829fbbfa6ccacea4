from __future__ import annotations

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from typed_keys import focus, press

from napari_trsmi.gui.widgets.focus_ring import FocusRing


def test_a_frame_follows_the_keys_through_a_dock_and_leaves_with_them(qtbot):
    window, dock, elsewhere = QWidget(), QWidget(), QLineEdit()
    first, second = QPushButton("first"), QPushButton("second")
    inside, outside = QVBoxLayout(dock), QVBoxLayout(window)
    for layout, widget in ((inside, first), (inside, second), (outside, dock), (outside, elsewhere)):
        layout.addWidget(widget)
    ring = FocusRing(dock)
    qtbot.addWidget(window)
    focus(first, qtbot)
    assert _around(ring, first)
    press(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is second
    assert _around(ring, second)
    image = window.grab().toImage()
    edge = ring.frame.mapTo(window, QPoint(ring.frame.width() // 2, 0))
    ink = ring.frame.palette().color(ring.frame.foregroundRole())
    column = [image.pixelColor(edge.x(), edge.y() + dy) for dy in range(4)]
    assert min(abs(one.lightness() - ink.lightness()) for one in column) < 60
    press(Qt.Key.Key_Tab)
    assert elsewhere.hasFocus()
    assert ring.frame is None


def test_a_widget_that_goes_takes_the_frame_along(qtbot):
    dock = QWidget()
    layout = QVBoxLayout(dock)
    stays, goes = QPushButton("stays"), QPushButton("goes")
    layout.addWidget(stays)
    layout.addWidget(goes)
    ring = FocusRing(dock)
    qtbot.addWidget(dock)
    focus(goes, qtbot)
    assert _around(ring, goes)
    goes.resize(goes.width() - 5, goes.height())
    assert _around(ring, goes)
    goes.setParent(None)
    goes.deleteLater()
    qtbot.wait(50)
    focus(stays, qtbot)
    assert _around(ring, stays)


def _around(ring, widget):
    """Whether the frame is seen around a widget."""
    frame = ring.frame
    return frame.isVisible() and frame.parentWidget() is widget and frame.rect() == widget.rect()
