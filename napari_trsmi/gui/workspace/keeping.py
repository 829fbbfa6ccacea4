"""What a session file says of the window as it is now. No Qt."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.gui.viewer.sections import marked, sections_in
from napari_trsmi.gui.workspace import record
from napari_trsmi.gui.workspace.record import (
    Arrangement,
    Look,
    SavedLayout,
    SavedPart,
    SavedRun,
    SavedSection,
    SavedSession,
    SavedTurn,
    saved_file,
)
from napari_trsmi.gui.workspace.saved_words import SavedBoundary, SavedChannel, SavedColoring, SavedWords
from napari_trsmi.reviews import REVIEW

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.runs import Entry
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring, OpenSection


@dataclass(frozen=True)
class Small:
    """A result that is in memory only, and the file beside the session file that it goes to."""

    section: OpenSection
    entry: Entry
    path: Path


def kept_sections(session: Session) -> tuple[list[OpenSection], list[str]]:
    """Return the open sections that a file can name, and the names of the others: they came from no file."""
    there = sections_in(session.canvas.viewer)
    kept = [section for section in there if sources_of(section)]
    return kept, [section.dataset.name for section in there if section not in kept]


def sources_of(section: OpenSection) -> tuple[Path, ...]:
    """Return the files to open a section from: those it was read from, else that of its result."""
    return section.dataset.sources or (() if section.path is None else (section.path,))


def in_memory(sections: Sequence[OpenSection]) -> list[tuple[OpenSection, Entry]]:
    """Return the results of sections that no file has."""
    return [
        (section, entry)
        for section in sections
        for entry in section.runs
        if entry.kept is None and _path_of(section, entry) is None and not is_there(entry.source)
    ]


def small_files(found: Sequence[tuple[OpenSection, Entry]], path: Path) -> list[Small]:
    """Return where each of these results goes, beside the session file `path`; none of the files is there yet."""
    stem, taken, smalls = path.name.removesuffix(record.ENDING), set[Path](), []
    for section, entry in found:
        words = "-".join(filter(None, (stem, _plain(section.dataset.name), _plain(entry.name))))
        number, small = 1, path.with_name(f"{words}.trsmi.h5ad")
        while small in taken or small.exists():
            number += 1
            small = path.with_name(f"{words}-{number}.trsmi.h5ad")
        taken.add(small)
        smalls.append(Small(section, entry, small))
    return smalls


def collect(session: Session, path: Path, arrangement: Arrangement, smalls: Sequence[Small] = ()) -> SavedSession:
    """Return what the session file `path` is to say; `smalls` are written by then."""
    from napari_trsmi.versions import own

    sections, _ = kept_sections(session)
    folder = path.absolute().parent
    beside = {id(small.entry): small.path for small in smalls}
    return SavedSession(
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        version=own(),
        sections=tuple(_section(session, section, folder, beside) for section in sections),
        active=sections.index(session.section) if session.section in sections else 0,
        hidden=tuple(sorted(session.hidden)),
        coloring=None if session.section not in sections else coloring_saved(session.coloring),
        settings=session.config.model_dump(mode="json"),
        arrangement=arrangement,
    )


def _section(session: Session, section: OpenSection, folder: Path, beside: dict[int, Path]) -> SavedSection:
    runs: list[SavedRun] = []
    shown = None
    for entry in section.runs:
        own = beside.get(id(entry), entry.kept)
        source = entry.source if entry.kept is None and is_there(entry.source) else None
        file = _path_of(section, entry) or beside.get(id(entry)) or source or own
        if file is None:
            continue
        if entry is section.runs.entry_of(section.result):
            shown = len(runs)
        said = words_of(entry.result) if file == source and _path_of(section, entry) is None else None
        runs.append(
            SavedRun(file=saved_file(file, folder), name=entry.name, pinned=entry.pinned, small=file == own, said=said)
        )
    dataset = section.dataset
    place = session.canvas.cameras.place_of(section) if section is not session.section else None
    away = section is not session.section
    return SavedSection(
        name=dataset.name,
        parts=tuple(_part(part, folder, sources_of(section)) for part in dataset.parts or (dataset,)),
        column=dataset.column,
        runs=tuple(runs),
        shown=shown,
        columns={name: _column(dataset.obs[name], colors) for name, colors in dataset.own_columns.items()},
        hidden_sections=tuple(sorted(section.hidden_parts)),
        chosen_section=section.part,
        layout=SavedLayout.model_validate(section.layout.plain),
        looks=_looks(session, section),
        hidden=tuple(sorted(section.hidden)) if away else (),
        settings=section.config.model_dump(mode="json") if away and section.config is not None else None,
        center=None if place is None else (place.center[-2], place.center[-1]),
        zoom=None if place is None else place.zoom,
    )


def noted(sections: Sequence[OpenSection]) -> list[Entry]:
    """Return the results whose file a session names, with what was said of them since."""
    return [
        entry
        for section in sections
        for entry in section.runs
        if entry.kept is None and _path_of(section, entry) is None and is_there(entry.source)
    ]


def is_there(path: Path | None) -> bool:
    """Return whether a file is given and is there."""
    return path is not None and path.exists()


def words_of(result: Result) -> SavedWords:
    """Return what a person said of the domains of a result."""
    table = result.boundaries
    review = []
    if table is not None and "review" in table:
        said = table[(table["review"] != "") | (table["note"] != "")]
        keys = ("domain_a", "domain_b", "n_edges", "x", "y", *(key for key in REVIEW if key in table))
        review = [
            SavedBoundary(**dict(zip(keys, row, strict=True))) for row in said[list(keys)].itertuples(index=False)
        ]
    return SavedWords(
        labels=check_sum(result.labels),
        names=result.domain_names,
        colors=tuple(result.colors),
        review=tuple(review),
    )


def check_sum(labels: np.ndarray) -> int:
    """Return a number by which (N,) domains are known again."""
    return zlib.crc32(labels.astype("<i4").tobytes())


def coloring_saved(coloring: Coloring | None) -> SavedColoring | None:
    """Return how colours are made again; None where there are none, or they cannot be."""
    if coloring is None:
        return None
    if coloring.channels:
        channels = [
            SavedChannel(of=one.of, color=one.color, limits=one.limits)
            for one in coloring.channels
            if one.of is not None
        ]
        return SavedColoring(channels=tuple(channels)) if channels else None
    if coloring.of is None:
        return None
    return SavedColoring(of=coloring.of, colormap=coloring.colormap, limits=coloring.limits)


def _path_of(section: OpenSection, entry: Entry) -> Path | None:
    """Return the file that a result was saved to: that of the current one is known to the section first."""
    return section.path if entry is section.runs.entry_of(section.result) else entry.path


def _part(part: Dataset, folder: Path, sources: tuple[Path, ...]) -> SavedPart:
    turns = (SavedTurn(swap=one.swap, flip_x=one.flip_x, flip_y=one.flip_y, factor=one.factor) for one in part.placed)
    files = tuple(saved_file(source, folder) for source in (*(part.sources or sources), *_pictures(part)))
    return SavedPart(name=part.name, files=files, library=part.library, turns=tuple(turns))


def _pictures(part: Dataset) -> tuple[Path, ...]:
    """Return the picture that was given beside a section: one that lies in none of its files."""
    pyramid = None if part.image is None else part.image.pyramid
    if pyramid is None or len(pyramid.paths) != 1:
        return ()
    (picture,) = pyramid.paths
    own = any(picture == source or source in picture.parents for source in part.sources)
    return () if own else (picture,)


def _column(values: Any, colors: Mapping[str, str]) -> record.SavedColumn:
    import pandas as pd

    column = pd.Categorical(values)
    return record.packed(tuple(map(str, column.categories)), np.asarray(column.codes, np.int32), colors)


def _looks(session: Session, section: OpenSection) -> dict[str, Look]:
    """Return how the layers of a section are shown, by role; those of a section in the background once it is back."""
    return {
        role_of(ours): Look(visible=bool(ours.get("visible", layer.visible)), opacity=float(layer.opacity))
        for layer, ours in marked(session.canvas.viewer)
        if ours["section"] is section
    }


def role_of(ours: dict[str, Any]) -> str:
    """Return what tells a layer of a section from its others, by its mark."""
    return f"{ours['role']} {ours['part']}" if "part" in ours else str(ours["role"])


def _plain(name: str) -> str:
    """Return a name as part of the name of a file."""
    return "".join(sign if sign.isalnum() or sign in "_" else "-" for sign in name).strip("-")[:40]
