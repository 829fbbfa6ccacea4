"""One setting that a sweep varies: its name, found while one types, and its values."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from napari_trsmi.config import Config
from napari_trsmi.gui.form.spec import Spec, get
from napari_trsmi.gui.sweep.names import setting_label, setting_words, settings
from napari_trsmi.gui.widgets.search_field import SearchField
from napari_trsmi.sweep.grid import parse_field, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

HOW = "The setting to vary: type a part of its name, choose with the arrow keys, press Enter. Empty: none."


class SettingSearch(SearchField):
    """Finds settings by the words of the form, or by their names in files."""

    def matching(self, text: str) -> list[Spec]:
        """Return the settings that match, those called so first."""
        known = list(settings().values())
        words = text.lower().split()
        found = [spec for spec in known if spec.matches(text) or _named(spec, words)]
        return sorted(found, key=lambda spec: not _named(spec, words))

    def text_of(self, one: Spec) -> str:
        """Return the label, with its section where another one has the same."""
        words = setting_words(one.name)
        return setting_label(one.name) if list(map(setting_words, settings())).count(words) > 1 else words

    def row_of(self, one: Spec) -> str:
        """Return section and label."""
        return setting_label(one.name)

    def tip_of(self, one: Spec) -> str:
        """Return what the setting is."""
        return one.tooltip


def _named(spec: Spec, words: list[str]) -> bool:
    called = f"{setting_label(spec.name)} {spec.name}".lower()
    return all(word in called for word in words)


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
        self.search, self.values_box, self.all_button = SettingSearch(title, HOW), QLineEdit(), QToolButton()
        self.search.setAccessibleName(title)
        self.search.setMinimumWidth(110)
        self.all_button.setText("▾")
        self.all_button.setToolTip("All settings")
        self.all_button.setAccessibleName(f"All settings for the {title.lower()}")
        self.values_box.setAccessibleName(f"Values of the {title.lower()}")
        self.values_box.setMinimumWidth(90)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.search, 3)
        layout.addWidget(self.all_button)
        layout.addWidget(self.values_box, 2)
        self.search.picked.connect(self._on_picked)
        self.search.editingFinished.connect(self._on_left)
        self.all_button.clicked.connect(self._on_all)
        self.values_box.textChanged.connect(lambda _: self.changed.emit())
        self._config = Config()
        self._on_picked()

    @property
    def name(self) -> str:
        """Dotted name of the setting; empty for none."""
        spec: Spec | None = self.search.picked_one
        return "" if spec is None else spec.name

    def set_field(self, name: str, values: str = "") -> None:
        """Vary the setting of this name over values."""
        self.search.set_picked(settings().get(name))
        self._on_picked()
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

    def _on_picked(self, *_: Any) -> None:
        spec = settings().get(self.name)
        example = f"<br>{html.escape(str(spec.hint))}" if spec is not None and "Literal" in str(spec.hint) else ""
        self.values_box.setToolTip(f"<qt>Values, such as 5, 7, 9. <i>unset</i> stands for auto.{example}</qt>")
        self.values_box.setEnabled(bool(self.name))
        self.values_box.clear()
        self.show_config(self._config)
        self.changed.emit()

    def _on_left(self) -> None:
        """Show the setting that is varied, not what was half typed."""
        if self.search.text() and not self.search.list.isVisible():
            self.search.set_picked(self.search.picked_one)

    def _on_all(self) -> None:
        self.search.setFocus()
        self.search.selectAll()
        self.search.open_list(everything=True)
