"""The tables of the panel, made of its records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import mean
from typing import Any

from evidence import BINS, Curve, ece, pooled
from tables import Row, Table, middle, spread

Record = dict[str, Any]
Values = Callable[[list[Record]], list[float]]

FIXED = ("0 hops", "1 hop", "2 hops", "4 hops", "8 hops", "rings")
THE_ROW = "2 hops"
GROUPS = {
    "grids": ("grid",),
    "single cells": ("cells",),
    "real": ("grid", "cells"),
    "simulated": ("simulated",),
    "hard": ("hard",),
}
BELIEVED = ("support", "confidence")
ARI_TARGETS = {
    "mouse_brain": 60.0,
    "dlpfc_151507": 58.0,
    "lymph_node": 20.0,
    "sim_rna_adt": 98.5,
    "sim_rna_atac_adt": 98.5,
}
BELOW = 3.0  # most that a file's ARI may lie below `THE_ROW`
MANY = ("10_domains", "12_domains")  # sections on which the number of domains must not be missed by more than 2


@dataclass(frozen=True)
class Column:
    """One number per file and seed.

    Attributes
    ----------
    name
        Heading.
    values
        The values of the records of one file, NaN where there is none.
    digits
        After the point.
    """

    name: str
    values: Values
    digits: int = 1


def at(*keys: str) -> Values:
    """Return the function that takes what lies under these keys of each record; NaN where nothing does."""

    def value(record: Any) -> float:
        for key in keys:
            record = record.get(key) if isinstance(record, dict) else None
        return math.nan if record is None else float(record)

    return lambda records: [value(record) for record in records]


def percent(*keys: str) -> Values:
    """Return `at` x100."""
    return lambda records: [100 * value for value in at(*keys)(records)]


def calibration(*keys: str) -> Values:
    """Return the function that takes the calibration error of the curve under these keys of each record."""
    return lambda records: [ece(curve) for curve in (curve_at(record, keys) for record in records)]


def error_of_number(records: list[Record]) -> list[float]:
    """Return by how much the number of domains that was found is wrong."""
    return [
        abs(found - true) for found, true in zip(at("number", "chosen")(records), at("n_domains")(records), strict=True)
    ]


def share_of(part: tuple[str, str], whole: tuple[str, str]) -> Values:
    """Return the function that takes a percentage from each record."""
    return lambda records: [
        100 * a / b if b else math.nan for a, b in zip(at(*part)(records), at(*whole)(records), strict=True)
    ]


def curve_at(record: Any, keys: Sequence[str]) -> Curve:
    """Return the curve under these keys of a record; an empty one where there is none."""
    for key in keys:
        record = record.get(key) if isinstance(record, dict) else None
    return record if isinstance(record, list) else []


def best_fixed(score: str) -> Values:
    """Return the function that takes the fixed row with the best median of a file."""

    def median_of(values: list[float]) -> float:
        found = middle(values)
        return -math.inf if math.isnan(found) else found

    return lambda records: max((at("rows", row, score)(records) for row in FIXED), key=median_of)


def by_file(records: list[Record], groups: Sequence[str] | None = None) -> dict[str, list[Record]]:
    """Return {file: its records}, of some groups only where they are given."""
    out: dict[str, list[Record]] = {}
    for record in records:
        if groups is None or record["group"] in groups:
            out.setdefault(record["file"], []).append(record)
    return out


def mean_of_files(records: list[Record], groups: Sequence[str], values: Values) -> tuple[float, int]:
    """Return the mean of the files' medians over the seeds, and the number of files that have one."""
    medians = [m for own in by_file(records, groups).values() if not math.isnan(m := middle(values(own)))]
    return (mean(medians), len(medians)) if medians else (math.nan, 0)


def file_table(title: str, records: list[Record], columns: Sequence[Column], notes: Sequence[str] = ()) -> Table:
    """Return a line per file, and below them the means over the files of each group."""
    rows = [
        [name, *(spread(column.values(own), column.digits) for column in columns)]
        for name, own in by_file(records).items()
    ]
    for group, members in GROUPS.items():
        n = len(by_file(records, members))
        if n and (group != "real" or {r["group"] for r in records} >= set(members)):
            found = [(mean_of_files(records, members, column.values), column.digits) for column in columns]
            cells = ["-" if not count else f"{value:.{digits}f}" for (value, count), digits in found]
            rows.append([f"mean, {group} ({n})", *cells])
    return Table(title, ["median [min, max]", *(column.name for column in columns)], rows, notes)


