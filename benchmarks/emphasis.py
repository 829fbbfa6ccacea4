"""Which differences make a domain: the network's input cut with each emphasis, and what a run takes by itself.

    python benchmarks/emphasis.py [--seeds 20 21 22 23] [--jobs 1] [--quick] [--json FILE] [--markdown FILE]

Hard and plain simulated slices, one for each seed (the rule was found on seeds 0 to 2), and the labelled real files on
a grid, whole and by halves along x and y. Nothing is trained; rings, which single cells are cut by, have no emphasis.
ARI x100 with the number of domains given.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from statistics import mean
from typing import Any

import numpy as np
from datasets import CASES, load, made_cases
from runs import changed, default_config, progress, side_by_side
from tables import Report, Table, output_options

from napari_trsmi.domains.metrics import agreement
from napari_trsmi.stages import Prepared, cut, prepare

EMPHASES = ("coherent", "even", "auto")
LEAST = 30  # spots of a domain that counts in half a section
RINGS = ("hard_cells", "hard_few_counts")


def one(name: str, seed: int) -> list[dict[str, Any]]:
    """Return ARI by emphasis, and which a run takes, of a slice or of a real file and its halves."""
    loaded = load(name, seed)
    truth, n_domains = loaded.truths[loaded.case.main_view], loaded.case.n_domains
    config = default_config(n_domains, seed)
    prepared = prepare(loaded.dataset, config)
    found = []
    for part, rows in pieces(loaded.case.group == "grid", loaded.dataset.coords):
        own, labels, k = prepared, truth, n_domains
        if rows is not None:
            own, labels = piece(prepared, rows), truth[rows]
            sizes = np.unique([label for label in labels if label is not None], return_counts=True)[1]
            k = int((sizes >= LEAST).sum())
        features, record = np.hstack(list(own.features.values())), {"file": name, "part": part, "seed": seed}
        for emphasis in EMPHASES:
            made = cut(features, own, changed(config, {"cluster": {"emphasis": emphasis}}), k, None)
            record |= {emphasis: 100 * float(agreement(made.labels, labels)["ARI"]), "took": made.emphasis}
        found.append(record)
    progress(f"{name}, seed {seed}")
    return found


def pieces(halves: bool, coords: np.ndarray) -> Iterator[tuple[str, np.ndarray | None]]:
    """Yield the name and (N,) bool rows of the whole and, where asked for, of its halves along both axes."""
    yield "whole", None
    for axis in (0, 1) if halves else ():
        first = coords[:, axis] < np.median(coords[:, axis])
        yield from (("half", first), ("half", ~first))


def piece(prepared: Prepared, rows: np.ndarray) -> Prepared:
    """Return some rows of what was made ready, by themselves."""
    coords = prepared.dataset.coords[rows]
    return replace(
        prepared,
        dataset=replace(prepared.dataset, coords=coords, modalities={}, obs_names=prepared.dataset.obs_names[rows]),
        measured={m: values[rows] for m, values in prepared.measured.items()},
        features={m: values[rows] for m, values in prepared.features.items()},
        spatial=prepared.spatial[rows][:, rows].tocsr(),
        feature_graphs={},
    )


def table(records: list[dict[str, Any]]) -> Table:
    """Return means and ranges by file and part, and over all slices and all real parts."""

    def cells(own: list[dict[str, Any]]) -> list[str]:
        spread = [[r[e] for r in own] for e in EMPHASES]
        took = sum(r["took"] == "even" for r in own)
        return [*(f"{mean(s):.1f} [{min(s):.0f}, {max(s):.0f}]" for s in spread), f"{took} of {len(own)}"]

    kinds = dict.fromkeys((r["file"], r["part"]) for r in records)
    rows = [
        [f"{name}, {part}", *cells([r for r in records if (r["file"], r["part"]) == (name, part)])]
        for name, part in kinds
    ]
    grids = {case.name for case in CASES if case.group == "grid"}
    for title, own in {
        "mean, slices": [r for r in records if r["file"] not in grids],
        "mean, real": [r for r in records if r["file"] in grids],
    }.items():
        if own:
            rows.append([f"{title} ({len(own)})", *cells(own)])
    worse = sum(r["auto"] < r["coherent"] - 2 for r in records)
    note = f"By itself more than 2 below coherent: {worse} of {len(records)}."
    return Table("Input cut with each emphasis: ARI x100", ["", *EMPHASES, "even taken"], rows, [note])


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[20, 21, 22, 23], help="of the slices (20 to 23)")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side (default 1)")
    parser.add_argument("--quick", action="store_true", help="one slice with a gradient, the first seed")
    output_options(parser)
    options = parser.parse_args(arguments)
    slices = [case.name for case in made_cases() if case.name not in RINGS]
    tasks = [(name, seed) for name in slices for seed in options.seeds]
    tasks += [(case.name, 0) for case in CASES if case.group == "grid" and case.is_there]
    if options.quick:
        tasks = [("hard_gradient", options.seeds[0])]
    report = Report("Emphasis", {"seeds": " ".join(map(str, options.seeds)), "only K": "set"})
    for found in side_by_side(one, tasks, options.jobs):
        report.records += found
    report.show(table(report.records))
    report.save(options)


if __name__ == "__main__":
    main()
