"""Closing the window while training goes on, or with a result that is not on file, asks first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from weakref import ref

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QMainWindow, QMessageBox, QWidget

from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.workspace.files import save_session

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.gui.session import Session
    from napari_trsmi.gui.state import OpenSection

Question = Literal["training", "unsaved"]
Answer = Literal["finish", "save", "session", "close", "stay"]


def ask(window: QWidget, question: Question, name: str) -> Answer:
    """Ask a person what to do about training that goes on, or about the result of section `name` that is not saved.

    Replaced in tests and scripts, where nobody is there to answer.
    """
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    if question == "training":
        box.setText(f"Training on {name} is running.")
        box.setInformativeText("Finish keeps the domains found so far and leaves the window open.")
        keep, leave = "Finish and keep open", "Stop and close"
    else:
        box.setText(f"The domains of {name} are not saved.")
        box.setInformativeText("They are lost when the window closes.")
        keep, leave = "Save…", "Close without saving"
    kept = box.addButton(keep, QMessageBox.ButtonRole.AcceptRole)
    all_of_it = None
    if question == "unsaved":
        all_of_it = box.addButton("Save session…", QMessageBox.ButtonRole.AcceptRole)
        assert all_of_it is not None
        all_of_it.setToolTip("One file that opens all again: data, results, review and how the window lies")
    left = box.addButton(leave, QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(kept)
    box.setEscapeButton(stay)
    box.exec()
    if box.clickedButton() is left:
        return "close"
    if box.clickedButton() is kept:
        return "finish" if question == "training" else "save"
    if all_of_it is not None and box.clickedButton() is all_of_it:
        return "session"
    return "stay"


class ClosingGuard(QObject):
    """Watches a main window; made by `guard`."""

    def __init__(self, viewer: Viewer, session: Session, window: QMainWindow) -> None:
        super().__init__(window)
        self._viewer, self.session = ref(viewer), session
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: D102
        if event is not None and event.type() == QEvent.Type.Close and isinstance(watched, QMainWindow):
            if not self.may_close(watched):
                event.ignore()
                return True
            self.session.cancel()
        return False

    @property
    def unsaved(self) -> list[OpenSection]:
        """Sections of the viewer whose result is not on file."""
        there = sections_in(self._viewer())
        found = [(section, section.runs.entry_of(section.result)) for section in there if section.path is None]
        return [section for section, entry in found if section.result is not None and not (entry and entry.kept)]

    def may_close(self, window: QMainWindow) -> bool:
        """Return whether a person wants the window closed.

        A script's `viewer.close()` has removed the layers before, and with them training and results: it is not asked.
        """
        if (run := self.session.run) is not None:
            answer = ask(window, "training", run.section.dataset.name)
            if answer == "finish":
                self.session.finish()
            if answer != "close":
                return False
        for section in self.unsaved:
            answer = ask(window, "unsaved", section.dataset.name)
            if answer == "save":
                self._save(section, window)
            if answer == "session":
                save_session(self.session, window)
            if answer != "close":
                return False
        return True

    def _save(self, section: OpenSection, window: QMainWindow) -> None:
        from napari_trsmi.gui.train.save_menu import save_result

        self.session.activate(section)
        save_result(self.session, window)


def guard(widget: QWidget, viewer: Viewer, session: Session) -> None:
    """Watch the main window that `widget` is in, once."""
    parent: QObject | None = widget.parent()
    while parent is not None and not isinstance(parent, QMainWindow):
        parent = parent.parent()
    if parent is not None and not any(isinstance(child, ClosingGuard) for child in parent.children()):
        ClosingGuard(viewer, session, parent)
