"""How good the domains are: ours, the stages of the network, the trivial rows and the measured peers, file by file.

    python benchmarks/quality.py [--seeds 5] [--files NAME ...] [--quick] [--jobs 1] [--json FILE] [--markdown FILE]

One default configuration for all files; nothing but the number of domains is set.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from datasets import SCORES, Case, chosen_cases, load, read_peers
from runs import (
    changed,
    default_config,
    domain_labels,
    progress,
    score_or_nan,
    side_by_side,
    trained,
    trained_with_stages,
)
from tables import Report, Table, middle, output_options, spread
from trivial import CLUSTERINGS, trivial_rows

Record = dict[str, Any]


def run_seed(case_name: str, seed: int, quick: bool) -> list[Record]:
    """Return one record per row and view of a file: {file, group, row, view, seed, scores, note}."""
    from napari_trsmi.stages import prepare

    started = time.perf_counter()
    loaded = load(case_name)
    config = default_config(loaded.case.n_domains, seed)
    section = prepare(loaded.dataset, config)
    records: list[Record] = []

    def add(group: str, row: str, label: Any) -> None:
        by_view, note = score_or_nan(loaded, label)
        for view, scores in by_view.items():
            found = {"file": case_name, "group": group, "row": row, "view": view, "seed": seed}
            records.append({**found, "scores": scores, "note": note})

    fit, stages = trained_with_stages(section, config)
    add("ours", "ours", lambda: domain_labels(fit.embedding, section, config, fit.prototypes))
    if not quick:
        for stage, values in stages.items():
            if stage != "fusion":  # that is the embedding itself
                add(
                    "stage", f"after {stage}" if stage != "input" else "input features", _later(values, section, config)
                )
        for row, diffusion in (("network at initialisation", True), ("the same without diffusion", False)):
            # At the first epoch the gate is open; without diffusion it is as at the last one, closed.
            off = changed(config, {"train": {"epochs": 0}, "diffusion": {"enabled": diffusion}})
            start = trained(section, off)
            add("stage", row, _later(start.embedding, section, config, start.prototypes))
    for (hops, clustering), labels in trivial_rows(loaded, seed).items():
        add("trivial", _trivial_name(hops, clustering), lambda labels=labels: labels)
    progress(f"{case_name}, seed {seed}: {time.perf_counter() - started:.0f} s")
    return records


def _later(values: np.ndarray, section: Any, config: Any, prototypes: np.ndarray | None = None) -> Any:
    return lambda: domain_labels(values, section, config, prototypes)


def _trivial_name(hops: int, clustering: str) -> str:
    return f"{hops} hops, {clustering}" if hops != 1 else f"1 hop, {clustering}"


def best_peers(case: Case, peers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each peer once, at the clustering that gives it the best ARI; the trivial rows among them are left out."""
    best: dict[str, dict[str, Any]] = {}
    for row in peers:
        if not case.peers or row["dataset"] != case.peers or row["method"].startswith("smooth_"):
            continue
        known = best.get(row["method"])
        if known is None or row["ARI"] > known["ARI"]:
            best[row["method"]] = row
    return sorted(best.values(), key=lambda row: -row["ARI"])


def scores_of(records: list[Record], view: str, row: str, score: str) -> list[float]:
    """Return one score of one row, seed by seed."""
    return [r["scores"].get(score, math.nan) for r in records if r["view"] == view and r["row"] == row]


def best_trivial(records: list[Record], view: str, score: str) -> tuple[str, list[float]]:
    """Return the trivial row with the best median, and its values."""
    rows = dict.fromkeys(r["row"] for r in records if r["group"] == "trivial")
    values = {row: scores_of(records, view, row, score) for row in rows}
    name = max(values, key=lambda row: middle(values[row]))
    return name, values[name]


def verdicts(case: Case, records: list[Record]) -> list[dict[str, Any]]:
    """Return every target of a file with what was found and whether it was reached.

    Against the trivial row, ``within seed noise`` says that our median is lower but our best seed is not below its
    worst.
    """
    out: list[dict[str, Any]] = []
    for (view, score), target in case.targets.items():
        ours = scores_of(records, view, "ours", score)
        reached = "reached" if middle(ours) >= target else "not reached"
        out.append({"view": view, "score": score, "target": f">= {target:g}", "ours": ours, "verdict": reached})
    for view in case.views:
        for score in ("ARI", "NMI"):
            ours = scores_of(records, view, "ours", score)
            name, trivial = best_trivial(records, view, score)
            if middle(ours) >= middle(trivial):
                reached = "reached"
            else:
                reached = "within seed noise" if max(ours) >= min(trivial) else "not reached"
            goal = f">= {middle(trivial):.1f} (best trivial: {name})"
            out.append({"view": view, "score": score, "target": goal, "ours": ours, "verdict": reached})
    return out


