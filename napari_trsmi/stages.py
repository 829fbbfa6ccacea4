"""The stages that `api` strings together: make ready, cut into domains, put the result together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import ConfigError
from napari_trsmi.interrupt import check
from napari_trsmi.plural import many
from napari_trsmi.records import EVEN, Fit, Partition, left_devices
from napari_trsmi.sampling import Columns, is_large, side_by_side, tile_size
from napari_trsmi.telling import PREPARING, tell
from napari_trsmi.threads import within
from napari_trsmi.tiles import Tiles, spatial_tiles

if TYPE_CHECKING:
    from napari_trsmi.data.saved import SavedResult


def made_of(config: Config) -> tuple[Any, ...]:
    """Return the settings on which `prepare` depends, the number of domains aside."""
    tiled = config.train.tile_spots, config.train.tile_size  # that of a study is among its settings
    return (
        config.preprocess,
        config.study,
        config.graph,
        config.align.temperature.start,
        tiled,
        config.seed,
        config.device,
    )


@dataclass(frozen=True)
class Prepared:
    """A dataset made ready for training.

    Attributes
    ----------
    dataset
        Where it came from; only the modalities in use.
    measured
        {modality: (N, D_m) float32} components as measured at each spot: the evidence for posterior and contrast.
    features
        {modality: (N, D_m) float32} the same, denoised: what the network sees.
    spatial
        (N, N) CSR spatial graph.
    feature_graphs
        {modality: (N, N) CSR}.
    carried
        {modality: from 0 to 1} how much each carries about the tissue, see `coherence.carried`.
    has
        {modality: (N,) bool} spots that have it, of those modalities that some spots lack. In `measured` and `features`
        the others have what was carried over to them.
    carry
        {modality: (N, N) CSR} from which spots, see `carrying.carriers`.
    notes
        Sentences a person should read.
    recall
        {modality: share of the true feature neighbours that were found}, 1 where the search was exact.
    tiles
        By which it is trained; None where as a whole.
    device
        Asked first, of a large section, by all that is done with it but training.
    """

    dataset: Dataset
    measured: dict[str, np.ndarray]
    features: dict[str, np.ndarray]
    spatial: sparse.csr_matrix
    feature_graphs: dict[str, sparse.csr_matrix]
    carried: dict[str, float] = field(default_factory=dict)
    has: dict[str, np.ndarray] = field(default_factory=dict)
    carry: dict[str, sparse.csr_matrix] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    recall: dict[str, float] = field(default_factory=dict)
    tiles: Tiles | None = None
    device: Accelerator = CPU

    @property
    def section(self) -> np.ndarray | None:
        """(N,) int section of each spot of a study; None for one section."""
        return self.dataset.section


def prepare(dataset: Dataset, config: Config, together: bool = False) -> Prepared:
    """Return features and graphs of a dataset.

    Where they are made `together`, all processes that `torchrun` started do the same now, and share in it.

    Raises
    ------
    DataError, ConfigError
        A modality has no feature that varies, is not there, or there are fewer spots than neighbours.
    """
    with within(config.threads, dataset.n_spots):
        return _prepared(dataset, config, together)


def _prepared(dataset: Dataset, config: Config, together: bool) -> Prepared:
    from napari_trsmi.carrying import carried_over
    from napari_trsmi.data.preprocess import denoised_features, measured_components
    from napari_trsmi.graphs import feature_graph_and_recall, spatial_graph

    tell(PREPARING)
    n_domains = config.cluster.n_domains
    if n_domains is not None and n_domains > dataset.n_spots:
        raise ConfigError(f"n_domains={n_domains} needs at least as many spots, found {dataset.n_spots}. Lower it.")
    _check_spots(dataset, config)
    section, device = dataset.section, device_for(dataset, config)
    spatial = spatial_graph(dataset.coords, config.graph.k_spatial, section)
    found = measured_components(dataset, config.preprocess, spatial, config.seed, config.study, device)
    measured, has, carry = found.values, found.measured, {}
    features = measured
    if config.preprocess.denoise:
        features = denoised_features(measured, spatial, config.seed, has, device)
    if has:
        carry = carriers_of(features, has, config)
        measured, features = (carried_over(values, carry, has) for values in (measured, features))
    tiles = None
    if most := _tile_size(dataset, config):
        tiles = Tiles(spatial_tiles(dataset.coords, most, section), dataset.coords)
    number, share = None if tiles is None else tiles.number, None
    if tiles is not None and together:
        from napari_trsmi.model.ranks import sharing  # torch, which training needs in any case

        share = sharing(config.device)
    searched = {
        m: feature_graph_and_recall(values, config.graph, config.seed, section, number, device.nearest, share)
        for m, values in features.items()
    }
    graphs, recall = ({m: one[part] for m, one in searched.items()} for part in (0, 1))
    if len(features) < len(dataset.modalities):
        dataset = replace(dataset, modalities={m: dataset.modalities[m] for m in features})
    told = found.carried, has, carry, found.notes, recall
    return Prepared(dataset, measured, features, spatial, graphs, *told, tiles, device)


def device_for(dataset: Dataset, config: Config) -> Accelerator:
    """Return what is asked first where a large section is made ready or cut: the GPU of the run, or the CPU."""
    if config.device == "cpu" or not (is_large(dataset.n_spots) or _tile_size(dataset, config)):
        return CPU
    from napari_trsmi.model.accelerated import accelerator_of  # torch, which training needs in any case

    return accelerator_of(config.device)


def carriers_of(
    features: dict[str, np.ndarray], has: dict[str, np.ndarray], config: Config
) -> dict[str, sparse.csr_matrix]:
    """Return from which spots a modality is carried over to those that lack it, see `carrying.carriers`."""
    from napari_trsmi.carrying import carriers

    return carriers(features, has, config.study.k_carried, config.align.temperature.start, config.seed)


def _tile_size(dataset: Dataset, config: Config) -> int:
    """Spots in a tile at most; 0 where the section is trained as a whole."""
    return tile_size(config, dataset.n_spots, len(dataset.parts) > 1)


def _check_spots(dataset: Dataset, config: Config) -> None:
    """Raise `ConfigError` where a section is too small, or holds spots that were to be left out when it was read."""
    if 0 < (most := _tile_size(dataset, config)) <= config.graph.k_feature:
        raise ConfigError(
            f"graph.k_feature={config.graph.k_feature} needs tiles of more spots, found at most {most} in a tile. "
            "Lower graph.k_feature, or raise train.tile_size and train.tile_spots."
        )
    needed, chosen = config.graph.k_spatial or 6, config.preprocess.modalities
    for part, rows in zip(dataset.parts, dataset.sections, strict=False):
        if chosen and not set(chosen) & set(part.modalities):
            raise ConfigError(
                f"Expected one of the modalities {', '.join(chosen)} in every section, found none in {part.name!r}. "
                "Use more modalities, or leave the section out."
            )
        if len(rows) <= needed:
            raise ConfigError(
                f"Expected more than {needed} spots in every section, as many neighbours as each has, found "
                f"{len(rows)} in {part.name!r}. Leave it out, or lower graph.k_spatial."
            )
    modalities = [named for part in dataset.parts or (dataset,) for named in part.modalities.items()]
    partly = [(name, one.measured) for name, one in modalities if one.measured is not None]
    if config.preprocess.spots == "common" and partly:
        name, has = partly[0]
        raise ConfigError(
            f"Expected spots that have every modality, found {many(int((~has).sum()), 'spot')} without {name!r}. They "
            "are left out when files are read, not later. Set what is done with spots that one table lacks "
            "(preprocess.spots) to 'all', or use trsmi fit --preprocess.spots common, or nt.read(..., spots='common')."
        )


def cut(
    embedding: np.ndarray,
    prepared: Prepared,
    config: Config,
    n_domains: int,
    prototypes: np.ndarray | None,
    epoch: int | None = None,
    before: np.ndarray | None = None,
) -> Partition:
    """Return the domains of an embedding of the section, made in `epoch` epochs where not all were done.

    Those before, (N,) int, are gone on from where there are as many.
    """
    from napari_trsmi.constraints import row_constraints
    from napari_trsmi.domains.by_section import unlike
    from napari_trsmi.domains.clustering import find_domains, in_context

    return find_domains(
        embedding,
        prepared.spatial,
        in_context(config.cluster, prepared.dataset.coords, prepared.section),
        n_domains=n_domains,
        evidence=side_by_side(prepared.measured.values()),
        missing=missing_columns(prepared),
        inputs=side_by_side(prepared.features.values()),
        prototypes=prototypes,
        constraints=row_constraints(config.constraints, prepared.dataset.obs_names, epoch),
        before=before,
        section=unlike(prepared.section, prepared.has),
        seed=config.seed,
        device=prepared.device,
    )


def as_cut(config: Config, partition: Partition) -> Config:
    """Return settings with what `cut` decided by itself for a partition: which differences made a domain."""
    cluster = config.cluster.model_copy(update={"emphasis": partition.emphasis})
    return config.model_copy(update={"cluster": cluster})


def _even_notes(config: Config, partition: Partition) -> list[str]:
    """Sentences about an emphasis that nobody asked for."""
    if config.cluster.emphasis != "auto" or partition.emphasis == "coherent":
        return []
    return [EVEN]


def missing_columns(prepared: Prepared) -> Columns | None:
    """Return (N, c) bool, which of the measurements side by side were carried over; None where all were made."""
    if not prepared.has:
        return None
    n = prepared.dataset.n_spots
    lacks = {m: ~prepared.has.get(m, np.ones(n, bool)) for m in prepared.measured}
    return side_by_side(np.broadcast_to(lacks[m][:, None], v.shape) for m, v in prepared.measured.items())


def assemble(prepared: Prepared, config: Config, embedding: np.ndarray, partition: Partition) -> Result:
    """Return the result with boundaries, colours, scores and provenance."""
    from napari_trsmi.carrying import spread_of
    from napari_trsmi.data.predicted import predicted
    from napari_trsmi.data.provenance import describe_sources, versions
    from napari_trsmi.domains.boundaries import find_boundaries
    from napari_trsmi.domains.colors import domain_colors
    from napari_trsmi.domains.metrics import cross_modal_consistency, neighbour_preservation, smoothness

    dataset, labels = prepared.dataset, partition.labels
    boundaries = find_boundaries(
        labels,
        prepared.spatial,
        dataset.coords,
        partition.posterior,
        prepared.measured,
        prepared.has,
        dataset.section,
    )
    check()
    scores = smoothness(labels, dataset.coords, prepared.spatial)
    check()
    k = min(20, len(labels) - 1)
    kept = neighbour_preservation(embedding, prepared.features, k=k, seed=config.seed)
    scores.update({f"preservation_{m}": share for m, share in kept.items()})
    check()
    if len(prepared.features) > 1 and partition.n_domains > 1:
        scores.update(cross_modal_consistency(labels, prepared.features))
    check()
    foretold, more = predicted(embedding, dataset, prepared.spatial, prepared.has, config.preprocess.kinds)
    spread = {m: spread_of(prepared.measured[m], prepared.carry[m], has) for m, has in prepared.has.items()}
    return Result(
        dataset=dataset,
        config=config,
        partition=partition,
        predicted=foretold,
        maps={f"predicted_{m}_spread": values for m, values in spread.items()},
        embedding=embedding,
        boundaries=boundaries.segments,
        boundary_edges=boundaries.edges,
        colors=domain_colors(labels, prepared.spatial, n=partition.n_domains),
        scores=scores,
        provenance={
            "sources": describe_sources(dataset),
            "versions": versions(),
            "notes": [*dataset.notes, *prepared.notes, *prepared.device.notes, *more, *_even_notes(config, partition)],
            "n_components": {m: values.shape[1] for m, values in prepared.features.items()},
            "neighbours_found": prepared.recall,
        },
    )


def cut_again(prepared: Prepared, config: Config, old: Result | SavedResult) -> Result:
    """Return other domains for an embedding that is there already; without `n_domains`, as many as before.

    Raises
    ------
    ConfigError
        As for `domains.clustering.find_domains`; ``method="prototypes"``: a result does not hold its prototypes.
    """
    n_domains = config.cluster.n_domains or len(old.names)
    with within(config.threads, prepared.dataset.n_spots):
        found = assemble(prepared, config, old.embedding, cut(old.embedding, prepared, config, n_domains, None))
    return replace(found, correspondences=old.correspondences, modality_weights=old.modality_weights, state=old.state)


def with_device(provenance: dict[str, Any], trained: Fit) -> dict[str, Any]:
    """Return the provenance with where it was trained, and where not and why."""
    told = left_devices(trained.devices_left)
    return {
        **provenance,
        "device": trained.device,
        "devices_tried": trained.devices_left,
        "notes": [*provenance.get("notes", []), *([told] if told else [])],
    }
