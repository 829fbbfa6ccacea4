"""The empty page of a dock, whose button does what leads on: open something, run, or look at how a run goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_trsmi.gui.remembered import recent
from napari_trsmi.gui.viewer.docks import TRAIN, open_dock
from napari_trsmi.gui.viewer.opening import ask_files, open_sample
from napari_trsmi.gui.viewer.opening_line import OpeningLine
from napari_trsmi.gui.widgets.empty import EmptyPage, NextStep
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.widgets.sketches import Subject


WHILE_IT_TRAINS = "This is here once the first run is done."


class Guide(EmptyPage):
    """An empty page that follows what a session lacks."""

    def __init__(self, session: Session, subject: Subject) -> None:
        super().__init__(subject)
        self.session, self._lacking = session, ""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(OpeningLine(session))
        listen(self, (session.section_changed, self._refresh), (session.run_changed, self._refresh))
        self._refresh()

    def setText(self, text: str) -> None:
        """Say what is lacking; while a first run goes on, that it will come."""
        self._lacking = text
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        self.offer(next_step(self.session))
        super().setText(WHILE_IT_TRAINS if is_coming(self.session) else self._lacking)

    def showEvent(self, event: Any) -> None:  # noqa: D102
        super().showEvent(event)
        self._refresh()


def is_coming(session: Session) -> bool:
    """Return whether a first run of the open section goes on."""
    return session.section is not None and session.result is None and session.run is not None


def next_step(session: Session) -> NextStep:
    """Return the step that leads on: the sample to who never opened anything, else files; then Run."""
    if session.section is None and recent():
        return NextStep("Open files…", "Choose one file, or several over the same spots", partial(ask_files, session))
    if session.section is None:
        return NextStep("Open sample", "A small slice with RNA and protein", partial(open_sample, session))
    if session.run is not None:
        return NextStep("Show training", "The dock Train shows how far it is", partial(_show_train, session))
    return NextStep("Run", "Train on the open section and find its domains", session.start)


def _show_train(session: Session) -> None:
    viewer = session.canvas.viewer
    if hasattr(viewer, "window"):
        open_dock(viewer, TRAIN)
