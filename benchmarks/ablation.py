"""What each part of the method is worth: the default with one part switched off or changed at a time.

    python benchmarks/ablation.py [--seeds 5] [--files NAME ...] [--jobs 1] [--json FILE] [--markdown FILE]

Features and graphs are made once per (file, seed, their settings); training is shared where only the clustering of the
embedding differs.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from datasets import Case, Loaded, chosen_cases, load
from runs import Changes, changed, default_config, domain_labels, progress, score_or_nan, side_by_side, trained
from tables import Report, Table, middle, output_options, spread

from napari_trsmi.config import Config
from napari_trsmi.records import Fit
from napari_trsmi.stages import Prepared

DEFAULT = "default"
READOUT = ("method", "domain_scale", "sharpen", "k_similar", "refinement", "strength", "n_init")  # after training
SCORES = ("ARI", "NMI")


@dataclass(frozen=True)
class Variant:
    """One change from the default; `pairs` where it needs two modalities or more."""

    name: str
    changes: Changes
    pairs: bool = False


VARIANTS: tuple[Variant, ...] = (
    Variant(DEFAULT, {}),
    Variant("no enhancement branch", {"encoder": {"enhancement": False}}),
    Variant("row l2 before and after propagation", {"encoder": {"l2_before": True, "l2_after": True}}),
    Variant("feature edges fixed", {"graph": {"learn_edges": False}}),
    Variant("graph mix fixed", {"graph": {"learn_mix": False}}),
    Variant("no feature graph in the mix", {"graph": {"w_feature": 0.0, "learn_mix": False}}),
    Variant("no alignment", {"align": {"enabled": False}}, pairs=True),
    Variant("alignment without warm-up", {"align": {"warmup": 0.0}}, pairs=True),
    Variant("no local refinement", {"refine": {"enabled": False}}),
    Variant("no diffusion", {"diffusion": {"enabled": False}}),
    Variant("gate not cooled", {"gate": {"cool_end": 1.0, "shape": "constant"}}),
    Variant("fusion MLP of one hidden unit", {"fusion": {"hidden": 1}}),
    Variant("no prototype term", {"loss": {"lam_cluster": 0.0}}),
    Variant("no graph regulariser", {"loss": {"lam_graph": 0.0}}),
    Variant("plain components (not coherent)", {"preprocess": {"coherent": False}}),
    Variant("no denoising of the input", {"preprocess": {"denoise": False}}),
    Variant("plain components, no denoising", {"preprocess": {"coherent": False, "denoise": False}}),
    Variant("a spot weighs as much as a neighbour", {"graph": {"self_loop": 1 / 6}}),
    Variant("a spot weighs as much as all neighbours", {"graph": {"self_loop": 1.0}}),
    Variant("epochs 0", {"train": {"epochs": 0}}),
    Variant("epochs 0, no diffusion", {"train": {"epochs": 0}, "diffusion": {"enabled": False}}),
    Variant("epochs 30", {"train": {"epochs": 30}}),
    Variant("epochs 60", {"train": {"epochs": 60}}),
    Variant("epochs 120", {"train": {"epochs": 120}}),
    Variant("tiles of 2,000", {"train": {"tile_spots": 2_000}}),
    Variant("tiles of 2,000, feature edges fixed", {"train": {"tile_spots": 2_000}, "graph": {"learn_edges": False}}),
    Variant("tiles of 500", {"train": {"tile_spots": 500}}),
    Variant("tiles of 500, feature edges fixed", {"train": {"tile_spots": 500}, "graph": {"learn_edges": False}}),
    Variant("sharpen 0", {"cluster": {"sharpen": 0}}),
    Variant("domain scale 0", {"cluster": {"domain_scale": 0}}),
    Variant("domain scale 1", {"cluster": {"domain_scale": 1}}),
    Variant("domain scale 2", {"cluster": {"domain_scale": 2}}),
    Variant("domain scale 4", {"cluster": {"domain_scale": 4}}),
    Variant("domain scale by cross-validation", {"cluster": {"domain_scale": None}}),
    Variant("refinement off", {"cluster": {"refinement": "off"}}),
    Variant("refinement majority", {"cluster": {"refinement": "majority"}}),
    Variant("refinement potts", {"cluster": {"refinement": "potts"}}),
    Variant("clustering mixture", {"cluster": {"method": "mixture"}}),
    Variant("clustering kmeans", {"cluster": {"method": "kmeans"}}),
    Variant("clustering leiden", {"cluster": {"method": "leiden"}}),
    Variant("clustering prototypes", {"cluster": {"method": "prototypes"}}),
)


class Workbench:
    """Sections and fits of one file and seed, each made once."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.sections: dict[str, Prepared] = {}
        self.fits: dict[str, Fit] = {}

    def section(self, config: Config) -> Prepared:
        """Return features and graphs."""
        from napari_trsmi.stages import prepare

        graph = config.graph.model_dump(include={"k_spatial", "k_feature", "metric", "edge_weights"})
        key = json.dumps([config.preprocess.model_dump(), graph, config.train.tile_spots, config.seed])
        if key not in self.sections:
            self.sections[key] = prepare(self.loaded.dataset, config)
        return self.sections[key]

    def fit(self, config: Config) -> Fit:
        """Return the trained network."""
        key = json.dumps(config.model_dump(exclude={"cluster": set(READOUT)}))
        if key not in self.fits:
            self.fits[key] = trained(self.section(config), config)
        return self.fits[key]

    def labels(self, config: Config) -> Any:
        """Return (N,) labels."""
        fit = self.fit(config)
        return domain_labels(fit.embedding, self.section(config), config, fit.prototypes)


