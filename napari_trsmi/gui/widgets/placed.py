"""Widgets that come and go in their place."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget


def set_seen(widget: QWidget, seen: bool) -> None:
    """Show a widget, or hide it.

    One that was just made and is in no place yet would be a window of its own for a moment: it is seen with its place.
    """
    asked = widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
    if widget.parentWidget() is not None or asked or not seen:
        widget.setVisible(seen)
