"""`trsmi view` and `trsmi demo` in a real window."""

from __future__ import annotations

import pytest

from napari_trsmi.cli import main, window
from napari_trsmi.data.sample import sample_path
from napari_trsmi.gui.plugin import start
from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def waited(viewer, monkeypatch):
    """The window of the commands is the one of the test, and nobody needs to close it."""
    waited = []
    monkeypatch.setattr(window, "new_viewer", lambda: viewer)
    monkeypatch.setattr(window, "wait", lambda: waited.append(True))
    return waited


def docks(viewer):
    return {name.split(" (")[0] for name in viewer.window.dock_widgets}


def roles(viewer):
    return [layer.metadata["trsmi"]["role"] for layer in viewer.layers]


def test_view_shows_the_section_and_the_docks(viewer, waited):
    assert main(["view", str(sample_path())]) == 0
    assert waited == [True]
    assert roles(viewer) == ["image", "spots"]
    assert {"Train", "Boundaries", "Colour by"} <= docks(viewer)
    assert session_of(viewer).dataset.n_spots == 2500


@pytest.mark.slow
def test_docks_have_room_in_a_window_that_was_small(viewer, qtbot):
    viewer.window.resize(700, 500)
    train, _ = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    screen = train.window().screen().availableSize()
    open_docks(viewer)
    _, _, width, height = viewer.window.geometry()
    assert width >= min(1280, screen.width())
    assert height >= min(800, screen.height())
    viewer.window.resize(width + 20, height + 10)
    open_docks(viewer)
    assert viewer.window.geometry()[2:] == (width + 20, height + 10)


@pytest.mark.slow
def test_view_shows_a_saved_result(viewer, waited, fitted):
    assert main(["view", str(fitted.path)]) == 0
    assert "domains" in roles(viewer)
    assert session_of(viewer).result.partition.n_domains == 7


@pytest.mark.slow
def test_view_joins_files_of_the_same_spots(viewer, waited, tmp_path, make_table):
    paths = [str(tmp_path / "a_rna.h5ad"), str(tmp_path / "a_adt.h5ad")]
    make_table().write_h5ad(paths[0])
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1).write_h5ad(paths[1])
    assert main(["view", *paths]) == 0
    assert sorted(session_of(viewer).dataset.modalities) == ["adt", "rna"]


def test_view_says_what_is_wrong_before_any_window(viewer, waited, capsys, tmp_path):
    assert main(["view", str(tmp_path / "none.h5ad")]) == 2
    assert "\ntrsmi: Expected a file or folder at" in capsys.readouterr().err
    assert (waited, list(viewer.layers)) == ([], [])


@pytest.mark.slow
def test_the_demo_trains_on_the_sample_and_shows_the_domains(viewer, waited, qtbot, quick):
    session_of(viewer).set_config(quick)
    assert main(["demo"]) == 0
    session = session_of(viewer)
    assert waited == [True]
    assert session.run.config.cluster.n_domains == session.dataset.obs[start.TRUTH].nunique() == 7
    qtbot.waitUntil(lambda: session.state == "idle", timeout=60_000)
    assert session.result.partition.n_domains == 7
    assert "domains" in roles(viewer)
