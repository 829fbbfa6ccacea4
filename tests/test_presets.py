"""Presets: each is a file of valid settings that a person can read."""

from __future__ import annotations

from importlib.resources import files

import pytest

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError
from napari_trsmi.presets import load_preset, preset_names, presets


def test_the_default_preset_is_the_default_configuration_and_comes_first():
    assert preset_names()[0] == "default"
    assert load_preset("default") == Config()


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_also_a_file_of_settings_for_the_command_line(name):
    assert Config.load(files("napari_trsmi.presets").joinpath(f"{name}.json")) == load_preset(name)


def test_presets_differ_from_each_other_and_say_what_they_are_for():
    assert len({preset.config.to_json() for preset in presets()}) == len(presets()) >= 5
    assert all(preset.about.endswith(".") and preset.title for preset in presets())
    assert len({preset.title for preset in presets()}) == len(presets())


def test_an_unknown_preset_is_answered_with_the_list():
    with pytest.raises(ConfigError, match=r"among \['default', .*found 'visum'"):
        load_preset("visum")
