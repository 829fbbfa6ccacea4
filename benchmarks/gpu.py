"""A run on a GPU: is all that is done there right, is a run as on the CPU, and what does each stage take.

    python benchmarks/gpu.py --device cuda [--parts operations functions run epochs way tests] [--sizes 10000 100000]
    python benchmarks/gpu.py --device cpu --quick

To take at most eight minutes on a GPU. ``operations``: every sparse operation against float64. ``functions``: what a
device does of preparation and cut, against the CPU. ``run``: the CPU and, twice, the device. ``epochs``: of a section
as a whole. ``way``: from features to domains, by stage, as large sections go. ``tests``: the tests of the network, on
the device too, where pytest is there.

Needs numpy, scipy, scikit-learn, torch and pydantic and nothing else of what the package depends on: no tables, no
window. The package itself need not be installed, its folder on PYTHONPATH is enough.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gpu_functions import functions_table
from gpu_section import Section, shuffled_section, simulated_section, wave_section
from tables import Report, Table, output_options
from torch import Tensor

from napari_trsmi.config import Config
from napari_trsmi.errors import TrsmiError
from napari_trsmi.model.devices import pick_device
from napari_trsmi.model.sparse import Pattern, normalize, product, row_softmax, scores
from napari_trsmi.model.training import train
from napari_trsmi.records import Fit
from napari_trsmi.sampling import is_large

PARTS = ("operations", "functions", "run", "epochs", "way", "tests")
GOAL = 1e-5  # relative error in float32
SPOTS, DEGREE, WIDTH = 2_000, 30, 64  # of the operations: their reference is dense
TIMED = 12  # epochs timed at each size; prototypes come in after five

Inputs = tuple[Tensor, ...]
Operation = Callable[..., Tensor]


# Operations


def random_pattern(n: int, degree: int, seed: int = 0) -> Pattern:
    """Return a symmetric pattern with its diagonal and about `degree` other entries in a row."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, n, (2, n * degree // 2))
    both = np.hstack([ends, ends[::-1], np.tile(np.arange(n), (2, 1))])
    return Pattern(torch.as_tensor(both), n)


def operations(pattern: Pattern) -> dict[str, tuple[Operation, Operation, Inputs]]:
    """Return {name: ours, called with a pattern and the inputs; the dense reference, called with the inputs; inputs}.

    `pattern` stays on the CPU and serves the references; inputs are float32 numbers.
    """
    row, col, n, mirrored = pattern.row.long(), pattern.col.long(), pattern.n, pattern.transpose.long()
    chance = torch.Generator().manual_seed(0)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=chance)

    def dense(values: Tensor, elsewhere: float = 0.0) -> Tensor:
        return values.new_full((n, n), elsewhere).index_put((row, col), values)

    def scaled(values: Tensor) -> Tensor:
        half = dense(values).sum(1).clamp_min(1e-12).rsqrt()
        return half[row] * values * half[col]

    edges, rows, other = numbers(pattern.n_edges), numbers(n, WIDTH), numbers(n, WIDTH)
    return {
        "product": (partial(product, symmetric=False), lambda v, x: dense(v) @ x, (edges, rows)),
        "product, symmetric": (
            lambda p, v, x: product(p, v + v.index_select(0, p.transpose), x),
            lambda v, x: dense(v + v[mirrored]) @ x,
            (edges, rows),
        ),
        "scores": (scores, lambda q, k: (q @ k.T)[row, col], (rows, other)),
        "row_softmax": (row_softmax, lambda v: dense(v, -torch.inf).softmax(1)[row, col], (edges,)),
        "normalize": (normalize, scaled, (edges.abs(),)),
        "row_sum": (Pattern.row_sum, lambda v: dense(v).sum(1), (edges,)),
        "per_entry": (Pattern.per_entry, lambda v: v[row], (rows[:, 0].clone(),)),
    }


def with_gradients(function: Operation, inputs: Inputs) -> Inputs:
    """Return the value of a function and its gradients under a fixed cotangent, on the CPU."""
    given = [x.clone().requires_grad_() for x in inputs]
    value = function(*given)
    cotangent = torch.randn(value.shape, generator=torch.Generator().manual_seed(1)).to(value)
    gradients = torch.autograd.grad((value * cotangent).sum(), given)
    return tuple(t.detach().cpu() for t in (value, *gradients))


