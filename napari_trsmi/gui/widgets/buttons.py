"""Buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QPushButton

ARROW = "padding-right: 16px"  # of a button with a menu: its arrow else touches the text


def text_button(text: str, tip: str, act: Callable[[], Any]) -> QPushButton:
    """Return a button that is no wider than its text needs."""
    button = QPushButton(text)
    button.setToolTip(f"<qt>{tip}</qt>")
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(text) + 12)
    button.clicked.connect(lambda: act())
    return button
