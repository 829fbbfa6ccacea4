"""What a spot lacks, carried over from spots like it: candidates and their starting weights, scipy CSR in and out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse
from scipy.special import softmax

from napari_trsmi.errors import DataError
from napari_trsmi.interrupt import check
from napari_trsmi.neighbours import nearest


def carriers(
    features: Mapping[str, np.ndarray],
    measured: Mapping[str, np.ndarray],
    k: int,
    temperature: float,
    seed: int = 0,
) -> dict[str, sparse.csr_matrix]:
    """Return, for each modality that some spots lack, from which spots it is carried over to each of them.

    The candidates of a spot are the `k` spots most like it in a modality that both have, by cosine (a correlation
    cannot tell spots with two components apart), and its weights the softmax of that. With several such modalities each
    gives `k` candidates. Where a spot shares no modality with any spot that has the one it lacks, it is carried over
    from spots that it was carried over to before: so it passes along a chain of sections.

    Parameters
    ----------
    features
        {modality: (N, D_m)}.
    measured
        {modality: (N,) bool} of those that some spots lack.
    k
        Candidates.
    temperature
        Of the softmax.
    seed
        For the approximate search among many spots.

    Returns
    -------
    {modality: (N, N) CSR float32}: rows of spots that lack it sum to 1 over spots that have it, the others are empty.

    Raises
    ------
    DataError
        Some spots share no chain of modalities with those that have one.
    """
    n = len(next(iter(features.values())))
    has = {name: measured.get(name, np.ones(n, bool)) for name in features}
    unit = {name: _unit(values) for name, values in features.items()}
    found = {}
    for name, mask in measured.items():
        reached, carried = mask.copy(), sparse.csr_matrix((n, n), dtype=np.float32)
        while not reached.all():
            check()
            made, able = sparse.csr_matrix((n, n), dtype=np.float32), np.zeros(n)
            for other, values in unit.items():
                to = np.flatnonzero(~reached & has[other])
                source = np.flatnonzero(reached & has[other])
                if other == name or not len(to) or not len(source):
                    continue
                near = min(k, len(source))
                like = nearest(values[source], near, values[to], seed=seed)
                weight = softmax((1.0 - like.distance**2 / 2.0) / temperature, axis=1)
                ends = np.repeat(to, near), source[like.index].ravel()
                made = made + sparse.csr_matrix((weight.ravel().astype(np.float32), ends), shape=(n, n))
                able[to] += 1
            if not able.any():
                raise DataError(
                    f"Expected every spot to share a modality with one that has {name!r}, or with one that it can be "
                    f"carried over to, found {int((~reached).sum()):,} that do not. Leave {name!r} out."
                )
            made = (sparse.diags(np.divide(1.0, able, out=np.zeros(n), where=able > 0)) @ made).tocsr()
            passed = sparse.diags((~mask).astype(np.float32))  # of spots that it was carried to, their own sources
            made = made @ sparse.diags(mask.astype(np.float32)) + (made @ passed) @ carried
            carried = (carried + made).tocsr().astype(np.float32)
            reached |= able > 0
        carried.sort_indices()
        found[name] = carried
    return found


def carried_over(
    values: Mapping[str, np.ndarray], carry: Mapping[str, sparse.csr_matrix], measured: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return {modality: (N, D_m) float32} with what spots lack carried over to them; their sums do not change."""
    out = dict(values)
    for name, weights in carry.items():
        full = np.array(values[name], np.float32)
        lacks = ~measured[name]
        full[lacks] = weights[lacks] @ full
        out[name] = full
    return out


def spread_of(values: np.ndarray, weights: sparse.csr_matrix, measured: np.ndarray) -> np.ndarray:
    """Return the (N,) float32 spread of what each spot was carried over from; NaN where it was measured.

    The root of the weighted mean squared distance of its candidates, over that of any two spots: 0 where all say the
    same, 1 where they differ as much as spots at large.
    """
    rows = np.flatnonzero(~measured)
    own = weights[rows]
    mean = own @ values
    square = own @ (values**2).sum(axis=1) - (mean**2).sum(axis=1)
    all_of_it = float(values[measured].var(axis=0).sum())
    out = np.full(len(measured), np.nan, np.float32)
    out[rows] = np.sqrt(np.maximum(square, 0.0) / max(all_of_it, 1e-12))
    return out


def _unit(values: np.ndarray) -> np.ndarray:
    rows = np.asarray(values, np.float32)
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
