"""Fields of numbers without arrows, for narrow places."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractSpinBox

_PARTS = ", ".join(f"QAbstractSpinBox::{part}" for part in ("up-button", "down-button", "up-arrow", "down-arrow"))


def take_arrows_off(box: QAbstractSpinBox, least: int, padding: str = "1px 10px") -> None:
    """Show a number without its arrows, which are wide in napari; keys and wheel still step.

    With a style sheet and `ButtonSymbols.NoButtons`, Qt 6.11.3 leaves one pixel for the text.

    Parameters
    ----------
    least
        Width in pixels that it makes do with, without its padding.
    """
    box.setStyleSheet(
        f"QAbstractSpinBox {{ min-width: {least}px; padding: {padding} }} {_PARTS} {{ width: 0px; image: none }}"
    )
