"""The files the benchmarks run on, what is true of them, what is to be reached, and how labels are scored."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.domains.metrics import agreement, boundary_agreement, morans_i, pas
from napari_trsmi.graphs import spatial_graph

SCORES = ("ARI", "NMI", "AMI", "Overall", "bF1", "PAS", "Moran")


@dataclass(frozen=True)
class Case:
    """One file with its truth.

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
    """

    name: str
    file: str
    n_domains: int
    truth: str
    views: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"all": ()})
    targets: dict[tuple[str, str], float] = field(default_factory=dict)
    peers: str = ""
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return data_folder() / self.file if self.file else nt.sample_path()

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
    ),
    Case(
        "dlpfc_151507", "dlpfc_151507.h5ad", 7, "layer", views={"labelled": ("NA",)}, targets={("labelled", "ARI"): 57}
    ),
    Case(
        "lymph_node",
        "human_lymph_node_a1_adt.h5ad",
        10,
        "annotation",
        targets={("all", "ARI"): 20},
        peers="hln_adt",
        notes={"all": "Elsewhere the graph was built on array indices, here on the hexagonal grid they stand for."},
    ),
    Case("sample", "", 7, "domain"),
)


def data_folder() -> Path:
    """Folder of shared data: TRSMI_SHARED_DATA, else ``../shared/data`` beside the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("TRSMI_SHARED_DATA", beside))


def chosen_cases(names: list[str] | None) -> tuple[list[Case], list[str]]:
    """Return the cases called `names` (all where None) whose file is there, and a sentence for each that is not."""
    known = {case.name: case for case in CASES}
    for name in names or []:
        if name not in known:
            raise SystemExit(f"Expected --files among {', '.join(known)}, found {name!r}.")
    wanted = [known[name] for name in names or known]
    found = [case for case in wanted if case.path.exists()]
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


@cache
def load(case_name: str) -> Loaded:
    """Return a case by name, read once per process."""
    case = next(case for case in CASES if case.name == case_name)
    return Loaded(case, nt.read(case.path))


def read_peers(path: Path | None) -> list[dict[str, Any]]:
    """Return the rows of the table of measured peers, scores as floats; empty where there is no such file."""
    path = path or data_folder().parent / "bench" / "peers.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = ("dataset", "method", "clustering")
    return [{k: v if k in words else float(v or "nan") for k, v in row.items()} for row in rows]
