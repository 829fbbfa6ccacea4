"""Which versions are installed, as their metadata say; nothing is imported for it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DISTRIBUTION = "napari-trsmi"


@cache
def own() -> str:
    """Return the version of this package; in a source tree that is not installed the one in its ``pyproject.toml``."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        pass
    try:
        project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return "unknown"


def installed(names: Iterable[str]) -> dict[str, str]:
    """Return {name: version} of those distributions that are installed, in the order given."""
    found = {name: own() if name == DISTRIBUTION else _version(name) for name in names}
    return {name: told for name, told in found.items() if told is not None}


@cache  # every result that is written asks for some thirty of them
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
