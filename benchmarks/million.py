"""From file to file with large sections: seconds by stage and memory, each size in fresh processes.

    python benchmarks/million.py [--input features counts] [--sizes 200000 1000000] [--epochs N] [--no-support]
        [--genes 500]

``features``: a .h5mu of two modalities with 50 components each on a hexagonal grid, as in scaling.py. ``counts``: a
.h5ad of some genes, 5 % of whose values are not zero, and 50 proteins, told apart by feature_types. Each is given to
``trsmi fit`` as a person would, and what it wrote is opened again in a further process.
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
from measure import measure, peak_mb
from tables import Report, Row, Table, output_options

N_DOMAINS, GENES, PROTEINS, SHARE = 8, 500, 50, 0.05
STAGES = ("features and graphs", "training", "domains", "boundaries and scores", "support")
FLAT, LINEAR = 1.3, 1.3
# (minutes, gigabytes) from file to file
GOALS = {("features", 1_000_000): (15, 8), ("features", 4_000_000): (None, 16), ("counts", 1_000_000): (25, 8)}
CHUNK = 55_000_000  # values made at a time


def make(kind: str, n: int, path: Path, genes: int = GENES, seed: int = 0) -> None:
    """Write a section of n spots. In a process of its own."""
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData
    from scaling import coherent_features, hexagonal_grid

    from napari_trsmi.data.tables import mudata_as_stored

    rng = np.random.default_rng(seed)
    coords = hexagonal_grid(n)
    obs = pd.DataFrame(index=pd.Index([f"spot{i}" for i in range(n)], dtype=object))
    if kind == "features":
        tables = {m: AnnData(coherent_features(coords, rng), obs=obs.copy()) for m in ("rna", "adt")}
        for table in tables.values():
            table.obsm["spatial"] = coords
        for m, table in tables.items():
            table.var_names = [f"{m}{i}" for i in range(table.n_vars)]
        with mudata_as_stored():
            MuData(tables).write(path)
        return
    AnnData(
        _counts(coords, genes, rng),
        obs=obs,
        var=pd.DataFrame(
            {"feature_types": ["Gene Expression"] * genes + ["Antibody Capture"] * PROTEINS},
            index=[f"gene{i}" for i in range(genes)] + [f"protein{i}" for i in range(PROTEINS)],
        ),
        obsm={"spatial": coords},
    ).write_h5ad(path)


def _counts(coords: np.ndarray, genes: int, rng: np.random.Generator) -> Any:
    """(N, genes + PROTEINS) CSR float32 counts whose rates are waves over the tissue, made some spots at a time."""
    from scipy import sparse

    length, angle = rng.uniform(20, 200, (2, 24)), rng.uniform(0, 2 * np.pi, (2, 24))
    vectors = 2 * np.pi / length[0] * np.stack([np.cos(angle[0]), np.sin(angle[0])])
    phase, loads = rng.uniform(0, 2 * np.pi, 24), rng.normal(0, 0.6, (24, genes + PROTEINS))
    base = np.r_[np.full(genes, SHARE), np.full(PROTEINS, 4.0)]
    parts = []
    step = CHUNK // (genes + PROTEINS)
    for start in range(0, len(coords), step):
        waves = np.cos(coords[start : start + step] @ vectors + phase)
        rates = base * np.exp(waves @ loads / np.sqrt(6))
        rates[:, :genes] *= SHARE / max(float(rates[:, :genes].mean()), 1e-9)
        parts.append(sparse.csr_matrix(rng.poisson(rates).astype(np.float32)))
    return sparse.vstack(parts, format="csr")


def opened(path: Path) -> dict[str, Any]:
    """Return how long it takes to open a written result, and memory. In a process of its own."""
    import napari_trsmi as nt

    started = time.perf_counter()
    result = nt.restore(path)
    return {"seconds": time.perf_counter() - started, "peak_mb": peak_mb(), "n_domains": len(result.names)}


def go(kind: str, n: int, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Make, fit and open one section; return its seconds and memory."""
    suffix = ".h5mu" if kind == "features" else ".h5ad"
    source, out = folder / f"{kind}{n}{suffix}", folder / f"{kind}{n}_domains{suffix}"
    here = [sys.executable, str(Path(__file__).resolve())]
    measure([*here, "--make", kind, str(n), str(source), str(options.genes)])
    settings = ["--cluster.n-domains", str(N_DOMAINS), "--device", "cpu"]
    if options.epochs is not None:
        settings += ["--train.epochs", str(options.epochs)]
    if options.no_support:
        settings += ["--evidence.no-support"]
    fitted = measure([*here, "--fit", str(source), str(out), *settings])
    again = measure([*here, "--open", str(out)])
    found = fitted.found["seconds"]
    size = out.stat().st_size / 2**20
    for path in folder.iterdir():
        path.unlink()
    return {
        "input": kind,
        "n_spots": n,
        "wall_s": fitted.wall_s,
        "cpu_s": fitted.cpu_s,
        "peak_mb": fitted.peak_mb,
        "seconds": {
            **{stage: found.get(stage, 0.0) for stage in STAGES},
            "reading, writing, imports": fitted.wall_s - sum(found.get(stage, 0.0) for stage in STAGES),
            "opened again": again.found["seconds"],
        },
        "pass": found.get("pass over all spots", 0.0),
        "open_peak_mb": again.found["peak_mb"],
        "written_mb": size,
    }


