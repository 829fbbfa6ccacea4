"""What it costs to find the 20 nearest of every row, from a cold start.

    python benchmarks/neighbours.py [--sizes 10000 30000 60000 100000 200000] [--columns 15 50] [--engines exact cells]

Every number is a process of its own, compilation included; scikit-learn, which a run needs in any case, is imported.
Rows are made as for `scaling.py`, averaged
twice over the tissue, centred and of unit length.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measure import forget_peak, measure, peak_mb
from tables import Report, Table, output_options

K, ASKED = 20, 1000
ENGINES = ("exact", "cells", "pynndescent")
SIZES = (10_000, 30_000, 60_000, 100_000, 200_000)


def make(n: int, columns: int, path: Path) -> None:
    """Write (n, columns) float32 rows."""
    from scaling import coherent_features, hexagonal_grid

    from napari_trsmi.graphs import smooth, spatial_graph

    coords = hexagonal_grid(n)
    rows = coherent_features(coords, np.random.default_rng(0))
    rows = smooth(rows[:, np.linspace(0, rows.shape[1] - 1, columns).astype(int)], spatial_graph(coords, 6), 2)
    rows -= rows.mean(axis=1, keepdims=True)
    np.save(path, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))


def child(path: Path, engine: str) -> dict[str, Any]:
    """Search the rows of a file and return seconds, memory and recall. In a process of its own."""
    import sklearn.cluster
    import sklearn.neighbors  # noqa: F401  both are imported in a run in any case

    rows = np.load(path)
    forget_peak()
    base, started, cpu = peak_mb(), time.perf_counter(), time.process_time()
    index = search(rows, engine)
    seconds, cpu, peak = time.perf_counter() - started, time.process_time() - cpu, peak_mb()
    return {"seconds": seconds, "cpu": cpu, "mb": peak - base, "recall": recall(rows, index)}


def search(rows: np.ndarray, engine: str) -> np.ndarray:
    """Return (n, K) rows, the row itself left out; pynndescent with the settings that scanpy gives it."""
    if engine != "pynndescent":
        from napari_trsmi.neighbours import nearest

        return nearest(rows, K, engine=engine).index
    from pynndescent import NNDescent

    return np.asarray(NNDescent(rows, n_neighbors=K + 1, random_state=0).neighbor_graph[0][:, 1:])


def recall(rows: np.ndarray, index: np.ndarray) -> float:
    """Return the share of the true neighbours of some rows that were found."""
    from napari_trsmi.neighbours import nearest

    asked = np.random.default_rng(1).choice(len(rows), min(ASKED, len(rows)), replace=False)
    true = nearest(rows, K, rows[asked], own=asked, engine="exact").index
    return float((index[asked][:, :, None] == true[:, None, :]).any(axis=2).mean())


def table(found: list[dict[str, Any]], engines: list[str]) -> Table:
    """Return seconds, memory and recall by size."""
    by = {(one["n"], one["columns"], one["engine"]): one for one in found}
    rows = []
    for n, columns in sorted({(one["n"], one["columns"]) for one in found}):
        row = [f"{n:,}", str(columns)]
        for engine in engines:
            one = by.get((n, columns, engine))
            cells = (
                [f"{one['seconds']:.1f}", f"{one['cpu']:.1f}", f"{one['mb']:.0f}", f"{one['recall']:.3f}"]
                if one
                else []
            )
            row += cells or [""] * 4
        rows.append(row)
    names = [f"{engine}{what}" for engine in engines for what in (" s", " CPU s", " MB", " recall")]
    return Table(f"The {K} nearest of every row, from cold", ["rows", "columns", *names], rows)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=3, metavar=("FILE", "N", "WHAT"), help=argparse.SUPPRESS)
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", default=list(SIZES))
    parser.add_argument("--columns", nargs="+", type=int, metavar="D", default=[15, 50])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child:
        path, n, what = options.child
        if what.isdigit():
            make(int(n), int(what), Path(path))
        print(json.dumps({} if what.isdigit() else child(Path(path), what)))
        return
    report = Report("Neighbours", {"k": K})
    with tempfile.TemporaryDirectory(prefix="neighbours-") as folder:
        for n in options.sizes:
            for columns in options.columns:
                path = str(Path(folder) / "rows.npy")
                here = [sys.executable, str(Path(__file__).resolve()), "--child", path, str(n)]
                measure([*here, str(columns)])
                for engine in options.engines:
                    found = measure([*here, engine]).found
                    report.records.append({"n": n, "columns": columns, "engine": engine, **found})
                    print(f"{n:,} x {columns}, {engine}: {found['seconds']:.1f} s", file=sys.stderr, flush=True)
    report.show(table(report.records, options.engines))
    report.save(options)


if __name__ == "__main__":
    main()
