"""Whether the values of a table of RNA are counts, or were scaled or logged before they were stored."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Scale = Literal["counts", "scaled", "logged"]

_MOST_LOGGED = 20.0  # of 1e8 counts in a spot, all of one gene, the logarithm is 18.4
_CHUNK = 1 << 22


def scale_of(values: Any) -> Scale:
    """Return what values of 0 or more look like: whole counts, fractions, or logarithms.

    Logarithms stay below 20, and do not add up to the same in every row; what is scaled to a fixed sum does.

    Parameters
    ----------
    values
        (N, D) array or sparse matrix, finite.

    Examples
    --------
    >>> shares = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
    >>> scale_of(np.round(100 * shares)), scale_of(30.5 * shares), scale_of(np.log1p(30 * shares))
    ('counts', 'scaled', 'logged')
    """
    from scipy import sparse

    flat = values.data if sparse.issparse(values) else np.asarray(values).reshape(-1)
    if all((chunk == np.rint(chunk)).all() for chunk in (flat[i : i + _CHUNK] for i in range(0, len(flat), _CHUNK))):
        return "counts"
    if flat.max() >= _MOST_LOGGED:
        return "scaled"
    total = np.asarray(values.sum(axis=1, dtype=float)).ravel()
    total = total[total > 0]
    return "scaled" if len(total) > 1 and np.ptp(total) <= 1e-3 * total.mean() else "logged"