def operations_table(device: torch.device, n: int = SPOTS) -> tuple[Table, list[dict[str, Any]]]:
    """Return the relative errors of all operations on a device, against dense float64 on the CPU."""
    pattern = random_pattern(n, DEGREE)
    there = random_pattern(n, DEGREE).to(device)
    records = []
    for name, (ours, reference, inputs) in operations(pattern).items():
        expected = with_gradients(reference, tuple(x.double() for x in inputs))
        try:
            found, again = (with_gradients(partial(ours, there), tuple(x.to(device) for x in inputs)) for _ in range(2))
        except RuntimeError as error:
            records.append({"operation": name, "failed": str(error).splitlines()[0]})
            continue
        errors = [float((a - b).abs().max() / b.abs().max()) for a, b in zip(found, expected, strict=True)]
        same = all(torch.equal(a, b) for a, b in zip(found, again, strict=True))
        records.append({"operation": name, "value": errors[0], "gradient": max(errors[1:]), "repeats": same})
    rows = [
        [r["operation"], f"{r['value']:.1e}", f"{r['gradient']:.1e}", "yes" if r["repeats"] else "no"]
        for r in records
        if "failed" not in r
    ]
    notes = [f"{r['operation']} FAILED: {r['failed']}" for r in records if "failed" in r]
    worst = max((max(r["value"], r["gradient"]) for r in records if "failed" not in r), default=float("inf"))
    notes.append(f"Largest relative error <= {GOAL:g}: {worst:.1e}, {verdict(worst <= GOAL and not notes)}")
    title = f"Operations on {device}, against dense float64: {n:,} spots, {pattern.n_edges:,} entries, {WIDTH} columns"
    return Table(title, ["largest relative error", "value", "gradient", "twice the same bits"], rows, notes), records


# A run


def trained(section: Section, config: Config) -> tuple[Fit, list[float]]:
    """Return what training leaves, and the seconds of each epoch; the first holds all that comes before it."""
    steps = train(section.features, section.spatial, section.feature_graphs, config)
    ticks = [time.perf_counter()]
    while True:
        try:
            next(steps)  # reports losses as numbers: a device has done its work by then
        except StopIteration as end:
            return end.value, [b - a for a, b in pairwise(ticks)]
        ticks.append(time.perf_counter())


def run_table(device: torch.device, n: int, epochs: int) -> tuple[Table, list[dict[str, Any]]]:
    """Return how runs of a simulated section on the CPU and, twice, on the device agree with the truth."""
    from sklearn.metrics import adjusted_rand_score

    from napari_trsmi.domains.clustering import find_domains

    section = simulated_section(n)
    k = int(section.labels.max()) + 1
    made: list[tuple[str, Fit, np.ndarray]] = []
    records = []
    for name, where in (("on the CPU", "cpu"), (f"on {device}", str(device)), (f"on {device} again", str(device))):
        train_settings = {"epochs": epochs, "preview_every": 0}
        config = Config(cluster={"n_domains": k}, train=train_settings, device=where)
        fit, seconds = trained(section, config)
        labels = find_domains(fit.embedding, section.spatial, config.cluster, n_domains=k).labels
        made.append((name, fit, labels))
        base, last = made[0], made[max(len(made) - 2, 0)]
        spread = float(np.abs(base[1].embedding).max())
        records.append(
            {
                "run": name,
                "seconds": sum(seconds),
                "ari": 100 * adjusted_rand_score(section.labels, labels),
                "ari_cpu": 100 * adjusted_rand_score(base[2], labels),
                "difference": float(np.abs(fit.embedding - base[1].embedding).max()) / spread,
                "same_bits": bool(np.array_equal(fit.embedding, last[1].embedding)) if len(made) == 3 else None,
            }
        )
    rows = [
        [r["run"], f"{r['seconds']:.1f}", f"{r['ari']:.2f}", f"{r['ari_cpu']:.2f}", f"{r['difference']:.1e}"]
        for r in records
    ]
    notes = [
        f"K = {k}; widths { {m: x.shape[1] for m, x in section.features.items()} }.",
        f"The two runs on {device} are {'' if records[-1]['same_bits'] else 'not '}equal bit for bit.",
    ]
    columns = ["", "training s", "ARI x100, truth", "ARI x100, CPU's", "embedding, largest difference / maximum"]
    return Table(f"A run of {epochs} epochs, simulated section of {n:,} spots", columns, rows, notes), records


# Epochs


