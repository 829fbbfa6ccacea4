"""Save a session to a file, and open it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from napari_trsmi.errors import DataError
from napari_trsmi.gui.finding.maps import coloring_of, together
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.remembered import remember
from napari_trsmi.gui.session.annotations import written_columns
from napari_trsmi.gui.session.state import Channel
from napari_trsmi.gui.viewer.cameras import Place
from napari_trsmi.gui.viewer.docks import docks_in_turn
from napari_trsmi.gui.viewer.lane import Opening, in_turn, lane_of
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOTS
from napari_trsmi.gui.viewer.opening import made_ready, put_in_turn, show_line
from napari_trsmi.gui.viewer.sections import marked
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets import folders
from napari_trsmi.gui.widgets.plain import shortened
from napari_trsmi.gui.workspace import asking, record
from napari_trsmi.gui.workspace.arranging import arrange, as_it_lies, main_window
from napari_trsmi.gui.workspace.keeping import (
    collect,
    in_memory,
    kept_sections,
    noted,
    role_of,
    small_files,
    sources_of,
)
from napari_trsmi.gui.workspace.reopening import missing_files, reopened
from napari_trsmi.gui.workspace.saved_words import SavedColoring
from napari_trsmi.interrupt import check
from napari_trsmi.telling import tell

if TYPE_CHECKING:
    from napari import Viewer
    from qtpy.QtWidgets import QWidget

    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection

    Found = list[tuple[OpenSection | None, list[str]]]

NOTHING = "Expected a section from a file, found none. Open a file, or save the result first, then save the session."


def save_session(session: Session, parent: QWidget | None = None, done: Callable[[], Any] | None = None) -> None:
    """Ask where to, then write the session file, and small files of results that are in memory only, in a thread.

    Parameters
    ----------
    done
        Called once all is written.
    """
    sections, left_out = kept_sections(session)
    if not sections:
        return session.failed.emit(NOTHING)
    path = asking.where_to(parent, suggested(sections))
    if path is None:
        return None
    smalls = small_files(in_memory(sections), path)
    if smalls:
        answer = asking.beside(parent, [f"{one.entry.name} of {one.section.dataset.name}" for one in smalls])
        if answer == "cancel":
            return None
        smalls = smalls if answer == "save" else []
    what = collect(session, path, as_it_lies(session.canvas.viewer), smalls)
    told = [(entry, entry.result) for entry in noted(sections)]
    columns = [written_columns(section) for section in sections]
    complete = [(one, one.section.runs.complete(one.entry.result)) for one in smalls]

    def work() -> None:
        from napari_trsmi.data.small_copy import write_small

        for one, result in complete:
            write_small(result, one.path)
        record.write(what, path)

    results = {id(one.entry): one.entry.result for one in smalls}

    def finish(_: None) -> None:
        for one in smalls:
            if one.entry.result is results[id(one.entry)]:  # as it was written
                one.entry.kept = one.path
        for entry, result in told:
            entry.noted = entry.result is result
        for keep in columns:
            keep()
        remember([path])
        said = [f"Session saved to {path}."]
        said += [f"With {len(smalls)} small file{'s' * (len(smalls) > 1)} of results beside it."] if smalls else []
        said += [f"Left out, for they came from no file: {', '.join(left_out)}."] if left_out else []
        session.told.emit(" ".join(said))
        if done is not None:
            done()

    return run_job(session, f"Saving {path.name}", work, finish)


def suggested(sections: Sequence[OpenSection]) -> Path:
    """Return where to save a session by default: beside the data, or where `folders.beside` says."""
    first = sections[0]
    folder = folders.beside(sources_of(first)[0])
    stem = "".join(sign if sign.isalnum() or sign in "_-." else "_" for sign in first.dataset.name)
    return folder / f"{stem[:80] or 'session'}{record.ENDING}"


def open_session(viewer: Viewer, path: Path, parent: QWidget | None = None) -> None:
    """Open what a session file names beside what is open, in a thread, and lay the window as it was.

    What is wrong with the file, and what of it is not there, is told through the session of the viewer.
    """
    session, folder = session_of(viewer), Path(path).absolute().parent
    there, window = ref(session), (lambda: None) if parent is None else ref(parent)

    def look() -> tuple[record.SavedSession, list[record.SavedFile]]:
        what = record.read(path)
        return what, missing_files(what, folder, {})

    def ask(found: tuple[record.SavedSession, list[record.SavedFile]]) -> None:
        what, lost = found
        moved: dict[str, Path] = {}
        left: set[str] = set()
        while lost:
            answer = asking.where_is(window() or _window_of(there()), lost[0])
            if answer == "cancel":
                return
            if isinstance(answer, Path):
                moved[lost[0].was or lost[0].path] = answer
            left.add(lost[0].path)
            lost = [file for file in missing_files(what, folder, moved) if file.path not in left]
        if (session := there()) is not None:
            lane_of(session).add(_reopening(session, path, what, moved), first=True)

    show_line(session)
    lane_of(session).add(Opening(f"Opening {shortened(Path(path).name, 22)}", look, ask))


def _window_of(session: Session | None) -> QWidget | None:
    """Return the window of a session, so that a question looks as the others do."""
    return None if session is None or session.canvas.there is None else main_window(session.canvas.there)


def _reopening(session: Session, path: Path, what: record.SavedSession, moved: dict[str, Path]) -> Opening:
    """Return the opening of what a session file names, where some of it lies elsewhere now."""
    there, folder, parts = ref(session), Path(path).absolute().parent, len(what.sections)

    def read() -> Found:
        found = []
        for number, saved in enumerate(what.sections):
            check()
            tell(saved.name, number, parts)
            section, problems = reopened(saved, folder, moved)
            found.append((None if section is None else made_ready([section])[0], problems))
        return found

    def take(found: Found) -> None:
        remember([path])
        if (session := there()) is not None:
            in_turn(session, steps(session, what, found))

    return Opening(f"Opening {shortened(Path(path).name, 22)}", read, take)


def steps(session: Session, what: record.SavedSession, found: Found) -> Iterator[None]:
    """Put sections that were read again into a viewer as they were shown, the active one last."""
    for saved, (section, _) in zip(what.sections, found, strict=True):
        if section is not None:
            yield from put_in_turn(session.canvas, section)
            _show_as_before(session.canvas.there, section, saved.looks)
    if hasattr(session.canvas.there, "window"):
        yield from docks_in_turn(session.canvas)
    if session.canvas.there is not None:
        _finish(session.canvas.viewer, what, found)


def _finish(viewer: Viewer, what: record.SavedSession, found: Found) -> None:
    """Go to the section that was worked on, and lay the window as it was."""
    session = session_of(viewer)
    active = found[what.active][0] if what.active < len(found) else None
    if active is not None:
        session.activate(active)
        n = 0 if session.shown is None else len(session.shown.names)
        session.set_hidden(frozenset(number for number in what.hidden if number < n))
    problems = [sentence for _, sentences in found for sentence in sentences]
    for saved, (section, _) in zip(what.sections, found, strict=True):
        if section is not None and section is not active and saved.center is not None and saved.zoom is not None:
            session.canvas.cameras.keep(section, Place((0.0, *saved.center), saved.zoom))
    if active is not None and what.coloring is not None:
        try:
            session.color(coloring_again(active, what.coloring))
        except DataError as error:
            problems.append(f"The colours of {active.dataset.name} could not be shown again. {error}")
    arrangement = what.arrangement
    if active is None:  # settings, camera and rows are those of a section that is not there
        own = (saved for saved, (section, _) in zip(what.sections, found, strict=True) if section is not None)
        last = next(reversed(list(own)), None)  # which is the one that is seen
        place = {"center": None, "zoom": None} if last is None else {"center": last.center, "zoom": last.zoom}
        arrangement = arrangement.model_copy(update={**place, "rows": None})
    elif (config := what.config) is not None:
        with session.deeds.quiet():
            session.set_config(config)
    else:
        problems.append("The settings of the session are of another version and were left out.")
    arrange(viewer, arrangement)
    if problems:
        session.failed.emit("\n".join(problems))


def coloring_again(section: OpenSection, saved: SavedColoring) -> Coloring:
    """Return the colours that a session names; raises `DataError` where the section has no such thing."""
    make = partial(coloring_of, section.dataset, result=section.result, scores=section.scores)
    if saved.channels:
        parts = [(make(one.of), one) for one in saved.channels]
        return together([Channel(found.title, one.color, found.values, one.limits, one.of) for found, one in parts])
    if saved.of is None:
        raise DataError("Expected the name of what it was coloured by, found none.")
    found = make(saved.of)
    return found if found.colors else replace(found, colormap=saved.colormap or found.colormap, limits=saved.limits)


def _show_as_before(viewer: Viewer | None, section: OpenSection, looks: dict[str, record.Look]) -> None:
    for layer, ours in marked(viewer):
        if ours["section"] is section and (look := looks.get(role_of(ours))) is not None:
            layer.opacity = look.opacity
            if ours["role"] not in (SPOTS, DOMAINS):  # which of them is seen goes by what colours the tissue
                layer.visible = look.visible


def is_session(path: str | Path) -> bool:
    """Return whether a file is called as session files are."""
    return str(path).lower().endswith(record.ENDING)
