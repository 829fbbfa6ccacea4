"""How cost grows with the number of spots.

    python benchmarks/scaling.py [--sizes 10000 30000 100000] [--epochs N]
    python benchmarks/scaling.py --input features|counts [--sizes 20000 50000 100000 200000] [--epochs N]

Every size runs in a fresh process. By default the whole way that a person goes, from a file to a report, with the slope
of each step. ``features``: seconds and memory of a fit per spot against the smallest section, two modalities of 50
features each on a hexagonal grid, random waves 8 to 40 spots long plus noise, so that all 50 are coherent and stay;
taken as precomputed. ``counts``: the same for a slice of the simulator, 600 genes and 30 proteins, preprocessing from
counts included.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import way
from measure import Cost, forget_peak, measure, peak_mb
from tables import Report, Table, output_options
from window import screen

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

N_FEATURES, N_DOMAINS, WAVES = 50, 8, 6
GOAL_RATIO, GOAL_MB, GOAL_SPOTS = 1.3, 6 * 1024, 200_000
SIZES = {"file": [10_000, 30_000, 100_000]}
WAY_EPOCHS = 8
COLUMNS = {
    "epoch": "s per epoch",
    "preprocessing": "features s",
    "graphs": "graphs s",
    "training": "training s",
    "domains": "domains s",
    "boundaries and scores": "scores s",
}


def hexagonal_grid(n: int) -> np.ndarray:
    """Return (n, 2) coordinates of a nearly square piece of hexagonal grid, spacing 1."""
    width = int(np.ceil(np.sqrt(n)))
    row, column = np.divmod(np.arange(n), width)
    return np.column_stack([column + 0.5 * (row % 2), row * np.sqrt(0.75)])


def coherent_features(coords: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (N, 50) float32: each column a sum of plane waves 8 to 40 spots long, plus noise of growing share."""
    out = np.empty((len(coords), N_FEATURES), np.float32)
    for j, share in enumerate(np.linspace(0.2, 0.8, N_FEATURES)):
        length, angle = rng.uniform(8, 40, WAVES), rng.uniform(0, 2 * np.pi, WAVES)
        vectors = 2 * np.pi / length * np.stack([np.cos(angle), np.sin(angle)])  # (2, WAVES)
        wave = np.cos(coords @ vectors + rng.uniform(0, 2 * np.pi, WAVES)).sum(axis=1) * np.sqrt(2 / WAVES)
        out[:, j] = np.sqrt(1 - share) * wave + np.sqrt(share) * rng.standard_normal(len(coords))
    return out


def section(n: int, kind: str, seed: int = 0) -> Dataset:
    """Return a section of n spots."""
    import pandas as pd
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset, Modality
    from napari_trsmi.data.simulate import simulate_dataset

    if kind == "counts":
        return simulate_dataset(n_spots=n, image=0, seed=seed)
    rng = np.random.default_rng(seed)
    coords = hexagonal_grid(n)
    names = np.array([f"spot{i}" for i in range(n)])
    obs = pd.DataFrame(index=pd.Index(names, dtype=object))
    tables = {m: AnnData(coherent_features(coords, rng), obs=obs) for m in ("rna", "adt")}
    modalities = {m: Modality(m, "precomputed", table) for m, table in tables.items()}
    return Dataset(f"{n} spots", modalities, coords, names, obs)


def child(n: int, kind: str, epochs: int | None) -> dict[str, Any]:
    """Fit one section and return seconds by phase and memory. Runs in a process of its own.

    A small section runs first, so that imports count in no phase and in no spot's memory.
    """
    from napari_trsmi.config import Config
    from napari_trsmi.data.preprocess import denoised_features, measured_features
    from napari_trsmi.graphs import spatial_graph

    warm_up()
    gc.collect()
    forget_peak()
    base = peak_mb()
    dataset = section(n, kind)
    train = {} if epochs is None else {"epochs": epochs}
    config = Config(cluster={"n_domains": N_DOMAINS}, train=train)
    data = peak_mb()
    result, seconds = timed_fit(dataset, config)
    peak = peak_mb()
    spatial = spatial_graph(dataset.coords)
    started = time.perf_counter()
    denoised_features(
        measured_features(dataset, config.preprocess, spatial), spatial
    )  # once more, to tell it apart from the graphs
    seconds["preprocessing"] = time.perf_counter() - started
    seconds["graphs"] = seconds.pop("features and graphs") - seconds["preprocessing"]
    return {
        "n_spots": n,
        "seconds": seconds,
        "base_mb": base,
        "data_mb": data - base,
        "peak_mb": peak,
        "epochs": len(result.history),
        "n_components": result.provenance["n_components"],
        "device": result.provenance["device"],
    }


def warm_up() -> None:
    """Import everything on a small section."""
    import napari_trsmi as nt

    timed_fit(section(600, "features"), nt.Config(cluster={"n_domains": N_DOMAINS}, train={"epochs": 2}))


def timed_fit(dataset: Dataset, config: Any) -> tuple[Any, dict[str, float]]:
    """Return the result, and its seconds by phase with the median epoch among them."""
    import napari_trsmi as nt

    steps = nt.fit_steps(dataset, config, previews=False)
    ticks = []
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result = end.value
            break
        ticks.append(time.perf_counter())
    seconds = dict(result.provenance["seconds"])
    seconds["epoch"] = float(np.median(np.diff(ticks)))  # the first one holds all that comes before it
    return result, seconds


