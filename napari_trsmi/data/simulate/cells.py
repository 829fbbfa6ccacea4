"""Single-cell resolution: each spot is one cell of one type, and a domain is a mixture of types."""

from __future__ import annotations

import numpy as np

from napari_trsmi.data.simulate.settings import SimulationSettings


def draw_compositions(settings: SimulationSettings) -> np.ndarray:
    """(K, T) share of each cell type in each domain; rows sum to 1.

    Half of what is a domain's own is one type, a different one in each domain as far as there are types; the rest is
    drawn.
    """
    rng = np.random.default_rng([settings.seed, 17])
    n_domains, n_types = settings.n_domains, settings.cell_types
    own = 0.5 * rng.dirichlet(np.ones(n_types), n_domains)
    own[np.arange(n_domains), rng.permutation(n_types)[np.arange(n_domains) % n_types]] += 0.5
    common = rng.dirichlet(np.full(n_types, 3.0))
    return np.asarray((1 - settings.mixing) * own + settings.mixing * common)


def draw_types(membership: np.ndarray, compositions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(N,) int type of each cell, from the (N, K) share of the domains at its place."""
    below = np.cumsum(membership @ compositions, axis=1)  # (N, T)
    return np.asarray((rng.random((len(below), 1)) * below[:, -1:] > below).sum(axis=1))