def curve_table(title: str, records: list[Record], keys: Sequence[str]) -> Table:
    """Return what was said and what is, bin by bin, for each group, all of its files and seeds together."""
    curves = {
        group: curve
        for group, members in GROUPS.items()
        if (curve := group_curve(records, members, keys)) and group != "real"
    }
    rows = []
    for b in range(BINS):
        cells = []
        for curve in curves.values():
            one = curve[b]
            cells.append(f"{one['said']:.2f} {one['is']:.2f} {one['n']:.0f}" if one["n"] else "-")
        rows.append([f"{b / BINS:.1f} to {(b + 1) / BINS:.1f}", *cells])
    rows.append(["ECE", *(f"{ece(curve):.2f}" for curve in curves.values())])
    return Table(title, ["said, is, number", *curves], rows)


def group_curve(records: list[Record], groups: Sequence[str], keys: Sequence[str]) -> Curve:
    """Return one curve of all records of some groups; an empty one where none has any."""
    curves = [curve for r in records if r["group"] in groups and (curve := curve_at(r, keys))]
    return pooled(curves)


def tables(records: list[Record]) -> list[Table]:
    """Return all tables."""
    refused = [f"{r['file']}, seed {r['seed']}: {r['error']}" for r in records if r.get("error")]
    out = [_given(score, records, refused) for score in ("ARI", "NMI")]
    out += [_not_given(records), _spots(records), _boundaries("edges", records), _boundaries("segments", records)]
    out.append(_any_edge(records))
    curves = {f"Spots: {name}, and the share that is right": ("spots", name, "curve") for name in BELIEVED}
    for kind in ("edges", "segments"):
        curves[f"Boundary {kind}: support, and the share that is true"] = (kind, "support", "curve")
        curves[f"Boundary {kind}: support, and the share that stands"] = (kind, "stands", "support")
    out += [curve_table(title, records, keys) for title, keys in curves.items()]
    technical = [r for r in records if "technical" in r]
    if technical:
        out.append(_technical(technical))
    columns = ["means over files of medians over seeds", "measured", "target", ""]
    return [*out, Table("Targets", columns, [row.cells() for row in targets(records)])]


def _given(score: str, records: list[Record], notes: list[str]) -> Table:
    rows = ("ours", "input alone", *FIXED)
    columns = [Column(row, at("rows", row, score)) for row in rows]
    return file_table(
        f"Number of domains given: {score} x100", records, [*columns, Column("best fixed", best_fixed(score))], notes
    )


def _not_given(records: list[Record]) -> Table:
    rows = ("found", "always 5", "always 7")
    columns = [
        Column("K", at("n_domains"), 0),
        Column("found", at("number", "chosen"), 0),
        Column("off by", error_of_number),
        Column("told %", percent("number", "told"), 0),
        *(Column(f"ARI, {row}", at("number", "rows", row, "ARI")) for row in rows),
        Column("ARI, K given", at("rows", "ours", "ARI")),
    ]
    return file_table("Number of domains not given: cut from the same embedding", records, columns)


def _spots(records: list[Record]) -> Table:
    wrong = share_of(("spots", "n_false"), ("spots", "n"))
    columns = [
        Column("right %", lambda own: [100 - share for share in wrong(own)]),
        *(Column(f"AUC {name}", at("spots", name, "auc"), 2) for name in BELIEVED),
        *(Column(f"ECE {name}", calibration("spots", name, "curve"), 2) for name in BELIEVED),
        Column("agreement of the cuts", at("agreement"), 2),
        Column("support, % of a run", share_of(("seconds", "support"), ("seconds", "run")), 0),
    ]
    return file_table("Spots", records, columns)


def _boundaries(kind: str, records: list[Record]) -> Table:
    columns = [
        Column(kind, at(kind, "n"), 0),
        Column("false", at(kind, "n_false"), 0),
        Column("false %", share_of((kind, "n_false"), (kind, "n"))),
        *(Column(f"AUC {name}", at(kind, name, "auc"), 2) for name in BELIEVED),
        *(Column(f"ECE {name}", calibration(kind, name, "curve"), 2) for name in BELIEVED),
    ]
    return file_table(f"Boundary {kind}", records, columns)


def _any_edge(records: list[Record]) -> Table:
    false = share_of(("edges", "n_false"), ("edges", "n"))
    columns = [
        Column("true %", lambda own: [100 - share for share in false(own)]),
        Column("true %, any edge", percent("any edge", "true")),
        Column("stand %", percent("edges", "stand")),
        Column("stand %, any edge", percent("any edge", "stand")),
    ]
    return file_table("Boundary edges beside any edge of the graph", records, columns)


