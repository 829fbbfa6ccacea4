"""Several sections at once: what joining them gains, what is predicted where a modality is missing, what it costs.

    python benchmarks/study.py [--parts mosaic simulated halves] [--seeds 3] [--quick] [--json FILE] [--markdown FILE]
    python benchmarks/study.py --parts scale conditions [--repeats 20]

``mosaic``: three sections of which two lack a modality, in the shared data. ``simulated``: six sections of the
simulator with batches, one without protein, one domain absent from half of them. ``halves``: sections cut in two as if
they were a study, which is to change nothing. ``scale``: four sections against one. ``conditions``: whether a domain
that differs between conditions is found, and none that does not. One default configuration for all; nothing but the
number of domains is set. The JSON also holds, for each section, how many spots of each true domain lie in each found
one; ``--confusions`` prints it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import numpy as np
from measure import measure
from study_tables import confusion_tables, tables
from tables import Report, output_options

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.config import Config
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result

Record = dict[str, Any]
PARTS = ("scale", "mosaic", "simulated", "halves", "conditions")  # scale first: its processes start from a small one
HALVED = ("mouse_brain", "dlpfc_151507", "sim_rna_adt")
QUICK_EPOCHS = 3
QUICK = {"n_sections": 3, "n_spots": 100, "n_genes": 60, "n_proteins": 12}
LEVEL = 0.05  # of q, below which a domain is said to differ
N_SCALED, JITTER = 4, 0.2  # sections; noise that makes copies of one differ, in standard deviations


def settings(n_domains: int, seed: int, quick: bool) -> Config:
    """Return the default configuration with nothing but K and the seed set."""
    from runs import changed, default_config

    config = default_config(n_domains, seed)
    return changed(config, {"train": {"epochs": QUICK_EPOCHS}}) if quick else config


def trained(dataset: Dataset, n_domains: int, seed: int, quick: bool) -> Result:
    """Return what `napari_trsmi.fit` returns, without support."""
    from napari_trsmi.api import fit_steps
    from napari_trsmi.records import drain

    started = time.perf_counter()
    result = drain(fit_steps(dataset, settings(n_domains, seed, quick), previews=False))
    print(f"{dataset.name}, seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return result


# Joined against alone


def joined(study: Dataset, column: str, n_domains: int, seed: int, quick: bool) -> tuple[Record, Result]:
    """Return ARI of the study, of each section alone, and of plain ways to join them."""
    import study_parts as parts

    truth = parts.truth_of(study, column)
    result = trained(study, n_domains, seed, quick)
    rows = {"joined": parts.by_section(study, result.labels, truth)}
    alone = {}
    for part in study.parts:
        own = parts.truth_of(part, column)
        alone[part.name] = parts.ari(trained(part, len(set(own) - {None}), seed, quick).labels, own)
    rows["each alone"] = {"joint": mean(alone.values())} | alone
    zeros = trained(parts.with_zeros(study), n_domains, seed, quick).labels
    rows["stacked with zeros"] = parts.by_section(study, zeros, truth)
    plain = parts.plain_labels(study, n_domains, seed)
    rows[f"plain, {parts.NEAREST} nearest"] = parts.by_section(study, plain, truth)
    return {
        "seed": seed,
        "rows": rows,
        "notes": said(result),
        "confusions": parts.confusions(study, result.labels, truth),
    }, result


def said(result: Result) -> list[str]:
    """Return what the run says about the study."""
    notes = [*result.dataset.notes, *result.provenance.get("notes", ())]
    return [note for note in dict.fromkeys(notes) if "section" in note or "batch" in note]


def predicted(study: Dataset, result: Result, true: dict[str, np.ndarray], seed: int) -> dict[str, dict[str, float]]:
    """Return {modality: {row: correlation with the truth}} at the spots that lack it; `true` has (N, D) logarithms."""
    import study_parts as parts

    found: dict[str, dict[str, float]] = {}
    for name, values in true.items():
        lacking = ~study.modalities[name].measured & np.isfinite(values).all(axis=1)
        rows = {
            "predicted": result.predicted.get(name, np.full(values.shape, np.nan)),
            f"{parts.NEAREST} nearest": parts.plain_prediction(study, name, seed),
            f"{parts.NEAREST} nearest, 1 hop": parts.plain_prediction(study, name, seed, hops=1),
        }
        found[name] = {row: parts.correlation(each[lacking], values[lacking]) for row, each in rows.items()}
    return found


def run_mosaic(options: argparse.Namespace) -> Iterator[Record]:
    """Yield a record for each seed of the sections in the shared data."""
    import study_parts as parts
    from datasets import data_folder

    import napari_trsmi as nt
    from napari_trsmi.data.study import stack

    folder = data_folder() / "mosaic_r1"
    if not folder.is_dir():
        print(f"mosaic left out: there is no {folder}.")
        return
    files = {"s1": ["s1_rna.h5ad", "s1_adt.h5ad"], "s2": ["s2_rna.h5ad"], "s3": ["s3_adt.h5ad"]}
    sections = {}
    for name, own in files.items():
        paths = [folder / file for file in own]
        sections[name] = nt.read(paths if len(paths) > 1 else paths[0])
    study = stack(sections, "mosaic")
    truth = parts.truth_of(study, "gt")
    for seed in range(options.seeds):
        record, result = joined(study, "gt", 5, seed, options.quick)
        true = {name: parts.of_domains(study, name, truth) for name in study.modalities}
        yield record | {"predicted": predicted(study, result, true, seed)}


def run_simulated(options: argparse.Namespace) -> Iterator[Record]:
    """Yield a record for each seed of the simulator."""
    import study_parts as parts

    from napari_trsmi.data.simulate import simulate_study

    for seed in range(options.seeds):
        study = simulate_study(seed=seed, **(QUICK if options.quick else {}))
        n_domains, truth = study.obs["domain"].nunique(), parts.truth_of(study, "domain")
        record, result = joined(study, "domain", n_domains, seed, options.quick)
        true = {}
        for part, rows in zip(study.parts, study.sections, strict=True):
            for name, counts in next(iter(part.modalities.values())).table.uns.get("withheld", {}).items():
                true[name] = np.full((study.n_spots, counts.shape[1]), np.nan)
                true[name][rows] = parts.logarithms(counts)
        found = predicted(study, result, true, seed)
        for name, rows in found.items():  # the best that domains alone can say of noisy counts
            lacking = np.isfinite(true[name]).all(axis=1)
            means = parts.of_domains(study, name, truth)
            rows["mean of the true domain"] = parts.correlation(means[lacking], true[name][lacking])
        yield record | {"predicted": found}


# One section cut in two


def run_halves(options: argparse.Namespace) -> Iterator[Record]:
    """Yield for each section the ARI as a whole and as a study of two halves."""
    import study_parts as parts
    from datasets import chosen_cases, load

    from napari_trsmi.data.study import stack

    cases, missing = chosen_cases(["sample"] if options.quick else list(HALVED))
    print(*missing, sep="\n", end="\n" if missing else "")
    for case in cases:
        dataset = load(case.name).dataset
        study = stack(parts.halves(dataset), case.name, keep_names=True)
        for seed in range(options.seeds):
            whole, cut = (trained(each, case.n_domains, seed, options.quick) for each in (dataset, study))
            truths = {}
            for view, left_out in case.views.items():
                scored = [(w.labels, parts.truth_of(w.dataset, case.truth, left_out)) for w in (whole, cut)]
                truths[view] = dict(zip(("whole", "study"), (parts.ari(*each) for each in scored), strict=True))
            yield {"file": case.name, "seed": seed, "rows": truths, "notes": said(cut)}


# Cost


def run_scale(options: argparse.Namespace) -> Iterator[Record]:
    """Yield seconds and memory of one section and of four, each in a process of its own."""
    for n in (1, N_SCALED):
        command = [sys.executable, str(Path(__file__).resolve()), "--child", str(n)]
        cost = measure([*command, "--quick"] if options.quick else command)
        yield {"sections": n, **cost.found, "wall_s": cost.wall_s, "peak_mb": cost.peak_mb}


def child(n: int, quick: bool) -> None:
    """Train n sections and print what it took."""
    from datasets import load

    case = "sample" if quick else "mouse_brain"
    loaded = load(case)
    study = copies(loaded.dataset, n)
    started, used = time.perf_counter(), time.process_time()
    result = trained(study, loaded.case.n_domains, 0, quick)
    taken = {"seconds": time.perf_counter() - started, "cpu_fit_s": time.process_time() - used}
    taken["phases"] = result.provenance.get("seconds", {})
    print(json.dumps({"file": case, "n_spots": study.n_spots, **taken}))


def copies(dataset: Dataset, n: int) -> Dataset:
    """Return n sections like this one; all but the first with noise on top, or with counts drawn again."""
    from dataclasses import replace

    from scipy import sparse

    from napari_trsmi.data.dataset import Modality
    from napari_trsmi.data.study import stack

    sections = {}
    for number in range(n):
        rng, modalities = np.random.default_rng(number), {}
        for name, one in dataset.modalities.items():
            table = one.table.copy()
            if number and sparse.issparse(table.X):
                table.X.data = rng.poisson(table.X.data).astype(np.float32)
            elif number:
                noise = JITTER * np.std(table.X, axis=0) * rng.standard_normal(table.shape)
                table.X = (table.X + noise).astype(np.float32)
            modalities[name] = Modality(name, one.kind, table)
        sections[f"s{number + 1}"] = replace(dataset, modalities=modalities)
    return stack(sections, dataset.name)


# Conditions


def run_conditions(options: argparse.Namespace) -> Iterator[Record]:
    """Yield for each repeat which domains are said to differ between the conditions, and which one does."""
    import study_parts as parts

    import napari_trsmi as nt
    from napari_trsmi.data.simulate import simulate_study

    for seed in range(1 if options.quick else options.repeats):
        study = simulate_study(seed=seed, **(QUICK | {"n_sections": 6} if options.quick else {}))
        truth = parts.truth_of(study, "domain")
        result = trained(study, study.obs["domain"].nunique(), seed, options.quick)
        table = nt.composition_test(result, by="condition")
        yield {"seed": seed, **differing(table, result.names, result.labels, truth, "layer 2")}


def differing(
    table: pd.DataFrame, names: tuple[str, ...], labels: np.ndarray, truth: np.ndarray, differs: str
) -> Record:
    """Return of how many domains it is said that they differ, truly and not; a domain is what most of its spots are."""
    said = set(table["domain"][table["q"] < LEVEL])
    is_said = {"found": 0, "false": 0, "of": 0}
    for number, name in enumerate(names):
        spots, counts = np.unique(truth[labels == number].astype(str), return_counts=True)
        truly = len(spots) > 0 and spots[counts.argmax()] == differs
        is_said["found" if truly else "false"] += name in said
        is_said["of"] += not truly
    return is_said


RUNS: dict[str, Callable[[argparse.Namespace], Iterator[Record]]] = {
    "mosaic": run_mosaic,
    "simulated": run_simulated,
    "halves": run_halves,
    "scale": run_scale,
    "conditions": run_conditions,
}


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS[1:4]), help="which (default: not scale and conditions)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0 .. n-1 (default 3)")
    parser.add_argument("--repeats", type=int, default=20, help="simulated studies for conditions (default 20)")
    parser.add_argument("--quick", action="store_true", help=f"one seed, tiny, {QUICK_EPOCHS} epochs: does it run")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--confusions", action="store_true", help="also print which domains are taken for which")
    output_options(parser)
    options = parser.parse_args(arguments)
    if options.child:
        child(options.child, options.quick)
        return
    options.seeds = 1 if options.quick else options.seeds
    report = Report("Study", {"parts": " ".join(options.parts), "seeds": options.seeds, "only K": "set"})
    for part in sorted(options.parts, key=PARTS.index):
        records = []
        for record in RUNS[part](options):
            records.append(record)
            report.records.append({"part": part, **record})
            report.save(options)
        shown = [*tables(part, records), *(confusion_tables(part, records) if options.confusions else ())]
        for table in shown:
            report.show(table)
    report.save(options)


if __name__ == "__main__":
    main()
