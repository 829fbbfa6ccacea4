"""The domains of another result on the active section, without training, in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.runs import on
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.widgets.plain import shortened

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

WITHOUT_TRAINING = "Give each spot the domain of that result which it is most like, without training"
WIDEST = 36  # letters of the name of a section


def labelled_others(session: Session) -> list[OpenSection]:
    """Return the open sections whose domains the active one can take over: none where that is a study."""
    own = session.section
    if own is None or own.dataset.parts:
        return []
    shared = set(own.dataset.modalities)
    return [
        section
        for section in sections_in(session.canvas.there)
        if section is not own and section.result is not None and shared & set(section.result.dataset.modalities)
    ]


def take_over(session: Session, other: OpenSection) -> None:
    """Give the spots of the active section the domains of another one's result."""
    entry = other.runs.entry_of(other.result)
    if entry is not None:  # by its file where it has one, so that a script can say which
        label_by(session, entry.path or entry.result, other.dataset.name)


def label_by(session: Session, known: Result | Path, name: str) -> None:
    """Give the spots of the active section the domains of a result, or of one on file; they become its result.

    Parameters
    ----------
    name
        What a person calls it.
    """
    section = session.section
    if section is None or session.run is not None:
        return

    def work() -> Result:
        from napari_trsmi.study import transfer

        return on(section.dataset, transfer(known, section.dataset))

    def done(found: Result) -> None:
        if session.section is section and session.run is None:
            session.set_result(found)

    run_job(session, f"Labelling by {shortened(name, WIDEST)}", work, done, with_window=True)
