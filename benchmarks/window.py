"""A viewer in a window, its events, and what it holds."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari import Viewer

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.session import Session

TICK_MS, PAN_MS = 10, 33


@contextlib.contextmanager
def window() -> Iterator[Viewer]:
    """Open a viewer in a window that is drawn."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(1280, 800)
    settle()
    yield viewer
    viewer.close()


@contextlib.contextmanager
def screen() -> Iterator[None]:
    """Give the processes started here a screen where there is none."""
    if sys.platform != "linux" or os.environ.get("DISPLAY"):
        yield
        return
    from pyvirtualdisplay import Display

    with Display(visible=False, size=(1920, 1080)):
        yield


def settle() -> None:
    """Handle the events that wait; drawing the canvas is one of them."""
    from qtpy.QtWidgets import QApplication

    for _ in range(3):
        QApplication.processEvents()


def in_loop(act: Callable[[], Any]) -> None:
    """Do something as a click does: from a running event loop, by which the plugin tells a person from a script."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()

    def begin() -> None:
        try:
            act()
        finally:
            QTimer.singleShot(0, loop.quit)

    QTimer.singleShot(0, begin)
    loop.exec()


def timed(act: Callable[[], Any]) -> float:
    """Return the seconds from the start of `act` until the canvas is drawn after it; `SystemExit` where it never is."""
    from qtpy.QtOpenGLWidgets import QOpenGLWidget
    from qtpy.QtWidgets import QApplication

    settle()
    drawn: list[float] = []

    def note() -> None:
        drawn.append(time.perf_counter())

    canvases = [w for w in QApplication.allWidgets() if isinstance(w, QOpenGLWidget) and w.isVisible()]
    for canvas in canvases:
        canvas.frameSwapped.connect(note)
    started = time.perf_counter()
    act()
    acted = time.perf_counter()
    while not drawn or drawn[-1] < acted:
        QApplication.processEvents()
        if time.perf_counter() > acted + 5:
            raise SystemExit("Expected the canvas to be drawn, found that it was not.")
    for canvas in canvases:
        canvas.frameSwapped.disconnect(note)
    return drawn[-1] - started


def until(done: Callable[[], bool], seconds: float) -> None:
    """Run the event loop until `done`; `SystemExit` after too many seconds."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, look = QEventLoop(), QTimer()
    end = time.perf_counter() + seconds
    look.timeout.connect(lambda: loop.quit() if done() or time.perf_counter() > end else None)
    look.start(2)
    loop.exec()
    look.stop()
    if not done():
        raise SystemExit(f"Expected an answer within {seconds} s, found none.")


@contextlib.contextmanager
def panned(viewer: Viewer, one_in: int = 1) -> Iterator[list[float]]:
    """Pan the camera to and fro, for two seconds of every 2 x `one_in`, and give the seconds each tick was late."""
    from qtpy.QtCore import Qt, QTimer

    late: list[float] = []
    last = time.perf_counter()
    camera = viewer.scene.camera
    centre, step = np.array(camera.center), 0

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(now - last - TICK_MS / 1000, 0.0))
        last = now

    def pan() -> None:
        nonlocal step
        step += 1
        if step * PAN_MS // 2000 % one_in:
            return
        away = 40 * np.sin(step / 10) / camera.zoom  # 40 pixels
        camera.center = tuple(centre + [0, away, away][-len(centre) :])

    timers = [QTimer(), QTimer()]
    for timer, slot, interval in zip(timers, (tick, pan), (TICK_MS, PAN_MS), strict=True):
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(slot)
        timer.start(interval)
    last = time.perf_counter()
    try:
        yield late
    finally:
        for timer in timers:
            timer.stop()


def put(viewer: Viewer, dataset: Dataset) -> None:
    """Add a section to the viewer."""
    from napari.layers import Layer

    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.gui.viewer.layers import section_layers

    current(viewer)
    for data in section_layers(OpenSection(dataset)):
        viewer.add_layer(Layer.create(*data))


def current(viewer: Viewer) -> Session:
    """Return the session of the viewer."""
    from napari_trsmi.gui.viewer.sessions import session_of

    return session_of(viewer)


def held(viewer: Viewer) -> dict[str, float]:
    """Return what the process holds: threads, layers, MiB."""
    import psutil
    from qtpy.QtCore import QThreadPool

    gc.collect()
    pool = QThreadPool.globalInstance()
    assert pool is not None
    process = psutil.Process()
    return {
        "threads": process.num_threads(),
        "at work": pool.activeThreadCount(),
        "layers": len(viewer.layers),
        "memory": process.memory_info().rss / 2**20,
    }
