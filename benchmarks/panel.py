"""How far domains and what is said about them can be believed: all labelled files and a panel of hard slices.

    python benchmarks/panel.py [--seeds 3] [--files NAME ...] [--quick] [--jobs 1] [--json FILE] [--markdown FILE]
    python benchmarks/panel.py --from FILE ...

One default configuration for all; nothing but the number of domains is set. A simulated slice is another one for each
seed. The JSON is written anew after each run; ``--from`` makes the tables of such files again, without a run.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Case, Loaded, chosen_cases, load, made_cases
from evidence import auc, inner_edges, of_segments, reliability, right_spots, true_edges
from panel_tables import FIXED, tables
from runs import changed, default_config, progress, side_by_side
from tables import Report, output_options
from trivial import fixed_rows

from napari_trsmi.config import Config
from napari_trsmi.data.preprocess import denoised_features
from napari_trsmi.data.result import Result
from napari_trsmi.domains.consensus import boundary_stability
from napari_trsmi.domains.labels import encode, upper_edges
from napari_trsmi.domains.metrics import agreement
from napari_trsmi.errors import ConfigError, TrsmiError
from napari_trsmi.evidence import SUPPORT, number_curve, supported
from napari_trsmi.evidence.splitting import split
from napari_trsmi.records import drain
from napari_trsmi.stages import Prepared, as_cut, cut, prepare

Record = dict[str, Any]
N_SECOND = 2  # second measurements on which the boundaries are drawn again
QUICK_EPOCHS = 5


def run_seed(case_name: str, seed: int, quick: bool) -> Record:
    """Return what was found on one section with one seed; where the method refuses it, the reason under ``error``."""
    started = time.perf_counter()
    loaded = load(case_name, seed)
    record: Record = {"file": case_name, "group": loaded.case.group, "seed": seed, "n_domains": loaded.case.n_domains}
    config = default_config(loaded.case.n_domains, seed)
    if quick:
        config = changed(config, {"train": {"epochs": QUICK_EPOCHS}})
    try:
        result, prepared, seconds = fitted(loaded, config)
        record |= {
            "n_spots": loaded.dataset.n_spots,
            "seconds": seconds,
            "agreement": result.provenance.get("support", {}).get("agreement"),
            "rows": given(loaded, result, prepared, config),
            "number": not_given(loaded, result, prepared, config),
            **believed(loaded, result, prepared, config),
        }
    except TrsmiError as error:
        record["error"] = str(error)
    progress(f"{case_name}, seed {seed}: {time.perf_counter() - started:.0f} s {record.get('error', '')}")
    return record


def fitted(loaded: Loaded, config: Config) -> tuple[Result, Prepared, dict[str, float]]:
    """Return what `napari_trsmi.fit` returns, what it prepared, and the seconds of the run and of the support."""
    from napari_trsmi.api import fit_steps

    started = time.perf_counter()
    prepared = prepare(loaded.dataset, config)
    result = drain(fit_steps(loaded.dataset, config, previews=False, prepared=prepared))
    run = time.perf_counter() - started
    result = drain(supported(result, prepared))
    return result, prepared, {"run": run, "support": time.perf_counter() - started - run}


def given(loaded: Loaded, result: Result, prepared: Prepared, config: Config) -> dict[str, dict[str, float]]:
    """Return {row: {ARI, NMI}} with K given: ours, the input of the network cut in the same way, the fixed rows."""
    k = loaded.case.n_domains
    features = np.hstack(list(prepared.features.values()))
    rows = {
        "ours": scored(loaded, lambda: result.labels),
        "input alone": scored(loaded, lambda: cut(features, prepared, config, k, None).labels),
    }
    fixed = fixed_rows(loaded, config.seed)
    assert tuple(fixed) == FIXED
    return rows | {row: scored(loaded, lambda labels=labels: labels) for row, labels in fixed.items()}


def not_given(loaded: Loaded, result: Result, prepared: Prepared, config: Config) -> dict[str, Any]:
    """Return the number of domains that is found on the same embedding, and the scores of domains cut from it."""
    curve = drain(number_curve(result.embedding, prepared, as_cut(config, result.partition)))
    chosen = {"found": curve.chosen, "always 5": 5, "always 7": 7}

    def labels(k: int) -> np.ndarray:
        same = k == result.partition.n_domains
        return result.labels if same else cut(result.embedding, prepared, config, k, None).labels

    by_number = {k: scored(loaded, lambda k=k: labels(k)) for k in set(chosen.values())}
    return {**curve.record(), "rows": {row: by_number[k] for row, k in chosen.items()}}


def scored(loaded: Loaded, label: Callable[[], np.ndarray]) -> dict[str, float]:
    """Return ARI and NMI x100 on the view that matters; none where the section does not fall into as many domains."""
    try:
        found = agreement(label(), loaded.truths[loaded.case.main_view])
    except ConfigError:
        return {}
    return {name: 100 * float(found[name]) for name in ("ARI", "NMI")}


def believed(loaded: Loaded, result: Result, prepared: Prepared, config: Config) -> dict[str, Any]:
    """Return what support and confidence of spots, boundary edges and segments say, and what is true of them."""
    truth = encode(loaded.truths[loaded.case.main_view])[0]
    edges, segments = result.boundary_edges, result.boundaries
    assert edges is not None
    assert segments is not None
    i, j, segment = (edges[name].to_numpy(int) for name in ("i", "j", "segment"))
    true = true_edges(i, j, truth, prepared.spatial)
    again = second_cuts(prepared, config)
    second = drawn_again(i, j, segment, len(segments), again, prepared.spatial)
    u, v = upper_edges(prepared.spatial)
    any_again = drawn_again(u, v, np.zeros(len(u), int), 1, again, prepared.spatial)[0]
    spots = {SUPPORT: result.maps[SUPPORT], "confidence": result.confidence}
    found: dict[str, Any] = {"spots": judged(spots, right_spots(result.labels, truth))}
    for name, table, is_true, stands in (
        ("edges", edges, true, second[0]),
        ("segments", segments, of_segments(segment, true, len(segments)), second[1]),
    ):
        said = {column: table[column].to_numpy(float) for column in (SUPPORT, "confidence")}
        curves = {column: reliability(values, stands) for column, values in said.items()}
        found[name] = {**judged(said, is_true), "stand": mean_of(stands), "stands": curves}
    found["any edge"] = {
        "true": mean_of(true_edges(u, v, truth, prepared.spatial)),
        "stand": mean_of(any_again),
    }
    if "technical" in loaded.dataset.obs:
        sides = encode(loaded.dataset.obs["technical"])[0]
        a, b = inner_edges(truth, sides, prepared.spatial)
        support = edges[SUPPORT].to_numpy(float)
        at_step = (sides[i] != sides[j]) & (truth[i] == truth[j]) & (truth[i] >= 0)
        found["technical"] = {
            "n": len(a),
            "drawn": mean_of((result.labels[a] != result.labels[b]).astype(float)),
            "support": mean_of(support[at_step]),
            "support_true": mean_of(support[true == 1]),
        }
    return found


def judged(said: dict[str, np.ndarray], found: np.ndarray) -> dict[str, Any]:
    """Return how many are right and not, and AUC and reliability of each number that says so."""
    counts = {"n": int((~np.isnan(found)).sum()), "n_false": int((found == 0).sum())}
    return counts | {
        name: {"auc": auc(values, found), "curve": reliability(values, found)} for name, values in said.items()
    }


def second_cuts(prepared: Prepared, config: Config) -> list[np.ndarray]:
    """Return (N,) labels of as many domains for each second measurement that falls into as many.

    A second measurement is the second half of `splitting.split` with ``share=1``; domains are drawn on it as the
    default draws them on the network's input.
    """
    n_domains, cuts = config.cluster.n_domains, []
    assert n_domains is not None
    for number in range(N_SECOND):
        rng = np.random.default_rng([config.seed, N_SECOND, number])  # not the noise that the support is made with
        measured = {name: split(v, prepared.spatial, rng, 1.0)[1] for name, v in prepared.measured.items()}
        features = np.hstack(list(denoised_features(measured, prepared.spatial, config.seed).values()))
        with contextlib.suppress(ConfigError):
            cuts.append(cut(features, replace(prepared, measured=measured), config, n_domains, None).labels)
    return cuts


def drawn_again(
    i: np.ndarray, j: np.ndarray, segment: np.ndarray, n_segments: int, cuts: list[np.ndarray], spatial: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of the cuts that draw each edge, and that draw half or more of the edges of each segment."""
    if not cuts:
        return np.full(len(i), np.nan), np.full(n_segments, np.nan)
    edges = [boundary_stability(i, j, segment, [labels], spatial)[0] for labels in cuts]
    segments = [of_segments(segment, one, n_segments) for one in edges]
    return np.mean(edges, axis=0), np.mean(segments, axis=0)


