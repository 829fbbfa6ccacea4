"""What is set per modality: whether it is used, its kind, its weight. The names come from the open section."""

from __future__ import annotations

import typing
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.config import Config, Kind
from napari_trsmi.gui.form.number_box import NumberBox
from napari_trsmi.gui.form.row import INDENT, reset_button
from napari_trsmi.gui.form.spec import Spec, get, sections
from napari_trsmi.gui.widgets.named import NameCheck
from napari_trsmi.gui.widgets.plain import Label

USED, KINDS, WEIGHTS = "preprocess.modalities", "preprocess.kinds", "loss.modality_weights"
EMPTY = "Open a section to choose its modalities, their kinds and weights."


class ModalityRow(QWidget):
    """A line per modality, with a check box, a kind and a weight.

    Signals
    -------
    edited(dict)
        {dotted name: new value} of one edit.
    refused(str, str)
        Dotted name, and why an edit was not taken.
    """

    edited = Signal(object)
    refused = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        found = {spec.name: spec for _, rows in sections().values() for spec in rows if spec.by_modality}
        self.specs: list[Spec] = [found[name] for name in (USED, KINDS, WEIGHTS)]
        self.kinds: dict[str, Kind] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self.combos: dict[str, QComboBox] = {}
        self.weights: dict[str, NumberBox] = {}
        self._config = Config()
        self._note = Label(EMPTY)
        self._note.setWordWrap(True)
        self.reset = reset_button("Back to all modalities, the detected kinds and weight 1")
        self.reset.clicked.connect(self._reset)
        self._table = QWidget()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._table)
        self._column.addWidget(self._note)

    def set_modalities(self, kinds: dict[str, Kind]) -> None:
        """Show these modalities, each with the kind that was detected."""
        self.kinds = dict(kinds)
        self.boxes, self.combos, self.weights = {}, {}, {}
        self.reset.setParent(self)
        table = QWidget()
        self._column.replaceWidget(self._table, table)
        self._table.deleteLater()
        self._table = table
        grid = QGridLayout(table)
        grid.setContentsMargins(INDENT, 0, 0, 0)
        grid.setSpacing(4)
        grid.setColumnStretch(0, 1)
        if kinds:
            for column, (text, spec) in enumerate(zip(("Modality", "Kind", "Weight"), self.specs, strict=True)):
                head = Label(text)
                head.setToolTip(spec.tooltip)
                grid.addWidget(head, 0, column)
            grid.addWidget(self.reset, 0, 3)
        for line, name in enumerate(kinds, start=1):
            self._add(grid, line, name)
        self.show_config(self._config)

    def show_config(self, config: Config) -> None:
        """Show the settings of `config`."""
        self._config = config
        used, kinds, weights = (get(config, spec.name) for spec in self.specs)
        for name in self.kinds:
            self.boxes[name].setChecked(not used or name in used)
            with QSignalBlocker(self.combos[name]):
                self.combos[name].setCurrentIndex(self.combos[name].findData(kinds.get(name, self.kinds[name])))
            with QSignalBlocker(self.weights[name]):
                self.weights[name].setValue(weights.get(name, 1.0))
                self.weights[name].drop_typed()
        unknown = sorted({*used, *kinds, *weights} - set(self.kinds))
        names = ", ".join(unknown)
        if self.kinds:
            self._note.setText(f"The settings name {names}, which this section does not have. Reset to leave it out.")
        else:
            self._note.setText(f"{EMPTY} The settings name {names}." if unknown else EMPTY)
        self._note.setVisible(bool(unknown) or not self.kinds)
        self.reset.setVisible(bool(self.kinds) and bool(used or kinds or weights))

    def _add(self, grid: QGridLayout, line: int, name: str) -> None:
        box = NameCheck(name, f"{name}: use it. {self.specs[0].help}")
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.clicked.connect(self._used_edited)
        combo = QComboBox()
        for kind in typing.get_args(Kind):
            combo.addItem(kind, kind)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(6)
        combo.setToolTip(f"Detected: {self.kinds[name]}. {self.specs[1].help}")
        combo.setAccessibleName(f"Kind of {name}")
        combo.currentIndexChanged.connect(self._kinds_edited)
        weight = NumberBox(_weight(self.specs[2]))
        weight.setAccessibleName(f"Weight of {name}")
        weight.setToolTip(self.specs[2].tooltip)
        weight.compact()
        weight.setMaximumWidth(60)
        weight.valueChanged.connect(self._weights_edited)
        for column, widget in enumerate((box, combo, weight)):
            grid.addWidget(widget, line, column)
        self.boxes[name], self.combos[name], self.weights[name] = box, combo, weight

    def _used_edited(self) -> None:
        ticked = tuple(name for name, box in self.boxes.items() if box.isChecked())
        if not ticked:  # in a config, none means all of them
            self.show_config(self._config)
            self.refused.emit(USED, "Expected at least one modality, found none ticked. Tick another one first.")
            return
        self.edited.emit({USED: () if len(ticked) == len(self.boxes) else ticked})

    def _kinds_edited(self) -> None:
        chosen = {name: combo.currentData() for name, combo in self.combos.items()}
        self._emit(KINDS, {name: kind for name, kind in chosen.items() if kind != self.kinds[name]})

    def _weights_edited(self) -> None:
        chosen = {name: box.value() for name, box in self.weights.items()}
        self._emit(WEIGHTS, {name: weight for name, weight in chosen.items() if weight != 1.0})

    def _emit(self, setting: str, chosen: dict[str, Any]) -> None:
        before = get(self._config, setting)
        others = {name: value for name, value in before.items() if name not in self.kinds}
        self.edited.emit({setting: others | chosen})

    def _reset(self) -> None:
        self.edited.emit({spec.name: spec.default for spec in self.specs})


def _weight(spec: Spec) -> Spec:
    """Return the setting of one weight of a dict of them."""
    return Spec(spec.name, float, False, 1.0, {"ge": 0.0}, spec.help, step=0.1)
