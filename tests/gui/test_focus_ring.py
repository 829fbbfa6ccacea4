from __future__ import annotations

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from typed_keys import focus, press

from napari_trsmi.gui.focus_ring import FocusRing


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
    edge = ring.mapTo(window, QPoint(ring.width() // 2, 0))
    ink = ring.palette().color(ring.foregroundRole())
    column = [image.pixelColor(edge.x(), edge.y() + dy) for dy in range(4)]
    assert min(abs(one.lightness() - ink.lightness()) for one in column) < 60
    press(Qt.Key.Key_Tab)
    assert elsewhere.hasFocus()
    assert not ring.isVisible()


def test_a_widget_that_goes_takes_the_frame_along(qtbot):
    dock = QWidget()
    layout = QVBoxLayout(dock)
    layout.addWidget(QPushButton("stays"))
    goes = QPushButton("goes")
    layout.addWidget(goes)
    ring = FocusRing(dock)
    qtbot.addWidget(dock)
    focus(goes, qtbot)
    assert ring.isVisible()
    goes.setParent(None)
    goes.deleteLater()
    qtbot.wait(50)
    assert not _around(ring, dock) or not ring.isVisible()


def _around(ring, widget):
    """Whether the frame is seen around a widget."""
    mine = ring.rect().translated(ring.mapToGlobal(QPoint(0, 0)))
    return ring.isVisible() and mine.contains(widget.rect().translated(widget.mapToGlobal(QPoint(0, 0))))
