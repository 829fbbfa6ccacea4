"""The sections the benchmarks run on, what is true of them, what is to be reached, and how labels are scored."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.simulate import SimulationSettings, hard_panel, hard_settings, simulate_dataset
from napari_trsmi.domains.metrics import agreement, boundary_agreement, morans_i, pas
from napari_trsmi.graphs import spatial_graph

Group = Literal["grid", "cells", "simulated", "hard"]
SCORES = ("ARI", "NMI", "AMI", "Overall", "bF1", "PAS", "Moran")


@dataclass(frozen=True)
class Case:
    """One section with its truth: a file, or a simulated slice that is made when it is asked for.

    Attributes
    ----------
    name
        Short name, as given to ``--files``.
    file
        Path below the folder of shared data, or an absolute one; empty for the sample that comes with the package.
    n_domains
        K.
    truth
        Column of `obs` with the true domains.
    views
        {view: true labels whose spots are not scored}; the first view is the one that matters.
    targets
        {(view, score): what the median is to reach, x100}.
    peers
        Name of the file in the table of measured peers; empty where there are none.
    notes
        {view: what to know when comparing}.
    group
        What kind of section it is: spots on a grid, single cells, simulated, or simulated so that mistakes are likely.
    beside
        Files below the same folder with further modalities of the same spots.
    settings
        What to simulate, another slice for each seed; None where there is a file.
    """

    name: str
    file: str
    n_domains: int
    truth: str
    views: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"all": ()})
    targets: dict[tuple[str, str], float] = field(default_factory=dict)
    peers: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    group: Group = "simulated"
    beside: tuple[str, ...] = ()
    settings: SimulationSettings | None = None

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return data_folder() / self.file if self.file else nt.sample_path()

    @property
    def is_there(self) -> bool:
        """Whether its files are there, or none is needed."""
        paths = [self.path, *(data_folder() / file for file in self.beside)]
        return self.settings is not None or all(path.exists() for path in paths)

    def read(self, seed: int = 0) -> Dataset:
        """Return the section, read or simulated; only a simulated one depends on the seed."""
        if self.settings is not None:
            return simulate_dataset(self.settings, seed=seed)
        paths = [self.path, *(data_folder() / file for file in self.beside)]
        return nt.read(paths if self.beside else self.path)

    @property
    def main_view(self) -> str:
        """The view that matters."""
        return next(iter(self.views))

    @property
    def peers_view(self) -> str:
        """The view the peers were scored on: the one with most spots."""
        return min(self.views, key=lambda view: len(self.views[view]))


CASES: tuple[Case, ...] = (
    Case(
        "sim_rna_adt",
        "sim_rna_adt.h5mu",
        5,
        "gt",
        targets={("all", "ARI"): 99, ("all", "bF1"): 92},
        peers="sim2_r1",
    ),
    Case("sim_rna_atac_adt", "sim_rna_atac_adt.h5mu", 5, "gt", targets={("all", "ARI"): 99.5}, peers="sim3"),
    Case(
        "mouse_brain",
        "mouse_brain_p22_atac.h5mu",
        9,
        "SpaMSLA_GT",
        views={"8 regions": ("4",), "all 9": ()},  # "4" is whatever the annotators left over
        targets={("8 regions", "ARI"): 60, ("8 regions", "NMI"): 68},
        peers="mb_atac",
        notes={"8 regions": "Measured elsewhere on the 8 regions, tied mixture: SpatialGlue ARI 51, NMI 59."},
        group="grid",
    ),
    Case(
        "dlpfc_151507",
        "dlpfc_151507.h5ad",
        7,
        "layer",
        views={"labelled": ("NA",)},
        targets={("labelled", "ARI"): 57},
        group="grid",
    ),
    Case(
        "lymph_node",
        "human_lymph_node_a1_adt.h5ad",
        10,
        "annotation",
        targets={("all", "ARI"): 20},
        peers="hln_adt",
        notes={"all": "Elsewhere the graph was built on array indices, here on the hexagonal grid they stand for."},
        group="grid",
    ),
    Case("osmfish", "osmfish.h5ad", 11, "Region", group="cells"),
    Case("starmap_BZ5", "starmap_mpfc_BZ5.h5ad", 4, "layer", group="cells"),
    Case("starmap_BY3", "starmap_BY3.h5ad", 7, "layer", group="cells"),
    Case("mosaic_s1", "mosaic_r1/s1_rna.h5ad", 5, "gt", beside=("mosaic_r1/s1_adt.h5ad",)),
    Case("mosaic_s2", "mosaic_r1/s2_rna.h5ad", 5, "gt"),
    Case("mosaic_s3", "mosaic_r1/s3_adt.h5ad", 5, "gt"),
    Case("sample", "", 7, "domain"),
)


def made_cases() -> tuple[Case, ...]:
    """Return the sections that are simulated when asked for: of 10 and 12 domains, and the panel of hard slices."""
    many = {f"{k}_domains": ("simulated", SimulationSettings(n_domains=k, image=0)) for k in (10, 12)}
    hard = {f"hard_{name}": ("hard", hard_settings(name)) for name in hard_panel()}
    return tuple(
        Case(name, "", settings.n_domains, "domain", group=group, settings=settings)
        for name, (group, settings) in {**many, **hard}.items()
    )


def data_folder() -> Path:
    """Folder of shared data: TRSMI_SHARED_DATA, else ``../shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("TRSMI_SHARED_DATA", beside))


