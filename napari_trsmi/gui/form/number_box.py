"""Spin box for whole and real numbers that keeps every digit."""

from __future__ import annotations

import re
from decimal import Decimal

from qtpy.QtCore import Qt
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QWidget

from napari_trsmi.gui.form.spec import Spec, number
from napari_trsmi.gui.widgets.arrowless import take_arrows_off

_UNFINISHED = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d*)?", re.IGNORECASE)


class NumberBox(QDoubleSpinBox):
    """A number with its unit; ``valueChanged`` fires when an edit is finished, not at every key.

    Numbers keep all their digits and are written as short as possible (``1e-05``, ``0.2``). Steps stay within the
    bounds; a typed number may lie outside, so that the form can say what is wrong with it.
    """

    def __init__(self, spec: Spec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.whole = spec.hint is int
        self.low = spec.bounds.get("ge", spec.bounds.get("gt", float("-inf")))
        self.high = spec.bounds.get("le", spec.bounds.get("lt", float("inf")))
        self.open_ends = {spec.bounds[key] for key in ("gt", "lt") if key in spec.bounds}
        self.setDecimals(0 if self.whole else 323)  # as many as Qt has: it rounds every value to them
        self.setRange(-1e15, 1e15)
        self.setSingleStep(spec.step or (1 if self.whole else 0.1))
        self.setSuffix(f" {spec.unit}" if spec.unit else "")
        self.setStyleSheet("padding: 1px 4px;")
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def compact(self) -> None:
        """Take little room, for several numbers side by side; the arrow keys and the wheel still step."""
        take_arrows_off(self, 52, "1px 4px")

    def stepBy(self, steps: int) -> None:
        """Move by steps in decimal arithmetic, as far as the bounds allow."""
        step = Decimal(number(self.singleStep()))
        moved = float(Decimal(number(self.value())) + steps * step)
        moved = min(max(moved, self.low), self.high)
        if moved not in self.open_ends:
            self.setValue(moved)
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Return the directions that do not end outside the bounds."""
        flag = QAbstractSpinBox.StepEnabledFlag
        up = flag.StepUpEnabled if self.value() < self.high else flag.StepNone
        return up | (flag.StepDownEnabled if self.value() > self.low else flag.StepNone)

    def textFromValue(self, value: float) -> str:
        """Return the shortest exact text."""
        return str(round(value)) if self.whole else number(value)

    def valueFromText(self, text: str | None) -> float:
        """Return the number; a comma may stand for the point."""
        return float(self._bare(text or ""))

    def validate(self, text: str | None, position: int) -> tuple[QValidator.State, str, int]:
        """Accept any number, and what may become one."""
        text, state = text or "", QValidator.State
        bare = self._bare(text)
        try:
            int(bare) if self.whole else float(bare)
        except ValueError:
            unfinished = bare in ("", "-", "+") if self.whole else _UNFINISHED.fullmatch(bare)
            return (state.Intermediate if unfinished else state.Invalid), text, position
        return (state.Invalid if bare.strip("+-")[:1].isalpha() else state.Acceptable), text, position

    def is_half_typed(self) -> bool:
        """Return whether there is text that was not taken over yet."""
        return self.text() != self._written()

    def drop_typed(self) -> None:
        """Show the value again in place of half-typed text."""
        line = self.lineEdit()
        if line is not None:
            line.setText(self._written())

    def _written(self) -> str:
        return self.prefix() + self.textFromValue(self.value()) + self.suffix()

    def _bare(self, text: str) -> str:
        return text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip().replace(",", ".").replace("_", "?")