def mean_of(values: np.ndarray) -> float:
    """Return the mean of what is known; NaN where nothing is."""
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else math.nan


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0 .. n-1 (default 3)")
    parser.add_argument("--files", nargs="+", metavar="NAME", help="only these files and slices")
    parser.add_argument(
        "--quick", action="store_true", help=f"the sample, one seed, {QUICK_EPOCHS} epochs: does it run"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side (default 1)")
    parser.add_argument("--from", nargs="+", dest="made", metavar="FILE", help="tables of these JSON files, no runs")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.made:
        report = Report("Panel", {"from": " ".join(options.made)})
        for path in options.made:
            report.records += json.loads(Path(path).read_text(encoding="utf-8"), object_hook=known)["records"]
    else:
        seeds = 1 if options.quick else options.seeds
        report = Report("Panel", {"seeds": seeds, "jobs": options.jobs, "quick": options.quick, "only K": "set"})
        run(report, chosen(options), seeds, options)
    for table in tables(report.records):
        report.show(table)
    report.save(options)


def chosen(options: argparse.Namespace) -> list[Case]:
    """Return the sections that were asked for and are there; a sentence is printed for each that is not."""
    names = options.files or (["sample"] if options.quick else None)
    cases, missing = chosen_cases(names, made_cases())
    print(*missing, sep="\n", end="\n" if missing else "")
    return cases


def run(report: Report, cases: list[Case], seeds: int, options: argparse.Namespace) -> None:
    """Run every section with every seed and keep the records."""
    tasks = [(case.name, seed, options.quick) for case in cases for seed in range(seeds)]
    for record in side_by_side(run_seed, tasks, options.jobs):
        report.records.append(record)
        report.save(argparse.Namespace(json=options.json, markdown=None))


def known(found: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON holds with null as NaN."""
    return {name: math.nan if value is None else value for name, value in found.items()}


if __name__ == "__main__":
    main()
