"""The file of a session: what is in it, written whole or not at all, and read with every part checked. No Qt."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, ValidationError, field_validator

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError, DataError, explained
from napari_trsmi.gui.words import SESSION
from napari_trsmi.gui.workspace.saved_window import Arrangement
from napari_trsmi.gui.workspace.saved_words import Color, Name, Number, Part, SavedColoring, SavedWords, Zoom

ENDING = SESSION
FORMAT = 1
SAMPLE = "trsmi:sample"  # instead of the path of the bundled slice, which is another on every machine
MOST_BYTES = 64_000_000
WAY_OUT = "Open the data with File > Open instead."


class SavedFile(Part):
    """Where a file is.

    Attributes
    ----------
    path
        Seen from the folder of the session file where that can be said, with ``/``; else the whole path.
    was
        The whole path on the machine where the session was saved.
    """

    path: Name
    was: Name = ""

    @field_validator("path", "was")
    @classmethod
    def _is_local(cls, path: str) -> str:
        if "://" in path or "\0" in path or path.startswith(("\\\\", "//")):
            raise ValueError("no file of this machine")
        return path


class SavedTurn(Part):
    """How the spots were moved, see `data.placement.Placement`."""

    swap: bool = False
    flip_x: Number | None = None
    flip_y: Number | None = None
    factor: Annotated[float, Field(gt=0, lt=1e9, allow_inf_nan=False)] = 1.0


class SavedPart(Part):
    """One section as it was read: files over the same spots, the name of the library, and how the spots were moved."""

    name: Name
    files: Annotated[tuple[SavedFile, ...], Field(min_length=1, max_length=100)]
    library: Name | None = None
    turns: tuple[SavedTurn, ...] = ()


class SavedRun(Part):
    """A result on file."""

    file: SavedFile
    name: Name = ""
    pinned: bool = False
    small: bool = False  # a copy of the session's own, without the measurements
    said: SavedWords | None = None


class SavedColumn(Part):
    """A column of one's own: the names, the number of that of each spot, -1 for none, packed; and their colours."""

    names: tuple[Name, ...]
    codes: str
    colors: dict[Name, Color] = Field(default_factory=dict)

    def values(self, n_spots: int) -> np.ndarray:
        """Return the (N,) int32 numbers; raises `DataError` where they are not those of so many spots."""
        try:
            opened = zlib.decompressobj()
            raw = opened.decompress(base64.b64decode(self.codes, validate=True), 4 * n_spots + 1)
        except (ValueError, zlib.error):
            raw = b""
        codes = np.frombuffer(raw, "<i4") if len(raw) == 4 * n_spots else np.zeros(0, np.int32)
        if len(codes) != n_spots or (n_spots and not (codes.min() >= -1 and codes.max() < len(self.names))):
            raise DataError(f"Expected a column of {n_spots} spots, found another number. It was left out.")
        return codes.astype(np.int32)


class Look(Part):
    """How a layer was shown."""

    visible: bool = True
    opacity: Annotated[float, Field(ge=0, le=1)] = 1.0


class SavedLayout(Part):
    """Numbers of the sections in their order, and quarter turns and flip of those that are turned, by number."""

    order: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(max_length=1000)] = ()
    turns: dict[Annotated[str, Field(pattern="^[0-9]{1,6}$")], tuple[Annotated[int, Field(ge=0, le=3)], bool]] = Field(
        default_factory=dict
    )


class SavedSection(Part):
    """A section or study, its results, and what is shown of it.

    Attributes
    ----------
    parts
        One, or the sections of a study.
    column
        Column of ``obs`` that told the sections of a study apart in one file.
    shown
        Which of `runs` is the result; None for none.
    columns
        Columns of one's own by name.
    layout
        How the sections lie on the canvas, see `gui.session.layout`.
    looks
        Layers by their role.
    hidden, settings, center, zoom
        Of one in the background, as it was left: domains that were not drawn, settings of the next run, camera.
    """

    name: Name
    parts: Annotated[tuple[SavedPart, ...], Field(min_length=1, max_length=1000)]
    column: Name | None = None
    runs: Annotated[tuple[SavedRun, ...], Field(max_length=1000)] = ()
    shown: Annotated[int, Field(ge=0)] | None = None
    columns: dict[Name, SavedColumn] = Field(default_factory=dict)
    hidden_sections: tuple[Annotated[int, Field(ge=0)], ...] = ()
    chosen_section: Annotated[int, Field(ge=0)] | None = None
    layout: SavedLayout = Field(default_factory=SavedLayout)
    looks: dict[Name, Look] = Field(default_factory=dict)
    hidden: tuple[Annotated[int, Field(ge=0)], ...] = ()
    settings: dict[str, Any] | None = None
    center: tuple[Number, Number] | None = None
    zoom: Zoom | None = None


