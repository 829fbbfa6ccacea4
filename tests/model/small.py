"""Small sections made by hand, and what is the same in many tests of the network."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse

from napari_trsmi.config import Config
from napari_trsmi.graphs import feature_graph, spatial_graph
from napari_trsmi.model.graph_data import SharedGraphs, share
from napari_trsmi.model.network import TRSMI, whole_network
from napari_trsmi.model.sparse import Pattern
from napari_trsmi.records import Fit, Step

DEVICE = torch.device("cpu")  # where all is made, see conftest.py
# Every setting that a test of the network depends on, so that other defaults do not matter here.
EXPLICIT: dict[str, dict[str, Any]] = {
    "graph": {"k_feature": 5, "w_spatial": 1.0, "w_feature": 0.5, "self_loop": 0.5},
    "encoder": {"dim": None, "gate": 0.1, "enhancement": True, "l2_before": False, "l2_after": False},
    "align": {"candidates": "graph", "dim": 3, "warmup": 0.25, "temperature": {"start": 0.3, "end": 0.3}},
    "refine": {"gate": 0.1},
    "diffusion": {"scales": ((1, 0.3), (3, 0.1))},
    "gate": {"start": 1.0, "cool_end": 0.1, "shape": "cosine"},
    "fusion": {"hidden": 7, "activation": "gelu"},
    "cluster": {"n_domains": 3, "start": 0.5, "n_init": 1, "tau_c": {"start": 0.5, "end": 0.5}},
    "loss": {"w_reconstruction": 1.0, "lam_cluster": 0.1, "lam_graph": 0.1, "ema_decay": 0.9},
    "train": {"epochs": 8, "learning_rate": 0.01, "preview_every": 0, "checkpoint_every": 0},
}


@dataclass(frozen=True)
class Section:
    """What `train` takes, and the true domains."""

    features: dict[str, np.ndarray]
    spatial: sparse.csr_matrix
    feature_graphs: dict[str, sparse.csr_matrix]
    labels: np.ndarray

    @property
    def parts(self) -> tuple[dict[str, np.ndarray], sparse.csr_matrix, dict[str, sparse.csr_matrix]]:
        """Positional arguments of `train`."""
        return self.features, self.spatial, self.feature_graphs


def config(**sections: Any) -> Config:
    """Return `EXPLICIT` with single settings changed, on one thread."""
    merged = {name: {**EXPLICIT.get(name, {}), **sections.get(name, {})} for name in {*EXPLICIT, *sections} - {"seed"}}
    return Config(**merged, seed=sections.get("seed", 0), device=str(DEVICE), threads=1)


def on_device(values: Any) -> Any:
    """Return an array, a tensor or a module on the device of the tests."""
    return (torch.as_tensor(values) if isinstance(values, np.ndarray) else values).to(DEVICE)


def numbers(values: torch.Tensor) -> np.ndarray:
    """Return a tensor as numpy."""
    return values.detach().cpu().numpy()


def section(n: int = 60, widths: dict[str, int] | None = None, noise: float = 0.7, seed: int = 0) -> Section:
    """Return three striped domains on a jittered grid, seen by every modality."""
    rng = np.random.default_rng(seed)
    widths = {"rna": 5, "adt": 3} if widths is None else widths
    side = int(np.ceil(np.sqrt(n)))
    y, x = np.divmod(np.arange(n), side)
    coords = np.column_stack([x, y]) + rng.normal(0, 0.1, (n, 2))
    labels = np.minimum(3 * x // side, 2)
    features = {}
    for m, width in widths.items():
        values = rng.normal(0, 1.5, (3, width))[labels] + rng.normal(0, noise, (n, width))
        features[m] = (values - values.mean(0)).astype(np.float32)
    settings = config().graph
    return Section(
        features, spatial_graph(coords, 6), {m: feature_graph(v, settings) for m, v in features.items()}, labels
    )


def shared(one: Section) -> tuple[dict[str, torch.Tensor], SharedGraphs]:
    """Return the features as tensors and the graphs on one pattern."""
    return {m: on_device(v) for m, v in one.features.items()}, share(one.spatial, one.feature_graphs, DEVICE)


def network(one: Section, settings: Config | None = None, shake: float = 0.0) -> TRSMI:
    """Return the network before training; `shake` adds noise to every parameter, so that no branch is idle."""
    torch.manual_seed(0)
    made = on_device(whole_network(*shared(one), settings or config()))
    if shake:
        with torch.no_grad():
            for parameter in made.parameters():
                parameter += shake * torch.randn_like(parameter)
    return made


def full_pattern(n: int) -> Pattern:
    """Return the pattern with every pair of spots."""
    spots = torch.arange(n)
    return on_device(Pattern(torch.stack([spots.repeat_interleave(n), spots.repeat(n)]), n))


def pattern_of(graph: sparse.spmatrix, self_loops: bool = False) -> tuple[Pattern, torch.Tensor]:
    """Return the pattern and the values of a symmetric graph."""
    if self_loops:
        graph = graph + sparse.identity(graph.shape[0], dtype=graph.dtype)
    entries = sparse.csr_matrix(graph).tocoo()
    pattern = Pattern(torch.as_tensor(np.stack([entries.row, entries.col]), dtype=torch.int64), graph.shape[0])
    values = torch.zeros(pattern.n_edges)
    places = pattern.positions(torch.as_tensor(np.stack([entries.row, entries.col]), dtype=torch.int64))
    values[places] = torch.as_tensor(entries.data, dtype=torch.float32)
    return on_device(pattern), on_device(values)


def dense(pattern: Pattern, values: torch.Tensor) -> torch.Tensor:
    """Return the (N, N) matrix, differentiable in `values`."""
    return values.new_zeros(pattern.n, pattern.n).index_put((pattern.row, pattern.col), values)


def finish(steps: Generator[Step, str | None, Fit]) -> tuple[list[Step], Fit]:
    """Run a training to its end."""
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value
