"""The plot of an embedding with what belongs to it: which one, lassos, and what the chosen spots become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout

from napari_trsmi.gui.embedding.job import UmapJob
from napari_trsmi.gui.embedding.keep_row import KeepRow
from napari_trsmi.gui.embedding.marks import TissueMarks
from napari_trsmi.gui.embedding.plot import EmbeddingPlot
from napari_trsmi.gui.embedding.spots import colors_of, said_of
from napari_trsmi.gui.jobs.jobs import JobPanel
from napari_trsmi.gui.jobs.paces import learn, paces
from napari_trsmi.gui.widgets.bar import TellingBar
from napari_trsmi.gui.widgets.listening import at_end, listen
from napari_trsmi.gui.widgets.named import NameBox
from napari_trsmi.gui.widgets.plain import ElidingLabel
from napari_trsmi.gui.words import duration
from napari_trsmi.plural import many
from napari_trsmi.telling import UNFOLDING
from napari_trsmi.unfolding import components, has_umap, umap_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer

    from napari_trsmi.gui.session.session import Session

OURS = "The result"
PACE = "umap"  # by which it is remembered how fast this machine is
COMPONENTS, UMAP = "Components", "UMAP"
NOTHING_CHOSEN = "Lasso spots here or on the tissue."
PAUSE = 40  # milliseconds until other colours are drawn: previews and sliders come in bursts


class EmbeddingPanel(JobPanel):
    """Follows the session: its colours, hidden domains, hidden sections and the selected spot."""

    def __init__(self, viewer: Viewer, session: Session) -> None:
        super().__init__(session)
        self._front = False
        self._missed: Callable[[], None] | None = None  # what is done once the dock comes to the front
        self._of: np.ndarray | None = None  # the embedding that is shown, or being unfolded
        tip = "Which embedding: that of the result, or one that the file holds in obsm."
        self.source, self.how = NameBox(tip, 8), QComboBox()
        self.source.setAccessibleName("Embedding")
        self.how.addItems([COMPONENTS, UMAP])
        self.how.setAccessibleName("How it is brought into two dimensions")
        self.how.setToolTip(
            "Components: the two directions in which the spots differ most; there at once, and distances mean what "
            "they seem to. UMAP: neighbours stay together; takes seconds to minutes, distances between groups mean "
            "little."
        )
        self.bar, self.cancel = TellingBar("How far the UMAP is"), QPushButton("Cancel")
        self.cancel.setToolTip("Give the UMAP up.")
        self.plot = EmbeddingPlot()
        self.plot.setAccessibleName("Plot of the embedding: a dot for every spot")
        self.plot.setToolTip("Drag to move, wheel to zoom, Home for all. A click selects the spot on the tissue.")
        self.said = ElidingLabel(NOTHING_CHOSEN)
        self.here, self.there, self.clear = QPushButton("Lasso here"), QPushButton("On tissue"), QPushButton("Clear")
        for button, tip in (
            (self.here, "Drag around dots in the plot; their spots are marked on the tissue. Ctrl adds."),
            (self.there, "Drag around spots on the tissue; their dots are marked in the plot."),
        ):
            button.setCheckable(True)
            button.setToolTip(tip)
        self.there.setAccessibleName("Lasso on the tissue")
        self.clear.setToolTip("Choose nothing.")
        self.region = KeepRow(session)
        self.marks = TissueMarks(viewer, session, self)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(_row(self.source, self.how))
        under_way = _row(self.bar, self.cancel)
        under_way.setStretch(1, 0)  # what it says takes the room
        layout.addLayout(under_way)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.said)
        layout.addLayout(_row(self.here, self.there, self.clear))
        layout.addWidget(self.region)

        self._recolor_later = QTimer(self)
        self._recolor_later.setSingleShot(True)
        self._recolor_later.setInterval(PAUSE)
        self._recolor_later.timeout.connect(self._recolor)
        self.source.activated.connect(self._on_what)
        self.how.activated.connect(self._on_what)
        self.cancel.clicked.connect(self._on_cancel)
        self.here.toggled.connect(self._on_here)
        self.there.clicked.connect(self.marks.draw)
        self.clear.clicked.connect(lambda: self.choose(None))
        self.plot.hovered.connect(self._on_hovered)
        self.plot.clicked.connect(lambda row: session.select_spot(None if row < 0 else row))
        self.plot.lassoed.connect(self._on_lassoed)
        self.marks.lassoed.connect(self._on_lassoed)
        self.marks.drawing.connect(self.there.setChecked)
        self.marks.pointed.connect(self._on_pointed)
        listen(
            self,
            (session.section_changed, self._on_section),
            (session.result_changed, self._on_result),
            (session.shown_changed, self._recolor_soon),
            (session.hidden_changed, self._recolor_soon),
            (session.coloring_changed, self._recolor_soon),
            (session.parts.hidden_changed, self._recolor_soon),
            (session.parts.laid, self._on_laid),
            (session.spot_changed, self.plot.mark_selected),
            (viewer.events.theme, self._on_theme),
        )
        at_end(self, self.marks.leave)
        self._set_theme(viewer.theme)
        self._show_section()

    # Which embedding

    @property
    def embedding(self) -> np.ndarray | None:
        """(N, d) the one that is chosen."""
        section = self.session.section
        if section is None:
            return None
        key = self.source.currentData()
        if key is None:
            return None if section.result is None else section.result.embedding
        found: np.ndarray | None = section.dataset.embeddings.get(key)
        return found

    @property
    def _unfolded(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [] if self.session.section is None else self.session.section.unfolded

    def _fill_sources(self) -> None:
        section, before = self.session.section, self.source.currentData()
        self.source.clear()
        if section is None:
            return
        if section.result is not None:
            self.source.addItem(OURS, None)
        for key in section.dataset.embeddings:
            self.source.addItem(key, key)
        self.source.setCurrentIndex(max(self.source.findData(before), 0))

    def _on_what(self, _: int = 0) -> None:
        """Show what is chosen; a UMAP that is not there yet is begun."""
        self._drop_job()
        embedding, section = self.embedding, self.session.section
        self._of = embedding
        if embedding is None or section is None:
            return None
        if self.how.currentText() == UMAP:
            for made_of, places in self._unfolded:
                if made_of is embedding:
                    return self._show(places)
            if not has_umap():
                self.how.setCurrentText(COMPONENTS)
                self.session.failed.emit(
                    'Expected umap-learn for a UMAP, found none. Install it with `pip install "napari-trsmi[umap]"`.'
                )
            else:
                seed = 0 if section.result is None else section.result.config.seed
                self._begin_job(UNFOLDING, UmapJob(embedding, seed), self._on_umap, self._on_no_umap)
                self._show_progress()
                return self._refresh()
        return self._show(components(embedding))

    def _on_umap(self, job: UmapJob, places: np.ndarray | None) -> None:
        section = self.session.section
        self._end_job()
        if section is not None and places is not None:
            learn({PACE: job.seconds / umap_seconds(len(places))})
            section.unfolded.append((job.embedding, places))
            self._show(places)

    def _on_no_umap(self, job: UmapJob, problem: str) -> None:
        self._end_job()
        self._on_cancel()

    def _on_cancel(self) -> None:
        self.how.setCurrentText(COMPONENTS)
        self._on_what()

    def _show(self, places: np.ndarray) -> None:
        self.plot.set_places(places)
        self.plot.mark_selected(self.session.spot)
        self._recolor()

    def _show_progress(self) -> None:
        """Show the epochs; before them, which the library does not tell of, how long all of it takes here."""
        job = self.job
        if job is None:
            return
        if job.total:
            self.bar.show_share(f"{job.done:,} of {job.total:,} epochs", job.done, job.total)
            return
        n, pace = len(job.embedding), paces().get(PACE)
        known = (
            f"about {duration(pace * umap_seconds(n))} for {n:,} spots, as last time" if pace else "seconds to minutes"
        )
        self.bar.show_share(f"UMAP: {known}")

    def _refresh(self, _: Any = None) -> None:
        busy, chosen = self.job is not None, self.plot.chosen
        self.bar.setVisible(busy)
        self.cancel.setVisible(busy)
        n = 0 if chosen is None else int(chosen.sum())
        self.clear.setEnabled(n > 0)
        self.region.choose(chosen if n else None)
        self.said.setText(f"{many(n, 'spot')} chosen" if n else NOTHING_CHOSEN)

    # Choosing

    def choose(self, chosen: np.ndarray | None) -> None:
        """Choose spots (N,) bool, on the plot and on the tissue; None for none."""
        chosen = None if chosen is None or not chosen.any() else chosen
        if self.session.section is not None:
            self.session.section.picked = chosen
        self.plot.choose(chosen)
        self.marks.choose(chosen)
        self._refresh()

    def _on_here(self, lassoing: bool) -> None:
        self.plot.set_lassoing(lassoing)
        if lassoing:
            self.marks.draw(False)

    def _on_lassoed(self, found: np.ndarray) -> None:
        from qtpy.QtCore import Qt
        from qtpy.QtWidgets import QApplication

        adding = bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)
        chosen = self.plot.chosen
        self.choose(found | chosen if adding and chosen is not None and len(chosen) == len(found) else found)
        self.here.setChecked(False)

    def _on_laid(self, _: Any) -> None:
        self.marks.choose(self.plot.chosen)

    # What is pointed at

    def _on_hovered(self, row: int) -> None:
        self.marks.point_at(row)
        self._say(row)

    def _on_pointed(self, row: int) -> None:
        self.plot.point_at(row)
        self._say(row)

    def _say(self, row: int) -> None:
        words = said_of(self.session, row)
        return self.said.setText(words) if words else self._refresh()

    # What the session says

    def _on_section(self, _: Any) -> None:
        """Show another section; behind other docks later, because of a million spots that takes a third of a second."""
        self._drop_job()
        self.plot.chosen = None
        self._refresh()
        self._missed = self._show_section
        self._catch_up()

    def _on_result(self, _: Any) -> None:
        self._missed = self._missed or self._show_result
        self._catch_up()

    def _catch_up(self) -> None:
        if self._front and self._missed is not None:
            missed, self._missed = self._missed, None
            missed()

    def _show_section(self) -> None:
        section = self.session.section
        self._fill_sources()
        self.how.setCurrentText(COMPONENTS)
        self._on_what()
        if section is not None and section.picked is not None and len(self.plot.places) == len(section.picked):
            self.choose(section.picked)
        self._refresh()

    def _show_result(self) -> None:
        """Show the embedding of another result; the same one with other names or colours stays as it is."""
        self._fill_sources()
        if self.embedding is not self._of:
            if not any(made_of is self.embedding for made_of, _ in self._unfolded):
                self.how.setCurrentText(COMPONENTS)  # a UMAP is made when asked for, not after each run
            self._on_what()

    def _recolor_soon(self, _: Any = None) -> None:
        if self._front:
            self._recolor_later.start()

    def _recolor(self) -> None:
        """Colour the dots as the tissue is coloured."""
        colors = colors_of(self.session)
        if len(colors) == len(self.plot.places):
            self.plot.set_colors(colors)

    def _on_theme(self, event: Any) -> None:
        self._set_theme(event.value)

    def _set_theme(self, name: str) -> None:
        from napari.utils.theme import get_theme

        self.plot.set_ring_color(get_theme(name).text.as_hex())

    def come(self, front: bool) -> None:
        """Catch up on what happened meanwhile as the dock comes to the front; else leave the tissue alone."""
        self._front = front
        self.marks.watch(front)
        self._catch_up()
        if front:
            self._recolor_later.start()
        else:
            self.here.setChecked(False)
            self.marks.draw(False)
            self.marks.point_at(-1)
        self.marks.choose(self.plot.chosen if front else None)


def _row(*widgets: Any) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
