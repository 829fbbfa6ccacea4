"""One setting that a sweep varies: its name, found while one types, and its values."""

from __future__ import annotations

import html
from functools import cache
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QWidget

from napari_trsmi.config import Config, Schedule
from napari_trsmi.gui.form.spec import Spec, get, sections, specs
from napari_trsmi.sweep.grid import FIXED, parse_field, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING = "no setting"


@cache
def settings() -> dict[str, Spec]:
    """Return {dotted name: setting} of all that a sweep can vary, in the order of the form."""
    found: dict[str, Spec] = {}
    for _, listed in sections().values():
        for spec in listed:
            if spec.hint is Schedule:
                found |= {part.name: part for part in specs(Schedule, f"{spec.name}.")}
            elif spec.name not in FIXED and not spec.by_section:
                found[spec.name] = spec
    return found


class SweepField(QWidget):
    """A setting and its values as text, such as "5, 7, 9".

    Signals
    -------
    changed()
        Either is another one.
    """

    changed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.name_box, self.values_box = QComboBox(), QLineEdit()
        self.name_box.setEditable(True)
        self.name_box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name_box.setAccessibleName(title)
        self.name_box.setMinimumContentsLength(12)
        self.name_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.name_box.addItem(NOTHING, "")
        for name, spec in settings().items():
            self.name_box.addItem(name, name)
            self.name_box.setItemData(self.name_box.count() - 1, spec.tooltip, Qt.ItemDataRole.ToolTipRole)
        completer = QCompleter(self.name_box.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(12)
        if (popup := completer.popup()) is not None:
            popup.setMinimumWidth(220)
        self.name_box.setCompleter(completer)
        self.values_box.setAccessibleName(f"Values of the {title.lower()}")
        self.values_box.setMinimumWidth(90)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.name_box, 3)
        layout.addWidget(self.values_box, 2)
        self.name_box.currentIndexChanged.connect(self._on_name)
        line = self.name_box.lineEdit()
        assert line is not None
        line.editingFinished.connect(self._on_typed)
        self.values_box.textChanged.connect(lambda _: self.changed.emit())
        self._config = Config()
        self._on_name()

    @property
    def name(self) -> str:
        """Dotted name of the setting; empty for none."""
        return str(self.name_box.currentData() or "")

    def set_field(self, name: str, values: str = "") -> None:
        """Vary the setting of this name over values."""
        self.name_box.setCurrentIndex(max(self.name_box.findData(name), 0))
        self.values_box.setText(values)

    def show_config(self, config: Config) -> None:
        """Say what the setting is now."""
        self._config = config
        now = shown(get(config, self.name)) if self.name else ""
        self.values_box.setPlaceholderText(f"values; now {now}" if now else "")

    def value(self) -> dict[str, Sequence[Any]]:
        """Return {name: values}, empty where no setting was chosen.

        Raises
        ------
        ConfigError
            There are no values.
        """
        if not self.name:
            return {}
        name, values = parse_field(f"{self.name}={self.values_box.text().strip()}")
        return {name: values}

    def _on_name(self, *_: Any) -> None:
        spec = settings().get(self.name)
        self.name_box.setToolTip(spec.tooltip if spec else "The setting to vary; type a part of its name")
        example = f"<br>{html.escape(str(spec.hint))}" if spec is not None and "Literal" in str(spec.hint) else ""
        self.values_box.setToolTip(f"<qt>Values, such as 5, 7, 9. <i>unset</i> stands for auto.{example}</qt>")
        self.values_box.setEnabled(bool(self.name))
        self.values_box.clear()
        self.show_config(self._config)
        self.changed.emit()

    def _on_typed(self) -> None:
        """Take the setting that was typed whole, or go back to the one before."""
        typed = self.name_box.currentText().strip()
        at = next((k for k in range(self.name_box.count()) if self.name_box.itemText(k) == typed), -1)
        if at < 0:
            fitting = [k for k in range(1, self.name_box.count()) if typed.lower() in self.name_box.itemText(k).lower()]
            at = fitting[0] if typed and len(fitting) == 1 else self.name_box.currentIndex()
        self.name_box.setCurrentIndex(at)
        self.name_box.setEditText(self.name_box.itemText(at))
