"""How the window answers: docks, files, recolouring, training beside it, starting and cancelling over and over.

    python benchmarks/gui.py [--quick] [--parts docks load recolour ticks answers rounds sweep] [--sizes 5000 50000]

A real viewer in a real window, 1280 x 800, all docks open; without a screen, one is made by Xvfb. Every part runs in a
fresh process, each dock and each size in one of its own. Each number stands beside what was to be reached. ``--quick``
takes the sample and small sizes, to see in two minutes whether all parts run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import gui_parts
import gui_sweep
import numpy as np
from measure import measure
from tables import Report, Row, Table, output_options, spread
from window import TICK_MS, screen, window

HERE = Path(__file__).resolve()
PARTS = ("docks", "load", "recolour", "ticks", "answers", "rounds", "sweep")
DOCKS = ("Train", "Colour by", "Boundaries", "Ask", "Correct", "Trust", "Compare", "Regions", "Embedding")
SIZES, QUICK_SIZES = (5_000, 50_000, 200_000, 1_000_000), (1_000, 60_000)
GOAL_DOCK, GOAL_LOAD, GOAL_TICK, GOAL_ANSWER = 1.0, 3.0, 0.1, 2.0  # seconds
GOAL_PREVIEW, GOAL_ANY_SIZE, GOAL_SIZE = 0.05, 0.1, 50_000  # seconds, seconds, spots
GOAL_GENE, GOAL_KEY = 0.15, 0.01  # seconds, at 50,000 spots and for 20,000 names
QUICK_EPOCHS = 3  # of a run of the sweep
GOAL_MB = 2.0  # growth per start and cancel; what the allocator keeps back moves by as much


def child(part: str, options: list[str]) -> dict[str, Any]:
    """Run one part in this process."""
    quick = "quick" in options
    with window() as viewer:
        if part == "sweep":
            dataset, config = gui_parts.trained_on(True)
            return gui_sweep.sweep(viewer, dataset, config, *((2, 1) if quick else (5, 3)), *map(int, options[:2]))
        if part == "docks":
            return gui_parts.docks(viewer, options[0])
        if part == "load":
            return gui_parts.load(viewer, options[0])
        if part == "recolour":
            return gui_parts.recolour(viewer, int(options[0]), 3 if quick else 7)
        dataset, config = gui_parts.trained_on(quick or part == "rounds")
        if part == "ticks":
            return gui_parts.ticks(viewer, dataset, config)
        if part == "answers":
            return gui_parts.answers(viewer, dataset, config)
        return gui_parts.rounds(viewer, dataset, config, 3 if quick else 20)


# What is printed


def rows(part: str, found: dict[str, Any]) -> list[Row]:
    """Return the numbers of one part beside their targets."""
    return {
        "docks": _dock_rows,
        "load": _load_rows,
        "recolour": _recolour_rows,
        "ticks": _tick_rows,
        "answers": _answer_rows,
        "rounds": _round_rows,
        "sweep": _sweep_rows,
    }[part](found)


def _dock_rows(found: dict[str, Any]) -> list[Row]:
    seconds = found["seconds"]
    return [Row(f"dock {found['name']} opens", f"{seconds:.2f} s", f"< {GOAL_DOCK:g} s", seconds < GOAL_DOCK)]


def _load_rows(found: dict[str, Any]) -> list[Row]:
    seconds, spots = found["seconds"], f"{found['n_spots']:,} spots"
    return [
        Row(f"file of {spots} on screen", f"{seconds:.2f} s", f"< {GOAL_LOAD:g} s", seconds < GOAL_LOAD),
        Row("the same, first file of the process, with imports", f"{found['first_s']:.2f} s"),
    ]


def _recolour_rows(found: dict[str, Any]) -> list[Row]:
    n = found["n_spots"]
    goal = GOAL_PREVIEW if n <= GOAL_SIZE else GOAL_ANY_SIZE
    spots = f"{n:,} spots"
    return [
        Row(f"{spots}: open", f"{found['open_s']:.2f} s"),
        Row(f"{spots}: draw again after a change of zoom", _milliseconds(found["draw_s"])),
        _within(f"{spots}: show a preview", found["preview_s"], goal),
        Row(f"{spots}: colour by a gene", _milliseconds(found["gene_s"])),
        _within(f"{spots}: of this, the gene's values", found["values_s"], GOAL_GENE),
        _within(f"{gui_parts.N_GENES:,} genes: search at a key stroke", found["key_s"], GOAL_KEY),
    ]


def _milliseconds(seconds: list[float]) -> str:
    return f"{spread([1000 * s for s in seconds], 0 if median(seconds) > 0.01 else 1)} ms"


def _within(what: str, seconds: list[float], goal: float) -> Row:
    return Row(what, _milliseconds(seconds), f"< {1000 * goal:g} ms", median(seconds) < goal)


def _tick_rows(found: dict[str, Any]) -> list[Row]:
    out = []
    for name, what in (("idle_s", "panning"), ("late_s", f"panning and training, {found['epochs']} epochs")):
        middle, high = np.percentile(found[name], (50, 95))
        text = f"{1000 * middle:.0f} / {1000 * high:.0f} / {1000 * max(found[name]):.0f} ms"
        what = f"tick of {TICK_MS} ms late, {what} ({found['n_spots']:,} spots): p50 / p95 / max"
        out.append(Row(what, text, f"p95 < {1000 * GOAL_TICK:g} ms", bool(high < GOAL_TICK)))
    return out


def _answer_rows(found: dict[str, Any]) -> list[Row]:
    out = [Row("an epoch", f"{found['epoch_s']:.2f} s")]
    for name in ("pause", "finish", "cancel"):
        seconds, epochs = found[name]["seconds"], found[name]["epochs"]
        what = "leaves" if name == "cancel" else "obeys"
        met = seconds < GOAL_ANSWER and epochs <= 1
        out.append(Row(f"{name} until the thread {what}", f"{seconds:.2f} s", f"1 epoch, < {GOAL_ANSWER:g} s", met))
    return [*out, Row("finish until the result is there", f"{found['finish']['result_s']:.2f} s")]


def _round_rows(found: dict[str, Any]) -> list[Row]:
    before, after, n = found["before"], found["after"], found["rounds"]
    out = []
    for name in ("threads", "at work", "layers"):
        what = "threads at work" if name == "at work" else name
        text = f"{before[name]:.0f} -> {after[name]:.0f}"
        out.append(Row(f"{n} rounds of start and cancel: {what}", text, "no more", after[name] <= before[name]))
    grown = (after["memory"] - before["memory"]) / n
    text = f"{before['memory']:.0f} -> {after['memory']:.0f} MB"
    goal = f"< {GOAL_MB:g} MB a round"
    return [*out, Row(f"{n} rounds of start and cancel: memory", text, goal, grown < GOAL_MB)]


def _sweep_rows(found: dict[str, Any]) -> list[Row]:
    runs, seconds = found["runs"], found["seconds"]
    what = f"{found['n_spots']:,} spots, {found['epochs']} epochs, {found['workers']} at a time"
    took = f"{seconds:.0f} s, {seconds / max(runs, 1):.1f} s a run"
    out = [Row(f"sweep, {what}: {runs} of {found['planned']} runs", took)]
    for name, what in (("idle_s", "panning now and then"), ("late_s", "the same, a sweep, and a click every 2 s")):
        middle, high = np.percentile(found[name], (50, 95))
        text = f"{1000 * middle:.0f} / {1000 * high:.0f} / {1000 * max(found[name]):.0f} ms"
        what = f"tick of {TICK_MS} ms late, {what}: p50 / p95 / max"
        out.append(Row(what, text, f"p95 < {1000 * GOAL_TICK:g} ms", bool(high < GOAL_TICK)))
    return [
        *out,
        Row(f"{len(found['click_s'])} clicks on a row, until the next event", _milliseconds(found["click_s"])),
    ]


def calls(part: str, options: argparse.Namespace, path: str) -> list[list[str]]:
    """Return the arguments of each process that a part takes."""
    quick = ["quick"] if options.quick else []
    if part == "docks":
        return [[name] for name in DOCKS]
    if part == "load":
        return [[path]]
    if part == "recolour":
        return [[str(n), *quick] for n in options.sizes or (QUICK_SIZES if options.quick else SIZES)]
    if part == "sweep":
        return [[str(options.sweep_runs), str(QUICK_EPOCHS if options.quick else options.sweep_epochs), *quick]]
    return [quick]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="only these parts")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="spots that are recoloured")
    parser.add_argument("--sweep-runs", type=int, default=0, metavar="N", help="stop the sweep after so many runs")
    parser.add_argument("--sweep-epochs", type=int, default=60, metavar="N", help="epochs of a run (default 60)")
    parser.add_argument("--quick", action="store_true", help="the sample and small sizes")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(child(options.child[0], options.child[1:])))
        return

    busy = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    stack = {name: version(name) for name in ("napari", "vispy", "superqt", "pyqtgraph")}
    report = Report("The window", {"quick": options.quick, "load of the machine before": busy, **stack})
    with screen(), tempfile.TemporaryDirectory() as folder:
        n_spots = 500 if options.quick else 5_000
        path = str(Path(folder) / "slice.h5mu")
        for part in options.parts:
            if part == "load":
                write_slice(path, n_spots)
            found_rows: list[Row] = []
            for call in calls(part, options, path):
                found = measure([sys.executable, "-W", "ignore", str(HERE), "--child", part, *call]).found
                found |= {"name": call[0]} if part == "docks" else {}
                found |= {"n_spots": n_spots} if part == "load" else {}
                report.records.append({"part": part, **found})
                found_rows += rows(part, found)
            cells = [row.cells() for row in found_rows]
            report.show(Table(part.capitalize(), ["median [min, max]", "measured", "target", ""], cells))
    report.save(options)


def write_slice(path: str, n_spots: int) -> None:
    """Write a simulated section, in a process of its own: this one must stay small (see `measure.measure`)."""
    code = (
        f"from napari_trsmi.data.simulate import simulate; simulate(n_spots={n_spots}).write({path!r}); print('{{}}')"
    )
    measure([sys.executable, "-W", "ignore", "-c", code])


if __name__ == "__main__":
    main()
