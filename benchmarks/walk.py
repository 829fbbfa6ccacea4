"""A random walk over all that the window has: clicks, keys, text, layers, docks, sections, saving.

    python benchmarks/walk.py --seeds 50 --steps 500 [--first 0] [--binding pyqt6 pyside6] [--spots 1000000]

Each walk has a process of its own, with a limit of time. Besides the sample, a slice with three modalities and a study,
one section of a million spots, drawn as a raster, is among those it opens. Told are errors that nobody caught, steps in
which the window worked for more than two seconds without an answer, results that went without being deleted, and what
stayed after the window was closed. Exit code 1 where there is any.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tables import Report, Table, output_options
from window import screen

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.state import OpenSection

LIMIT = 1800  # seconds of one walk
BINDINGS = {"pyqt6": "PyQt6", "pyside6": "PySide6"}


def main() -> int:
    """Walk and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--binding", nargs="+", choices=tuple(BINDINGS), default=["pyqt6"])
    parser.add_argument("--spots", type=int, default=1_000_000, help="of the raster; 0 leaves it out")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    output_options(parser)
    options = parser.parse_args()
    if options.child is not None:
        return child(options.child, options.steps, options.spots)
    report = Report("Random walks")
    columns = ("window", "walks", "steps", "runs", "errors", "hangs", "lost", "leaked", "slowest step")
    rows: list[list[str]] = []
    bad = False
    with screen():
        for binding in options.binding:
            found = [walked(seed, binding, options) for seed in range(options.first, options.first + options.seeds)]
            sums = {name: sum(len(one[name]) for one in found) for name in ("tracebacks", "hangs", "lost", "leaked")}
            slowest = max(one["slowest"] for one in found)
            counts = (sum(one["steps"] for one in found), sum(one["runs"] for one in found))
            rows.append([BINDINGS[binding], *map(str, (len(found), *counts, *sums.values())), f"{slowest:.1f} s"])
            report.records += found
            bad = bad or any(sums.values())
    report.show(Table("Walks", columns, rows))
    report.save(options)
    return int(bad)


def walked(seed: int, binding: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return what came of a walk in a process of its own."""
    command = [sys.executable, __file__, "--child", str(seed)]
    command += ["--steps", str(options.steps), "--spots", str(options.spots)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            done = subprocess.run(
                command, stdout=out, stderr=err, timeout=LIMIT, env=os.environ | {"QT_API": binding}, check=False
            )
            how = f"ended with {done.returncode}"
        except subprocess.TimeoutExpired:
            how = f"did not end in {LIMIT} s"
        out.seek(0)
        err.seek(0)
        lines = [line for line in out.read().splitlines() if line.startswith("{")]
        if lines:
            found: dict[str, Any] = json.loads(lines[-1])
        else:
            found = {"steps": 0, "runs": 0, "slowest": 0.0, "hangs": [], "lost": [], "leaked": []}
            found["tracebacks"] = [f"{how}: {err.read()[-6000:]}"]
    bad = [text for texts in found.values() if isinstance(texts, list) for text in texts]
    print(f"{binding} {seed}: {found['steps']} steps, {len(bad)} bad, slowest {found['slowest']:.1f} s", *bad, sep="\n")
    sys.stdout.flush()
    return found


def child(seed: int, steps: int, spots: int) -> int:
    """Walk in this process and print what came of it as JSON."""
    import faulthandler

    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp()  # hints it puts away, files it opens
    faulthandler.dump_traceback_later(LIMIT - 60, exit=True)
    faulthandler.enable()
    from dataclasses import asdict

    from walking import section_of, walk

    makers = [lambda name=name: section_of(small(name)) for name in ("sample", "three", "study")]
    if spots:
        makers.append(cache(lambda: large(spots)))
    with tempfile.TemporaryDirectory() as place:
        found = walk(makers, steps, seed, Path(place))
    print(json.dumps(asdict(found)))
    return 0


def large(n: int) -> OpenSection:
    """Return a section of n spots with a result that nothing was trained for."""
    import numpy as np
    from gui_parts import sparse_section

    from napari_trsmi.config import Config
    from napari_trsmi.data.result import Result
    from napari_trsmi.domains.boundaries import find_boundaries
    from napari_trsmi.domains.colors import domain_colors
    from napari_trsmi.graphs import spatial_graph
    from napari_trsmi.gui.session.state import OpenSection
    from napari_trsmi.records import Partition

    dataset = sparse_section(n)
    across = np.sin(dataset.coords / np.ptp(dataset.coords, axis=0) * (7, 5)) @ [1.0, 0.7]
    labels = np.digitize(across, np.quantile(across, np.linspace(0, 1, 9)[1:-1]))
    posterior = np.full((n, 8), 0.05, np.float32)
    posterior[np.arange(n), labels] = 0.65
    spatial = spatial_graph(dataset.coords)
    found = find_boundaries(labels, spatial, dataset.coords, posterior)
    result = Result(
        dataset,
        Config(cluster={"n_domains": 8}),
        Partition(labels, posterior, "made"),
        posterior[:, :4].copy(),
        boundaries=found.segments,
        boundary_edges=found.edges,
        colors=domain_colors(labels, spatial, n=8),
    )
    return OpenSection(dataset, result)


@cache
def small(name: str) -> Dataset:
    """Return the sample, a slice of three modalities, or a study of two sections."""
    import napari_trsmi as nt
    from napari_trsmi.data.simulate import simulate_dataset
    from napari_trsmi.data.study import stack

    if name == "sample":
        return nt.read(nt.sample_path())
    if name == "study":
        return stack({key: simulate_dataset(n_spots=300, seed=k) for k, key in enumerate("ab")})
    return simulate_dataset(n_spots=700, n_genes=200, modalities=("rna", "adt", "atac"))


if __name__ == "__main__":
    sys.exit(main())
