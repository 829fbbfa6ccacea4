"""A field of a whole number that may also be left to a word, such as "auto"."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QSpinBox

from napari_trsmi.gui.widgets.plain import Label


class WholeNumber(QSpinBox):
    """A whole number, or a word in place of the lowest one, which may be typed, begun, or left by emptying the field.

    Every whole number can be typed; one out of bounds becomes the nearest that is within, which is said.

    Parameters
    ----------
    lowest
        The number that the word stands for.
    special
        The word; "" for none.

    Signals
    -------
    bounded(str)
        What became of a number that was typed; "" after one within the bounds.
    """

    bounded = Signal(str)

    def __init__(self, lowest: int, highest: int, special: str, tip: str) -> None:
        super().__init__()
        self.setRange(lowest, highest)
        self.setSpecialValueText(special)
        self.setKeyboardTracking(False)
        self.setToolTip(tip)
        self._beyond: int | None = None  # what was typed out of bounds
        self.editingFinished.connect(self._say_bound)

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Let the word be typed, and any whole number."""
        if self._is_special(text or "") or _is_number(text):
            return QValidator.State.Acceptable, text or "", position
        state, text, position = super().validate(text, position)
        return state, text or "", position

    def valueFromText(self, text: str | None) -> int:
        """Return the lowest number for the word, and the nearest within the bounds of a number."""
        self._beyond = None
        if self._is_special(text or ""):
            return self.minimum()
        if not _is_number(text):
            return super().valueFromText(text)
        typed = int(text or "")
        value = min(max(typed, self.minimum()), self.maximum())
        if typed > value or (typed < value and not self.specialValueText()):
            self._beyond = typed
        return value

    def _is_special(self, text: str) -> bool:
        special = self.specialValueText()
        return bool(special) and special.lower().startswith(text.strip().lower())

    def _say_bound(self) -> None:
        typed, self._beyond = self._beyond, None
        if typed is None:
            self.bounded.emit("")
            return
        bound = f"at most {self.maximum()}" if typed > self.maximum() else f"at least {self.minimum()}"
        self.bounded.emit(f"{bound}, so {typed} became {self.value()}.")


class BoundLine(Label):
    """What became of numbers that were typed out of bounds, by the name of their field; hidden where there are none."""

    def __init__(self, **boxes: WholeNumber) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.hide()
        self._said: dict[str, str] = {}
        for name, box in boxes.items():
            box.bounded.connect(lambda text, name=name: self._say(name, text))

    def _say(self, name: str, text: str) -> None:
        self._said[name] = text
        lines = [f"{name}: {said}" for name, said in self._said.items() if said]
        self.setText("\n".join(lines))
        self.setVisible(bool(lines))


def _is_number(text: str | None) -> bool:
    return text is not None and text.strip().isdecimal()
