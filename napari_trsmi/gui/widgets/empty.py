"""What a dock shows before there is anything to show: a picture, a sentence, and a button for the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.gui.widgets.sketches import Sketch, Subject


@dataclass(frozen=True)
class NextStep:
    """The next thing to do.

    Attributes
    ----------
    text, tip
        Of the button.
    act
        Does it.
    """

    text: str
    tip: str
    act: Callable[[], Any]


class EmptyPage(QWidget):
    """A picture, a sentence and one button, in the middle; picture and button only where there are such."""

    def __init__(self, subject: Subject | None = None) -> None:
        super().__init__()
        self._step: NextStep | None = None
        self.label, self.button = Label(), QPushButton()
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button.clicked.connect(self._act)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        if subject is not None:
            layout.addWidget(Sketch(subject), 0, Qt.AlignmentFlag.AlignHCenter)
            layout.addSpacing(6)
        layout.addWidget(self.label)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        self.button.hide()

    def text(self) -> str:
        """Return the sentence."""
        return self.label.text()

    def setText(self, text: str) -> None:
        """Show a sentence."""
        self.label.setText(text)

    def offer(self, step: NextStep | None) -> None:
        """Let the button do this, or take it away."""
        self._step = step
        self.button.setVisible(step is not None)
        if step is not None:
            self.button.setText(step.text)
            self.button.setToolTip(step.tip)

    def _act(self) -> None:
        if self._step is not None:
            self._step.act()
