"""What scrolls does so only where there is too little room."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.frame import Scrolled


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
