"""The dock that trains: data, settings, run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, QTimer
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_trsmi.config import Cluster, Config
from napari_trsmi.gui.controls.problem import Problem
from napari_trsmi.gui.form.config_form import ConfigForm
from napari_trsmi.gui.jobs import libraries, warm_up
from napari_trsmi.gui.legend.legend import attach_legend
from napari_trsmi.gui.session.undoing import may_walk, told, walk
from napari_trsmi.gui.support.bar import SupportBar
from napari_trsmi.gui.train.activity import Activity
from napari_trsmi.gui.train.closing import guard
from napari_trsmi.gui.train.data_panel import DataPanel
from napari_trsmi.gui.train.early_number import EarlyNumber
from napari_trsmi.gui.train.first_look import FirstLook
from napari_trsmi.gui.train.hints import DataHints, NumberHint, Offer, TakeOverHint
from napari_trsmi.gui.train.join_panel import JoinPanel
from napari_trsmi.gui.train.live_plot import LivePlot
from napari_trsmi.gui.train.number_panel import BEFORE, NumberPanel
from napari_trsmi.gui.train.pages import NUMBER, Pages
from napari_trsmi.gui.train.placement_panel import PlacementPanel
from napari_trsmi.gui.train.preview_bar import PreviewBar
from napari_trsmi.gui.train.result_row import ResultRow
from napari_trsmi.gui.train.run_bar import RunBar
from napari_trsmi.gui.viewer.furnish import Furnishing
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.opening_line import OpeningLine
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.theme import warning_color
from napari_trsmi.gui.widgets.focus_ring import FocusRing
from napari_trsmi.gui.widgets.frame import Scrolled
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.gui.widgets.whole_number import BoundLine, WholeNumber

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.state import OpenSection

LOWEST_RUN = 90  # pixels: estimate and buttons
SETTINGS = "Settings"  # what a message about them is about

logger = logging.getLogger(__name__)


class TrainDock(QWidget):
    """Open a section, change settings, train, and watch the domains form."""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.session = session = session_of(napari_viewer)
        if session.config == Config():
            with session.deeds.quiet():
                session.set_config(with_defaults(session.config))
        session.fixed_colors = fixed_colors()
        self.data_panel = DataPanel(napari_viewer, session)
        self.n_domains = _whole_number(0, 200, "auto", _help("n_domains"))
        self.domain_scale = _whole_number(-1, 32, "auto", _help("domain_scale"))
        self.form = ConfigForm(session.config)
        self.first_look = FirstLook(session, self)  # before what follows training: it gives way to previews
        self.problem, self.opening = Problem(session, dock=self), OpeningLine(session)
        self.run_bar, self.live_plot = RunBar(session), LivePlot(session)
        self.preview_bar, self.result_row = PreviewBar(session), ResultRow(session)
        self.support_bar = SupportBar(session)
        self.number_panel, self.number_line = NumberPanel(session), Label(BEFORE)
        self.number_line.setWordWrap(True)
        self.early_number = EarlyNumber(session, self)
        self.pages = Pages(session, self.form, self.live_plot, self.number_panel)
        self.offer = Offer(session, self.data_panel.take_tour, self)
        self.number_hint = NumberHint(session, self)
        self.data_hints = DataHints(session, self._show_kinds)
        self.take_over = TakeOverHint(session, self)
        self.activity = Activity(session, self)
        self._lay_out()

        self.n_domains.valueChanged.connect(self._on_quick)
        self.domain_scale.valueChanged.connect(self._on_quick)
        self.form.value_changed.connect(self._on_form)
        self.form.failed.connect(self._on_form_failed)
        self.form.saved.connect(self._on_form_saved)
        self.number_panel.changed.connect(self._show_what_there_is)
        self.early_number.found.connect(self._on_early)
        self.early_number.said.connect(lambda said: self.number_line.setText(said or BEFORE))
        self.form.undo_wanted.connect(lambda: walk(session, "undo"))
        self.form.redo_wanted.connect(lambda: walk(session, "redo"))
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.config_changed, self._on_config),
            (session.deeds.changed, self._say_undo),
            (session.run_changed, self._say_undo),
            (napari_viewer.events.theme, self._on_theme),
        )
        self._on_section(session.section)
        self._on_config(session.config)
        self._on_theme()
        self._say_undo()

    def _lay_out(self) -> None:
        quick = QHBoxLayout()
        quick.setSpacing(4)
        for text, box in (("Domains", self.n_domains), ("Scale", self.domain_scale)):
            label = Label(text)
            label.setToolTip(box.toolTip())
            label.setBuddy(box)
            quick.addWidget(label)
            quick.addWidget(box, 1)
        number = QHBoxLayout()
        number.addWidget(self.number_line, 1)
        number.addWidget(self.early_number)
        top, bottom = QWidget(), QWidget()
        above, below = QVBoxLayout(top), QVBoxLayout(bottom)
        for column in (above, below):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(6)
        above.addWidget(self.problem)
        above.addWidget(self.offer)
        above.addWidget(self.data_panel)
        above.addWidget(self.opening)  # below Open…, which stays where it is, away from Cancel
        above.addWidget(self.data_hints)
        above.addWidget(self.take_over)
        above.addWidget(JoinPanel(self.session, self))
        above.addWidget(PlacementPanel(self.session, self))
        above.addLayout(quick)
        above.addWidget(BoundLine(Domains=self.n_domains, Scale=self.domain_scale))
        above.addLayout(number)
        above.addWidget(self.number_hint)
        above.addWidget(self.pages, 1)
        for widget in (self.run_bar, self.preview_bar, self.support_bar, self.result_row):
            below.addWidget(widget)
        # What is above scrolls where it is much, and so does what is below: Run, its first line, never leaves the
        # window. What is above takes the room there is; without saying so, napari adds empty space below, dock by dock.
        top.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.setSpacing(6)
        layout.addWidget(Scrolled(top, modest=True), 1)
        layout.addWidget(Scrolled(bottom, LOWEST_RUN))
        self.ring = FocusRing(self)
        Furnishing(self, self.session)

    def showEvent(self, event: Any) -> None:  # noqa: D102
        super().showEvent(event)
        guard(self, self.viewer, self.session)
        attach_legend(self, self.session)
        QTimer.singleShot(libraries.DELAY, libraries.PIECES.begin)

    def _on_section(self, section: OpenSection | None) -> None:
        modalities = {} if section is None else {m: found.kind for m, found in section.dataset.modalities.items()}
        self.form.set_modalities(modalities)
        self._show_what_there_is()
        if section is not None and section.result is None and look(section).raster is not None:
            QTimer.singleShot(warm_up.DELAY, warm_up.begin)  # its domains will be labels
        if section is not None:
            QTimer.singleShot(warm_up.LATER, warm_up.begin_shapes)

    def _on_form(self, config: Config) -> None:
        self.session.set_config(config)
        self.session.did.emit(SETTINGS)

    def _on_form_failed(self, text: str) -> None:
        with self.session.busy.at(self.session.busy.place, SETTINGS):
            self.session.failed.emit(text)

    def _on_form_saved(self, path: str) -> None:
        self.session.told.emit(f"Settings saved to {path}.")
        self.session.did.emit(SETTINGS)

    def _on_config(self, config: Config) -> None:
        if self.form.value() != config:
            self.form.set_value(config)
        cluster = config.cluster
        with QSignalBlocker(self.n_domains), QSignalBlocker(self.domain_scale):
            self.n_domains.setValue(cluster.n_domains or 0)
            self.domain_scale.setValue(-1 if cluster.domain_scale is None else cluster.domain_scale)
        self._show_what_there_is()

    def _say_undo(self, *_: Any) -> None:
        session = self.session
        self.form.tools.say(
            told(session, "undo"), told(session, "redo"), may_walk(session, "undo"), may_walk(session, "redo")
        )

    def _show_kinds(self) -> None:
        self.pages.setCurrentWidget(self.form)
        self.form.reveal("preprocess.kinds")

    def _on_quick(self) -> None:
        scale = self.domain_scale.value()
        update = {"n_domains": self.n_domains.value() or None, "domain_scale": None if scale < 0 else scale}
        config = self.session.config
        self.session.set_config(config.model_copy(update={"cluster": config.cluster.model_copy(update=update)}))

    def _on_early(self, told: dict[str, Any]) -> None:
        self.number_panel.show_early(told)
        if not self.number_panel.is_empty:
            self.pages.setCurrentIndex(NUMBER)

    def _show_what_there_is(self, *_: Any) -> None:
        cluster = self.session.config.cluster
        chosen = cluster.n_domains is None and cluster.method != "prototypes"
        self.number_line.setVisible(chosen and self.number_panel.is_empty and self.session.section is not None)

    def _on_theme(self, *_: Any) -> None:
        from napari.utils.theme import get_theme

        theme = get_theme(self.viewer.theme)
        self.run_bar.set_colors(theme.current.as_hex(), warning_color(self.viewer.theme))
        self.problem.set_colors(warning_color(self.viewer.theme))
        self.result_row.set_colors(warning_color(self.viewer.theme))
        self.live_plot.set_colors(theme.background.as_hex(), theme.text.as_hex())


def with_defaults(config: Config) -> Config:
    """Return `config` with device, threads and preview rate from napari's settings; as it is where there are none."""
    from napari.settings import get_plugin_settings

    try:
        run = get_plugin_settings("napari-trsmi").run
        every = run.preview_every
        train = config.train.model_copy(update={"preview_every": every})
        return config.model_copy(update={"device": run.device, "threads": run.threads, "train": train})
    except (AttributeError, KeyError, ValueError):
        logger.info("no settings of the plugin", exc_info=True)
        return config


def fixed_colors() -> tuple[str, ...]:
    """Return the colours of new domains in the order napari's settings ask for; empty where touching decides."""
    from napari.settings import get_plugin_settings

    try:
        if get_plugin_settings("napari-trsmi").display.palette != "fixed":
            return ()
    except (AttributeError, KeyError, ValueError):
        return ()
    from napari_trsmi.domains.colors import PALETTE

    return PALETTE


def _whole_number(lowest: int, highest: int, special: str, tip: str) -> WholeNumber:
    box = WholeNumber(lowest, highest, special, tip)
    box.setStyleSheet("QSpinBox { min-width: 76px; padding: 1px 2px }")  # room for "auto" between napari's wide arrows
    return box


def _help(name: str) -> str:
    return str(Cluster.model_fields[name].description).replace("unset:", "auto:")  # the word in the field
