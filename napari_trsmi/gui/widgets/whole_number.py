"""A field of a whole number that may also be left to a word, such as "auto"."""

from __future__ import annotations

from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QSpinBox


class WholeNumber(QSpinBox):
    """A whole number, or a word in place of the lowest one, which may be typed, begun, or left by emptying the field.

    Parameters
    ----------
    lowest
        The number that the word stands for.
    special
        The word; "" for none.
    """

    def __init__(self, lowest: int, highest: int, special: str, tip: str) -> None:
        super().__init__()
        self.setRange(lowest, highest)
        self.setSpecialValueText(special)
        self.setKeyboardTracking(False)
        self.setToolTip(tip)

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Let the word be typed."""
        if self._is_special(text or ""):
            return QValidator.State.Acceptable, text or "", position
        state, text, position = super().validate(text, position)
        return state, text or "", position

    def valueFromText(self, text: str | None) -> int:
        """Return the lowest number for the word."""
        return self.minimum() if self._is_special(text or "") else super().valueFromText(text)

    def _is_special(self, text: str) -> bool:
        special = self.specialValueText()
        return bool(special) and special.lower().startswith(text.strip().lower())
