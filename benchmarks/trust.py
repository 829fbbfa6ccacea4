"""What it costs to compare two runs, and to ask whether domains are real, as a multiple of one run.

    python benchmarks/trust.py [--quick] [--file mouse_brain] [--seeds 5] [--repeats 3] [--json FILE] [--markdown FILE]

Comparing: two labellings of 50,000 spots, their spatial graph included. Checks: in one process, with everything
imported and the file read, a run (`fit`: features, graphs, training, domains, scores) and the stability from other
seeds take turns; the stability is told as a multiple of the runs before and after it. The result that is questioned is
one of the seeds, as in the window. ``--quick`` takes the sample and few epochs, to see whether all parts run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from datasets import chosen_cases
from measure import measure
from tables import Report, Row, Table, output_options, spread

HERE = Path(__file__).resolve()
N_SPOTS, QUICK_SPOTS, N_DOMAINS = 50_000, 2_000, 12
GOAL_COMPARE, GOAL_STABILITY = 2.0, 5.0  # seconds, runs
NUMBERS = range(2, 13)  # of domains, for the curve
SINGLE = {
    "curve": f"curve of {len(NUMBERS)} numbers of domains, cut from the same runs",
    "chance": "null check, each shuffled run",
    "alone": "each modality alone",
}


# What is measured, each in a process of its own


def child_compare(n_spots: int, repeats: int) -> dict[str, Any]:
    """Return the seconds to compare two labellings: a strip per domain, and the same moved by half a strip in part."""
    from scaling import hexagonal_grid

    coords, rng = hexagonal_grid(n_spots), np.random.default_rng(0)
    place = coords[:, 0] / np.ptp(coords[:, 0]) * N_DOMAINS
    first = np.minimum(place, N_DOMAINS - 1).astype(int)
    second = rng.permutation(N_DOMAINS)[np.clip(place + 0.2 * np.sin(coords[:, 1]), 0, N_DOMAINS - 1).astype(int)]

    def both() -> float:
        from napari_trsmi.compare import compare
        from napari_trsmi.graphs import spatial_graph

        found: float = compare(first, second, spatial_graph(coords)).ari
        return found

    timed = [_timed(both) for _ in range(repeats + 1)]
    return {"n_spots": n_spots, "first_s": timed[0][0], "seconds": [s for s, _ in timed[1:]], "ari": timed[0][1]}


def child_checks(path: str, n_domains: int, n_seeds: int, repeats: int, epochs: int) -> dict[str, Any]:
    """Return the seconds of runs and of checks of their result, by turns."""
    import scanpy  # noqa: F401
    import torch  # noqa: F401

    import napari_trsmi as nt
    from napari_trsmi import trust

    dataset = nt.read(path)
    config = nt.Config(cluster={"n_domains": n_domains}, train={"epochs": epochs} if epochs else {})
    nt.fit(dataset, config.model_copy(update={"train": config.train.model_copy(update={"epochs": 1})}))  # imports
    seconds, result = _timed(lambda: nt.fit(dataset, config))
    found: dict[str, Any] = {"n_spots": dataset.n_spots, "n_seeds": n_seeds, "fit": [seconds], "stability": []}
    for _ in range(repeats):
        seconds, stability = _timed(lambda: _end(trust.seed_stability(result, n_seeds)))
        found["stability"].append(seconds)
        found["fit"].append(_timed(lambda: nt.fit(dataset, config))[0])
    found["curve"], _ = _timed(lambda: _end(trust.stability_curve(result, NUMBERS, n_seeds, stability=stability)))
    found["chance"], chance = _timed(lambda: _end(trust.chance(result, 1)))
    found["fit"].append(_timed(lambda: nt.fit(dataset, config))[0])
    found["alone"], _ = _timed(lambda: trust.modality_agreement(result))
    found |= {"epochs": len(result.history), "agreement": stability.consensus.mean_agreement}
    return found | {"confidence": chance.confidence, "by_chance": float(chance.by_chance.mean())}


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = act()
    return time.perf_counter() - started, found


def _end(check: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(check)
        except StopIteration as end:
            return end.value


# What is printed


def compare_rows(found: dict[str, Any]) -> list[Row]:
    """Return the comparison beside its target."""
    spots, worst = f"{found['n_spots']:,} spots", max(found["first_s"], *found["seconds"])
    return [
        Row(f"compare two runs of {spots}, graph included", f"{spread(found['seconds'], 2)} s"),
        Row("the same, the first time, with imports", f"{found['first_s']:.2f} s"),
        Row("the slowest of these", f"{worst:.2f} s", f"< {GOAL_COMPARE:g} s", worst < GOAL_COMPARE),
    ]


def check_rows(found: dict[str, Any]) -> list[Row]:
    """Return the checks, as multiples of a run, beside their target."""
    fits, seeds = found["fit"], found["n_seeds"]
    ratios = [took / mean(fits[i : i + 2]) for i, took in enumerate(found["stability"])]
    return [
        Row(f"one run, {found['n_spots']:,} spots, {found['epochs']} epochs", f"{spread(fits)} s"),
        Row(f"stability of {seeds} seeds, a result being one of them", f"{spread(found['stability'])} s"),
        Row(
            "the same in runs",
            spread(ratios, 2),
            f"< {GOAL_STABILITY:g}",
            median(ratios) < GOAL_STABILITY,
        ),
        Row("the same in runs, with the run that made the result", spread([r + 1 for r in ratios], 2)),
        *(Row(what, f"{found[name]:.1f} s, {found[name] / median(fits):.2f} runs") for name, what in SINGLE.items()),
        Row("found: mean ARI of fresh measurements and seeds", f"{found['agreement']:.2f}"),
        Row("found: mean confidence, on shuffled tissue", f"{found['confidence']:.2f}, {found['by_chance']:.2f}"),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--file", default="mouse_brain", metavar="NAME", help="another file (default mouse_brain)")
    parser.add_argument("--seeds", type=int, default=5, help="runs to compare, the result among them (default 5)")
    parser.add_argument("--repeats", type=int, default=3, help="how often (default 3)")
    parser.add_argument("--quick", action="store_true", help="the sample, few epochs, a small section to compare")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child:
        part, *rest = options.child
        found = child_compare(*map(int, rest)) if part == "compare" else child_checks(rest[0], *map(int, rest[1:]))
        print(json.dumps(found))
        return

    case = chosen_cases(["sample" if options.quick else options.file])[0][0]
    n_spots, repeats = (QUICK_SPOTS, 1) if options.quick else (N_SPOTS, options.repeats)
    busy = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    settings = {"file": case.name, "quick": options.quick, "repeats": repeats, "load of the machine before": busy}
    report = Report("Comparing and checking", settings)
    calls = {
        "compare": ("Comparing", compare_rows, [n_spots, repeats]),
        "checks": (
            "Checks",
            check_rows,
            [case.path, case.n_domains, options.seeds, repeats, 5 if options.quick else 0],
        ),
    }
    for part, (title, rows, given) in calls.items():
        found = measure([sys.executable, "-W", "ignore", str(HERE), "--child", part, *map(str, given)]).found
        report.records.append({"part": part, **found})
        cells = [row.cells() for row in rows(found)]
        report.show(Table(title, ["median [min, max]", "measured", "target", ""], cells))
    report.save(options)


if __name__ == "__main__":
    main()
