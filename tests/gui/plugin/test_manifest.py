"""The manifest is valid, all it names exists, and its commands do what they say in a viewer."""

from __future__ import annotations

import re
from importlib import import_module

import numpy as np
import pytest
from app_model import Application
from napari.layers import Layer
from npe2 import PluginManifest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_trsmi.gui.plugin.sample import open_sample
from napari_trsmi.gui.viewer.docks import docks_of, open_docks
from napari_trsmi.gui.viewer.sessions import session_of

PLUGIN = "napari-trsmi"
# What the menus of napari are open to, as its documentation lists them.
MENUS = {
    "napari/file/io_utilities",
    "napari/file/new_layer",
    "napari/layers/annotate",
    "napari/layers/classify",
    "napari/layers/measure",
    "napari/layers/transform",
    "napari/layers/visualize",
}


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_distribution(PLUGIN)


@pytest.fixture
def app(viewer):
    """The application that holds napari's commands and menus, under the name it has in tests."""
    return Application.get_app("test_app")


@pytest.fixture
def session(viewer):
    for data in open_sample():
        viewer.add_layer(Layer.create(*data))
    return session_of(viewer)


@pytest.fixture
def failures(viewer):
    told = []
    session_of(viewer).failed.disconnect()
    session_of(viewer).failed.connect(told.append)
    return told


def test_the_manifest_is_valid(manifest):
    manifest.validate_imports()


def test_every_command_is_a_verb_and_a_noun_of_ours_and_can_be_imported(manifest):
    for command in manifest.contributions.commands:
        assert re.fullmatch(r"napari-trsmi\.[a-z]+(_[a-z]+)+", command.id), command.id
        assert not command.title.startswith("TRSMI"), "napari appends the plugin's name itself"
        module, _, name = command.python_name.partition(":")
        assert callable(getattr(import_module(module), name)), command.id


def test_every_contribution_names_a_command(manifest):
    found = manifest.contributions
    ids = {command.id for command in found.commands}
    named = [one.command for one in (*found.widgets, *found.readers, *found.writers, *found.sample_data)]
    named += [item.command for items in found.menus.values() for item in items]
    assert set(named) <= ids


def test_menus_are_those_that_napari_opens_to_plugins(manifest):
    assert set(manifest.contributions.menus) <= MENUS
    assert {"napari/layers/classify", "napari/layers/visualize", "napari/file/io_utilities"} <= set(
        manifest.contributions.menus
    )


def test_every_widget_opens_and_fills_its_dock(viewer, manifest):
    for widget in manifest.contributions.widgets:
        _, made = viewer.window.add_plugin_dock_widget(PLUGIN, widget.display_name)
        assert isinstance(made, QWidget)
        assert made.session is session_of(viewer)
        layout = made.layout()
        assert all(layout.itemAt(k).spacerItem() is None for k in range(layout.count()))  # napari's, wider at each dock


@pytest.mark.slow
def test_a_dock_opened_from_a_menu_is_the_one_that_a_file_opens_too(app, viewer, manifest):
    for widget in manifest.contributions.widgets:
        app.commands.execute_command(widget.command)
    names = [widget.display_name for widget in manifest.contributions.widgets]
    assert sorted(docks_of(viewer)) == sorted(names)
    open_docks(viewer)
    assert sorted(viewer.window.dock_widgets) == sorted(f"{name} ({PLUGIN})" for name in names)


def test_all_that_acts_is_found_in_the_command_palette(app, manifest):
    palette = {item.command.id: item.command.title for item in app.menus.get_menu(app.menus.COMMAND_PALETTE_ID)}
    for name in ("start_training", "pause_training", "finish_training", "cancel_training", "flip_up_down"):
        assert palette[f"{PLUGIN}.{name}"].endswith("(napari-trsmi)")
    assert any("Train" in title and PLUGIN in title for title in palette.values())


@pytest.mark.slow
def test_training_is_driven_by_commands(app, session, quick, qtbot):
    run = app.commands.execute_command
    session.set_config(quick)
    run("napari-trsmi.start_training")
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    run("napari-trsmi.pause_training")
    assert session.state == "paused"
    run("napari-trsmi.pause_training")
    assert session.state == "running"
    run("napari-trsmi.finish_training")
    qtbot.waitUntil(lambda: session.state == "idle", timeout=60_000)
    assert session.result is not None


@pytest.mark.slow
def test_a_cancelled_run_leaves_no_result(app, session, quick, qtbot):
    session.set_config(quick)
    app.commands.execute_command("napari-trsmi.start_training")
    thread = session.run.trainer
    app.commands.execute_command("napari-trsmi.cancel_training")
    assert (session.state, session.result) == ("idle", None)
    qtbot.waitUntil(thread.ended.is_set, timeout=60_000)


@pytest.mark.parametrize("name", ["start_training", "flip_up_down"])
def test_a_command_without_a_section_says_what_to_do(app, failures, name):
    app.commands.execute_command(f"{PLUGIN}.{name}")
    assert failures == ["Expected an open section, found none. Open a file or the sample first."]


@pytest.mark.parametrize("name", ["pause_training", "finish_training", "cancel_training"])
def test_a_command_without_a_run_says_what_to_do(app, failures, name):
    app.commands.execute_command(f"{PLUGIN}.{name}")
    assert failures == ["Expected a run, found none. Start training first."]


@pytest.mark.slow
def test_spots_are_flipped_by_commands(app, session, sample):
    app.commands.execute_command("napari-trsmi.flip_left_right")
    assert np.allclose(session.dataset.coords[:, 1], sample.coords[:, 1])
    assert not np.allclose(session.dataset.coords[:, 0], sample.coords[:, 0])
    app.commands.execute_command("napari-trsmi.flip_left_right")
    assert np.allclose(session.dataset.coords, sample.coords)
    app.commands.execute_command("napari-trsmi.flip_up_down")
    app.commands.execute_command("napari-trsmi.flip_up_down")
    app.commands.execute_command("napari-trsmi.swap_axes")
    assert np.allclose(session.dataset.coords, sample.coords[:, ::-1])


@pytest.mark.slow
def test_several_files_open_as_one_section_by_command(app, viewer, tmp_path, make_table, monkeypatch, qtbot):
    paths = [str(tmp_path / "a_rna.h5ad"), str(tmp_path / "a_adt.h5ad")]
    make_table().write_h5ad(paths[0])
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1).write_h5ad(paths[1])
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: (paths, ""))
    app.commands.execute_command("napari-trsmi.open_files")
    qtbot.waitUntil(lambda: session_of(viewer).dataset is not None, timeout=30_000)
    assert sorted(session_of(viewer).dataset.modalities) == ["adt", "rna"]