def file_table(case: Case, view: str, records: list[Record], peers: list[dict[str, Any]]) -> Table:
    """Return all rows of one file and view."""
    elsewhere = {(r["method"], r["clustering"]): r["ARI"] for r in peers if case.peers and r["dataset"] == case.peers}
    trivial = {
        _trivial_name(h, name): elsewhere.get((f"smooth_h{h}", column))
        for h in range(9)
        for name, column in CLUSTERINGS.items()
    }
    rows, notes = [], []
    for row in dict.fromkeys(r["row"] for r in records):
        cells = [spread(scores_of(records, view, row, score)) for score in SCORES]
        there = trivial.get(row) if view == case.peers_view else None
        rows.append([row, *cells, "" if there is None else f"{there:.1f}"])
        notes += [f"{row}: {note}" for note in dict.fromkeys(r["note"] for r in records if r["row"] == row) if note]
    if view == case.peers_view:
        for peer in best_peers(case, peers):
            name = f"peer: {peer['method']} ({peer['clustering']}, {peer['runs']:.0f} runs elsewhere)"
            rows.append(
                [name, *("-" if math.isnan(peer[s]) else f"{peer[s]:.1f}" for s in SCORES), f"{peer['ARI']:.1f}"]
            )
    for verdict in verdicts(case, records):
        if verdict["view"] == view:
            notes.append(
                f"{verdict['score']} {verdict['target']}: {spread(verdict['ours'])}, {verdict['verdict'].upper()}"
            )
    notes += [case.notes[view]] if view in case.notes else []
    n_spots = sum(label is not None for label in load(case.name).truths[view])
    title = f"{case.name}, {view}: K = {case.n_domains}, truth {case.truth!r}, {n_spots} spots scored"
    return Table(title, ["median [min, max] x100", *SCORES, "ARI elsewhere"], rows, notes)


def summary_table(cases: list[Case], records: list[Record], peers: list[dict[str, Any]]) -> Table:
    """Return one line per file and view."""
    rows = []
    for case in cases:
        own = [r for r in records if r["file"] == case.name]
        for view in case.views:
            name, values = best_trivial(own, view, "ARI")
            best = best_peers(case, peers) if view == case.peers_view else []
            stages = dict.fromkeys(r["row"] for r in own if r["group"] == "stage")
            ranked = sorted(stages, key=lambda row: -middle(scores_of(own, view, row, "ARI")))
            stage = f"{middle(scores_of(own, view, ranked[0], 'ARI')):.1f} {ranked[0]}" if ranked else "-"
            judged = [
                f"{v['score']} {v['target'].split(' (')[0]} {v['verdict']}"
                for v in verdicts(case, own)
                if v["view"] == view
            ]
            rows.append(
                [
                    f"{case.name}, {view}",
                    spread(scores_of(own, view, "ours", "ARI")),
                    spread(scores_of(own, view, "ours", "NMI")),
                    f"{spread(values)} {name}",
                    stage,
                    f"{best[0]['ARI']:.1f} {best[0]['method']}" if best else "-",
                    "; ".join(judged),
                ]
            )
    columns = ["file", "ours ARI", "ours NMI", "best trivial ARI", "best stage ARI", "best peer ARI", "targets"]
    return Table("In one look", columns, rows)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 .. n-1 (default 5)")
    parser.add_argument("--files", nargs="+", metavar="NAME", help="only these files")
    parser.add_argument("--quick", action="store_true", help="one seed, without the stages")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side (default 1)")
    parser.add_argument("--peers", type=Path, help="table of measured peers (default: bench/peers.csv beside the data)")
    output_options(parser)
    options = parser.parse_args(arguments)
    seeds = range(1 if options.quick else options.seeds)
    cases, missing = chosen_cases(options.files)
    report = Report("Quality of the domains", {"seeds": len(seeds), "jobs": options.jobs, "only K": "set"})
    for sentence in missing:
        print(sentence)
    peers = read_peers(options.peers)
    tasks = [(case.name, seed, options.quick) for case in cases for seed in seeds]
    found = side_by_side(run_seed, tasks, options.jobs)
    for case in cases:
        own = [record for _ in seeds for record in next(found)]
        report.records += own
        for view in case.views:
            report.show(file_table(case, view, own, peers))
    report.show(summary_table(cases, report.records, peers))
    report.save(options)


if __name__ == "__main__":
    main()