def chosen_cases(names: list[str] | None, made: tuple[Case, ...] = ()) -> tuple[list[Case], list[str]]:
    """Return the cases called `names` that are there, and a sentence for each that is not.

    Parameters
    ----------
    names
        Names of files, and of cases in `made`; all of them where None.
    made
        Simulated sections to choose from beside the files.
    """
    known = {case.name: case for case in (*CASES, *made)}
    for name in names or []:
        if name not in known:
            raise SystemExit(f"Expected --files among {', '.join(known)}, found {name!r}.")
    wanted = [known[name] for name in names or known]
    found = [case for case in wanted if case.is_there]
    missing = [f"{case.name} left out: there is no {case.path.name}." for case in wanted if case not in found]
    if not found:
        raise SystemExit(f"Expected data in {data_folder()}, found none. Set TRSMI_SHARED_DATA to its folder.")
    return found, missing


@dataclass(frozen=True)
class Loaded:
    """A case with its dataset, ready to score labels."""

    case: Case
    dataset: Dataset

    @cached_property
    def graph(self) -> sparse.csr_matrix:
        """(N, N) CSR symmetrised spatial 6-nearest-neighbour graph, on square grids too."""
        return spatial_graph(self.dataset.coords, 6)

    @cached_property
    def truths(self) -> dict[str, np.ndarray]:
        """{view: (N,) true labels, None where a spot is not scored}."""
        column = self.dataset.obs[self.case.truth].astype(object)
        labels = column.where(column.notna(), None).map(lambda label: None if label is None else str(label))
        return {
            view: labels.where(~labels.isin(left_out), None).to_numpy(dtype=object)
            for view, left_out in self.case.views.items()
        }

    def score(self, labels: np.ndarray) -> dict[str, dict[str, float]]:
        """Return {view: {score: value x100}}; PAS and Moran's I look at all spots, the rest at those of the view."""
        smooth = {"PAS": 100 * pas(labels, self.dataset.coords), "Moran": 100 * morans_i(labels, self.graph)}
        out = {}
        for view, truth in self.truths.items():
            counts = ("n_spots", "n_left_out")
            scores = {name: 100 * value for name, value in agreement(labels, truth).items() if name not in counts}
            scores["bF1"] = 100 * boundary_agreement(labels, truth, self.graph)["f1"]
            out[view] = scores | smooth
        return out


def load(case_name: str, seed: int = 0) -> Loaded:
    """Return a case by name, read once per process; of simulated ones the slice with this seed."""
    return _loaded(case_name, 0 if _case(case_name).settings is None else seed)


@cache
def _loaded(case_name: str, seed: int) -> Loaded:
    case = _case(case_name)
    return Loaded(case, case.read(seed))


def _case(name: str) -> Case:
    return next(case for case in (*CASES, *made_cases()) if case.name == name)


def read_peers(path: Path | None) -> list[dict[str, Any]]:
    """Return the rows of the table of measured peers, scores as floats; empty where there is no such file."""
    path = path or data_folder().parent / "bench" / "peers.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = ("dataset", "method", "clustering")
    return [{k: v if k in words else float(v or "nan") for k, v in row.items()} for row in rows]
