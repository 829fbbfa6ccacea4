"""The editor of a config, made from the models of `napari_trsmi.config`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from napari_trsmi.config import Config, Kind
from napari_trsmi.errors import KNOWN_SETTINGS, ConfigError
from napari_trsmi.gui.form.fold import Fold
from napari_trsmi.gui.form.manners import Manners
from napari_trsmi.gui.form.modalities import ModalityRow
from napari_trsmi.gui.form.row import Row
from napari_trsmi.gui.form.spec import changed, get, sections
from napari_trsmi.gui.form.tools import Tools
from napari_trsmi.gui.widgets.frame import Scrolled

if TYPE_CHECKING:
    from napari_trsmi.gui.form.curves import Curves

LEAST = 250  # pixels of height
SCHEDULED = ("align", "diffusion", "gate", "cluster", "loss", "train")  # sections that the planned curves read


class ConfigForm(QWidget):
    """All settings of a run, in folded sections.

    Signals
    -------
    value_changed(Config)
        A person changed something, and the settings are valid; once per edit.
    failed(str)
        One sentence: a file of settings could not be read or written.
    saved(str)
        Path of a file that the settings were written to.
    undo_wanted(), redo_wanted()
        A person wants to go a step back or forward in what was done in the window, of which settings are a part.
    """

    value_changed = Signal(object)
    failed = Signal(str)
    saved = Signal(str)
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, config: Config | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._config = config or Config()
        self._pending: dict[str, dict[str, Any]] = {}  # {fold: changes that are not valid yet}
        self._open_before: set[str] | None = None  # sections to open again after a search
        self._curves: Curves | None = None
        self.tools = Tools()
        self.tools.undo.clicked.connect(self.undo)
        self.tools.redo.clicked.connect(self.redo)
        self.tools.preset_chosen.connect(self.set_preset)
        self.tools.load_chosen.connect(self.load)
        self.tools.save_chosen.connect(self.save)
        self.tools.searched.connect(self.search)
        self.folds: dict[str, Fold] = {}
        self.rows: dict[str, Row | ModalityRow] = {}  # by name of the setting
        self._home: dict[str, str] = {}  # {name of a setting: fold that its row is in}
        self.modality_row = ModalityRow()
        self._manners = Manners(self)
        inside = QWidget()
        self._sections = QVBoxLayout(inside)
        self._sections.setContentsMargins(0, 0, 2, 0)
        self._sections.setSpacing(3)
        for section, (title, found) in sections().items():
            self._add_section(section, title, found)
        self._sections.addStretch(1)
        self.area = Scrolled(inside)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self.tools)
        self._column.addWidget(self.area, 1)
        self.setMinimumHeight(LEAST)
        self.installEventFilter(self._manners)
        self._manners.watch(self)
        self._show()

    def value(self) -> Config:
        """Return the settings; where the form holds an invalid combination, the last valid ones."""
        return self._config

    def set_value(self, config: Config) -> None:
        """Show other settings, whatever is half-typed. Nothing is emitted."""
        self._pending.clear()
        self._hold(config)

    def set_modalities(self, kinds: dict[str, Kind]) -> None:
        """Offer the modalities of a section, by name with the detected kind; {} where none is open."""
        self.modality_row.set_modalities(kinds)
        self._manners.watch(self.modality_row)

    def set_preset(self, name: str) -> None:
        """Take over a preset, as an edit of the person; what belongs to the section, seed, device and threads stay."""
        stay = {name: get(self._config, name) for name in self.rows if not self._is_of_presets(name)}
        config = changed(self.tools.all[name].config, stay)
        config = config.model_copy(update={"constraints": self._config.constraints})
        self._replace(config)

    def _is_of_presets(self, name: str) -> bool:
        """Return whether a setting, by its dotted name, is taken from a preset."""
        spec = next(spec for spec in self.rows[name].specs if spec.name == name)
        return bool(spec.section) and not spec.by_section

    def _preset(self) -> str:
        """Return the name of the preset that the settings are; "" for none."""
        names = [name for name in self.rows if self._is_of_presets(name)]
        return next(
            (
                preset.name
                for preset in self.tools.all.values()
                if all(get(preset.config, name) == get(self._config, name) for name in names)
            ),
            "",
        )

    def load(self, path: str | Path) -> None:
        """Take over the settings in a JSON file, as an edit of the person."""
        try:
            config = Config.load(path)
        except ConfigError as error:
            why = str(error).replace(KNOWN_SETTINGS, " in this version")
            self.failed.emit(f"{Path(path).name} was not loaded, and the settings are as they were. {why}")
            return
        self._replace(config)

    def save(self, path: str | Path) -> None:
        """Write the settings to a JSON file."""
        try:
            Path(path).write_text(self._config.to_json() + "\n", encoding="utf-8")
        except OSError as error:
            self.failed.emit(f"Expected a place to write settings to, found {path}: {error.strerror}.")
            return
        self.saved.emit(str(path))

    def undo(self) -> None:
        """Take back what is not valid yet; else ask for what was done last in the window to be taken back."""
        if self._pending:
            self.set_value(self._config)
        else:
            self.undo_wanted.emit()

    def redo(self) -> None:
        """Ask for what was undone to be done again."""
        self.redo_wanted.emit()

    def search(self, text: str) -> None:
        """Show only the settings that match, with their sections open; all of them for no text."""
        text = text.strip()
        if self._open_before is None:
            self._open_before = {section for section, fold in self.folds.items() if fold.is_open()}
        for section, fold in self.folds.items():
            rows = self._rows_of(section)
            hits = [row for row in rows if any(spec.matches(text) for spec in row.specs)]
            for row in rows:
                row.setVisible(row in hits)
            fold.setVisible(bool(hits))
            fold.open(bool(hits) if text else section in self._open_before)
        if not text:
            self._open_before = None

    def reveal(self, name: str) -> None:
        """Open the section of a setting, by its dotted name, and give its row the keys."""
        self.search("")
        row = self.rows[name]
        self.folds[self._home[name]].open()
        row.setFocus()
        QTimer.singleShot(0, lambda: _scroll_to(row))  # once it is laid out

    def _rows_of(self, section: str) -> list[Row | ModalityRow]:
        return list(dict.fromkeys(row for name, row in self.rows.items() if self._home[name] == section))

    def _add_section(self, section: str, title: str, found: list[Any]) -> None:
        fold = self.folds[section] = Fold(title)
        fold.toggled.connect(self._fold_toggled)
        self._sections.addWidget(fold)
        for spec in found:
            if spec.name in self.rows:  # its row is in an earlier section
                continue
            row = self.modality_row if spec.by_modality else Row(spec)
            for one in row.specs:
                self.rows[one.name], self._home[one.name] = row, section
            row.edited.connect(self._edited)
            row.refused.connect(self._refused)
            fold.rows.addWidget(row)

    def _edited(self, edit: dict[str, Any]) -> None:
        fold = self._home[next(iter(edit))]
        changes = {**self._pending.get(fold, {}), **edit}
        try:
            config = changed(self._config, changes)
        except ConfigError as error:
            self._pending[fold] = changes
            self.folds[fold].set_error(str(error))
            return
        self._pending.pop(fold, None)
        self._take(config)

    def _refused(self, name: str, sentence: str) -> None:
        self._pending.setdefault(self._home[name], {})
        self.folds[self._home[name]].set_error(sentence)

    def _replace(self, config: Config) -> None:
        """Go to `config` as an edit of the person, whatever is half-typed."""
        self._pending.clear()
        self._take(config)

    def _take(self, config: Config) -> None:
        """Hold and show `config`, and tell of it where it is another."""
        other = config != self._config
        self._hold(config)
        if other:
            self.value_changed.emit(config)

    def _touched(self, config: Config) -> list[str]:
        """Return the names of the settings in which `config` differs from the one that is held."""
        return [name for name in self.rows if get(self._config, name) != get(config, name)]

    def _hold(self, config: Config) -> None:
        """Hold and show `config`; what was not valid in other sections stays as typed."""
        for name in self._touched(config):
            self._pending.pop(self._home[name], None)
        self._config = config
        self._show()

    def _show(self) -> None:
        for section, fold in self.folds.items():
            rows = self._rows_of(section)
            if section not in self._pending:
                fold.set_error("")
                for row in rows:
                    row.show_config(self._config)
            specs = [spec for row in rows for spec in row.specs]
            fold.set_changed(sum(get(self._config, spec.name) != spec.default for spec in specs))
        self.tools.mark(self._preset())
        if self._curves is not None:
            self._curves.show_config(self._config)

    def _fold_toggled(self) -> None:
        """Draw the course of the run while a section that shapes it is open."""
        shaping = [self.folds[section] for section in SCHEDULED if section in self.folds]
        wanted = any(fold.is_open() for fold in shaping)
        if wanted and self._curves is None:
            from napari_trsmi.gui.form.curves import Curves  # pyqtgraph: not before it is seen

            self._curves = Curves()
            self._curves.show_config(self._config)
        if self._curves is not None:
            if wanted:  # beside what shapes it, so that it scrolls with that and takes no room from the form
                last = max(at for at, fold in enumerate(self.folds.values()) if fold.is_open() and fold in shaping)
                self._sections.removeWidget(self._curves)
                self._sections.insertWidget(last + 1, self._curves)
            self._curves.setVisible(wanted)


def _scroll_to(widget: QWidget) -> None:
    """Let whatever a widget lies in scroll until it is to be seen."""
    outer = widget.parentWidget() if isalive(widget) else None
    while outer is not None:
        if isinstance(outer, QScrollArea):
            outer.ensureWidgetVisible(widget)
        outer = outer.parentWidget()