def fit(source: str, out: str, settings: list[str]) -> dict[str, Any]:
    """Run ``trsmi fit`` in this process and return what it recorded."""
    from napari_trsmi.cli import main as trsmi

    try:
        trsmi(["fit", source, "-o", out, "--no-figure", "-q", *settings])
    except SystemExit as end:
        if end.code:
            raise
    record = json.loads(Path(out).with_suffix(".run.json").read_text(encoding="utf-8"))
    seconds = record["seconds"]
    return {"seconds": {**seconds, "pass over all spots": seconds["training"] - record["history"][-1]["seconds"]}}


def tables(kind: str, records: list[dict[str, Any]]) -> list[Table]:
    """Return seconds by stage and size, and what was to be reached."""
    first, last = records[0], records[-1]
    names = list(first["seconds"])
    rows = [
        [
            f"{r['n_spots']:,}",
            *(f"{r['seconds'][name]:.0f}" for name in names),
            f"{r['wall_s'] + r['seconds']['opened again']:.0f}",
            f"{r['cpu_s']:.0f}",
            f"{r['peak_mb']:,.0f}",
            f"{r['open_peak_mb']:,.0f}",
            f"{r['written_mb']:,.0f}",
        ]
        for r in records
    ]
    columns = ["spots", *names, "in all", "CPU s", "peak MB", "peak MB, opened", "written MB"]
    goals: list[Row] = []
    for r in records:
        minutes, gigabytes = GOALS.get((kind, r["n_spots"]), (None, None))
        took, peak = (r["wall_s"] + r["seconds"]["opened again"]) / 60, r["peak_mb"] / 1024
        if minutes:
            goals.append(Row(f"{r['n_spots']:,}: minutes", f"{took:.1f}", f"< {minutes}", took < minutes))
        if gigabytes:
            goals.append(Row(f"{r['n_spots']:,}: GB", f"{peak:.1f}", f"< {gigabytes}", peak < gigabytes))
    if len(records) > 1:
        times = last["n_spots"] / first["n_spots"]
        steps = [r["seconds"]["training"] - r["pass"] for r in (first, last)]
        flat = steps[1] / max(steps[0], 1e-9)
        goals.append(Row("training, last size against first", f"{flat:.2f}", f"<= {FLAT}", flat <= FLAT))
        rest = [r["wall_s"] - step for r, step in zip((first, last), steps, strict=True)]
        slope = rest[1] / rest[0] / times
        goals.append(Row("all else per spot, likewise", f"{slope:.2f}", f"<= {LINEAR}", slope <= LINEAR))
    return [
        Table(f"From file to file, {kind}", columns, rows),
        Table(f"Targets, {kind}", ["", "measured", "target", ""], [goal.cells() for goal in goals]),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", nargs="+", choices=("features", "counts"), default=["features", "counts"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[200_000, 1_000_000], metavar="N")
    parser.add_argument("--epochs", type=int, help="of training (default: that of the program)")
    parser.add_argument("--no-support", action="store_true", help="leave out the support of the boundaries")
    parser.add_argument("--genes", type=int, default=GENES, metavar="N", help="of counts (default %(default)s)")
    parser.add_argument("--make", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--fit", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    output_options(parser)
    options, rest = parser.parse_known_args(arguments)
    if options.make:
        kind, n, path, genes = options.make
        make(kind, int(n), Path(path), int(genes))
        print(json.dumps({}))
    elif options.fit:
        print(json.dumps(fit(*options.fit, rest)))
    elif options.open:
        print(json.dumps(opened(options.open)))
    else:
        settings = {"support": not options.no_support, "epochs": options.epochs or "default"}
        settings["genes"] = options.genes
        report = Report("A million spots", settings)
        for kind in options.input:
            found = []
            for n in sorted(options.sizes):
                with tempfile.TemporaryDirectory(prefix="million-") as folder:
                    found.append(go(kind, n, Path(folder), options))
                print(json.dumps(found[-1]), file=sys.stderr, flush=True)
            for table in tables(kind, found):
                report.show(table)
            report.records += found
        report.save(options)


if __name__ == "__main__":
    main()
