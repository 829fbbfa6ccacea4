"""From a joint embedding to domains with a posterior."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import coherent_directions
from napari_trsmi.config import Cluster
from napari_trsmi.constraints import RowConstraint, satisfying
from napari_trsmi.domains.by_section import fitted_by_section
from napari_trsmi.domains.features import averaged_components, check_varies, emphasised, explained, weights
from napari_trsmi.domains.mixture import Mixture, drawn, fit_mixture, posterior_of
from napari_trsmi.domains.rings import ring_components, ring_posterior, tied_mixture
from napari_trsmi.domains.starts import by_chance, kmeans, started
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import neighbour_mean, on_lattice, smooth
from napari_trsmi.records import Emphasis, Partition
from napari_trsmi.sampling import Columns, some, times

logger = logging.getLogger(__name__)

_ROUGH_STEPS = 2
CLEARLY = 0.04  # nats per spot by which an even emphasis must tell more; chosen on slices, real files and their halves


def in_context(settings: Cluster, coords: np.ndarray, section: np.ndarray | None = None) -> Cluster:
    """Return the settings with `context` decided: rings where the spots, at (N, 2) coordinates, lie on no lattice."""
    if settings.context != "auto":
        return settings
    return settings.model_copy(update={"context": "averaged" if on_lattice(coords, section) else "rings"})


def find_domains(
    embedding: np.ndarray,
    spatial: sparse.csr_matrix,
    settings: Cluster,
    *,
    n_domains: int,
    evidence: Columns | None = None,
    missing: Columns | None = None,
    inputs: Columns | None = None,
    prototypes: np.ndarray | None = None,
    constraints: Sequence[RowConstraint] = (),
    features: np.ndarray | None = None,
    before: np.ndarray | None = None,
    section: np.ndarray | None = None,
    seed: int = 0,
    device: Accelerator = CPU,
) -> Partition:
    """Return exactly `n_domains` domains of the spots, numbered by falling size, with a posterior.

    Parameters
    ----------
    embedding
        (N, d) joint embedding.
    spatial
        (N, N) CSR spatial graph, zero diagonal.
    settings
        Method, context (see `in_context`; undecided it is averaged), domain scale, refinement and its strength.
    n_domains
        K.
    evidence
        (N, c) features as measured at each spot, from which the posterior is taken (see `mixture.posterior_of`).
        Without it the posterior is that of the clustered features, which were averaged and are sure of themselves.
    missing
        (N, c) bool, which of `evidence` was not measured and speaks for no domain; None where all was.
    inputs
        (N, c) features that the network saw; used where domains are found ring by ring.
    prototypes
        (K, d) prototypes in the embedding's space; needed by ``method="prototypes"``.
    constraints
        What a person said about spots: followed softly by the labels, not by the posterior, which weighs what was
        measured.
    features
        (N, c) what `domain_features` returns for the embedding, where it is there already.
    before
        (N,) int labels of an embedding before this one. Where they are of `n_domains` domains too, ``method="mixture"``
        goes on from them, unless a new start leads to a mixture that is clearly likelier (`starts.LIKELIER`): domains
        then change as the embedding does, and not because another start found another optimum.
    section
        (N,) int section of each spot, where sections measured different things: then ``method="mixture"`` fits each a
        little by itself in the end (see `by_section`), unless it goes ring by ring or labels are a majority's.
    seed
        Of every random choice.
    device
        Asked first where the section is large.

    Raises
    ------
    ConfigError
        There are fewer spots, or fewer distinct ones, than domains; or prototypes are asked for and missing.
    """
    if n_domains > len(embedding):
        raise ConfigError(f"n_domains={n_domains} needs at least as many spots, found {len(embedding)}.")
    pull = settings.constraint_strength
    if n_domains == 1:
        return Partition(np.zeros(len(embedding), int), np.ones((len(embedding), 1), np.float32), settings.method)
    if settings.context == "rings" and settings.method == "mixture":
        if features is None:
            check_varies(embedding)
            beside: list[Columns] = [values for values in (evidence, inputs) if values is not None]
            posterior = ring_posterior(
                embedding,
                spatial,
                n_domains,
                beside=beside,
                n_init=settings.n_init,
                before=before,
                seed=seed,
                device=device,
            )
        else:
            posterior = tied_mixture(features, n_domains, settings.n_init, seed, before, device)
        check_found(posterior.argmax(axis=1), n_domains)
        if constraints and pull:
            posterior = drawn(posterior, constraints, pull)
        return numbered_by_size(Mixture(posterior, 0.0), posterior, settings.method)
    neighbours = neighbour_mean(spatial)
    asked = constraints if pull else ()

    def fitted(own: np.ndarray, start: np.ndarray, constraints: Sequence[RowConstraint] = asked) -> Mixture:
        check_found(start, n_domains)
        if constraints:
            start = satisfying(own, start, constraints, n_domains)
        refit, strength = settings.method == "mixture", settings.strength if settings.refinement == "potts" else 0.0
        mixture = fit_mixture(
            own, start, neighbours, strength=strength, refit=refit, constraints=constraints, pull=pull, device=device
        )
        return majority(mixture, spatial) if settings.refinement == "majority" else mixture

    emphasis: Emphasis = "even" if settings.emphasis == "even" else "coherent"
    if settings.method == "prototypes":
        mixture = fitted(embedding.astype(float), _nearest(embedding, prototypes, n_domains))
    elif features is not None:
        mixture = fitted(features, started(features, n_domains, settings, before, seed))
    else:
        check_varies(embedding)
        components, w = averaged_components(embedding, spatial, settings, seed, device)
        features = emphasised(components, w, spatial, settings, seed, device)
        if settings.emphasis != "auto" or settings.method != "mixture":
            mixture = fitted(features, started(features, n_domains, settings, before, seed))
        else:
            even = settings.model_copy(update={"emphasis": "even", "n_init": max(1, settings.n_init // 2)})
            others = emphasised(components, w, spatial, even, seed, device)
            start = started(others, n_domains, even, before, seed)
            own = started(features, n_domains, settings, before, seed, beside=[start])
            mixture = fitted(features, own, ())  # what a person said of spots does not decide which differences count
            if len(np.unique(start)) == n_domains:  # these may hold fewer groups
                other = fitted(others, start, ())
                gain = explained(components, other.labels, n_domains) - explained(components, mixture.labels, n_domains)
                logger.info("even emphasis tells %.2f nats more of a spot", gain)
                if gain > CLEARLY + by_chance(components, n_domains):
                    mixture, emphasis, features, own = other, "even", others, start
            if asked:
                mixture = fitted(features, own)
    by_itself = settings.method == "mixture" and settings.refinement != "majority"
    if section is not None and features is not None and by_itself:
        mixture = fitted_by_section(features, mixture, neighbours, section, constraints=asked, pull=pull)
    posterior = mixture.posterior
    if evidence is not None:
        posterior = posterior_of(evidence, mixture.labels, n_domains, neighbours, mixture.strength, missing, device)
    return replace(numbered_by_size(mixture, posterior, settings.method), emphasis=emphasis)


def _nearest(embedding: np.ndarray, prototypes: np.ndarray | None, n_domains: int) -> np.ndarray:
    """(N,) int nearest prototype of each spot."""
    from sklearn.metrics import pairwise_distances_argmin

    if prototypes is None or len(prototypes) != n_domains:
        found = "none" if prototypes is None else str(len(prototypes))
        raise ConfigError(
            f"cluster.method='prototypes' needs {n_domains} prototypes, found {found}. Train with "
            f"cluster.n_domains={n_domains}, or use another method."
        )
    nearest: np.ndarray = pairwise_distances_argmin(embedding.astype(float), prototypes.astype(float))
    return nearest


def rough_labels(
    embedding: np.ndarray,
    spatial: sparse.csr_matrix,
    settings: Cluster,
    *,
    n_domains: int,
    before: np.ndarray | None = None,
    seed: int = 0,
    device: Accelerator = CPU,
) -> np.ndarray:
    """Return (N,) int labels of a large section in a few seconds, to look at while it is trained.

    The coherent components of some spots, averaged once over all, or one ring around each cell; one start, and a few
    steps of mixture and field.

    Parameters
    ----------
    embedding, spatial, settings, n_domains, before, seed, device
        As for `find_domains`.

    Raises
    ------
    ConfigError
        The embedding does not hold as many groups.
    """
    check_varies(embedding)
    if settings.context == "rings":
        around = ring_components(embedding, spatial, 1, seed, device)
        labels = tied_mixture(around, n_domains, 1, seed, before, device).argmax(axis=1)
        check_found(labels, n_domains)
        return labels
    level, turn, w, _ = coherent_directions(embedding, spatial, seed, some(len(embedding), seed))
    turn = (turn * weights(w, settings))[:, : settings.n_components]
    features = smooth(times((embedding,), turn, device), spatial, 1, device) - (level @ turn).astype(np.float32)
    start = kmeans(features, n_domains, 1, seed, before)
    check_found(start, n_domains)
    strength = settings.strength if settings.refinement == "potts" else 0.0
    return fit_mixture(
        features, start, neighbour_mean(spatial), strength=strength, iterations=_ROUGH_STEPS, device=device
    ).labels


def check_found(labels: np.ndarray, n_domains: int) -> None:
    """Raise `ConfigError` where (N,) labels are fewer than `n_domains`."""
    found = len(np.unique(labels))
    if found < n_domains:
        raise ConfigError(
            f"n_domains={n_domains} needs that many distinct groups of spots, found {found}. Lower n_domains."
        )


def majority(mixture: Mixture, spatial: sparse.csr_matrix) -> Mixture:
    """Return the mixture with each spot's posterior averaged with its neighbours', unless a domain would vanish."""
    posterior = neighbour_mean(spatial, include_self=True) @ np.eye(mixture.posterior.shape[1])[mixture.labels]
    posterior = 0.999 * posterior + 0.001 * mixture.posterior  # ties go to the better fit
    averaged = Mixture(posterior, 0.0)
    return averaged if len(np.unique(averaged.labels)) == posterior.shape[1] else mixture


def numbered_by_size(mixture: Mixture, posterior: np.ndarray, method: str) -> Partition:
    """Return a `Partition` with the mixture's labels and the given posterior (N, K), whose domain 0 is the largest."""
    order = np.argsort(-np.bincount(mixture.labels, minlength=posterior.shape[1]), kind="stable")
    rank = np.argsort(order)
    return Partition(rank[mixture.labels], posterior[:, order].astype(np.float32), method, mixture.strength)