def child(n: int, device: str) -> dict[str, Any]:
    """Train on a section of n spots and return seconds and peak memory. Runs in a process of its own."""
    started = time.perf_counter()
    section = shuffled_section(n)
    graphs = time.perf_counter() - started
    train_settings = {"epochs": TIMED, "preview_every": 0}
    config = Config(cluster={"n_domains": 8}, train=train_settings, device=device)
    where, _ = pick_device(device)
    if where.type == "cuda":
        torch.cuda.reset_peak_memory_stats(where)
    _, seconds = trained(section, config)
    return {
        "n_spots": n,
        "edges": int(section.spatial.nnz + sum(g.nnz for g in section.feature_graphs.values())),
        "graphs": graphs,
        "first": seconds[0],
        "epoch": float(np.median(seconds[TIMED // 2 : -1])),  # the last has no diffusion
        "peak_mb": peak_mb(where),
    }


def peak_mb(device: torch.device) -> float:
    """Return the peak memory in MiB: of the device where it is a GPU, else of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device) / 2**20
    if device.type == "mps":
        return torch.mps.driver_allocated_memory() / 2**20
    from measure import peak_mb as of_process

    return of_process()


def in_fresh_processes(sizes: list[int], words: Callable[[int], list[str]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what this script prints when called with `words` of each size, and a sentence for each that ended."""
    records, notes = [], []
    for n in sizes:
        command = [sys.executable, str(Path(__file__).resolve()), *words(n)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            why = (ran.stderr.strip().splitlines() or [f"ended with {ran.returncode}"])[-1]
            notes.append(f"{n:,} spots: no time, {why}")
            continue
        records.append(json.loads(ran.stdout.splitlines()[-1]))
    return records, notes


def epochs_table(device: torch.device, sizes: list[int]) -> tuple[Table, list[dict[str, Any]]]:
    """Return what an epoch takes at each size; each runs in a fresh process, which memory may end."""
    records, notes = in_fresh_processes(sizes, lambda n: ["--child", str(n), "--device", str(device)])
    rows = [
        [
            f"{r['n_spots']:,}",
            f"{r['edges']:,}",
            *(f"{r[key]:.3g}" for key in ("graphs", "first", "epoch")),
            f"{r['peak_mb']:,.0f}",
        ]
        for r in records
    ]
    notes.append("First epoch: with all that comes before it. Epoch: the median once prototypes are there.")
    columns = ["spots", "edges", "data s", "first epoch s", "epoch s", "peak MB"]
    return Table(f"Epochs on {device}: two modalities of 50 features", columns, rows, notes), records


# The way


def way(n: int, device: str, tile_spots: int) -> dict[str, Any]:
    """Go from features to domains as a run does; return seconds by stage and memory. In a process of its own."""
    from napari_trsmi.data.preprocess import denoised_features, weighted_components
    from napari_trsmi.domains.clustering import find_domains
    from napari_trsmi.graphs import feature_graph_and_recall, spatial_graph
    from napari_trsmi.model.accelerated import accelerator_of
    from napari_trsmi.tiles import Tiles, spatial_tiles

    measured, coords = wave_section(n)
    asked = accelerator_of(device)
    where, _ = pick_device(device)
    if where.type == "cuda":
        torch.zeros(1, device=where)  # the device wakes up
        torch.cuda.reset_peak_memory_stats(where)
    train_settings = {"preview_every": 0, "tile_spots": tile_spots}
    config = Config(cluster={"n_domains": 8}, train=train_settings, device=device)
    seconds: dict[str, float] = {}
    last = time.perf_counter()

    def took(stage: str) -> None:
        nonlocal last
        seconds[stage], last = time.perf_counter() - last, time.perf_counter()

    spatial = spatial_graph(coords, 6)
    took("spatial graph")
    measured = {m: weighted_components(x, spatial, device=asked) for m, x in measured.items()}
    took("coherence")
    features = denoised_features(measured, spatial, device=asked)
    took("averaging")
    tiles = None
    if n > config.train.tile_spots:
        tiles = Tiles(spatial_tiles(coords, min(config.train.tile_size, tile_spots)), coords)
    number = None if tiles is None else tiles.number
    graphs = {
        m: feature_graph_and_recall(x, config.graph, 0, None, number, asked.nearest)[0] for m, x in features.items()
    }
    took("similar spots")
    steps = train(features, spatial, graphs, config, tiles=tiles)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            fit: Fit = end.value
            break
        took_steps = time.perf_counter() - last
    seconds["training"] = took_steps
    last += took_steps
    took("pass over all spots")
    evidence = tuple(measured.values()) if is_large(n) else np.hstack(list(measured.values()))
    found = find_domains(fit.embedding, spatial, config.cluster, n_domains=8, evidence=evidence, device=asked)
    took("domains")
    counts = np.bincount(found.labels, minlength=8).tolist()
    return {"n_spots": n, "seconds": seconds, "peak_mb": peak_mb(where), "counts": counts, "notes": asked.notes}


def way_table(device: torch.device, sizes: list[int], tile_spots: int) -> tuple[Table, list[dict[str, Any]]]:
    """Return what each stage takes at each size; each runs in a fresh process."""
    words = ["--tile-spots", str(tile_spots), "--device", str(device)]
    records, notes = in_fresh_processes(sizes, lambda n: ["--way", str(n), *words])
    stages = list(records[0]["seconds"]) if records else []
    notes += [f"{r['n_spots']:,} spots: {note}" for r in records for note in r["notes"]]
    rows = [
        [
            f"{r['n_spots']:,}",
            *(f"{r['seconds'][stage]:.3g}" for stage in stages),
            f"{sum(r['seconds'].values()):.3g}",
            f"{r['peak_mb']:,.0f}",
        ]
        for r in records
    ]
    columns = ["spots", *(f"{stage} s" for stage in stages), "in all", "peak MB"]
    return Table(
        f"From features to domains on {device}, by tiles above {tile_spots:,} spots", columns, rows, notes
    ), records


def tests_table(device: torch.device) -> tuple[Table, list[dict[str, Any]]]:
    """Return how the tests of the network end; they run on the CPU and on a GPU where there is one."""
    folder = Path(__file__).resolve().parents[1] / "tests" / "model"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (ran.stdout.strip() or ran.stderr.strip()).splitlines()
    end = said[-1] if said else f"ended with {ran.returncode}"
    return Table(f"Tests of the network, {device} there", ["", "ended"], [["tests/model", end]]), [{"ended": end}]


def verdict(reached: bool) -> str:
    """Return the word for it."""
    return "REACHED" if reached else "NOT REACHED"


def described(device: torch.device) -> str:
    """Return what a device is: "cuda (NVIDIA ..., 80 GB, CUDA 13.0)"."""
    if device.type != "cuda" or not torch.cuda.is_available():
        return str(device)
    about = torch.cuda.get_device_properties(device)
    return f"{device} ({about.name}, {about.total_memory / 2**30:.0f} GB, CUDA {torch.version.cuda})"


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--way", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--tile-spots", type=int, default=50_000, help="spots above which ``way`` goes by tiles")
    parser.add_argument(
        "--quick", action="store_true", help="small sections and few epochs: to see that all parts work"
    )
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, mps, cpu or auto (default cuda)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="only these parts")
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 100_000, 1_000_000, 1_300_000], metavar="N")
    parser.add_argument(
        "--function-spots", type=int, default=100_000, metavar="N", help="spots of ``functions`` (default 100000)"
    )
    parser.add_argument("--run-spots", type=int, default=10_000, metavar="N", help="spots of the run (default 10000)")
    parser.add_argument("--epochs", type=int, default=60, help="of the run (default 60)")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child:
        print(json.dumps(child(options.child, options.device)))
        return
    if options.way:
        print(json.dumps(way(options.way, options.device, options.tile_spots)))
        return
    if options.quick:
        options.sizes, options.run_spots, options.epochs, options.tile_spots = [2_000], 1_000, 10, 500
        options.function_spots = 2_000
    # Not `pick_device` where one is named: of a device that cannot train, the operations show why.
    device = pick_device("auto")[0] if options.device == "auto" else torch.device(options.device)
    report = Report("On a GPU", {"device": described(device), "torch threads": torch.get_num_threads()})
    parts: dict[str, Callable[[], tuple[Table, list[dict[str, Any]]]]] = {
        "operations": lambda: operations_table(device),
        "functions": lambda: functions_table(device, options.function_spots),
        "run": lambda: run_table(device, options.run_spots, options.epochs),
        "epochs": lambda: epochs_table(device, sorted(options.sizes)),
        "way": lambda: way_table(device, sorted(options.sizes), options.tile_spots),
        "tests": lambda: tests_table(device),
    }
    for name in options.parts:
        try:
            table, records = parts[name]()
        except TrsmiError as error:
            print(f"\n{name} FAILED: {error}")
            continue
        report.show(table)
        report.records += [{"part": name, **record} for record in records]
    report.save(options)


if __name__ == "__main__":
    main()
