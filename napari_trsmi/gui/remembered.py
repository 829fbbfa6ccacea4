"""What the window remembers from one day to the next: files that were open, what was offered, hints put away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import QSettings

MOST = 10  # sets of files
_LONGEST = 200  # files of one set, as of a large study
_RECENT, _KNOWN = "recent", "known"


def recent() -> list[tuple[str, ...]]:
    """Return the sets of files that were opened together, last first; each was one section, a study or a session."""
    found = _read(_RECENT)
    sets = [tuple(map(str, one)) for one in found if isinstance(one, list) and one] if isinstance(found, list) else []
    return sets[:MOST]


def remember(paths: Sequence[str | Path]) -> None:
    """Put a set of files in front of the others."""
    new = tuple(str(Path(path).expanduser().absolute()) for path in paths)
    if new and len(new) <= _LONGEST:
        _write(_RECENT, [new, *(one for one in recent() if one != new)][:MOST])


def forget() -> None:
    """Forget all files."""
    _write(_RECENT, [])


def is_known(name: str) -> bool:
    """Return whether a person has seen or put away what is called so: a hint, or the offer of the tour."""
    found = _read(_KNOWN)
    return isinstance(found, list) and name in found


def know(name: str) -> None:
    """Remember that a person has seen or put away what is called so."""
    found = _read(_KNOWN)
    names = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    if name not in names:
        _write(_KNOWN, [*names, name])


def recall(name: str) -> Any:
    """Return what was stored under a name; None where nothing was."""
    return _read(name)


def store(name: str, value: Any) -> None:
    """Store a value of plain numbers, texts, lists and dictionaries."""
    if value != recall(name):
        _write(name, value)


def _settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "napari-trsmi", "window")


def _read(key: str) -> Any:
    """Return what is stored, None where that is nothing or rubbish."""
    try:
        return json.loads(str(_settings().value(key, "null")))
    except (ValueError, RecursionError):
        return None


def _write(key: str, value: Any) -> None:
    settings = _settings()
    settings.setValue(key, json.dumps(value))
    settings.sync()  # a folder that cannot be written is no reason to stop: then nothing is remembered
