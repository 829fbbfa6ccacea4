"""What is remembered from one start of the program to the next, in a small file of the user's: never the data.

A file that is missing, damaged or not to be written costs a memory and nothing else.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

MOST = 100_000  # bytes of a file that is ours


def file() -> Path:
    """Return the file, in the folder where the system keeps such things."""
    from qtpy.QtCore import QStandardPaths

    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "napari-trsmi" / "remembered.json"


def recall(name: str) -> Any:
    """Return what is remembered under a name; None where nothing is."""
    return _all().get(name)


def remember(name: str, value: Any) -> None:
    """Remember a value of plain numbers, texts, lists and dictionaries."""
    known = _all()
    if known.get(name) == value:
        return
    path = file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(json.dumps({**known, name: value}, indent=1), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        logger.info("not remembered: %s", error)


def _all() -> dict[str, Any]:
    try:
        path = file()
        found = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size < MOST else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
