"""Split-and-merge seeding of the prototypes, and an estimate of how many domains there are.

A Gaussian mixture proposes clusters; splits and merges are then decided by Bayesian model comparison of Gaussians under
a Normal-inverse-Wishart prior. k-means alone halves large clusters and joins small ones; split-and-merge undoes that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import multigammaln

SEED_SAMPLE = 20_000  # spots on which the prototypes are seeded; the others join the nearest


@dataclass(frozen=True)
class NormalInverseWishart:
    r"""Conjugate prior of a Gaussian in `d` dimensions; nu = d + 2 is the smallest that has a mean covariance.

    .. math:: \Sigma \sim \mathcal W^{-1}(\Psi, \nu),\quad \mu \mid \Sigma \sim \mathcal N(m, \Sigma / \kappa)

    References
    ----------
    Gelman et al., Bayesian Data Analysis, third edition, section 3.6.

    Attributes
    ----------
    mean
        (d,) prior mean.
    scale
        (d,) diagonal of the prior's expected covariance.
    kappa
        How many spots the prior mean counts for.
    weight
        How much one spot counts: spots that resemble their neighbours are no independent witnesses.
    """

    mean: np.ndarray
    scale: np.ndarray
    kappa: float = 0.1
    weight: float = 1.0

    def log_evidence(self, rows: np.ndarray) -> float:
        r"""Return the log marginal likelihood of (n, d) `rows` as one Gaussian cluster, each counting for `weight`.

        .. math:: \log p = -\tfrac{nd}{2} \log \pi + \log\frac{\Gamma_d((\nu + n)/2)}{\Gamma_d(\nu/2)}
                  + \tfrac{\nu}{2} \log|\Psi| - \tfrac{\nu + n}{2} \log|\Psi_n|
                  + \tfrac d2 \log\tfrac{\kappa}{\kappa + n}

        .. math:: \Psi_n = \Psi + \sum_i (x_i - \bar x)(x_i - \bar x)^T
                  + \tfrac{\kappa n}{\kappa + n} (\bar x - m)(\bar x - m)^T

        Two clusters are joined, or one is split, where that raises the sum over the clusters.
        """
        d = len(self.mean)
        n = self.weight * len(rows)
        nu = d + 2.0
        centre = rows.mean(axis=0)
        residual = rows - centre
        shift = centre - self.mean
        psi = np.diag(self.scale)  # E[covariance] = psi / (nu - d - 1) = scale
        psi_n = psi + self.weight * residual.T @ residual + (self.kappa * n / (self.kappa + n)) * np.outer(shift, shift)
        return float(
            -0.5 * n * d * np.log(np.pi)
            + multigammaln((nu + n) / 2, d)
            - multigammaln(nu / 2, d)
            + 0.5 * nu * np.log(self.scale).sum()
            - 0.5 * (nu + n) * np.linalg.slogdet(psi_n)[1]
            + 0.5 * d * (np.log(self.kappa) - np.log(self.kappa + n))
        )


def seed_labels(
    z: np.ndarray,
    n_domains: int | None,
    *,
    max_domains: int = 20,
    n_components: int = 20,
    weight: float = 1.0,
    seed: int = 0,
) -> np.ndarray:
    """Return (N,) int cluster labels 0..K-1 of an embedding, by a Gaussian mixture mended by splits and merges.

    Parameters
    ----------
    z
        (N, d) embedding.
    n_domains
        K; None estimates it, up to `max_domains`.
    n_components
        Principal components used.
    weight
        How much one spot counts in the model comparison, see `NormalInverseWishart`.
    seed
        For the mixture and the trial splits.

    Returns
    -------
    Exactly `n_domains` clusters where it is given and there are that many distinct rows.
    """
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    if len(z) > SEED_SAMPLE:
        sample = np.random.default_rng(seed).choice(len(z), SEED_SAMPLE, replace=False)
        seeded = seed_labels(
            z[sample], n_domains, max_domains=max_domains, n_components=n_components, weight=weight, seed=seed
        )
        labels = assign(z, means(z[sample], seeded))
        labels[sample] = seeded  # so that none is left without a spot
        return labels
    n = len(z)
    if n_domains == 1 or not np.ptp(z, axis=0).any():
        return np.zeros(n, int)
    dim = max(1, min(n_components, z.shape[1], n - 1))
    rows = PCA(dim, svd_solver="full" if n <= 2000 else "covariance_eigh", random_state=seed).fit_transform(z)
    rows = rows.astype(float)
    rows = rows[:, rows.std(axis=0) > 1e-6 * max(rows.std(), 1e-30)]
    start = min(n_domains or min(max_domains, 10), n)
    mixture = GaussianMixture(start, covariance_type="tied", n_init=3, reg_covar=1e-6, random_state=seed)
    labels = mixture.fit_predict(rows)
    within = np.diag(np.atleast_2d(mixture.covariances_))
    prior = NormalInverseWishart(rows.mean(axis=0), np.maximum(within, 1e-9), weight=weight)
    return _SplitMerge(rows, labels, prior, seed).run(n_domains, max_domains)


class _SplitMerge:
    """Greedy search over clusters; a cluster is a sorted index array."""

    def __init__(self, rows: np.ndarray, labels: np.ndarray, prior: NormalInverseWishart, seed: int) -> None:
        self.rows, self.prior, self.seed = rows, prior, seed
        self.clusters = [np.flatnonzero(labels == k) for k in np.unique(labels)]
        self._evidence: dict[bytes, float] = {}
        self._splits: dict[bytes, tuple[float, np.ndarray, np.ndarray] | None] = {}

    def evidence(self, members: np.ndarray) -> float:
        key = members.tobytes()
        if key not in self._evidence:
            self._evidence[key] = self.prior.log_evidence(self.rows[members])
        return self._evidence[key]

    def split(self, members: np.ndarray) -> tuple[float, np.ndarray, np.ndarray] | None:
        """Gain in log evidence and the two halves of the best of three trial splits; None when too small to split."""
        from sklearn.cluster import KMeans

        key = members.tobytes()
        if key not in self._splits:
            best = None
            if len(np.unique(self.rows[members], axis=0)) > 1:
                half = KMeans(2, n_init=3, random_state=self.seed).fit_predict(self.rows[members])
                a, b = members[half == 0], members[half == 1]
                best = (self.evidence(a) + self.evidence(b) - self.evidence(members), a, b)
            self._splits[key] = best
        return self._splits[key]

    def best_split(self) -> tuple[float, int]:
        gains = [found[0] if (found := self.split(c)) else -np.inf for c in self.clusters]
        return max(gains), int(np.argmax(gains))

    def best_merge(self, without: int | None = None) -> tuple[float, int, int]:
        best = (-np.inf, -1, -1)
        for i, a in enumerate(self.clusters):
            for j in range(i):
                if without in (i, j):
                    continue
                joined = np.sort(np.concatenate([a, self.clusters[j]]))
                gain = self.evidence(joined) - self.evidence(a) - self.evidence(self.clusters[j])
                if gain > best[0]:
                    best = (gain, i, j)
        return best

    def apply_split(self, k: int) -> None:
        found = self.split(self.clusters[k])
        assert found is not None
        self.clusters[k] = found[1]
        self.clusters.append(found[2])

    def apply_merge(self, i: int, j: int) -> None:
        joined = np.sort(np.concatenate([self.clusters[i], self.clusters[j]]))
        self.clusters = [c for k, c in enumerate(self.clusters) if k not in (i, j)] + [joined]

    def run(self, n_domains: int | None, max_domains: int) -> np.ndarray:
        for _ in range(100):  # every step raises the evidence, so this ends; the bound is for ties
            split_gain, k = self.best_split()
            if n_domains is not None and len(self.clusters) < n_domains:
                if split_gain == -np.inf:
                    break
                self.apply_split(k)
                continue
            if n_domains is not None and len(self.clusters) > n_domains:
                self.apply_merge(*self.best_merge()[1:])
                continue
            if n_domains is None:
                merge_gain, i, j = self.best_merge()
                if merge_gain > 0 and merge_gain >= split_gain:
                    self.apply_merge(i, j)
                elif split_gain > 0 and len(self.clusters) < max_domains:
                    self.apply_split(k)
                else:
                    break
            else:
                merge_gain, i, j = self.best_merge(without=k)
                if len(self.clusters) < 3 or split_gain + merge_gain <= 1e-6:
                    break
                pair = (self.clusters[i], self.clusters[j])
                self.apply_split(k)
                i, j = (next(q for q, c in enumerate(self.clusters) if c is p) for p in pair)
                self.apply_merge(i, j)
        labels = np.empty(len(self.rows), int)
        for k, members in enumerate(sorted(self.clusters, key=len, reverse=True)):
            labels[members] = k
        return labels


def assign(z: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """Return the (N,) index of the prototype (K, d) nearest to each row of `z` (N, d)."""
    return (np.square(prototypes).sum(axis=1) - 2.0 * z @ prototypes.T).argmin(axis=1)


def means(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the (K, d) mean of (N, d) `z` within each of the labels 0..K-1, each used."""
    return np.stack([z[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
