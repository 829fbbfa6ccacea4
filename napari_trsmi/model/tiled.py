"""Training by tiles of a large section: a step costs the same whatever the number of spots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.config import Config
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import normalize
from napari_trsmi.interrupt import check
from napari_trsmi.model.edges import EdgeFunction, TileEdges
from napari_trsmi.model.graph_data import places, sorted_columns, union
from napari_trsmi.model.network import TRSMI, Output
from napari_trsmi.model.passes import Outcome, References
from napari_trsmi.model.ranks import Ranks
from napari_trsmi.model.sparse import Pattern
from napari_trsmi.model.start import start_of
from napari_trsmi.model.streamed import Streamed
from napari_trsmi.model.view import View
from napari_trsmi.tiles import Tiles, halo, visits

START_SAMPLE = 200_000  # spots from which the starting weights are computed
SEED_SPOTS = 100_000  # spots of whole tiles, the most unlike ones, that the prototypes are seeded on
GUIDES = 2_000  # spots at most that say which domain others belong to


class Tiled:
    """A section, or a study, of which a step of training sees one tile and the tissue that reaches it.

    The spatial graph within a tile and around it is that of the section, degrees included. Feature edges join spots of
    one tile; those of the tissue around it are there as far as both ends are.

    Attributes
    ----------
    network
        The network.
    features
        {modality: (N, D_m) float32}.
    spatial
        (N, N) CSR normalised spatial graph, loops included.
    feature_graphs
        {modality: (N, N) CSR}, weights at the start.
    rows
        Rows of each tile.
    per_step
        Tiles of a step, of all processes.
    tiling
        Number of tiles, and of spots in the largest.
    """

    def __init__(
        self,
        features: Mapping[str, np.ndarray],
        spatial: sparse.csr_matrix,
        feature_graphs: Mapping[str, sparse.csr_matrix],
        config: Config,
        device: torch.device,
        tiles: Tiles,
        has: Mapping[str, np.ndarray] | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        if config.align.enabled and config.align.candidates != "graph":
            raise ConfigError(
                f"Expected align.candidates='graph' where training goes by tiles, found {config.align.candidates!r}. "
                "Set it to 'graph', or train.tile_spots (of a study study.tile_spots) above the number of spots."
            )
        self.features = {m: np.ascontiguousarray(values, np.float32) for m, values in features.items()}
        self.spatial = sorted_columns(normalize(spatial, config.graph.self_loop))
        self.feature_graphs = {m: sorted_columns(graph) for m, graph in feature_graphs.items()}
        self.config, self.device, self.tiles = config, device, tiles
        self.has = {m: np.asarray(mask) for m, mask in (has or {}).items()}
        self.rows, self.order = tiles.rows, visits(tiles, self.features)
        self.tiling = len(self.rows), max(map(len, self.rows))
        self.hops = reach(config)
        away = tiles.coords - tiles.coords.min(axis=0)
        self.place = np.ascontiguousarray((away / spacing(spatial, tiles.coords)).T, np.float32)  # (2, N)
        self.network = self._network().to(device)
        self.ranks = ranks or Ranks()
        asked, each = config.train.tiles_per_step, self.ranks.count
        self.per_step = -(-asked // each) * each  # as many for every process
        self.shown: np.ndarray | None = None
        self.named, self.told = np.empty(0, int), np.empty((0, 0), np.float32)

    def _network(self) -> TRSMI:
        n = len(self.tiles.number)
        rows = np.arange(n)
        if n > START_SAMPLE:
            rows = np.sort(np.random.default_rng(self.config.seed).choice(n, START_SAMPLE, replace=False))
        near = self.spatial[rows]
        start = start_of(
            {m: torch.from_numpy(values[rows]) for m, values in self.features.items()},
            {m: torch.from_numpy(near @ values) for m, values in self.features.items()},
            {m: torch.from_numpy(mask[rows]) for m, mask in self.has.items()},
            self.config,
        )
        return TRSMI(start, {m: EdgeFunction(self.config.graph.learn_edges) for m in self.features}, self.config)

    def view(self, tile: int) -> View:
        """Return a tile with the tissue around it."""
        core = self.rows[tile]
        rows = np.concatenate([core, halo(self.spatial, core, self.hops)])
        near, *alike = (_within(graph, rows) for graph in (self.spatial, *self.feature_graphs.values()))
        joined = union([near, *alike])
        pattern, device = Pattern.of(joined), self.device

        def on(graph: sparse.csr_matrix) -> Tensor:
            values = torch.zeros(joined.nnz)
            values[places(joined, graph)] = torch.from_numpy(graph.data.astype(np.float32))
            return values.to(device)

        apart = self.distance(rows[pattern.row.numpy()], rows[pattern.col.numpy()])
        distance = torch.from_numpy(apart).to(device)
        edges = {m: TileEdges(on(graph), distance) for m, graph in zip(self.features, alike, strict=True)}
        spatial = on(near)
        return View(
            {m: torch.from_numpy(values[rows]).to(device) for m, values in self.features.items()},
            pattern.to(device),
            spatial,
            (pattern.row == pattern.col).float(),
            edges,
            {m: torch.from_numpy(mask[rows]).to(device) for m, mask in self.has.items()},
            core=len(core),
            rows=rows,
        )

    def distance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return (n,) float32 log(1 + distance) of two times (n,) spots, in units of that of neighbours."""
        x, y = self.place
        apart: np.ndarray = np.log1p(np.hypot(x[a] - x[b], y[a] - y[b]))
        return apart

    @property
    def n_views(self) -> int:
        """Tiles of a step that are this process's."""
        return self.per_step // self.ranks.count

    def views(self, epoch: int, constraints: Sequence[RowConstraint] = ()) -> Iterator[View]:
        """Yield the tiles of a step; where a person said something, every other one is of what was said."""
        for at in range(self.ranks.own, self.per_step, self.ranks.count):
            step = epoch * self.per_step + at
            tile = self.order[step % len(self.order)]
            if constraints and step % 2:
                about = self._tiles_of(constraints)
                tile = about[step // 2 % len(about)]
            yield self.view(int(tile))

    def _tiles_of(self, constraints: Sequence[RowConstraint]) -> np.ndarray:
        """(t,) tiles that constraints are about, those first that hold most of their spots."""
        rows = np.unique(np.concatenate([np.r_[one.spots, one.others] for one in map(_few_guides, constraints)]))
        counts = np.bincount(self.tiles.number[rows], minlength=len(self.rows))
        return np.argsort(-counts, kind="stable")[: (counts > 0).sum()]

    def said(
        self, output: Output, view: View, constraints: Sequence[RowConstraint]
    ) -> tuple[Tensor, Sequence[RowConstraint]]:
        """Return embeddings of spots, and what a person said about them by their rows in these.

        Spots of other tiles count as they were when those were last seen, and have no gradient.
        """
        constraints = [_few_guides(one) for one in constraints]
        named = np.unique(np.concatenate([np.r_[one.spots, one.others] for one in constraints]))
        if not np.array_equal(named, self.named):
            self.named, self.told = named, np.full((len(named), output.z.shape[1]), np.nan, np.float32)
        assert view.rows is not None
        core = view.rows[: view.core]
        known = np.flatnonzero(~np.isnan(self.told[:, 0]) & ~np.isin(self.named, core))
        here, before = np.flatnonzero(np.isin(core, self.named)), torch.from_numpy(self.told[known]).to(self.device)
        z = torch.cat([output.z.index_select(0, torch.from_numpy(here).to(self.device)), before])
        self.told[np.searchsorted(self.named, core[here])] = z.detach()[: len(here)].cpu().numpy()
        about = _among(np.r_[core[here], self.named[known]], constraints)
        return z, [one for one in about if (np.r_[one.spots, one.others] < len(here)).any()]

    def seen(self, output: Output, view: View) -> None:
        """Take in a pass that training made: what is shown is new where it went."""
        if self.shown is not None:
            assert view.rows is not None
            self.shown[view.rows[: view.core]] = output.z.detach()[: view.core].cpu().numpy()

    def graphs_now(self, output: Output) -> dict[str, Tensor]:
        """Return what the references follow: the weights from which those of all edges come."""
        return {m: self.network.edges[m].raw.detach().clone() for m in self.network.names}

    def reference_graphs(self, references: References, output: Output, view: View) -> References:
        """Return {modality: (E,)} the graphs that the learned ones of a pass are held to."""
        if not references:
            return {m: graph.detach() for m, graph in output.graphs.items()}
        with torch.no_grad():
            return self.network.feature_values(view, references)

    def sample(
        self, fraction: float, constraints: Sequence[RowConstraint] = ()
    ) -> tuple[np.ndarray, Sequence[RowConstraint]]:
        """Return the embedding of as many spots as tell all kinds of tissue, and the constraints by their rows."""
        sizes = np.cumsum([len(self.rows[tile]) for tile in self.order])
        chosen = list(self.order[: np.searchsorted(sizes, SEED_SPOTS) + 1])
        if constraints:
            chosen += list(self._tiles_of(constraints)[: len(chosen)])
        parts, rows = [], []
        with torch.no_grad():
            for tile in dict.fromkeys(int(one) for one in chosen):
                check()
                view = self.view(tile)
                parts.append(self.network(fraction, view=view).z[: view.core].cpu().numpy())
                rows.append(self.rows[tile])
        return np.concatenate(parts), _among(np.concatenate(rows), [_few_guides(one) for one in constraints])

    def preview(self, output: Output) -> np.ndarray:
        """Return the (N, d) embedding that a person is shown after an epoch, a copy.

        Where training has not been, it is the features averaged over the neighbours, as the network starts with them.
        """
        if self.shown is None:
            with torch.no_grad():
                near = [torch.from_numpy(self.spatial @ values).to(self.device) for values in self.features.values()]
                parts = [self.network.encoders[m].projected(one) for m, one in zip(self.features, near, strict=True)]
                self.shown = self.network.fusion(torch.cat(parts, dim=1)).cpu().numpy()
        return self.shown.copy()

    def outcome(self, fraction: float) -> Outcome:
        """Return what the current weights make of all spots."""
        return Streamed(self.network, self, fraction).outcome()


def reach(config: Config) -> int:
    """Return over how many steps of the spatial graph a spot's embedding and reconstruction depend on others."""
    diffusion = max(steps for steps, _ in config.diffusion.scales) if config.diffusion.enabled else 0
    return 1 + config.align.enabled + config.refine.enabled + diffusion + 1


def spacing(spatial: sparse.csr_matrix, coords: np.ndarray) -> float:
    """Return the median distance of neighbours, of 1,000 spots."""
    rows = np.linspace(0, len(coords) - 1, min(len(coords), 1_000)).astype(int)
    near = spatial[rows].tocoo()
    apart = np.linalg.norm(coords[rows[near.row]] - coords[near.col], axis=1)
    return max(float(np.median(apart)), 1e-12) if len(apart) else 1.0


def _within(graph: sparse.csr_matrix, rows: np.ndarray) -> sparse.csr_matrix:
    """(n, n) CSR of the edges among (n,) rows, columns rising."""
    part = graph[rows][:, rows].tocsr()
    part.sort_indices()
    return part


def _few_guides(constraint: RowConstraint) -> RowConstraint:
    """Return the constraint with at most `GUIDES` spots that others belong with, evenly taken."""
    if constraint.kind != "belong" or len(constraint.others) <= GUIDES:
        return constraint
    return replace(constraint, others=constraint.others[np.linspace(0, len(constraint.others) - 1, GUIDES).astype(int)])


def _among(rows: np.ndarray, constraints: Sequence[RowConstraint]) -> list[RowConstraint]:
    """Constraints by the places of their spots in (n,) rows, less those of which nothing is there to go by."""
    order = np.argsort(rows, kind="stable")

    def places_of(wanted: np.ndarray) -> np.ndarray:
        found = order[np.searchsorted(rows[order], np.intersect1d(rows, wanted))]
        return np.asarray(found)

    moved = [replace(one, spots=places_of(one.spots), others=places_of(one.others)) for one in constraints]
    return [one for one in moved if len(one.spots) and (one.kind == "together" or len(one.others))]
