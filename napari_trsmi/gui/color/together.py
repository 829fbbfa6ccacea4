"""Two or three features at once, each with a colour and a range of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QGridLayout, QHBoxLayout, QSpinBox, QToolButton, QVBoxLayout, QWidget

from napari_trsmi.gui.finding.feature_search import FeatureSearch
from napari_trsmi.gui.finding.features import Feature
from napari_trsmi.gui.finding.maps import CHANNEL_COLORS, HIGH, LOW
from napari_trsmi.gui.legend.chip_list import swatch
from napari_trsmi.gui.widgets.plain import Label

ABOUT = "Type part of a name, choose with the arrow keys, press Enter."
FROM = "Black up to this percentile of the values that are not zero; 0 begins at the smallest value."
TO = "Full colour from this percentile of the values that are not zero."
NAMES = ("first", "second", "third")


class Part(NamedTuple):
    """A feature to be shown, its ``"#rrggbb"``, and the percentiles between which it is drawn."""

    feature: Feature
    color: str
    low: float
    high: float


class Channel(QWidget):
    """The colour, the feature and the range of one.

    Signals
    -------
    changed()
        Any of them is another.
    """

    changed = Signal()

    def __init__(self, which: str, color: str) -> None:
        super().__init__()
        self.color, self.modality = color, ""
        self.ask_color: Callable[[QColor], QColor] = self._ask_color
        self.button = QToolButton()
        self.button.setIconSize(QSize(16, 16))
        self.button.setToolTip(f"Colour of the {which} feature")
        self.button.setAccessibleName(self.button.toolTip())
        self.button.clicked.connect(self.choose_color)
        self.search = FeatureSearch("Feature", ABOUT)
        self.search.setAccessibleName(f"The {which} feature")
        self.low, self.high = _percent(LOW, FROM, 0), _percent(HIGH, TO, 1)
        self.low.setAccessibleName(f"Percentile at which the {which} feature begins")
        self.high.setAccessibleName(f"Percentile at which the {which} feature is full")
        self.range = QWidget()
        row = QHBoxLayout(self.range)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (Label("from"), self.low, Label("to"), self.high):
            row.addWidget(widget)
        row.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.button, 0, 0)
        grid.addWidget(self.search, 0, 1)
        grid.addWidget(self.range, 1, 1)
        self.low.valueChanged.connect(partial(self._keep_apart, self.low))
        self.high.valueChanged.connect(partial(self._keep_apart, self.high))
        self.search.picked.connect(self._on_picked)
        self._paint()
        self.range.hide()

    def choose_color(self) -> None:
        """Ask for another colour."""
        color = self.ask_color(QColor(self.color))
        if color.isValid():
            self.color = color.name()
            self._paint()
            self.changed.emit()

    def show_feature(self, feature: Feature | None) -> None:
        """Show a feature as picked, without telling anyone."""
        self.search.set_picked(feature)
        self.range.setVisible(feature is not None)

    @property
    def part(self) -> Part | None:
        """What is to be shown, None where nothing was picked."""
        feature = self.search.feature
        return None if feature is None else Part(feature, self.color, self.low.value(), self.high.value())

    def _on_picked(self, feature: Feature | None) -> None:
        self.range.setVisible(feature is not None)
        self.changed.emit()

    def _keep_apart(self, moved: QSpinBox, _: int) -> None:
        """Let the other end give way."""
        if self.low.value() >= self.high.value():
            if moved is self.low:
                self.high.setValue(self.low.value() + 1)
            else:
                self.low.setValue(self.high.value() - 1)
            return  # the other end tells
        self.changed.emit()

    def _paint(self) -> None:
        self.button.setIcon(swatch(self.color))

    def _ask_color(self, color: QColor) -> QColor:
        return QColorDialog.getColor(color, self, self.button.toolTip())


class Together(QWidget):
    """Three features, of which those that are picked colour the spots.

    Signals
    -------
    changed()
        What `parts` returns is other.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.channels = [Channel(name, color) for name, color in zip(NAMES, CHANNEL_COLORS, strict=True)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for channel in self.channels:
            channel.changed.connect(self.changed)
            layout.addWidget(channel)

    @property
    def parts(self) -> list[Part]:
        """What is picked, from the top."""
        return [channel.part for channel in self.channels if channel.part is not None]

    def fields(self) -> Iterator[FeatureSearch]:
        """Yield the search fields, from the top."""
        yield from (channel.search for channel in self.channels)

    def begin(self, modalities: dict[str, str]) -> None:
        """Show nothing, and tell nobody; the modalities (name: kind) say what each field is meant for.

        A field that goes while somebody types in it would tell of another value, with the features of before beside it.
        """
        with QSignalBlocker(self):
            self._begin(modalities)

    def _begin(self, modalities: dict[str, str]) -> None:
        names = list(modalities)
        first = next((name for name in names if modalities[name] == "rna"), names[0] if names else "")
        others = [name for name in names if name != first]
        second = next((name for name in others if modalities[name] == "protein"), others[0] if others else first)
        third = next((name for name in others if name != second), "")
        for channel, modality in zip(self.channels, (first, second, third), strict=True):
            channel.show_feature(None)
            channel.modality = modality
            channel.search.setPlaceholderText(
                f"Feature, for example of {modality}" if modality else "One more, if wanted"
            )

    def take(self, feature: Feature) -> None:
        """Put a feature into the field meant for its modality, else into a free one, else into the last."""
        free = [channel for channel in self.channels if channel.search.feature is None]
        own = [channel for channel in self.channels if channel.modality == feature.modality]
        wanted = [channel for channel in own if channel in free] or free or own or self.channels
        wanted[0 if wanted is free else -1].show_feature(feature)
        self.changed.emit()


def _percent(value: float, about: str, least: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(least, least + 99)
    box.setSuffix(" %")
    box.setValue(round(value))
    box.setToolTip(about)
    box.setMinimumWidth(72)
    box.setKeyboardTracking(False)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box
