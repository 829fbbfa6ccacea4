"""What is done once napari is done with what it tells of."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer


def soon(parent: QObject, do: Callable[[], None]) -> QTimer:
    """Return a timer that does something once, as soon as the window is idle."""
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(0)
    timer.timeout.connect(do)
    return timer
