"""From where a mixture starts: the labels of k-means or Leiden, and which of several lead to the likeliest fit."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.config import Cluster
from napari_trsmi.domains.leiden import leiden_labels
from napari_trsmi.domains.mixture import told
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import some

if TYPE_CHECKING:
    from sklearn.cluster import KMeans

logger = logging.getLogger(__name__)

KMEANS_SAMPLE = 50_000
BETTER = 0.01  # less inertia, as a share, that makes a new start worth a jump from the domains before
LIKELIER = 0.1  # nats per spot by which the fit of another start must be likelier than that of the tightest one
_LOOKED_AT = 10_000  # spots by which fits are compared
_ALIKE = 1e-4  # difference of inertia, as a share, below which two restarts ended at the same centres


def started(
    features: np.ndarray,
    n_domains: int,
    settings: Cluster,
    before: np.ndarray | None,
    seed: int,
    beside: Iterable[np.ndarray] = (),
) -> np.ndarray:
    """Return (N,) int labels from which a cut starts.

    Tight clusters, which k-means looks for, are few large ones cut up rather than a small one told apart. Where a
    mixture is fitted, every restart of k-means is gone on from for a while, and where one leads to a mixture that is
    clearly likelier (by `LIKELIER`) than the tightest does, the likeliest is taken.

    Parameters
    ----------
    features
        (N, c) features.
    n_domains
        K.
    settings
        Method, restarts, and `k_similar` for Leiden.
    before
        (N,) int labels to go on from. Where they are of K domains, a mixture starts from them as they are, unless the
        tightest restart leads to one that is clearly likelier.
    seed
        Of all restarts.
    beside
        Further (N,) int labels of K clusters to look at.
    """
    if settings.method == "leiden":
        return leiden_labels(features, n_domains, k=settings.k_similar, seed=seed)
    if settings.method != "mixture":
        return kmeans(features, n_domains, settings.n_init, seed, before)
    restarts = sorted(
        _restarts(_sampled(features, seed), n_domains, settings.n_init, seed), key=lambda one: one.inertia_
    )
    rows = some(len(features), seed, _LOOKED_AT)
    looked_at = features[rows]
    if before is not None and len(np.unique(before)) == n_domains:
        known = np.unique(before, return_inverse=True)[1]
        stays = likeliest(looked_at, [known[rows], restarts[0].predict(looked_at)], n_domains) == 0
        return known if stays else restarts[0].predict(features)
    pairs = enumerate(restarts)
    apart = [one for n, one in pairs if n == 0 or one.inertia_ > restarts[n - 1].inertia_ * (1 + _ALIKE)]
    others = list(beside)
    starts = [*(one.predict(looked_at) for one in apart), *(labels[rows] for labels in others)]
    taken = likeliest(looked_at, starts, n_domains)
    return apart[taken].predict(features) if taken < len(apart) else others[taken - len(apart)]


def likeliest(features: np.ndarray, starts: Sequence[np.ndarray], n_domains: int) -> int:
    """Return which of several starts leads to the likeliest mixture: 0 unless another does so by `LIKELIER`.

    Where spots are few, it has to be so by more, see `by_chance`.

    Parameters
    ----------
    features
        (N, c) features.
    starts
        (N,) int labels each; those without all of the K clusters are left out, but for the first.
    n_domains
        K.
    """
    usable = [n for n, labels in enumerate(starts) if len(np.unique(labels)) == n_domains]
    if usable[:1] != [0] or len(usable) == 1:
        return 0
    x = np.asarray(features, float)
    gains = [told(x, starts[n], n_domains) for n in usable]
    best = int(np.argmax(gains))
    if gains[best] <= gains[0] + LIKELIER + by_chance(x, n_domains):
        return 0
    logger.info("another start leads to a mixture likelier by %.2f nats a spot", gains[best] - gains[0])
    return usable[best]


def by_chance(features: np.ndarray, n_domains: int) -> float:
    """Return what the means of K domains tell of (N, c) features of noise alone, in nats per spot: K c / 2 N.

    References
    ----------
    Akaike, A new look at the statistical model identification, IEEE Transactions on Automatic Control 1974.
    """
    n, width = features.shape
    return n_domains * width / (2 * n)


def kmeans(
    features: np.ndarray, n_domains: int, n_init: int, seed: int, before: np.ndarray | None = None
) -> np.ndarray:
    """Return (N,) k-means labels, gone on from those before unless a new start is better by `BETTER`.

    Centres are found on at most `KMEANS_SAMPLE` spots.
    """
    from sklearn.cluster import KMeans

    sample = _sampled(features, seed)
    best = min(_restarts(sample, n_domains, n_init, seed), key=lambda one: one.inertia_)
    if before is not None and len(np.unique(before)) == n_domains:
        codes = np.unique(before, return_inverse=True)[1]
        members = sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))))
        centres = members @ features / np.bincount(codes)[:, None]
        again = KMeans(n_domains, init=centres, n_init=1).fit(sample)
        if again.inertia_ <= best.inertia_ / (1.0 - BETTER):
            best = again
    labels: np.ndarray = best.predict(features)
    return labels


def _sampled(features: np.ndarray, seed: int) -> np.ndarray:
    if len(features) <= KMEANS_SAMPLE:
        return features
    return features[np.random.default_rng(seed).choice(len(features), KMEANS_SAMPLE, replace=False)]


def _restarts(sample: np.ndarray, n_domains: int, n_init: int, seed: int) -> list[KMeans]:
    """Return what each of `n_init` restarts of k-means ends at."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    chance, found = np.random.RandomState(seed), []
    for _ in range(n_init):  # as KMeans does with `n_init`, but can be interrupted between the restarts
        check()
        with warnings.catch_warnings():  # of too few groups, which the caller sees
            warnings.simplefilter("ignore", ConvergenceWarning)
            found.append(KMeans(n_domains, n_init=1, random_state=chance).fit(sample))
    check()
    return found
