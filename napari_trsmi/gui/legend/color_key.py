"""The key to what colours the spots: a colour map with its ends, colours that add up, or categories."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QImage, QPixmap, QResizeEvent
from qtpy.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QWidget

from napari_trsmi.gui.legend.chip_list import SCALE, ChipList, chips_model
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import Coloring
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label, as_tip

WIDTH, HEIGHT = 120, 10  # of the colour map, pixels
MOST = 3  # rows of names; as many features are shown together at most
SEVERAL = "Each colour is black at its first number and full at its second; grey where a value is missing."
BESIDE, ALONE = 130, 330  # pixels that a title gets before it is wrapped, beside a colour map and without one
NARROW, NARROWEST = 390, 250  # pixels: below the first the title stands above the colour map; it fits the second


class ColorKey(QWidget):
    """Shows `Session.coloring`; empty without one."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.title, self.low, self.strip, self.high = Label(), Label(), Label(), Label()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.categories = ChipList(rows=MOST)
        self.categories.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.categories.setSelectionMode(ChipList.SelectionMode.NoSelection)
        self._needed = self._least = 0  # pixels of the title in one line, and what it gets where there is less room
        self._layout, row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self), QHBoxLayout()
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.title)
        self._layout.addLayout(row, 1)  # names get all the room beside the title
        for part in (self.low, self.strip, self.high):
            row.addWidget(part)
        row.addWidget(self.categories, 1)
        row.addStretch(0)
        self._layout.addStretch(0)
        listen(self, (session.coloring_changed, self._update), (session.shown_changed, self._update))
        self._update()

    def _update(self, _: object = None) -> None:
        coloring, shown = self.session.coloring, self.session.shown
        self.setVisible(coloring is not None)
        if coloring is None:
            return
        named = bool(coloring.colors) and coloring.values.ndim == 1
        known = named and shown is not None and (shown.names, shown.colors) == (coloring.names, coloring.colors)
        several = coloring.values.ndim == 2
        whole = f"{coloring.title} | {coloring.beside}" if coloring.beside else coloring.title
        title = "Colours add up" if several else whole
        self.title.setText(f"{title} (in the colours of the domains)" if known else title)
        self.title.setToolTip(SEVERAL if several else as_tip(whole))
        self.title.setWordWrap(False)
        self._needed = self.title.sizeHint().width()
        self._least = min(self._needed, ALONE if known else BESIDE)
        if named or several:
            self._needed = self._least  # the rest is for the names
        self.title.setWordWrap(True)  # so that a long title does not widen the window
        self._lay()
        for part in (self.low, self.strip, self.high):
            part.setVisible(not named and not several)
        self.categories.setVisible((named and not known) or several)
        if named:
            self.categories.setModel(chips_model(coloring.names, coloring.colors))
            self.categories.fit()
        elif several:
            self.categories.setModel(chips_model(*channel_names(coloring)))
            self.categories.fit()
        else:
            low, high = limits(coloring)
            self._show_strip(_colormap(coloring.colormap), f"{low:.3g}", f"{high:.3g}")
            self.strip.setToolTip(f"{coloring.title}: from {low:.3g} to {high:.3g} and beyond; grey where unknown.")

    def minimumSizeHint(self) -> QSize:
        """Make do with a canvas beside docks in a small window."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), NARROWEST), hint.height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the title above the colour map where the canvas is narrow."""
        super().resizeEvent(event)
        self._lay()

    def _lay(self) -> None:
        narrow = self.width() < NARROW
        self._layout.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        roomy = min(self._needed, max(self._least, self.width() - NARROWEST))  # a colour map is of one width
        self.title.setMinimumWidth(0 if narrow else roomy)

    def _show_strip(self, colors: np.ndarray, low: str, high: str) -> None:
        """Draw (n, 3) uint8 colours from left to right."""
        data = colors.tobytes()  # read by the image as long as it lives
        image = QImage(data, len(colors), 1, len(data), QImage.Format.Format_RGB888)
        wide = QPixmap.fromImage(image).scaled(WIDTH * SCALE, HEIGHT * SCALE)
        wide.setDevicePixelRatio(SCALE)
        self.strip.setPixmap(wide)
        self.low.setText(low)
        self.high.setText(high)


def channel_names(coloring: Coloring) -> tuple[list[str], list[str]]:
    """Return name with range, and colour, of the features that are shown together."""
    ranges = [(one, *one.limits) for one in coloring.channels]
    return [f"{one.title}  {low:.3g} to {high:.3g}" for one, low, high in ranges], [one.color for one, *_ in ranges]


def limits(coloring: Coloring) -> tuple[float, float]:
    """Return the values at the two ends of the colour map."""
    if coloring.limits is not None:
        return coloring.limits
    known = coloring.values[np.isfinite(coloring.values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _colormap(name: str) -> np.ndarray:
    from napari.utils.colormaps import ensure_colormap

    colors = np.asarray(ensure_colormap(name).map(np.linspace(0, 1, WIDTH)))
    return np.round(255 * colors[:, :3]).astype(np.uint8)
