"""Settings by platform, as JSON files that a person can read, copy and change.

One default configuration serves all datasets, so a preset only states what a platform or a purpose implies. Each file
holds a title, a sentence about it and the settings that differ from the defaults; `Config.load` reads it as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset.

    Attributes
    ----------
    name
        Stem of its file, such as ``"fast_look"``.
    title
        What a person reads in a menu.
    about
        One or two sentences: for what, and what differs.
    config
        All settings.
    """

    name: str
    title: str
    about: str
    config: Config


def presets() -> tuple[Preset, ...]:
    """Return all presets: the defaults first, then by title."""
    found = [
        _read(file.name.removesuffix(".json")) for file in files(__name__).iterdir() if file.name.endswith(".json")
    ]
    return tuple(sorted(found, key=lambda preset: (preset.name != "default", preset.title)))


def preset_names() -> tuple[str, ...]:
    """Return the names that `load_preset` takes.

    Examples
    --------
    >>> preset_names()[0]
    'default'
    """
    return tuple(preset.name for preset in presets())


def load_preset(name: str) -> Config:
    """Return the settings of a preset.

    Raises
    ------
    ConfigError
        There is no preset of that name.

    Examples
    --------
    >>> load_preset("default") == Config()
    True
    """
    if name not in preset_names():
        raise ConfigError(f"Expected a preset among {list(preset_names())}, found {name!r}.")
    return _read(name).config


def _read(name: str) -> Preset:
    entry = json.loads(files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return Preset(name, entry["title"], entry["about"], Config.from_json(json.dumps(entry["config"])))
