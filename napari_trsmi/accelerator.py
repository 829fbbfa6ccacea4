"""What a GPU takes over where a large section is made ready and cut: how it is asked.

Files and domains know no torch. They are given one of these, ask it first, and do themselves what it leaves: the CPU
leaves everything, a GPU what it has no memory for. The GPU is in `model.accelerated`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

Parts = Sequence[np.ndarray]
"""(N, c) float columns, in several arrays that stand side by side."""


class Accelerator:
    """A device that is asked first. This one is the CPU: it leaves every question by answering None.

    Attributes
    ----------
    notes
        What was left to the CPU for want of memory, in sentences for a person.
    """

    notes: tuple[str, ...] = ()

    def nearest(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (n, k) indices and distances of the other rows nearest to each of (n, d) `rows`."""
        return None

    def gram(self, blocks: Iterable[Any]) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (D,) sums of columns and (D, D) sums of their products, float64, from (n, D) arrays or CSR."""
        return None

    def projected(
        self, blocks: Iterable[Any], loadings: np.ndarray, shift: np.ndarray, n_rows: int
    ) -> np.ndarray | None:
        """Return (N, d) float32 ``block @ loadings - shift`` of (n, D) arrays or CSR that are N rows together."""
        return None

    def times(self, parts: Parts, turn: np.ndarray) -> np.ndarray | None:
        """Return the (N, k) float32 product of columns and a (c, k) matrix."""
        return None

    def products(
        self, parts: Parts, level: np.ndarray, mean: sparse.csr_matrix, order: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Return the (c, c) sums over all spots of `coherence.coherent_directions`."""
        return None

    def moments(
        self, x: np.ndarray, probes: np.ndarray, mean: sparse.csr_matrix, weight: np.ndarray, steps: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (2 * steps + 1, d) moments of a walk and (steps + 1,) traces, see `coherence.denoise`."""
        return None

    def walked(self, x: np.ndarray, mean: sparse.csr_matrix, weights: np.ndarray) -> np.ndarray | None:
        """Return (N, d) float32 columns under Chebyshev series in `mean`, whose (T + 1, d) weights are given."""
        return None

    def averaged(self, values: np.ndarray, mean: sparse.csr_matrix, hops: int) -> np.ndarray | None:
        """Return (N, d) values multiplied by `mean` so many times."""
        return None

    def sharpened(self, values: np.ndarray, k: int, hops: int) -> np.ndarray | None:
        """Return (n, d) values averaged so many times over each row and the `k` like it, see `clustering`."""
        return None

    def ring_sums(self, graph: sparse.csr_matrix, turned: Parts) -> np.ndarray | None:
        """Return the (N, c) float32 sum over hops h of the means of ``turned[h - 1]`` over the spots h hops away."""
        return None

    def sums(self, weights: np.ndarray, parts: Parts) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (K, c) sums of columns over domains and (c,) sums of squares, see `blockwise.domain_sums`."""
        return None

    def mixture(self, x: np.ndarray, q: np.ndarray, steps: int, enough: float) -> np.ndarray | None:
        """Return the (n, K) float64 posterior of a mixture without a field, see `domains.mixture`.

        Parameters
        ----------
        x
            (n, c) features.
        q
            (n, K) posterior to start from.
        steps
            At most so many.
        enough
            Largest change of a posterior below which nothing goes on.
        """
        return None

    def log_weights(self, parts: Parts, scaled: np.ndarray, level: np.ndarray) -> np.ndarray | None:
        """Return (N, K) float32 ``x @ scaled.T + level`` less the largest of each row."""
        return None

    def posterior(self, parts: Parts, scaled: np.ndarray, level: np.ndarray) -> np.ndarray | None:
        """Return the (N, K) float32 softmax over each row of `log_weights`."""
        return None

    def settled(
        self,
        fit: np.ndarray,
        q: np.ndarray,
        neighbours: sparse.csr_matrix,
        strength: float,
        steps: int,
        enough: float,
        features: np.ndarray | None = None,
        sweeps: int = 1,
    ) -> np.ndarray | None:
        """Return the (N, K) posterior after steps of a field, see `blockwise.settled` and `blockwise.coupled`.

        Parameters
        ----------
        fit, q
            (N, K) log weights and posterior.
        neighbours, strength
            (N, N) CSR mean over neighbours, and how strong the field is.
        steps, sweeps
            At most so many steps of so many sweeps of the field.
        enough
            Mean over spots of the largest change in a step, below which nothing goes on.
        features
            (N, c) from which the log weights are made anew in every step but the first; None leaves them as they are.
        """
        return None


CPU = Accelerator()
