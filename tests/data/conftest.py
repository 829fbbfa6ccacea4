"""Sections that several files look at."""

from __future__ import annotations

import numpy as np
import pytest
from counts_by_hand import counts_table
from visium_by_hand import N_GENES, N_PROTEINS, N_SPOTS

from napari_trsmi.data.simulate import simulate


@pytest.fixture(scope="session")
def slice_():
    """A simulated section of RNA and protein; do not change it."""
    return simulate()


@pytest.fixture(scope="session")
def three():
    """One of three modalities, without an image; do not change it."""
    return simulate(modalities=("rna", "adt", "atac"), image=0, seed=1)


@pytest.fixture
def counts():
    """Counts of genes and proteins for a Space Ranger folder."""
    return np.random.default_rng(0).poisson(2.0, (N_SPOTS, N_GENES + N_PROTEINS)).astype(np.int32)


@pytest.fixture(scope="module")
def rna():
    """Counts of genes."""
    return counts_table(150, 2.0)


@pytest.fixture(scope="module")
def protein():
    """Counts of proteins."""
    return counts_table(12, 30.0, seed=1)


@pytest.fixture(scope="module")
def peaks():
    """Counts of peaks."""
    return counts_table(200, 0.5, seed=2)
