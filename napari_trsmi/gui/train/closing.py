"""Closing the window while training goes on, or with a result that is not on file, asks first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from weakref import ref

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QMainWindow, QMessageBox, QWidget

from napari_trsmi.gui.viewer.sections import sections_in

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session import Session
    from napari_trsmi.gui.state import OpenSection

Question = Literal["training", "unsaved"]
Answer = Literal["finish", "save", "close", "stay"]
_THEIRS = "ConfirmCloseDialog"  # napari's own question, which is one too many beside ours


def ask(window: QWidget, question: Question, name: str, unsaved: str = "") -> Answer:
    """Ask a person, once, what to do about training that goes on, or about results that are not saved.

    Replaced in tests and scripts, where nobody is there to answer.

    Parameters
    ----------
    name
        The section that trains, or those whose results are not saved.
    unsaved
        Those not saved beside one that trains.
    """
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    if question == "training":
        box.setText(f"Training on {name} is running.")
        lost = f" The domains of {unsaved} are not saved, and are lost when the window closes." if unsaved else ""
        box.setInformativeText(f"Finish keeps the domains found so far and leaves the window open.{lost}")
        keep, leave = "Finish and keep open", "Stop and close"
    else:
        box.setText(f"The domains of {name} are not saved.")
        box.setInformativeText("They are lost when the window closes.")
        keep, leave = "Save…", "Close without saving"
    kept = box.addButton(keep, QMessageBox.ButtonRole.AcceptRole)
    left = box.addButton(leave, QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(kept)
    box.setEscapeButton(stay)
    box.exec()
    if box.clickedButton() is left:
        return "close"
    if box.clickedButton() is kept:
        return "finish" if question == "training" else "save"
    return "stay"


class ClosingGuard(QObject):
    """Watches a main window; made by `guard`."""

    def __init__(self, viewer: Viewer, session: Session, window: QMainWindow) -> None:
        super().__init__(window)
        self._viewer, self.session = ref(viewer), session
        self._agreed = False  # a person has said that the window shall close
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: D102
        if event is None or not isinstance(watched, QMainWindow):
            return False
        if event.type() == QEvent.Type.WindowBlocked:
            self._answer_theirs()
        elif event.type() == QEvent.Type.Close:
            if not self.may_close(watched):
                event.ignore()
                return True
            self.session.cancel()
        return False

    def _answer_theirs(self) -> None:
        """Answer napari's question whether to close, unseen, where ours is asked before or after it."""
        theirs = QApplication.activeModalWidget()
        if type(theirs).__name__ != _THEIRS or not isinstance(theirs, QDialog):
            return
        if self._agreed or self.session.run is not None or self.unsaved:
            theirs.setWindowOpacity(0.0)
            QTimer.singleShot(0, theirs.accept)

    @property
    def unsaved(self) -> list[OpenSection]:
        """Sections of the viewer whose result is not on file."""
        there = sections_in(self._viewer())
        return [section for section in there if section.result is not None and section.path is None]

    def may_close(self, window: QMainWindow) -> bool:
        """Return whether a person wants the window closed, asked in one dialog about all there is to lose.

        A script's `viewer.close()` has removed the layers before, and with them training and results: it is not asked.
        """
        run, unsaved = self.session.run, self.unsaved
        if run is None and not unsaved:
            return True
        names = in_a_row([section.dataset.name for section in unsaved])
        if run is not None:
            answer = ask(window, "training", run.section.dataset.name, names)
        else:
            answer = ask(window, "unsaved", names)
        self._agreed = answer == "close"
        if answer == "finish":
            self.session.finish()
        elif answer == "save":
            self._save(unsaved[0], window)
        return self._agreed

    def _save(self, section: OpenSection, window: QMainWindow) -> None:
        from napari_trsmi.gui.train.save_menu import save_result

        self.session.activate(section)
        save_result(self.session, window)


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
