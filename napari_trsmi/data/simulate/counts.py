"""Counts: what each modality sees of the domains, and over-dispersed sparse counts drawn from it in chunks of spots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.data.simulate.settings import ModalityName, SimulationSettings

_CHUNK = 500_000  # values drawn at a time; the only dense arrays have this many


@dataclass(frozen=True, slots=True)
class Chemistry:
    """How a modality is measured.

    Attributes
    ----------
    share
        Counts per spot as a multiple of the setting `depth`.
    spread
        Standard deviation of the features' log means.
    markers
        Share of the features that mark some group of domains.
    fold
        Mean log fold change of a marker.
    """

    kind: Kind
    feature_type: str
    share: float
    spread: float
    markers: float
    fold: float


CHEMISTRY: dict[ModalityName, Chemistry] = {
    "rna": Chemistry("rna", "Gene Expression", share=1.0, spread=1.3, markers=0.2, fold=1.15),
    "adt": Chemistry("protein", "Antibody Capture", share=1 / 3, spread=0.7, markers=0.8, fold=0.95),
    "atac": Chemistry("chromatin", "Peaks", share=1 / 2, spread=0.6, markers=0.2, fold=1.15),
}


def groups_seen(settings: SimulationSettings, modality: ModalityName) -> np.ndarray:
    """(K,) int: the group of each domain in `modality`. Domains of one group are alike there; groups count from 0."""
    if modality in settings.noise:
        return np.zeros(settings.n_domains, int)
    first = np.arange(settings.n_domains)
    for (a, b), seen_by in settings.pairs.items():
        if seen_by != modality:
            first[b] = a
    return np.unique(first, return_inverse=True)[1]


def draw_profiles(
    chemistry: Chemistry, groups: np.ndarray, n_features: int, contrast: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return (K, D) share of each feature in a domain (rows sum to 1), and (D,) the group it marks or -1."""
    n_groups = int(groups.max()) + 1
    means = rng.normal(0, chemistry.spread, n_features)
    n_markers = round(chemistry.markers * n_features)
    marked = np.full(n_features, -1)
    marked[rng.permutation(n_features)[:n_markers]] = np.arange(n_markers) % n_groups
    fold = contrast * chemistry.fold * rng.gamma(4, 1 / 4, n_features)
    logs = means + fold * (marked == np.arange(n_groups)[:, None])  # (groups, D)
    profiles = np.exp(logs)
    return (profiles / profiles.sum(axis=1, keepdims=True))[groups], marked


def only_few_differ(
    profiles: np.ndarray, marked: np.ndarray, n_told: int, fold: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return profiles in which domains 0 and 1 differ in `n_told` features only, and (n_told,) those features.

    They are frequent ones that mark nothing else, by turns up in domain 0 and in domain 1, by twice the usual log fold.
    """
    profiles = profiles.copy()
    profiles[1] = profiles[0]
    often = np.argsort(-np.where(marked < 0, profiles[0], -1.0), kind="stable")
    told = rng.permutation(often[: max(n_told, len(often) // 10)])[:n_told]
    for domain in (0, 1):
        profiles[domain, told[domain::2]] *= np.exp(2 * fold)
        profiles[domain] /= profiles[domain].sum()
    return profiles, told


def draw_counts(
    membership: np.ndarray,
    profiles: np.ndarray,
    depth: np.ndarray,
    settings: SimulationSettings,
    rng: np.random.Generator,
    drift: tuple[np.ndarray, np.ndarray] | None = None,
) -> sparse.csr_matrix:
    """Return (N, D) CSR float32 whole-numbered counts: gamma-Poisson, with ambient noise, cell states and dropout.

    Parameters
    ----------
    membership
        (N, K) share of each domain in each spot.
    profiles
        (K, D) share of each feature in each domain.
    depth
        (N,) expected counts of each spot.
    drift
        (N, P) where spots lie on P courses, and (P, D) log units by which features change from 0 to 1 along each.
    """
    # All in float64: processors differ in the last bit of a float32, and one changed draw changes all that follow.
    n, n_features = len(membership), profiles.shape[1]
    soup = membership.mean(axis=0, dtype=float) @ profiles  # (D,)
    seen = (1 - settings.ambient) * profiles + settings.ambient * soup
    # Two programmes that cells run whatever their domain (cycle, stress): they vary from spot to spot, not in space.
    programmes = 0.4 * rng.normal(size=(2, n_features)) * (rng.random((2, n_features)) < 0.3)
    size = max(1, _CHUNK // n_features)
    chunks = []
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        n_rows = rows.stop - start
        rates = membership[rows] @ seen  # (chunk, D)
        rates *= np.exp(rng.standard_normal((n_rows, 2)) @ programmes)
        rates *= depth[rows, None]
        if drift is not None:
            rates *= np.exp(drift[0][rows] @ drift[1])
        means = rates
        if settings.dispersion > 0:
            shape = 1 / settings.dispersion
            means = rates * rng.standard_gamma(shape, rates.shape) / shape
        counts = rng.poisson(means)
        # A lost molecule is a matter of chance for rare features and hardly one for abundant ones.
        counts[rng.random(rates.shape) < settings.dropout / (1 + rates)] = 0
        chunks.append(sparse.csr_matrix(counts.astype(np.float32)))
    return sparse.vstack(chunks, format="csr")
