"""A section without a picture of its tissue opens in the colours of what varies most over it, not as a grey shape."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_trsmi.gui.finding.maps import feature_coloring
from napari_trsmi.gui.finding.uneven import most_uneven
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown

logger = logging.getLogger(__name__)


class FirstLook(QObject):
    """Colours such a section once it is open, as long as a person does nothing else; domains take its place."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self._given: Coloring | None = None
        listen(self, (session.section_changed, self._on_section), (session.shown_changed, self._on_shown))
        self._on_section(session.section)

    def _on_section(self, section: OpenSection | None) -> None:
        self._given = None
        if section is None or not self._is_plain(section) or has_picture(section.dataset):
            return
        run_job(self.session, "", partial(varies_most, section.dataset), partial(self._on_found, section))

    def _is_plain(self, section: OpenSection) -> bool:
        session = self.session
        return session.section is section and section.result is None and session.coloring is None and not session.run

    def _on_found(self, section: OpenSection, found: Coloring | None) -> None:
        if found is not None and self._is_plain(section):
            self._given = found
            self.session.color(found)

    def _on_shown(self, shown: Shown | None) -> None:
        if shown is not None and self._given is not None and self.session.coloring is self._given:
            self.session.color(None)
        self._given = self._given if shown is None else None


def has_picture(dataset: Dataset) -> bool:
    """Return whether there is a picture of the tissue, of one section at least."""
    return any(part.image is not None for part in dataset.parts or (dataset,))


def varies_most(dataset: Dataset) -> Coloring | None:
    """Return the feature of the first modality that differs most between parts of the section; None without one."""
    order = sorted(dataset.modalities, key=lambda name: dataset.modalities[name].kind != "rna")
    try:
        for name in order:
            for feature in most_uneven(dataset, name, 1):
                coloring = feature_coloring(dataset, name, feature)
                return replace(coloring, title=f"{coloring.title}: varies most")
    except Exception:  # a grey section is better than a message about colours that nobody asked for
        logger.info("no first look", exc_info=True)
    return None
