"""The menu to save and share a result: a copy of the section, figures, tables, the run, the script."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QAction, QGuiApplication
from qtpy.QtWidgets import QMenu, QMessageBox, QWidget

from napari_trsmi.gui.jobs import exporting
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.session.annotations import written_columns
from napari_trsmi.gui.session.layout import with_layout
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.train import save_view
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.focus_ring import FocusRing
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.workspace.files import save_session

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

NOTHING = "There is no result yet. Run the training, or keep a preview."
TABLES = "MuData (*.h5mu);;AnnData (*.h5ad);;Zarr (*.zarr)"
FIGURES = save_view.FIGURES

AskPath = Callable[[QWidget | None, str, Path, str], Path | None]
Confirm = Callable[[QWidget | None, str], bool]


def ask_path(parent: QWidget | None, title: str, suggested: Path, filters: str) -> Path | None:
    """Ask a person where to save; None where they do not want to. A missing ending is that of the chosen filter."""
    return folders.ask_to_save(parent, title, suggested, filters)


def confirm(parent: QWidget | None, question: str) -> bool:
    """Ask a person yes or no."""
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    box = QMessageBox(QMessageBox.Icon.Question, "TRSMI", question, yes | no, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setDefaultButton(no)
    FocusRing(box)
    return box.exec() == yes


def save_menu(
    session: Session, parent: QWidget | None, ask: AskPath = ask_path, confirm: Confirm = confirm
) -> SaveMenu:
    """Return the menu to save and share the kept result of a session."""
    return SaveMenu(session, parent, ask, confirm)


class SaveMenu(QMenu):
    """Entries that need a result are there, but say why they cannot be chosen, until there is one."""

    def __init__(
        self, session: Session, parent: QWidget | None, ask: AskPath = ask_path, confirm: Confirm = confirm
    ) -> None:
        super().__init__("Save", parent)
        self.session = session
        self.setToolTipsVisible(True)
        window = parent
        self._tips: dict[QAction, tuple[bool, str]] = {}  # action: needs a result, tooltip
        saving = (
            (
                "Save result…",
                partial(save_result, session, window, ask, confirm),
                "A copy of the section with them in.",
            ),
            ("Save figure…", partial(save_figure, session, window, ask), "With legend and scale bar: PNG, SVG or PDF."),
            (
                "Save figure with support…",
                partial(save_figure, session, window, ask, support=True),
                "The same, with the support of every spot beside it; without support, the certainty of the model.",
            ),
            (
                "Save report…",
                partial(save_report, session, window, ask),
                "One page for the browser: figures, boundaries, markers, trust, comparisons, settings; it prints.",
            ),
            ("Save domains as CSV…", partial(save_domains, session, window, ask), "One row per spot."),
            (
                "Save boundaries as CSV…",
                partial(save_boundaries, session, window, ask),
                "One row per boundary, with its review.",
            ),
            (
                "Save run.json…",
                partial(save_run, session, window, ask),
                "Settings and origin; `trsmi fit --config run.json` repeats the run.",
            ),
        )
        for text, do, tip in saving:
            self._add(text, do, tip, needs_result=True)
        tip = "One file that opens all of this again: data, results, review and how the window lies."
        self._add("Save session…", partial(save_session, session, window), tip)
        self.addSeparator()
        for target in exporting.TARGETS:
            self._add(target.text, partial(save_for, session, window, ask, target), target.tip, needs_result=True)
        seen = "The canvas as it stands, with key, scale bar and caption: PNG, SVG or PDF."
        self._add("Save what is seen…", partial(save_view.save_view, session, window, ask), seen)
        several = "Keep the canvas as it stands for one figure of several views, with letters a, b, c."
        self._add("Add this view to the panel", partial(save_view.add_view, session), several)
        self._panel = self._add("", partial(save_view.save_panel, session, window, ask), "All views that were added.")
        self._empty = self._add("Empty the panel", partial(save_view.empty_panel, session), "Forget the added views.")
        self.addSeparator()
        self._add("Copy as Python", partial(copy_as_python, session), "The script that repeats result and edits.")
        self._add("Copy settings (JSON)", partial(copy_settings, session), "The settings of the next run.")
        listen(self, (session.result_changed, self._update), (session.section_changed, self._update))
        self.aboutToShow.connect(self._update)
        self._update()

    def _add(self, text: str, do: Callable[[], Any], tip: str, needs_result: bool = False) -> QAction:
        action = self.addAction(text)
        assert action is not None
        action.triggered.connect(lambda *_: do())
        self._tips[action] = (needs_result, tip)
        return action

    def _update(self, _: object = None) -> None:
        nothing = "Open a section first." if self.session.section is None else NOTHING
        for action, (needs_result, tip) in self._tips.items():
            there = self.session.result is not None or not (needs_result or self.session.section is None)
            action.setEnabled(there)
            action.setToolTip(tip if there else nothing)
        n = len(self.session.panel)
        self._panel.setText(f"Save the panel ({save_view.said(n)})…")
        for action in (self._panel, self._empty):
            action.setEnabled(n > 0)
            action.setToolTip(self._tips[action][1] if n else "Add a view first.")


def save_result(
    session: Session,
    parent: QWidget | None = None,
    ask: AskPath = ask_path,
    confirm: Confirm = confirm,
    done: Callable[[], None] = lambda: None,
) -> None:
    """Ask where to, then write a copy of the section with the domains in it, in a thread; `done` once it is written."""
    section, result = session.section, session.result
    if section is None or result is None:
        return session.failed.emit(f"Expected a result to save, found none. {NOTHING}")
    path = ask(parent, "Save a copy of the section with its domains", section.path or suggested(result), TABLES)
    if path is None:
        return None
    if _is_input(path, result) and not confirm(
        parent, f"{path.name} is the file that this section was read from. Write the domains into it?"
    ):
        return None

    unfinished, keep = _unfinished(session), written_columns(section)

    def finish(written: Any) -> None:
        keep()
        if section.result is result:
            section.path = path
        session.told.emit(f"{written}{unfinished}")
        done()

    complete = with_layout(section.runs.complete(result), section.layout)
    run_job(session, f"Saving {path.name}", lambda: complete.write(path), finish)


def save_figure(
    session: Session, parent: QWidget | None = None, ask: AskPath = ask_path, support: bool = False
) -> None:
    """Ask where to, then write a figure of the domains, in a thread."""
    from napari_trsmi import figure

    _save(session, parent, ask, "Save a figure", ".png", FIGURES, partial(figure.save, support=support))


def save_report(session: Session, parent: QWidget | None = None, ask: AskPath = ask_path) -> None:
    """Ask where to, then write the report of the result, in a thread."""
    from napari_trsmi.report import write_report

    _save(session, parent, ask, "Save the report", ".report.html", "Web page (*.html)", write_report)


def save_domains(session: Session, parent: QWidget | None = None, ask: AskPath = ask_path) -> None:
    """Ask where to, then write one row per spot, in a thread."""
    from napari_trsmi.data.writers import write_domains

    _save(session, parent, ask, "Save the domains", ".domains.csv", "Table (*.csv)", write_domains)


def save_boundaries(session: Session, parent: QWidget | None = None, ask: AskPath = ask_path) -> None:
    """Ask where to, then write one row per boundary, in a thread."""
    from napari_trsmi.data.writers import write_boundaries

    _save(session, parent, ask, "Save the boundaries", ".boundaries.csv", "Table (*.csv)", write_boundaries)


def save_run(session: Session, parent: QWidget | None = None, ask: AskPath = ask_path) -> None:
    """Ask where to, then write settings and origin of the result, in a thread."""
    from napari_trsmi.data.writers import write_run

    _save(session, parent, ask, "Save the run", ".run.json", "Run (*.json)", write_run)


def save_for(session: Session, parent: QWidget | None, ask: AskPath, target: exporting.Target) -> None:
    """Ask where to, then write domains and regions for another program, in a thread."""
    result = session.result
    if result is None:
        return session.failed.emit(f"Expected a result to save, found none. {NOTHING}")
    if missing := exporting.lacks(target):
        return session.failed.emit(missing)
    path = ask(parent, f"Save: {target.text.rstrip('…')}", suggested(result, target.ending), target.filter)
    if path is not None:
        exporting.write(session, target, path)
    return None


def copy_as_python(session: Session) -> None:
    """Put the script that makes the result (or, without one, would make it) into the clipboard."""
    from napari_trsmi.script import as_python

    section, result = session.section, session.result
    if section is None:
        return session.failed.emit("Expected a section, found none. Open a file first.")
    with Attempt(session, "Copying"):
        _copy(as_python(result or (section.dataset, session.config), section.path))
        session.told.emit("The script is in the clipboard.")
    return None


def copy_settings(session: Session) -> None:
    """Put the settings of the next run into the clipboard."""
    _copy(session.config.to_json())
    session.told.emit("The settings are in the clipboard.")


def suggested(result: Result, ending: str = "_trsmi.h5mu") -> Path:
    """Return where to save by default: beside the input, under another name, or where `folders.beside` says."""
    return suggested_for(result.dataset, ending)


def suggested_for(dataset: Dataset | None, ending: str) -> Path:
    """Return where to save something about a section by default; see `suggested`."""
    sources = () if dataset is None else dataset.sources
    folder = folders.beside(sources[0] if sources else None)
    name = "trsmi" if dataset is None else dataset.name
    stem = name.replace(" + ", "_").replace("/", "_").removesuffix("_trsmi")
    return folder / f"{stem}{ending}"


def _save(
    session: Session,
    parent: QWidget | None,
    ask: AskPath,
    title: str,
    ending: str,
    filters: str,
    write: Callable[[Result, Path], Path],
) -> None:
    section, result = session.section, session.result
    if section is None or result is None:
        return session.failed.emit(f"Expected a result to save, found none. {NOTHING}")
    path = ask(parent, title, suggested(result, ending), filters)
    if path is not None:
        unfinished = _unfinished(session)
        done = lambda written: session.told.emit(f"Saved {written}.{unfinished}")  # noqa: E731
        complete = section.runs.complete(result)
        run_job(session, f"Saving {path.name}", lambda: write(complete, path), done)
    return None


def _unfinished(session: Session) -> str:
    """Return what a person is told where the support of the result that is saved is still being found."""
    looking = session.support is not None and session.support.job is not None
    return " The support is still being found and is not in it: save again once it is there." if looking else ""


def _is_input(path: Path, result: Result) -> bool:
    return any(os.path.realpath(path) == os.path.realpath(source) for source in result.dataset.sources)


def _copy(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    clipboard.setText(text)
