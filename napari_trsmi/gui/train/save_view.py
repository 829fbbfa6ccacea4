"""Save what the canvas shows as a figure: one view, or several that were collected for a panel."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_trsmi.canvas_figure import save
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtWidgets import QWidget

    from napari_trsmi.canvas_figure import View
    from napari_trsmi.gui.session.session import Session

    AskPath = Callable[[QWidget | None, str, Path, str], Path | None]

FIGURES = "PNG picture (*.png);;SVG drawing (*.svg);;PDF (*.pdf)"
NOTHING = "Expected a section on the canvas, found none. Open a file first."
NO_VIEWS = "Expected a view in the panel, found none. Choose Add this view to the panel first."


def save_view(session: Session, parent: QWidget | None, ask: AskPath) -> None:
    """Ask where to, then write a figure of what the canvas shows, in a thread."""
    if views := _seen(session):
        _save(session, parent, ask, views, "Save what is seen", ".view.png")


def add_view(session: Session) -> None:
    """Keep what the canvas shows for a figure of several views."""
    if views := _seen(session):
        session.panel.extend(views)
        session.told.emit(f"The panel has {said(len(session.panel))}. Save menu: Save the panel.")


def save_panel(session: Session, parent: QWidget | None, ask: AskPath) -> None:
    """Ask where to, then write the views of the panel as one figure, in a thread."""
    if not session.panel:
        return session.failed.emit(NO_VIEWS)
    return _save(session, parent, ask, list(session.panel), "Save the panel", ".panel.png")


def empty_panel(session: Session) -> None:
    """Forget the views of the panel; Undo brings them back."""
    from napari_trsmi.gui.session.deeds import Deed

    views = list(session.panel)
    if views:
        session.panel.clear()
        session.deeds.add(Deed("emptying the panel", partial(session.panel.extend, views), session.panel.clear))


def said(n: int) -> str:
    """Return a number of views in words."""
    return many(n, "view")


def _seen(session: Session) -> list[View]:
    """Return the views that the canvas shows: several side by side, else one; none without a section."""
    from napari_trsmi.gui.viewer.seen import views_of

    if session.section is None or session.canvas is None:
        session.failed.emit(NOTHING)
        return []
    views, left_out = views_of(session)
    if left_out:
        session.told.emit(f"Not in the figure, because they are turned or of another kind: {', '.join(left_out)}.")
    return views


def _save(
    session: Session, parent: QWidget | None, ask: AskPath, views: Sequence[View], title: str, ending: str
) -> None:
    from napari_trsmi.gui.train.save_menu import suggested_for

    assert session.dataset is not None or session.panel
    path = ask(parent, title, suggested_for(session.dataset, ending), FIGURES)

    def done(written: Any) -> None:
        session.told.emit(f"Saved {written}.")

    if path is not None:
        run_job(session, f"Saving {path.name}", lambda: save(views, path), done)
