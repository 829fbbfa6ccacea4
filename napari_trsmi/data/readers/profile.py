"""What the values of a table look like: finite, whole, negative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

_CHUNK = 1 << 22
_ROUNDING = 1e-5  # share of a count, or of 1, by which it may be off a whole number


class Profile(NamedTuple):
    """What values look like; `off` is the largest distance to a whole number, per count where that is above 1."""

    finite: bool
    minimum: float
    maximum: float
    off: float

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers, but for rounding."""
        return self.off == 0 or (self.off <= _ROUNDING and max(self.maximum, -self.minimum) > 0.5)

    @property
    def counts(self) -> bool:
        """Whether the values can be counts."""
        return self.finite and self.whole and self.minimum >= -_ROUNDING


def profile_of(values: Any) -> Profile:
    """Return what a sparse or dense table looks like; the zeros that a sparse matrix leaves out count as 0.

    Examples
    --------
    >>> profile_of(np.array([[0.0, 3.0000001]])).counts, profile_of(np.array([[0.0, 0.7]])).counts
    (True, False)
    """
    minimum = maximum = 0.0 if sparse.issparse(values) else np.nan
    finite, off = True, 0.0
    for chunk in _chunks(values):
        minimum, maximum = float(np.fmin(minimum, chunk.min())), float(np.fmax(maximum, chunk.max()))
        if chunk.dtype.kind == "f":
            finite = finite and bool(np.isfinite(chunk).all())
            if finite and off <= _ROUNDING:
                off = max(off, float((np.abs(chunk - np.rint(chunk)) / np.maximum(np.abs(chunk), 1.0)).max()))
    return Profile(finite, minimum, maximum, off)


def _chunks(values: Any) -> Iterator[np.ndarray]:
    """Yield the stored values in pieces, so that a check needs little memory beside them."""
    flat = values.data if sparse.issparse(values) else values.reshape(-1)
    for start in range(0, len(flat), _CHUNK):
        yield flat[start : start + _CHUNK]
