"""A real viewer in a real window; skipped where Qt or a screen cannot be had."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from screen import missing

from napari_trsmi import Config

if TYPE_CHECKING:
    from napari import Viewer
    from npe2 import PluginManifest

    from napari_trsmi import Dataset, Result

collect_ignore_glob = ["test_*.py"] if missing() else []  # tests/test_window.py says so


@pytest.fixture(scope="session")
def sample() -> Dataset:
    """The sample slice; do not change it."""
    import napari_trsmi as nt

    return nt.read(nt.sample_path())


@pytest.fixture(scope="session")
def quick() -> Config:
    """Settings of a run of a second or two."""
    return Config(
        cluster={"n_domains": 7, "n_init": 1},
        train={"epochs": 6, "preview_every": 2},
        preprocess={"n_components": 8},
        evidence={"support": False},  # which takes longer than the run
    )


@pytest.fixture(scope="session")
def trained(sample: Dataset, quick: Config) -> Result:
    """A result of a short run on the sample; do not change it."""
    import napari_trsmi as nt

    result = nt.fit(sample, quick)
    set_aside()
    return result


@pytest.fixture(scope="session")
def little(small_file: Path, quick: Config) -> Result:
    """The same of a section of 400 spots, for tests that train it once more; do not change it."""
    import napari_trsmi as nt

    return nt.fit(nt.read(small_file), quick)


def set_aside() -> None:
    """Hide what is there from the collector: after each viewer napari looks through all objects for what leaked."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def little_is_looked_through() -> None:
    """Hide what was imported and what tests before left: looking through it after each viewer takes half a second."""
    set_aside()


@pytest.fixture(scope="session")
def said_of_itself() -> PluginManifest:
    """The manifest of this plugin; do not change it."""
    from npe2 import PluginManifest

    return PluginManifest.from_distribution("napari-trsmi")


@pytest.fixture(scope="session")
def napari_imported() -> Iterator[None]:
    """Import what a window is made of, once and for all, without what napari does over and over for no test."""
    import napari._qt.qt_main_window
    import napari._vispy.canvas
    from napari.settings import NapariSettings

    set_aside()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NapariSettings, "save", lambda *_, **__: None)
        # It looks through all objects whenever a layer goes, for drivers of Windows alone.
        patch.setattr(napari._vispy.canvas, "gc", SimpleNamespace(collect=lambda: 0))
        yield


@pytest.fixture
def viewer(
    napari_imported: None, said_of_itself: PluginManifest, make_napari_viewer: Callable[..., Viewer], npe2pm: Any
) -> Viewer:
    """A viewer in a window, with this plugin registered."""
    npe2pm.register(said_of_itself.model_copy(deep=True))
    return make_napari_viewer(show=True)


@pytest.fixture(autouse=True)
def nothing_is_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin no thread that outlives a test."""
    for name in ("begin", "begin_shapes"):
        monkeypatch.setattr(f"napari_trsmi.gui.jobs.warm_up.{name}", lambda: None)
    monkeypatch.setattr("napari_trsmi.gui.jobs.libraries.DELAY", 10**8)


@pytest.fixture(autouse=True)
def threads_end() -> Iterator[None]:
    """Let no job go on in the next test: filters of warnings, which are errors here, belong to all threads at once."""
    yield
    from qtpy.QtCore import QThreadPool

    QThreadPool.globalInstance().waitForDone(10_000)


@pytest.fixture(autouse=True)
def memory(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remember nothing of this machine, and offer no tour."""
    from qtpy.QtCore import QSettings

    from napari_trsmi.gui.remembered import know
    from napari_trsmi.gui.tour.tour import NAME

    folder = str(tmp_path_factory.mktemp("settings"))
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
    know(NAME)


@pytest.fixture(autouse=True)
def nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer the question before a window closes: a test must not wait for a person."""
    monkeypatch.setattr("napari_trsmi.gui.train.closing.ask", lambda *_: "close")
