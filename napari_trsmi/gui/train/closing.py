"""Closing the window, or a section, while training goes on or with a result that is not on file, asks first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal
from weakref import ref

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QMainWindow, QMessageBox, QWidget

from napari_trsmi.gui.jobs.jobs import JobPanel, drop_jobs
from napari_trsmi.gui.viewer.lane import lane_of
from napari_trsmi.gui.viewer.sections import has_unsaved_result, sections_in
from napari_trsmi.gui.widgets.focus_ring import FocusRing
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.workspace.files import save_session

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session.runs import Entry
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import OpenSection

Question = Literal[
    "training", "line", "unsaved", "changed", "work", "regions", "removed training", "removed", "removed regions"
]
Answer = Literal["finish", "save", "session", "close", "stay"]


# What is said; what keeps, and what it answers; what closes.
QUESTIONS: dict[Question, tuple[str, str, tuple[str, Answer], str]] = {
    "training": (
        "Training on {} has not ended.",
        "Finish keeps the domains found so far and leaves the window open.",
        ("Finish and keep open", "finish"),
        "Stop and close",
    ),
    "line": (
        "Training on {} has not ended.",
        "Finish keeps the domains found so far and leaves the window open. Sections that wait leave the line.",
        ("Finish and keep open", "finish"),
        "Stop and close",
    ),
    "unsaved": (
        "The domains of {} are not saved.",
        "They are lost when the window closes.",
        ("Save…", "save"),
        "Close without saving",
    ),
    "changed": (
        "What was changed in {} since it was saved is not on file.",
        "It is lost when the window closes.",
        ("Save…", "save"),
        "Close without saving",
    ),
    "work": (
        "{} would be lost.",
        "What is under way ends when the window closes, and what is not kept goes with it.",
        ("Stay", "stay"),
        "Stop and close",
    ),
    "regions": (
        "The regions of {} are not saved.",
        "They are lost when the window closes.",
        ("Save session…", "session"),
        "Close without saving",
    ),
    "removed training": (
        "All layers of {} were removed, and training on it has not ended.",
        "It ends when the section is closed.",
        ("Bring its layers back", "stay"),
        "Close the section",
    ),
    "removed": (
        "All layers of {} were removed, and its domains are not saved.",
        "They are lost when the section is closed.",
        ("Bring its layers back", "stay"),
        "Close the section",
    ),
    "removed regions": (
        "All layers of {} were removed, and its regions are not saved.",
        "They are lost when the section is closed.",
        ("Bring its layers back", "stay"),
        "Close the section",
    ),
}
BESIDE = " {} would be lost as well."
LOST = " The domains of {} are not saved, and are lost when the window closes."
_THEIRS = "ConfirmCloseDialog"  # napari's own question, which is one too many beside ours


def ask(window: QWidget, question: Question, name: str, unsaved: str = "", work: str = "") -> Answer:
    """Ask a person, once, what to do about training that goes on, or about results that are not saved.

    Replaced in tests and scripts, where nobody is there to answer.

    Parameters
    ----------
    name
        The section that trains, or those whose results are not saved.
    unsaved
        Those not saved beside one that trains.
    work
        Checks and sweeps beside it that go on, or are kept nowhere.
    """
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    text, consequence, (keep, answer), leave = QUESTIONS[question]
    box.setText(text.format(name))
    beside = [text.format(what) for text, what in ((LOST, unsaved), (BESIDE, work)) if what]
    box.setInformativeText(consequence + "".join(beside))
    kept = box.addButton(keep, QMessageBox.ButtonRole.AcceptRole)
    all_of_it = None
    if question in ("unsaved", "changed"):
        all_of_it = box.addButton("Save session…", QMessageBox.ButtonRole.AcceptRole)
        assert all_of_it is not None
        all_of_it.setToolTip("One file that opens all again: data, results, review and how the window lies")
    left = box.addButton(leave, QMessageBox.ButtonRole.DestructiveRole)
    stay = kept if answer == "stay" else box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(kept)
    box.setEscapeButton(stay)
    FocusRing(box)
    box.exec()
    if box.clickedButton() is left:
        return "close"
    if all_of_it is not None and box.clickedButton() is all_of_it:
        return "session"
    return answer if box.clickedButton() is kept else "stay"


class ClosingGuard(QObject):
    """Watches a main window; made by `guard`."""

    def __init__(self, viewer: Viewer, session: Session, window: QMainWindow) -> None:
        super().__init__(window)
        self._viewer, self.session = ref(viewer), session
        self._agreed = False  # a person has said that the window shall close
        self._gone: list[OpenSection] = []  # sections that are asked about, one after the other
        window.installEventFilter(self)
        listen(self, (session.canvas.gone, self._on_gone))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: D102
        if event is None or not isinstance(watched, QMainWindow):
            return False
        if event.type() == QEvent.Type.WindowBlocked:
            self._answer_theirs()
        elif event.type() == QEvent.Type.Close:
            if not self.may_close(watched):
                event.ignore()
                if hasattr(watched, "_quit_app"):  # napari notes Ctrl+Q there, and would quit at the next close
                    watched._quit_app = False
                return True
            self.session.training.cancel_all()
            lane_of(self.session).cancel_all()
            drop_jobs(self.session)
        return False

    def _answer_theirs(self) -> None:
        """Answer napari's question whether to close, unseen, where ours is asked before or after it."""
        theirs = QApplication.activeModalWidget()
        if type(theirs).__name__ != _THEIRS or not isinstance(theirs, QDialog):
            return
        if theirs.parentWidget() is not self.parent():  # of another window
            return
        if self._agreed or self.session.training.line or self.unsaved or self.unkept or self.at_stake:
            theirs.setWindowOpacity(0.0)
            QTimer.singleShot(0, theirs.accept)

    @property
    def unsaved(self) -> list[OpenSection]:
        """Sections of the viewer whose result is not on file."""
        return [section for section in sections_in(self._viewer()) if has_unsaved_result(section)]

    @property
    def unkept(self) -> list[OpenSection]:
        """Sections of the viewer with columns of one's own that no file has."""
        return [section for section in sections_in(self._viewer()) if section.unkept]

    @property
    def at_stake(self) -> list[str]:
        """Checks and sweeps that go on, or are kept nowhere, and would be lost."""
        window = self.parent()
        panels = [] if window is None else window.findChildren(JobPanel)
        return [panel.at_stake for panel in panels if panel.at_stake]

    def may_close(self, window: QMainWindow) -> bool:
        """Return whether a person wants the window closed, asked in one dialog about all there is to lose.

        A script's `viewer.close()` has removed the layers before: it is not asked.
        """
        line, unsaved, unkept = self.session.training.line, self.unsaved, self.unkept
        if not sections_in(self._viewer()):
            return True
        if not line and not unsaved and not unkept and not self.at_stake:
            return True
        names, drawn = (in_a_row([section.dataset.name for section in of]) for of in (unsaved, unkept))
        beside = [f"The regions of {drawn}"] if unkept and (line or unsaved or self.at_stake) else []
        work = in_a_row([*beside, *self.at_stake])
        if line:
            trains = in_a_row([run.section.dataset.name for run in line])
            answer = ask(window, "training" if len(line) == 1 else "line", trains, names, work)
        elif unsaved:
            sources = [entry and entry.source for entry in map(_entry, unsaved)]
            answer = ask(window, "changed" if all(sources) else "unsaved", names, "", work)
        elif self.at_stake:
            answer = ask(window, "work", work)
        else:
            answer = ask(window, "regions", drawn)
        if answer == "close" and any(all(one is not old for old in unsaved) for one in self.unsaved):
            return self.may_close(window)  # training ended while a person read that it had not
        self._agreed = answer == "close"
        if answer == "finish":
            self._finish()
        elif answer == "save":
            self._save(unsaved[0], window)
        elif answer == "session":
            save_session(self.session, window, partial(_close_soon, window))
        return self._agreed

    def _finish(self) -> None:
        """Keep what was found so far, on all sections that train; those that wait have found nothing."""
        training = self.session.training
        for run in reversed(training.line.copy()):
            training.cancel(run) if run.trainer is None else training.finish(run)

    def _on_gone(self, section: OpenSection) -> None:
        if section in self._gone:  # a view that ended with its layers had put some back, which went too
            return
        self._gone.append(section)
        if len(self._gone) == 1:
            QTimer.singleShot(0, partial(self._ask_in_turn))  # napari is still removing layers

    def _ask_in_turn(self) -> None:
        try:
            self._ask_about(self._gone[0])
        finally:
            self._gone.pop(0)
            if self._gone:
                QTimer.singleShot(0, partial(self._ask_in_turn))

    def _ask_about(self, section: OpenSection) -> None:
        """Ask what to do about a section whose last layer was removed."""
        from napari.layers import Layer

        from napari_trsmi.gui.viewer.layers import section_layers

        window, viewer = self.parent() if isalive(self) else None, self._viewer()
        answer: Answer = "close"
        if isinstance(window, QMainWindow) and window.isVisible() and viewer is not None:
            question: Question = "removed" if has_unsaved_result(section) else "removed regions"
            question = question if section.run is None else "removed training"
            before = section.result
            answer = ask(window, question, section.dataset.name)
            if answer == "close" and section.result is not before:  # training ended meanwhile: this is another question
                return self._ask_about(section)
        if answer == "close" or viewer is None:
            return self.session.training.close(section)
        for data in section_layers(section):
            viewer.add_layer(Layer.create(*data))
        return None

    def _save(self, section: OpenSection, window: QMainWindow) -> None:
        from napari_trsmi.gui.train.save_menu import save_result

        self.session.activate(section)
        save_result(self.session, window, done=partial(_close_soon, window))


def _close_soon(window: QMainWindow) -> None:
    """Close a window once what a person wanted to save before is on file; asks again about what is not."""
    QTimer.singleShot(0, lambda: isalive(window) and window.close())


def _entry(section: OpenSection) -> Entry | None:
    return section.runs.entry_of(section.result)


def in_a_row(names: list[str]) -> str:
    """Return names as they are read out, at most five of them.

    Examples
    --------
    >>> in_a_row(["a"]), in_a_row(["a", "b", "c"]), in_a_row(list("abcdefg"))
    ('a', 'a, b and c', 'a, b, c, d and 3 more')
    """
    shown = names if len(names) <= 5 else [*names[:4], f"{len(names) - 4} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def guard(widget: QWidget, viewer: Viewer, session: Session) -> None:
    """Watch the main window that `widget` is in, once."""
    parent: QObject | None = widget.parent()
    while parent is not None and not isinstance(parent, QMainWindow):
        parent = parent.parent()
    if parent is not None and not any(isinstance(child, ClosingGuard) for child in parent.children()):
        ClosingGuard(viewer, session, parent)
