"""Sections and results of a session file, read again. No Qt: this goes on in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_trsmi.errors import DataError, TrsmiError
from napari_trsmi.gui.session.layout import Layout
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.session.undoing import Point, said_again
from napari_trsmi.gui.workspace.keeping import check_sum
from napari_trsmi.gui.workspace.record import (
    SavedFile,
    SavedPart,
    SavedRun,
    SavedSection,
    SavedSession,
    config_of,
    found_file,
)
from napari_trsmi.gui.workspace.saved_words import SavedWords

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result


def missing_files(record: SavedSession, folder: Path, moved: Mapping[str, Path]) -> list[SavedFile]:
    """Return the files that are not where the session file says, each once."""
    files = [
        file
        for section in record.sections
        for file in (*(file for part in section.parts for file in part.files), *(run.file for run in section.runs))
    ]
    lost = (file for file in files if found_file(file, folder, dict(moved)) is None)
    return list({file.path: file for file in lost}.values())


def reopened(section: SavedSection, folder: Path, moved: Mapping[str, Path]) -> tuple[OpenSection | None, list[str]]:
    """Return a section with its results, and sentences on what could not be had; None where the data are not there."""
    try:
        dataset, found = _dataset(section, folder, moved)
    except TrsmiError as error:
        return None, [f"{section.name} could not be opened. {error}"]
    opened, problems = OpenSection(dataset), []
    order = [*(k for k in range(len(section.runs)) if k != section.shown), section.shown]
    for number in order:  # the result comes last: it is the one that was seen last
        if number is None or number >= len(section.runs):
            continue
        run = section.runs[number]
        try:
            result, path = _result(run, dataset, found, folder, moved)
        except TrsmiError as error:
            problems.append(f"{run.name or run.file.path} could not be opened. {error}")
            continue
        if run.said is not None and run.said.labels != check_sum(result.labels):
            problems.append(
                f"{run.name}: {path.name} holds other domains now; what was said of those before was left out."
            )
            run = run.model_copy(update={"said": None})
        entry = opened.runs.take(result, None if run.small else path)
        entry.name, entry.pinned = run.name or entry.name, run.pinned
        if run.said is not None:
            result = _said_of(result, run.said)
            entry, entry.noted = opened.runs.take(result), True
        entry.kept = path if run.small else None
        if number == section.shown:
            opened.result, opened.path = result, entry.path
    if section.settings is not None:
        opened.config = config_of(section.settings)
    k = 0 if opened.result is None else opened.result.partition.n_domains
    opened.hidden = frozenset(number for number in section.hidden if number < k)
    opened.layout = Layout.read(section.layout.model_dump(), dataset)
    n = len(dataset.parts)
    opened.hidden_parts = frozenset(number for number in section.hidden_sections if number < n)
    opened.part = section.chosen_section if section.chosen_section is not None and section.chosen_section < n else None
    return opened, [*problems, *_with_columns(opened, section)]


def _said_of(result: Result, words: SavedWords) -> Result:
    """Return a result with what a person had said of its domains; names and colours only where it has as many."""
    import pandas as pd

    n, place = result.partition.n_domains, [one.model_dump() for one in words.review]
    return said_again(
        result,
        Point(
            run=0,
            names=words.names if len(words.names) == n else result.domain_names,
            colors=words.colors if len(words.colors) == n else result.colors,
            review=pd.DataFrame(place) if place else None,
            edits=tuple(result.provenance.get("edits", ())),
        ),
    )


def _with_columns(opened: OpenSection, section: SavedSection) -> list[str]:
    """Put a person's columns back, and return sentences on those that cannot be."""
    import pandas as pd

    from napari_trsmi.data.own_columns import put_column

    problems = []
    for name, column in section.columns.items():
        try:
            codes = column.values(opened.dataset.n_spots)
            put_column(opened.dataset, name, pd.Categorical.from_codes(codes, list(column.names)), column.colors)
        except (DataError, ValueError) as error:
            problems.append(f"Column {name}: {error}")
    return problems


def _dataset(
    section: SavedSection, folder: Path, moved: Mapping[str, Path]
) -> tuple[Dataset, tuple[Path, Result] | None]:
    """Return the data of a section, and the result in the same file with that file where it was read with them."""
    from napari_trsmi.data.study import stack
    from napari_trsmi.gui.viewer.reader import open_section
    from napari_trsmi.restoring import holds_result

    paths = [_paths(part, folder, moved) for part in section.parts]
    own = paths[0][0]
    found: tuple[Path, Result] | None = None
    if {tuple(one) for one in paths} == {(own,)} and holds_result(own):
        opened = open_section([own], section.parts[0].library)
        dataset = opened.dataset
        found = None if opened.result is None else (own, opened.result)
    elif len(section.parts) == 1:
        dataset = open_section(paths[0], section.parts[0].library).dataset
    elif section.column is not None or not any(part.turns for part in section.parts):
        dataset = _again(section.parts, paths, section.column)
    else:
        dataset = stack(
            {part.name: _turned(_part(one, part), part) for part, one in zip(section.parts, paths, strict=True)}
        )
    if len(section.parts) == 1 and not dataset.parts and section.parts[0].turns:
        dataset, found = _turned(dataset, section.parts[0]), None
    dataset = replace(dataset, name=section.name)
    return dataset, None if found is None else (found[0], replace(found[1], dataset=dataset))


def _again(parts: Sequence[SavedPart], paths: Sequence[list[Path]], column: str | None) -> Dataset:
    from napari_trsmi.data.readers.several import read_again

    named = [
        {"name": part.name, "paths": list(map(str, one)), "library": part.library}
        for part, one in zip(parts, paths, strict=True)
    ]
    return read_again(named, column=column, spots="all")


def _part(paths: list[Path], part: SavedPart) -> Dataset:
    from napari_trsmi.data.readers import read

    return read([str(path) for path in paths], library=part.library, spots="all", of_several=True)


def _turned(dataset: Dataset, part: SavedPart) -> Dataset:
    from napari_trsmi.data.placement import Placement, apply

    for turn in part.turns:
        dataset = apply(dataset, Placement(turn.swap, turn.flip_x, turn.flip_y, turn.factor))
    return dataset


def _result(
    run: SavedRun,
    dataset: Dataset,
    found: tuple[Path, Result] | None,
    folder: Path,
    moved: Mapping[str, Path],
) -> tuple[Result, Path]:
    from napari_trsmi.restoring import restore_on

    path = found_file(run.file, folder, dict(moved))
    if path is None:
        raise DataError(f"Expected its file at {run.file.was or run.file.path}, found nothing. Choose where it is.")
    if found is not None and path.samefile(found[0]):
        return found[1], path
    return restore_on(dataset, path), path


def _paths(part: SavedPart, folder: Path, moved: Mapping[str, Path]) -> list[Path]:
    paths = [(file, found_file(file, folder, dict(moved))) for file in part.files]
    if lost := [file.was or file.path for file, path in paths if path is None]:
        raise DataError(f"Expected {lost[0]}, found nothing there. Choose where it is, or open it with File > Open.")
    return [path for _, path in paths if path is not None]