def _technical(records: list[Record]) -> Table:
    columns = [
        Column("edges", at("technical", "n"), 0),
        Column("drawn %", percent("technical", "drawn")),
        Column("their support", at("technical", "support"), 2),
        Column("support of true edges", at("technical", "support_true"), 2),
    ]
    return file_table("Edges within a domain that cross a technical step", records, columns)


def targets(records: list[Record]) -> list[Row]:
    """Return what is to be reached beside what was found."""
    real, cells, ours = GROUPS["real"], GROUPS["single cells"], at("rows", "ours", "ARI")

    def over(what: str, groups: Sequence[str], values: Values, goal: float, digits: int = 1, most: bool = False) -> Row:
        value, n = mean_of_files(records, groups, values)
        if not n:
            return Row(what, "-", f"{'<=' if most else '>='} {goal:g}")
        return _row(f"{what} ({n})", value, goal, digits, most)

    files = by_file(records)
    rows = [over("ARI, single cells", cells, ours, 74.5)]
    fixed = {row: mean_of_files(records, cells, at("rows", row, "ARI"))[0] for row in FIXED}
    best = max(fixed, key=lambda row: -math.inf if math.isnan(fixed[row]) else fixed[row])
    if not math.isnan(fixed[best]):
        rows.append(over(f"the same against the best fixed row, {best}", cells, ours, round(fixed[best], 1)))
    for name, goal in ARI_TARGETS.items():
        if name in files:
            rows.append(_row(f"ARI, {name}", middle(ours(files[name])), goal))
    behind = {name: middle(at("rows", THE_ROW, "ARI")(own)) - middle(ours(own)) for name, own in files.items()}
    behind = {name: by for name, by in behind.items() if not math.isnan(by)}
    if behind:
        ranked = sorted(behind, key=lambda name: -behind[name])
        told = [name for name in ranked if behind[name] > BELOW] or ranked[:1]
        rows.append(_row(f"ARI, most below {THE_ROW}: {', '.join(told)}", behind[ranked[0]], BELOW, most=True))
    rows.append(over("ARI, K not given, real", real, at("number", "rows", "found", "ARI"), 60.0))
    rows.append(over("K off by, real", real, error_of_number, 1.6, most=True))
    rows += [
        _row(f"K off by, {name}", middle(error_of_number(files[name])), 2.0, most=True)
        for name in MANY
        if name in files
    ]
    for group, goals in (("real", {"segments": 0.75, "edges": 0.65}), ("hard", {"segments": 0.9, "edges": 0.9})):
        with_false = _with_false_segments(records) if group == "real" else records
        for kind, goal in goals.items():
            value, n = mean_of_files(with_false, GROUPS[group], at(kind, "support", "auc"))
            what = f"AUC of support, {kind}, {group}" + (" with false segments" if group == "real" else "")
            rows.append(_row(f"{what} ({n})", value, goal, 3) if n else Row(what, "-", f">= {goal:g}"))
    for group, goal in (("real", 0.15), ("simulated", 0.05), ("hard", 0.05)):
        values = calibration("spots", "support", "curve")
        rows.append(over(f"ECE of spots, {group}", GROUPS[group], values, goal, 3, most=True))
    everywhere = tuple(chain.from_iterable(GROUPS.values()))
    for what, groups, keys in (
        ("that stand", everywhere, ("stands", "support")),
        ("that are true, simulated and hard", ("simulated", "hard"), ("support", "curve")),
    ):
        for kind in ("segments", "edges"):
            curve = group_curve(records, groups, (kind, *keys))
            bin_of_8 = curve[8 * BINS // 10] if curve else {"n": 0}
            name = f"{kind} of support .8 to .9 {what}"
            n = bin_of_8["n"]
            rows.append(_row(f"{name} ({n:.0f})", bin_of_8["is"], 0.8, 3) if n else Row(name, "-", ">= 0.8"))
    cost = share_of(("seconds", "support"), ("seconds", "run"))
    rows.append(over("support, % of the time of a run", everywhere, cost, 50.0, 0, most=True))
    return rows


def _with_false_segments(records: list[Record]) -> list[Record]:
    """Return the records of files that have a false segment with some seed."""
    return [r for own in by_file(records).values() for r in own if any(n > 0 for n in at("segments", "n_false")(own))]


def _row(what: str, value: float, goal: float, digits: int = 1, most: bool = False) -> Row:
    met = value <= goal if most else value >= goal
    return Row(what, f"{value:.{digits}f}", f"{'<=' if most else '>='} {goal:g}", met)
