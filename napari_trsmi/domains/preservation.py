"""What the embedding keeps of each modality, and whether the domains stand in every modality."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from napari_trsmi.domains.blockwise import domain_sums
from napari_trsmi.domains.labels import check_lengths, encode
from napari_trsmi.errors import DataError
from napari_trsmi.neighbours import nearest
from napari_trsmi.sampling import blocks

MAX_REFERENCE = 50_000  # spots among which neighbours are searched: bounds the cost of a score at any N


def neighbour_preservation(
    embedding: np.ndarray, features: Mapping[str, np.ndarray], k: int = 20, n_sample: int = 2000, seed: int = 0
) -> dict[str, float]:
    """Return, per modality, the share of a spot's nearest neighbours that the embedding keeps.

    A spot's k nearest spots (Euclidean) are found in the modality and in the embedding; the score is the mean share
    they have in common: 1 keeps all, k / (N - 1) is chance. `n_sample` spots are asked, among at most `MAX_REFERENCE`.

    Parameters
    ----------
    embedding
        (N, d) float.
    features
        {modality: (N, D) float}.
    k
        Neighbours.
    n_sample
        Spots asked; all where there are fewer.
    seed
        Seed of the choice of spots.

    Raises
    ------
    DataError
        Lengths differ, or there are no more than k spots.
    """
    n = len(embedding)
    check_lengths(n, **features)
    if n <= k:
        raise DataError(f"Expected more than {k} spots to look at {k} neighbours, found {n}. Lower k.")
    reference = np.random.default_rng(seed).permutation(n)[:MAX_REFERENCE]
    n_asked = min(n_sample, len(reference))  # the first ones are asked
    kept = _nearest(np.asarray(embedding)[reference], n_asked, k)
    scores = {}
    for name, values in features.items():
        own = _nearest(np.asarray(values)[reference], n_asked, k)
        scores[name] = float((own[:, :, None] == kept[:, None, :]).any(axis=2).mean())
    return scores


def _nearest(values: np.ndarray, n_asked: int, k: int) -> np.ndarray:
    """(n_asked, k) rows of `values` nearest to each of its first rows, the row itself left out."""
    k = min(k, len(values) - 1)
    return nearest(values, k, values[:n_asked], own=np.arange(n_asked), engine="exact").index


def cross_modal_consistency(labels: Any, features: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return whether the domains stand in every modality, and in the same arrangement.

    Two questions, both answered from the domains' means, in O(N D):

    - *How much of the modality do the domains explain?* The share of its variance that lies between domains (epsilon
      squared: eta squared freed of what K random domains would explain, so 0 is chance and 1 is all).
    - *Do the modalities arrange the domains alike?* Spearman correlation, over pairs of domains, of their distance in
      one modality with that in another (a Mantel statistic). Domains alike in RNA but apart in protein lower it.

    Parameters
    ----------
    labels
        (N,) integers, strings or categoricals; spots without a label are left out.
    features
        {modality: (N, D) float}.

    Returns
    -------
    dict
        ``explained_<modality>`` at most 1, NaN where a modality is constant or every spot is a domain;
        ``arrangement_<a>_<b>`` in [-1, 1] per pair of modalities, NaN with fewer than three domains;
        ``consistency``, the mean arrangement over pairs (NaN for one modality).

    Raises
    ------
    DataError
        Lengths differ.
    """
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    codes, names = encode(labels)
    check_lengths(len(codes), **features)
    labelled = codes >= 0
    n, k = int(labelled.sum()), len(names)
    size = np.bincount(codes[labelled], minlength=k)
    scores: dict[str, float] = {}
    distances = {}
    for name, values in features.items():
        values = np.asarray(values)
        sums, _ = domain_sums(codes, values)
        centre = sums.sum(axis=0) / max(n, 1)
        means = sums / size[:, None] - centre  # (K, D)
        total = sum(float(((values[rows][labelled[rows]] - centre) ** 2).sum()) for rows in blocks(len(codes)))
        within = total - float((size[:, None] * means**2).sum())
        defined = total > 0 and n > k
        scores[f"explained_{name}"] = 1 - (within / (n - k)) / (total / (n - 1)) if defined else float("nan")
        distances[name] = pdist(means)
    arrangements = []
    for a, b in combinations(features, 2):
        defined = k >= 3 and np.ptp(distances[a]) > 0 and np.ptp(distances[b]) > 0
        arrangements.append(float(spearmanr(distances[a], distances[b]).statistic) if defined else float("nan"))
        scores[f"arrangement_{a}_{b}"] = arrangements[-1]
    scores["consistency"] = float(np.mean(arrangements)) if arrangements else float("nan")
    return scores
