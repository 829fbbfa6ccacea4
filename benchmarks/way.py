"""The whole way that a person goes, from a file to a report, step by step in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import forget_peak, peak_mb
from tables import Table

N_DOMAINS, SMALL = 8, 600
STEPS = (
    "read",
    "prepare",
    "train",
    "cut",
    "write",
    "open",
    "window",
    "re-cut",
    "markers",
    "figure",
    "report",
    "compare",
)
GOAL_SLOPE = 1.15


def make(n: int, folder: Path) -> Path:
    """Write a simulated section of n spots, 600 genes and 30 proteins, and return its file. In a process of its own."""
    from napari_trsmi.data.simulate import simulate
    from napari_trsmi.data.tables import write_table

    path = folder / f"section{n}.h5mu"
    write_table(simulate(n_spots=n, n_genes=600, n_proteins=30, image=256, seed=0), path, ".h5mu")
    return path


def go(source: Path, folder: Path, epochs: int, window: bool) -> dict[str, Any]:
    """Go the whole way and return seconds by step and peak memory. Runs in a process of its own.

    A small section goes first, so that imports count in no step.
    """
    (folder / "small").mkdir(exist_ok=True)
    _steps(make(SMALL, folder / "small"), folder / "small", epochs, window)
    forget_peak()
    seconds = _steps(source, folder, epochs, window)
    return {"seconds": seconds, "peak_mb": peak_mb(), "epochs": epochs}


def _steps(source: Path, folder: Path, epochs: int, window: bool) -> dict[str, float]:
    import napari_trsmi as nt
    from napari_trsmi.compare import compare
    from napari_trsmi.graphs import spatial_graph
    from napari_trsmi.report import write_report
    from napari_trsmi.stages import prepare

    seconds: dict[str, float] = {}

    def timed(step: str, act: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        made = act()
        seconds[step] = time.perf_counter() - started
        return made

    output = folder / f"domains{source.suffix}"
    config = nt.Config(cluster={"n_domains": N_DOMAINS}, train={"epochs": epochs}, device="cpu")
    dataset = timed("read", lambda: nt.read(source))
    section = timed("prepare", lambda: prepare(dataset, config))
    result = _trained(nt.fit_steps(dataset, config, previews=False, prepared=section))
    took = result.provenance["seconds"]
    seconds["train"] = took["training"]
    seconds["cut"] = took["domains"] + took["boundaries and scores"]
    timed("write", lambda: result.write(output))
    again = timed("open", lambda: nt.restore(output))
    if window:
        seconds["window"] = _opened_in_window(output)
    other = timed("re-cut", lambda: nt.recluster(output))
    timed("markers", lambda: nt.markers(again))
    timed("figure", lambda: nt.save_figure(again, folder / "domains.png"))
    timed("report", lambda: write_report(again, folder / "domains.html"))
    graph = spatial_graph(dataset.coords)
    timed("compare", lambda: compare(again.labels, other.labels, graph))
    return seconds


def _trained(steps: Any) -> Any:
    """Return what a generator of epochs returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _opened_in_window(path: Path) -> float:
    """Return the seconds from asking a real window for a result until it is drawn."""
    from window import timed, window

    with window() as viewer:
        return timed(lambda: viewer.open(str(path), plugin="napari-trsmi"))


def table(found: list[dict[str, Any]]) -> Table:
    """Return the seconds of each step by size, and the slope of each over the sizes.

    Parameters
    ----------
    found
        What `go` returned, with ``n_spots``, from the smallest section to the largest.
    """
    sizes = np.array([one["n_spots"] for one in found], float)
    steps = [step for step in STEPS if step in found[0]["seconds"]]
    rows = []
    for step in steps:
        seconds = np.array([one["seconds"][step] for one in found])
        rows.append([step, *(f"{value:.3g}" for value in seconds), *_slope(sizes, seconds)])
    peaks = np.array([one["peak_mb"] for one in found])
    rows.append(["peak MB", *(f"{peak:.0f}" for peak in peaks), *_slope(sizes, peaks)[:1], ""])
    columns = ["seconds", *(f"{one['n_spots']:,}" for one in found), "slope", ""]
    notes = [
        f"{found[0]['epochs']} epochs; 600 genes and 30 proteins; slope of log seconds on log spots, to reach: each at "
        f"most {GOAL_SLOPE}. Feature neighbours are exact below 20,000 spots and approximate above."
    ]
    return Table("The whole way, from file to report", columns, rows, notes)


def _slope(sizes: np.ndarray, values: np.ndarray) -> list[str]:
    """Return a slope in log-log and whether it is reached; nothing for one size."""
    if len(sizes) < 2:
        return ["", ""]
    slope = float(np.polyfit(np.log(sizes), np.log(np.maximum(values, 1e-6)), 1)[0])
    return [f"{slope:.2f}", "met" if slope <= GOAL_SLOPE else "NOT MET"]
