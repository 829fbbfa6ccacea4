"""The tools that draw regions, and what is going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import ElidingLabel, Label, as_tip

if TYPE_CHECKING:
    from typing import Any

    from napari_trsmi.gui.drawing.pen import Pen
    from napari_trsmi.gui.regions.regions import Regions
    from napari_trsmi.gui.session.session import Session

BUTTONS = {
    "lasso": ("Lasso", "Alt+O", "Drag around spots"),
    "brush": ("Brush", "Alt+R", "Drag over spots"),
    "domain": ("Domain", "Alt+M", "Click a domain for all of its spots"),
}
WIDEST = 30  # of the brush, in spots


class ToolBar(QWidget):
    """Lasso, brush, domain; erase instead of adding; the width of the brush; and a line on what happens."""

    def __init__(self, session: Session, pen: Pen, regions: Regions) -> None:
        super().__init__()
        self.session, self.pen, self.regions = session, pen, regions
        self.tools: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(4)
        for at, (tool, (text, keys, tip)) in enumerate(BUTTONS.items()):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setShortcut(keys)
            button.setToolTip(f"{tip} ({keys}). Click again to stop.")
            button.clicked.connect(lambda on, tool=tool: pen.take(tool if on else ""))
            self.tools[tool] = button
            grid.addWidget(button, 0, at)
        self.erase = QPushButton("Erase")
        self.erase.setCheckable(True)
        self.erase.setShortcut("Alt+E")
        self.erase.setToolTip("What is drawn takes spots out of their regions instead of adding them (Alt+E)")
        grid.addWidget(self.erase, 0, len(BUTTONS))
        for button in (*self.tools.values(), self.erase):
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 16)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, WIDEST)
        self.slider.setValue(int(pen.width))
        self.slider.setAccessibleName("Width of the brush")
        self.slider.setToolTip("Width of the brush, in spots")
        self.slider.valueChanged.connect(pen.set_width)
        self.brush = QWidget()
        row = QHBoxLayout(self.brush)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Label("Width of the brush"))
        row.addWidget(self.slider, 1)
        self.hint = ElidingLabel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(grid)
        layout.addWidget(self.brush)
        layout.addWidget(self.hint)
        pen.changed.connect(self.refresh)
        self.erase.toggled.connect(self.refresh)
        listen(self, (regions.changed, self.refresh), (session.shown_changed, self.refresh))
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """Say what drawing does now."""
        tool, there = self.pen.tool, self.session.section is not None
        for name, button in self.tools.items():
            button.setChecked(name == tool)
            button.setEnabled(there and (name != "domain" or self.session.shown is not None))
        domains = self.tools["domain"]
        keys = f"{BUTTONS['domain'][2]} ({BUTTONS['domain'][1]})."
        domains.setToolTip(keys if domains.isEnabled() else f"{keys} There are no domains yet: train first.")
        self.brush.setVisible(tool == "brush")
        goal = "leave their regions" if self.erase.isChecked() else f"become {self.regions.region or 'Region 1'}"
        text = f"{BUTTONS[tool][2]}: they {goal}." if tool else "Take a tool, then draw on the tissue."
        self.hint.setText(text)
        self.hint.setToolTip(as_tip(text))
