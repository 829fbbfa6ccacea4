"""How far spots lie from a boundary, on either side, and how values change with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_trsmi.domains.labels import check_lengths
from napari_trsmi.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

HOPS = 6
QUARTILES = (0.25, 0.75)


def hops_across(
    labels: np.ndarray, i: np.ndarray, j: np.ndarray, adjacency: sparse.csr_matrix, hops: int = HOPS
) -> np.ndarray:
    """Return (N,) int, how many hops each spot lies from a boundary: negative on side a, positive on side b.

    The spots of the boundary itself are -1 and 1; each further hop stays within the domain of its side. 0 is a spot
    of another domain, or farther away than `hops`.

    Parameters
    ----------
    labels
        (N,) int domain of each spot.
    i, j
        (E,) int, the spots of the edges that cross the boundary: i on side a, j on side b.
    adjacency
        (N, N) CSR spatial graph, symmetric.
    hops
        How far to go.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> line = sparse.diags([1.0, 1.0], [-1, 1], shape=(6, 6)).tocsr()
    >>> hops_across(np.array([0, 0, 0, 1, 1, 2]), np.array([2]), np.array([3]), line, 2)
    array([ 0, -2, -1,  1,  2,  0])
    """
    if hops < 1:
        raise ConfigError(f"Expected hops of at least 1, found {hops}. Give the number of spots to each side.")
    labels = np.asarray(labels)
    check_lengths(len(labels), adjacency=adjacency)
    found = np.zeros(len(labels), np.int64)
    for seeds, sign in ((np.unique(i), -1), (np.unique(j), 1)):
        if len(seeds) == 0:
            continue
        domain, found[seeds] = labels[seeds[0]], sign
        for hop in range(2, hops + 1):
            around = np.unique(adjacency[seeds].indices)
            seeds = around[(labels[around] == domain) & (found[around] == 0)]
            found[seeds] = sign * hop
    return found


def profile(values: np.ndarray, hop: np.ndarray, quantiles: tuple[float, float] = QUARTILES) -> pd.DataFrame:
    """Return how each of D values changes with the distance, a row per value and hop.

    Parameters
    ----------
    values
        (n, D) float; NaN where a value was not measured, which does not count.
    hop
        (n,) int as of `hops_across`, none of them 0.
    quantiles
        Ends of the band.

    Returns
    -------
    ``value``, number of the column; ``hop``; ``n``, spots that count; ``mean``; ``error``, the standard error of the
    mean as if spots were independent (NaN for one spot); ``low``, ``median`` and ``high``, the quantiles.
    """
    import pandas as pd

    values = np.asarray(values, float)
    check_lengths(len(hop), values=values)
    rows = []
    for one in np.unique(hop):
        here = values[hop == one]
        n = np.isfinite(here).sum(axis=0)
        for column in np.flatnonzero(n):
            own = here[np.isfinite(here[:, column]), column]
            low, median, high = np.quantile(own, (quantiles[0], 0.5, quantiles[1]))
            error = own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.nan
            rows.append((int(column), int(one), len(own), own.mean(), error, low, median, high))
    found = pd.DataFrame(rows, columns=["value", "hop", "n", "mean", "error", "low", "median", "high"])
    return found.sort_values(["value", "hop"], ignore_index=True)
