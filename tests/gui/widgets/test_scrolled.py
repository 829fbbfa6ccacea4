"""What scrolls does so only where there is too little room."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow, QTableWidget, QTabWidget, QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.frame import Framed, Scrolled


def test_a_dock_that_was_wide_once_is_narrow_again(qtbot):
    window, dock, inside, page = QMainWindow(), QDockWidget(), Framed(), QWidget()
    qtbot.addWidget(window)
    line = QLabel("said while something goes on " * 3)
    column = QVBoxLayout(page)
    column.addWidget(line)
    inside.frame(page, 4)
    inside.show_page()
    dock.setMinimumWidth(50)  # as napari does
    dock.setWidget(inside)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.show()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: dock.minimumWidth() > line.width())
    line.setText("done")
    qtbot.waitUntil(lambda: dock.minimumWidth() < 150)


def test_a_bar_goes_once_there_is_room_also_where_lines_wrap_once_more_beside_it(qtbot):
    page = QWidget()
    label = QLabel("one two three four " * 12)
    label.setWordWrap(True)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(label)
    scrolled = Scrolled(page, 20)
    qtbot.addWidget(scrolled)
    scrolled.show()
    qtbot.waitExposed(scrolled)
    bar = scrolled.verticalScrollBar()
    high = column.heightForWidth
    width = next(w for w in range(150, 500) if high(w - bar.sizeHint().width()) > high(w))
    around = scrolled.size() - scrolled.maximumViewportSize()
    scrolled.resize(width + around.width(), high(width) + around.height() - 5)
    qtbot.waitUntil(bar.isVisible)
    scrolled.resize(width + around.width(), high(width) + around.height())
    qtbot.waitUntil(lambda: not bar.isVisible())
    label.setText(label.text() * 2)
    qtbot.waitUntil(bar.isVisible)
    label.setText("short")
    qtbot.waitUntil(lambda: not bar.isVisible())


def test_pages_in_a_column_are_as_high_as_they_make_do_with_and_not_as_they_would_like(qtbot):
    page, tabs, inner = QWidget(), QTabWidget(), QWidget()
    lines, plot = QLabel("one two three four " * 12), QTableWidget()
    lines.setWordWrap(True)
    plot.setMinimumHeight(60)
    column = QVBoxLayout(inner)
    column.addWidget(lines)
    column.addWidget(plot)
    tabs.addTab(inner, "a")
    QVBoxLayout(page).addWidget(tabs)
    scrolled = Scrolled(page, 20)
    qtbot.addWidget(scrolled)
    scrolled.resize(300, lines.heightForWidth(260) + 60 + 120)
    scrolled.show()
    qtbot.waitExposed(scrolled)
    qtbot.waitUntil(lambda: plot.height() >= 60)
    assert plot.sizeHint().height() > 180  # what it would like
    assert not scrolled.verticalScrollBar().isVisible()
    scrolled.resize(300, lines.heightForWidth(260) + 60)
    qtbot.waitUntil(scrolled.verticalScrollBar().isVisible)


def test_lines_in_a_page_are_whole_at_every_width_also_beside_gaps(qtbot):
    tabs, page, lines = QTabWidget(), QWidget(), QLabel("one two three four " * 12)
    lines.setWordWrap(True)
    column = QVBoxLayout(page)
    column.addWidget(lines)
    column.addSpacing(8)
    column.addWidget(QLabel("below"))
    tabs.addTab(page, "a")
    scrolled = Scrolled(tabs, 20)
    qtbot.addWidget(scrolled)
    scrolled.show()
    qtbot.waitExposed(scrolled)
    for width in range(200, 300, 3):
        scrolled.resize(width, 60)
        qtbot.wait(5)
        assert lines.height() >= lines.heightForWidth(lines.width()), width
