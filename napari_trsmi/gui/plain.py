"""Text from files in the window: shown as it is, never taken for markup, which could load what it names."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QWidget
from superqt import QElidingLabel


class Label(QLabel):
    """A label whose text is shown as it is."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)


class ElidingLabel(QElidingLabel):
    """A label whose text is shown as it is, as far as there is room."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)


class Marked(QLabel):
    """A label with markup of our own; what comes from files is escaped before it is put in."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.RichText)


def as_tip(text: str) -> str:
    """Return a tooltip that shows a text as it is.

    Examples
    --------
    >>> as_tip("rna")
    'rna'
    >>> as_tip("<b>rna</b>")
    '<qt>&lt;b&gt;rna&lt;/b&gt;</qt>'
    """
    if "<" not in text:
        return text
    return f"<qt>{escape(text, quote=False)}</qt>".replace("\n", "<br>")