def chosen_variants(names: list[str] | None) -> list[Variant]:
    """Return the default and the variants whose name holds one of `names`, less those that change nothing."""
    default = default_config(2, 0)
    differ = [v for v in VARIANTS if v.name == DEFAULT or changed(default, v.changes) != default]
    return [v for v in differ if v.name == DEFAULT or not names or any(name in v.name for name in names)]


def run_seed(case_name: str, seed: int, names: list[str] | None) -> list[dict[str, Any]]:
    """Return one record per variant and view of a file: {file, variant, view, seed, scores, note}."""
    started = time.perf_counter()
    loaded = load(case_name)
    bench = Workbench(loaded)
    default = default_config(loaded.case.n_domains, seed)
    records = []
    for variant in chosen_variants(names):
        if variant.pairs and len(loaded.dataset.modalities) < 2:
            continue
        config = changed(default, variant.changes)
        by_view, note = score_or_nan(loaded, partial(bench.labels, config))
        for view, scores in by_view.items():
            found = {"file": case_name, "variant": variant.name, "view": view, "seed": seed}
            records.append({**found, "scores": scores, "note": note})
    progress(f"{case_name}, seed {seed}: {time.perf_counter() - started:.0f} s, {len(bench.fits)} trainings")
    return records


def values(records: list[dict[str, Any]], file: str, view: str, variant: str, score: str) -> list[float]:
    """Return one score of a variant, seed by seed."""
    return [
        r["scores"].get(score, math.nan)
        for r in records
        if (r["file"], r["view"], r["variant"]) == (file, view, variant)
    ]


def score_table(score: str, cases: list[Case], variants: list[Variant], records: list[dict[str, Any]]) -> Table:
    """Return the medians of one score, with the difference to the default in brackets."""
    rows = []
    for variant in variants:
        cells, differences = [], []
        for case in cases:
            own = values(records, case.name, case.main_view, variant.name, score)
            difference = middle(own) - middle(values(records, case.name, case.main_view, DEFAULT, score))
            if variant.name == DEFAULT:
                cells.append(spread(own))
            elif math.isnan(difference):
                cells.append("-")
            else:
                cells.append(f"{middle(own):.1f} ({difference:+.1f})")
                differences.append(difference)
        mean = "" if not differences else f"{sum(differences) / len(differences):+.1f}"
        rows.append([variant.name, *cells, mean])
    columns = ["", *(case.name for case in cases), "mean change"]
    views = {case.name: case.main_view for case in cases if case.main_view != "all"}
    notes = [f"Scored spots: {', '.join(f'{name} {view}' for name, view in views.items())}."] if views else []
    notes += dict.fromkeys(f"{r['file']}, {r['variant']}: {r['note']}" for r in records if r["note"])
    return Table(f"{score} x100: median over the seeds (change from the default)", columns, rows, notes)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 .. n-1 (default 5)")
    parser.add_argument("--files", nargs="+", metavar="NAME", help="only these files")
    parser.add_argument("--variants", nargs="+", metavar="TEXT", help="only variants whose name holds one of these")
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side (default 1)")
    output_options(parser)
    options = parser.parse_args(arguments)
    cases, missing = chosen_cases(options.files)
    variants = chosen_variants(options.variants)
    report = Report("Ablation: one part off at a time", {"seeds": options.seeds, "jobs": options.jobs})
    for sentence in missing:
        print(sentence)
    tasks = [(case.name, seed, options.variants) for case in cases for seed in range(options.seeds)]
    for records in side_by_side(run_seed, tasks, options.jobs):
        report.records += records
    for score in SCORES:
        report.show(score_table(score, cases, variants, report.records))
    report.save(options)


if __name__ == "__main__":
    main()
