from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_trsmi.normalised import scale_of

COUNTS = np.random.default_rng(0).poisson(3.0, (20, 8)).astype(np.float32)
SHARES = COUNTS / COUNTS.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (COUNTS, "counts"),
        (0 * COUNTS, "counts"),
        (SHARES, "scaled"),
        (5328 * SHARES[:, :5], "scaled"),
        (np.log1p(1e4 * SHARES), "logged"),
        (np.log1p(COUNTS), "logged"),
    ],
    ids=["counts", "zeros", "shares", "some features of a fixed sum", "logged shares", "logged counts"],
)
def test_values_are_told_by_how_they_look(values, expected, form):
    assert scale_of(form(values)) == expected
