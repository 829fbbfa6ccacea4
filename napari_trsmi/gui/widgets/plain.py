"""Text from files in the window: shown as it is, never taken for markup, which could load what it names."""

from __future__ import annotations

import re
from html import escape

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QLabel, QWidget
from superqt import QElidingLabel

NARROW = 120  # pixels
LONG = 24  # letters of a word that may be broken anywhere
_BREAK = "\u200b"


class Label(QLabel):
    """A label whose text is shown as it is.

    Where it wraps, a word that is very long, such as a name or a path, is broken: it widens no dock.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._text = ""
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show a text."""
        self._text = text or ""
        super().setText(breakable(self._text) if self.wordWrap() else self._text)

    def setWordWrap(self, on: bool) -> None:
        """Wrap, and break long words, or not."""
        super().setWordWrap(on)
        self.setText(self._text)

    def text(self) -> str:
        """Return the text as it was given."""
        return self._text

    def minimumSizeHint(self) -> QSize:
        """Make do with a narrow column where the text wraps."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), NARROW), hint.height()) if self.wordWrap() else hint


def breakable(text: str) -> str:
    """Return a text whose long words can be broken at any letter, by marks of no width.

    Examples
    --------
    >>> breakable("a short one"), len(breakable("A" * 30))
    ('a short one', 59)
    """
    return re.sub(rf"\S{{{LONG},}}", lambda word: _BREAK.join(word[0]), text)


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


def shortened(name: str, letters: int = 26) -> str:
    """Return a name cut in its middle where it is long, for places that cannot measure it.

    Examples
    --------
    >>> shortened("cortex"), shortened("a rather long name of a domain", 12)
    ('cortex', 'a rath…omain')
    """
    if len(name) <= letters:
        return name
    ends = (letters - 1) // 2
    return f"{name[: letters - 1 - ends]}…{name[-ends:]}"


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
