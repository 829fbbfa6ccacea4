"""A sweep in the window while a person pans and clicks on its rows; see `gui.py`."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from window import current, panned, put, settle, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari import Viewer

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.sweep.panel import SweepPanel

FIELDS = {"cluster.n_domains": (5, 6, 7, 8, 9), "graph.k_feature": (10, 15, 20, 25, 30)}
CLICK_MS, PAN_ONE_IN, LONGEST = 2000, 3, 3600.0  # a click every two seconds; seconds


def sweep(
    viewer: Viewer,
    dataset: Dataset,
    config: Config,
    values: int,
    seeds: int,
    most: int = 0,
    epochs: int = 60,
    idle_s: float = 6.0,
) -> dict[str, Any]:
    """Return how late a timer of 10 ms comes before and during a sweep, with some panning and clicks on its rows.

    Parameters
    ----------
    values
        Values of each of the two fields.
    seeds
        Runs per setting.
    most
        Runs after which the sweep is stopped; 0 for none.
    epochs
        Of a run.
    """
    from napari_trsmi.gui.viewer.docks import open_docks

    open_docks(viewer)
    put(viewer, dataset)
    session = current(viewer)
    config = config.model_copy(update={"train": config.train.model_copy(update={"epochs": epochs})})
    session.set_config(config)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Trust")
    panel: SweepPanel = dock.sweep
    dock.tabs.setCurrentWidget(panel)
    for field, (name, several) in zip((panel.first, panel.second), FIELDS.items(), strict=True):
        field.set_field(name, ", ".join(map(str, several[:values])))
    panel.seeds.setValue(seeds)
    settle()
    with panned(viewer, PAN_ONE_IN) as late:
        end = time.perf_counter() + idle_s
        until(lambda: time.perf_counter() > end, idle_s + 10)
        idle = list(late)
    total = len(panel.grid().settings) * seeds
    with panned(viewer, PAN_ONE_IN) as late, clicked(panel) as clicks:
        started = time.perf_counter()
        panel.start()
        job = panel.job
        until(lambda: panel.job is None or 0 < most <= done(panel), LONGEST)
        seconds = time.perf_counter() - started
    runs = done(panel)
    if panel.job is not None:
        panel.stop()
        until(lambda: panel.job is None, 60)
    assert job is not None
    return {
        "n_spots": dataset.n_spots,
        "epochs": config.train.epochs,
        "runs": runs,
        "planned": total,
        "seconds": seconds,
        "workers": 0 if job.latest is None else job.latest.n_workers,
        "idle_s": idle,
        "late_s": late,
        "click_s": clicks,
    }


def done(panel: SweepPanel) -> int:
    """Return how many runs the window knows of."""
    return 0 if panel.result is None else len(panel.result.runs)


@contextlib.contextmanager
def clicked(panel: SweepPanel) -> Iterator[list[float]]:
    """Click on one row of the sweep after the other, and give the seconds that each click held the window up."""
    from qtpy.QtCore import Qt, QTimer
    from qtpy.QtTest import QTest

    seconds: list[float] = []
    strip, row = panel.strip, 0

    def click() -> None:
        nonlocal row
        n_shown = strip.rowCount()
        if not n_shown or not done(panel):
            return
        row = (row + 1) % n_shown
        item = strip.item(row, 0)
        strip.scrollToItem(item)
        started = time.perf_counter()
        QTest.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.visualItemRect(item).center())
        seconds.append(time.perf_counter() - started)

    timer = QTimer()
    timer.timeout.connect(click)
    timer.start(CLICK_MS)
    try:
        yield seconds
    finally:
        timer.stop()