class SavedSession(Part):
    """All of it.

    Attributes
    ----------
    active
        Which of `sections` was worked on.
    hidden
        Domains of it that were not drawn.
    coloring
        What colours its spots; None for the domains.
    settings
        Those of the next run, as `Config` writes them.
    """

    format: int = FORMAT
    written: Name = ""
    version: Name = ""
    sections: Annotated[tuple[SavedSection, ...], Field(min_length=1, max_length=1000)]
    active: Annotated[int, Field(ge=0)] = 0
    hidden: tuple[Annotated[int, Field(ge=0)], ...] = ()
    coloring: SavedColoring | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    arrangement: Arrangement = Arrangement()

    @property
    def config(self) -> Config | None:
        """The settings of the next run; None where this version does not know them."""
        return config_of(self.settings)


def config_of(settings: dict[str, Any]) -> Config | None:
    """Return settings as they are used; None where this version does not know them."""
    try:
        return Config.from_json(json.dumps(settings))
    except (ConfigError, ValueError):
        return None


def packed(names: tuple[str, ...], codes: np.ndarray, colors: Mapping[str, str] | None = None) -> SavedColumn:
    """Return a column of one's own as it is written, of the (N,) number of the name of each spot, -1 for none."""
    raw = zlib.compress(codes.astype("<i4").tobytes())
    return SavedColumn(names=names, codes=base64.b64encode(raw).decode(), colors=dict(colors or {}))


def write(record: SavedSession, path: Path) -> None:
    """Write a session file; raises `DataError` where that cannot be."""
    from napari_trsmi.atomic import replacing

    text = json.dumps({"format": FORMAT, **record.model_dump(mode="json", exclude_defaults=True)}, indent=1)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read(path: str | Path) -> SavedSession:
    """Return what is in a session file.

    Raises
    ------
    DataError
        It is missing, cannot be read, is no session file or one of a later version.
    """
    from napari_trsmi.data.readers.opening import check_readable

    path = Path(path)
    check_readable(path)
    expected = f"Expected a session file of TRSMI in {path.name}, found"
    if path.is_dir() or path.stat().st_size > MOST_BYTES:
        raise DataError(f"{expected} {'a folder' if path.is_dir() else 'a file too large for one'}. {WAY_OUT}")
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError, RecursionError):
        raise DataError(f"{expected} text that is none: it is damaged, or ends too early. {WAY_OUT}") from None
    if not isinstance(found, dict) or "sections" not in found:
        raise DataError(f"{expected} a file of another kind. {WAY_OUT}")
    if (version := found.get("format", FORMAT)) != FORMAT:
        later = isinstance(version, int) and version > FORMAT
        raise DataError(
            f"Expected a session file of format {FORMAT} in {path.name}, found {str(version)[:20]}. "
            + ("Install a newer napari-trsmi." if later else WAY_OUT)
        )
    try:
        return SavedSession.model_validate_json(text)
    except ValidationError as error:
        raise DataError(f"{expected} one that is damaged: {explained(error)} {WAY_OUT}") from None


def saved_file(path: str | Path, folder: Path) -> SavedFile:
    """Return where a file is, seen from the folder of the session file."""
    from napari_trsmi.data.sample import sample_path

    whole = Path(path).expanduser().absolute()
    if whole == Path(sample_path()).absolute():
        return SavedFile(path=SAMPLE)
    try:
        seen = Path(os.path.relpath(whole, folder.absolute())).as_posix()
    except ValueError:  # on another drive
        seen = str(whole)
    return SavedFile(path=seen, was=str(whole))


def found_file(file: SavedFile, folder: Path, moved: dict[str, Path]) -> Path | None:
    """Return where a file is now; None where it is nowhere.

    Parameters
    ----------
    folder
        That of the session file.
    moved
        {whole path before: where a person said that it is}; other files of the same folder are looked for beside it.
    """
    from napari_trsmi.data.sample import sample_path

    if file.path == SAMPLE:
        return Path(sample_path())
    before = Path(file.was or file.path)
    tried = [moved[file.was]] if file.was in moved else []
    tried += [folder / file.path, before]
    tried += [to.parent / before.name for was, to in moved.items() if Path(was).parent == before.parent]
    return next((path for path in tried if _is_there(path)), None)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
