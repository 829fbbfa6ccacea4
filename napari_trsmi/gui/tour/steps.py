"""What the tour says, step by step: where it points, what a step needs and when it is done. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_trsmi.gui import anchors

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

NO_RESULT = "First there must be domains: go back to step 2 and run."
SEARCHING = "The support is being found; the heading Support comes with it."
NOT_DONE = "This is here once the run is done; step 3 shows how far it is."


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    title, text
        On the card.
    anchors
        Names of the controls that it points at: the first that is to be seen.
    dock
        The dock that they lie in, by its name in the menu.
    is_done
        Whether a person has done it.
    lacks
        What is missing for it, as a sentence; "" for nothing.
    goes_on
        Whether the next step comes by itself once it is done.
    there
        The text where it is done before it is shown; "" for `text`.
    """

    title: str
    text: str
    anchors: tuple[str, ...]
    dock: str
    is_done: Callable[[Session], bool]
    lacks: Callable[[Session], str] = lambda session: ""
    goes_on: bool = False
    there: str = ""


def _no_result(session: Session) -> str:
    if session.run is not None:
        return NOT_DONE
    return "" if session.result is not None else NO_RESULT


def _no_support(session: Session) -> str:
    is_sought = session.support is not None and session.support.job is not None
    return _no_result(session) or (SEARCHING if is_sought else "")


STEPS = (
    Step(
        "Open the sample",
        "A small slice of tissue with RNA and protein. Click Open sample. Your own files open here too, or when you "
        "drop them on the window.",
        (anchors.OPEN_SAMPLE, anchors.SECTION),
        "Train",
        lambda session: session.section is not None,
        goes_on=True,
        there="A section is open already: the tour goes on with it. Press Next. For the small sample instead, choose "
        "File > Open Sample > napari-trsmi.",
    ),
    Step(
        "Run",
        "Nothing has to be set first. Click Run: domains form over the tissue from the first epoch on.",
        (anchors.RUN,),
        "Train",
        lambda session: session.run is not None or session.result is not None,
        lambda session: "" if session.section is not None else "First a section must be open: go back to step 1.",
        goes_on=True,
    ),
    Step(
        "Watch",
        "The plot shows the course of training, the canvas the domains. Pause looks at one state for longer, Finish "
        "and keep ends early. After the epochs their boundaries are judged, which takes a moment.",
        (anchors.COURSE, anchors.PROGRESS),
        "Train",
        lambda session: session.result is not None and session.run is None,
        lambda session: "" if session.run is not None or session.result is not None else "First press Run.",
    ),
    Step(
        "Question a boundary",
        "First comes what matters most: little support over a long way. Click the heading Support for the least "
        "supported, then the first row: the view flies there. Support is the share of other ways to cut the same "
        "measurements that draw it; 0.5 is every second one. Below the table stands how far its sides differ in each "
        "modality.",
        (anchors.BOUNDARIES,),
        "Boundaries",
        lambda session: session.boundary is not None,
        _no_support,
    ),
    Step(
        "The genes across it",
        "Switch This stretch on: what differs between the two sides of this boundary, on counts that did not draw it. "
        "Click a gene or protein, and it colours the tissue. Where nothing differs, take another boundary in step 4.",
        (anchors.ACROSS,),
        "Boundaries",
        lambda session: session.boundary is not None and session.coloring is not None,
        lambda session: (
            _no_result(session)
            or ("" if session.boundary is not None else "First choose a boundary: go back to step 4.")
        ),
    ),
    Step(
        "Save",
        "Save result writes a copy of the section with its domains, and tables and a figure if you like; your own file "
        "stays as it is. Save session keeps all that is open, so that you can go on tomorrow.",
        (anchors.SAVE,),
        "Train",
        lambda session: session.section is not None and session.section.path is not None,
        _no_result,
    ),
)