def tables(costs: list[Cost]) -> list[Table]:
    """Return costs by size, and per spot against the smallest size."""
    found = sorted((cost.found for cost in costs), key=lambda f: f["n_spots"])
    rows = [
        [
            f"{f['n_spots']:,}",
            *(f"{f['seconds'][name]:.3g}" for name in COLUMNS),
            f"{f['data_mb']:.0f}",
            f"{f['peak_mb']:.0f}",
            f"{memory_per_spot(f):.1f}",
        ]
        for f in found
    ]
    parts = "; ".join(f"{f['n_spots']:,}: {f['n_components']}" for f in found)
    notes = [
        f"{found[0]['epochs']} epochs on {found[0]['device']}, K = {N_DOMAINS}. Components kept: {parts}.",
        "kB per spot: peak memory less that of a warmed-up process without data, by spots.",
    ]
    columns = ["spots", *COLUMNS.values(), "data MB", "peak MB", "kB per spot"]
    absolute = Table("Cost by number of spots", columns, rows, notes)
    if len(found) == 1:
        return [absolute]
    small, ratios, last = found[0], [], found[-1]
    for f in found:
        scale = f["n_spots"] / small["n_spots"]
        times = [f["seconds"][name] / small["seconds"][name] / scale for name in COLUMNS]
        memory = memory_per_spot(f) / memory_per_spot(small)
        ratios.append([f"{f['n_spots']:,}", *(f"{ratio:.2f}" for ratio in times), f"{memory:.2f}"])
    epoch, memory = float(ratios[-1][1]), float(ratios[-1][-1])
    at = f"at {last['n_spots']:,} spots <= {GOAL_RATIO}"
    goals = [
        f"Time per epoch and spot {at}: {epoch:.2f}, {verdict(epoch <= GOAL_RATIO)}",
        f"Memory per spot {at}: {memory:.2f}, {verdict(memory <= GOAL_RATIO)}",
    ]
    if last["n_spots"] >= GOAL_SPOTS:
        goals.append(f"Peak under {GOAL_MB} MB: {last['peak_mb']:.0f}, {verdict(last['peak_mb'] < GOAL_MB)}")
    against = f"Per spot, as a multiple of {small['n_spots']:,} spots"
    return [absolute, Table(against, ["spots", *COLUMNS.values(), "memory"], ratios, goals)]


def whole_way(report: Report, sizes: list[int], epochs: int, window: bool) -> None:
    """Go the whole way at each size and show the table."""
    found = []
    with tempfile.TemporaryDirectory(prefix="scaling-") as folder, screen():
        for n in sizes:
            here = [sys.executable, str(Path(__file__).resolve()), "--child", str(n), "--folder", folder]
            measure([*here, "--make"])
            shown = [] if window else ["--no-window"]
            cost = measure([*here, "--input", "file", "--epochs", str(epochs), *shown])
            found.append(cost.found | {"n_spots": n})
            print(f"{n:,} spots: {cost.wall_s:.0f} s", file=sys.stderr, flush=True)
    report.records += found
    report.show(way.table(found))


def per_spot(report: Report, sizes: list[int], kind: str, epochs: int | None, repeats: int) -> None:
    """Fit sections of each size in memory and show the tables."""
    costs = []
    for n in sizes:
        extra = ["--epochs", str(epochs)] if epochs else []
        command = [sys.executable, str(Path(__file__).resolve()), "--child", str(n), "--input", kind, *extra]
        runs = sorted((measure(command) for _ in range(repeats)), key=lambda c: c.found["seconds"]["epoch"])
        costs.append(runs[len(runs) // 2])
        report.records += [asdict(run) for run in runs]
        print(f"{n:,} spots: {median(run.wall_s for run in runs):.0f} s", file=sys.stderr, flush=True)
    for table in tables(costs):
        report.show(table)


def memory_per_spot(found: dict[str, Any]) -> float:
    """Return kB per spot."""
    return 1024 * (found["peak_mb"] - found["base_mb"]) / found["n_spots"]


def verdict(reached: bool) -> str:
    """Return the word for it."""
    return "REACHED" if reached else "NOT REACHED"


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N")
    parser.add_argument("--epochs", type=int, help=f"other than {WAY_EPOCHS}, or the default number with --input")
    parser.add_argument("--input", choices=["file", "features", "counts"], default="file")
    parser.add_argument("--no-window", action="store_true", help="leave out the step in a window")
    parser.add_argument("--repeats", type=int, default=1, help="runs per size; the one with the median epoch is kept")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child and options.make:
        print(json.dumps({"path": str(way.make(options.child, options.folder))}))
    elif options.child and options.input == "file":
        source = options.folder / f"section{options.child}.h5mu"
        print(json.dumps(way.go(source, options.folder, options.epochs, not options.no_window)))
    elif options.child:
        print(json.dumps(child(options.child, options.input, options.epochs)))
    if options.child:
        return
    sizes = sorted(options.sizes or SIZES.get(options.input, [20_000, 50_000, 100_000, 200_000]))
    report = Report("Cost by size of the section", {"input": options.input, "repeats": options.repeats})
    if options.input == "file":
        whole_way(report, sizes, options.epochs or WAY_EPOCHS, not options.no_window)
    else:
        per_spot(report, sizes, options.input, options.epochs, options.repeats)
    report.save(options)


if __name__ == "__main__":
    main()
