"""Offer to put the spots onto the image where they lie beside it, or are mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from weakref import WeakSet

from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.gui.session.layout import Lie
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.looks import moved
from napari_trsmi.gui.viewer.sections import put_in_place
from napari_trsmi.gui.viewer.turning import take_layers
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.placement import Placement
    from napari_trsmi.gui.session.session import Session

Turn = Literal["x", "y", "swap"]
TURNS: dict[str, Turn] = {
    "Flip left and right": "x",
    "Flip up and down": "y",
    "Swap x and y": "swap",
}


class PlacementPanel(QWidget):
    """A sentence and the buttons that mend it; to be seen only where the spots do not fit the image."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.placement: Placement | None = None
        self._ignored: WeakSet[OpenSection] = WeakSet()
        self.text = Label()
        self.text.setWordWrap(True)
        self.apply_button, self.ignore_button = QPushButton("Apply"), QPushButton("Ignore")
        self.apply_button.setToolTip("Move the spots and set the image's scale; the file stays as it is")
        self.apply_button.clicked.connect(self.apply)
        self.ignore_button.setToolTip("Leave the spots where they are")
        self.ignore_button.clicked.connect(self.ignore)
        self.turn_button = QPushButton("Turn")
        self.turn_button.setToolTip("Flip the spots or swap their axes by hand")
        menu = QMenu(self.turn_button)
        for title, change in TURNS.items():
            action = QAction(title, menu)
            action.setData(change)
            menu.addAction(action)
        menu.triggered.connect(self._on_turn)
        self.turn_button.setMenu(menu)
        buttons = QHBoxLayout()
        for button in (self.apply_button, self.ignore_button, self.turn_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        listen(self, (session.section_changed, self._on_section), (session.run_changed, self._on_run))
        self._on_section(session.section)

    def apply(self) -> None:
        """Place the spots as suggested."""
        if self.placement is not None:
            place(self.session, self.placement)

    def ignore(self) -> None:
        """Say no more about this section."""
        if self.session.section is not None:
            self._ignored.add(self.session.section)
        self.hide()

    def _on_turn(self, action: QAction) -> None:
        turn(self.session, action.data())

    def _on_section(self, section: OpenSection | None) -> None:
        self.placement, text = None, ""
        if section is not None and section not in self._ignored:
            self.placement, text = advice(section.dataset)
        self.text.setText(text)
        self.apply_button.setVisible(self.placement is not None)
        self.setVisible(bool(text))

    def _on_run(self, state: str) -> None:
        self.setEnabled(state == "idle")  # another place of the spots would end the run


def advice(dataset: Dataset) -> tuple[Placement | None, str]:
    """Return the placement that helps, and what to say; no word where the spots fit."""
    from napari_trsmi.data.placement import check
    from napari_trsmi.data.readers.images import MOSTLY, share_inside

    if dataset.image is None:
        return None, ""
    if (found := check(dataset)) is not None:
        return found, found.sentence
    if (inside := share_inside(dataset.coords, dataset.image)) >= MOSTLY:
        return None, ""
    return None, (
        f"{1 - inside:.0%} of the spots lie outside the image, and no flip or scale was found that fits. "
        "The image may be of another section."
    )


def turn(session: Session, change: Turn) -> None:
    """Flip the spots of the active section along one axis, or swap their axes."""
    from napari_trsmi.data.placement import turned

    if session.dataset is not None:
        place(session, turned(session.dataset, change))


def place(session: Session, placement: Placement) -> None:
    """Place the spots of the active section so; a result keeps its labels."""
    from napari_trsmi.data.placement import apply, moved_along

    old = session.section
    if old is None:
        return
    if old.dataset.parts:
        session.failed.emit("Expected a single section, found a study. Turn the section before you add it to one.")
        return
    dataset = apply(old.dataset, placement)
    result = None if old.result is None else moved_along(old.result, dataset)
    section = OpenSection(dataset, result, old.path, old.runs.move_to(dataset), layout=old.layout)
    alike = moved(section, old, Lie(placement.matrix, placement.shift))
    if alike and placement.factor == 1:
        take_layers(session, section, old)
    else:  # the spots have another size, or the image another scale
        put_in_place(session, section, [old])
