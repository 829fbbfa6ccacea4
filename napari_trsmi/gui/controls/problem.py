"""What went wrong, where a person works: the first words in plain sight, the rest on demand, until it is put away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from weakref import ref

from qtpy.compat import isalive
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QGridLayout, QSizePolicy, QToolButton, QWidget

from napari_trsmi.gui.session.busy import nowhere
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label, as_tip

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
MORE, LESS = "More", "Less"


class Problem(QWidget):
    """One row, there while there is something to say.

    It goes when put away, when the same goes well, or with the next section or run; where it is of nothing that could
    go well, or belongs to no dock, with whatever goes well in this dock, or anywhere.

    It says what was asked for in its dock, what belongs to no dock, and what belongs to one that cannot be seen.

    Parameters
    ----------
    dock
        The dock that it is in; what a person does there belongs to it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None, dock: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self._dock, self._about, self._of_dock = session, dock, "", False
        application: Any = QApplication.instance()
        application.focusChanged.connect(self._on_focus)
        self.first, self.rest = Label(), Label()
        for label in (self.first, self.rest):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # a path makes no dock wider
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.first.setAccessibleName("What went wrong")
        self.more, self.away = QToolButton(), QToolButton()
        self.more.setCheckable(True)
        self.more.setToolTip("What was expected, what was found, and what to do")
        self.more.toggled.connect(self._unfold)
        self.away.setText("Hide")
        self.away.setToolTip("Put this message away")
        self.away.setAccessibleName("Put the message away")
        self.away.clicked.connect(lambda: self.show_text(""))
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.first, 0, 0)
        layout.addWidget(self.more, 0, 1, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.away, 0, 2, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.rest, 1, 0, 1, 3)
        layout.setColumnStretch(0, 1)
        listen(
            self,
            (session.failed, self._on_failed),
            (session.did, self._on_did),
            (session.section_changed, self._on_section),
            (session.run_changed, self._on_run),
        )
        self.show_text("")

    def set_colors(self, warning: str) -> None:
        """Take the colour of the theme."""
        self.first.setStyleSheet(f"color: {warning}")

    def show_text(self, text: str) -> None:
        """Say what went wrong; ``""`` for nothing."""
        first, rest = in_two(text)
        self._about = ""
        self.first.setText(first)
        self.rest.setText(rest)
        self.setToolTip(as_tip(text))
        self.more.setVisible(bool(rest))
        self.more.setChecked(False)
        self._unfold(False)
        self.setVisible(bool(text))

    def _on_failed(self, text: str) -> None:
        if self._is_told_here():
            self.show_text(text)
            self._about = self.session.busy.about
            self._of_dock = self.session.busy.place() is not None

    def _on_did(self, about: str) -> None:
        if self.isHidden() or not about or (self._about and about != self._about):
            return
        if not self._of_dock or self._is_told_here():
            self.show_text("")

    def _is_told_here(self) -> bool:
        place = self.session.busy.place()
        return place is None or place is self._dock or not isalive(place) or bool(place.visibleRegion().isEmpty())

    def _on_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        dock, busy = self._dock, self.session.busy
        if dock is None or now is None or now.window() is not dock.window():  # a dialog belongs to who opened it
            return
        if dock.isAncestorOf(now):
            busy.place = ref(dock)
        elif busy.place() is dock:
            busy.place = nowhere

    def _unfold(self, on: bool) -> None:
        self.more.setText(LESS if on else MORE)
        self.rest.setVisible(on and bool(self.rest.text()))

    def _on_section(self, _: Any) -> None:
        self.show_text("")

    def _on_run(self, state: str) -> None:
        if state == "preparing":
            self.show_text("")


def in_two(text: str) -> tuple[str, str]:
    """Return the first sentence and the rest.

    Examples
    --------
    >>> in_two("The disk is full. Expected room, found none.")
    ('The disk is full.', 'Expected room, found none.')
    >>> in_two("Open a section first.")
    ('Open a section first.', '')
    """
    first, *rest = _SENTENCE.split(text.strip(), maxsplit=1)
    return first, rest[0] if rest else ""
