from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.dataset import MOST_COMPONENTS, Dataset, Modality
from napari_trsmi.trust import perturbed

SIDE = 30
N = SIDE**2
PLACES = np.stack(np.divmod(np.arange(N), SIDE)[::-1], axis=1).astype(float)
WIDE = MOST_COMPONENTS + 30


def section(kind, values):
    """A square of spots with one modality."""
    names = np.arange(N).astype(str)
    table = AnnData(values, obs=pd.DataFrame(index=names))
    return Dataset("square", {"one": Modality("one", kind, table)}, PLACES, names, pd.DataFrame(index=names))


def values_of(dataset):
    return dataset.modalities["one"].table.X


def again(kind, values, seed=0, share=0.8):
    """The values after another measurement."""
    return values_of(perturbed(section(kind, values), np.random.default_rng(seed), share))


def poisson(mean, n_features=40):
    counts = np.random.default_rng(1).poisson(mean, (N, n_features))
    return sparse.csr_matrix(counts.astype(np.float32))


def dense(values):
    return values.toarray() if sparse.issparse(values) else values


@pytest.mark.parametrize("kind", ["rna", "protein", "chromatin"])
def test_each_count_is_kept_with_the_probability_given(kind):
    before = poisson(5.0)
    after = again(kind, before, share=0.7)
    assert sparse.issparse(after)
    assert after.dtype == before.dtype
    assert after.sum() / before.sum() == pytest.approx(0.7, abs=0.005)
    lost = dense(before - after)
    assert lost.min() >= 0
    assert lost.var() == pytest.approx(5 * 0.3, rel=0.05)  # what is lost of Poisson counts is Poisson


def test_a_spot_with_counts_keeps_one_and_one_without_gets_none():
    before = poisson(0.03)
    had = dense(before).sum(axis=1) > 0
    after = again("rna", before, share=0.1)
    assert 100 < had.sum() < N
    assert np.array_equal(dense(after).sum(axis=1) > 0, had)
    assert (dense(before - after) >= 0).all()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("rna", poisson(3.0)),
        ("protein", dense(poisson(3.0)) + 0.5),
        ("protein", sparse.csr_matrix(dense(poisson(1.0)) * 0.37)),
        ("rna", sparse.csr_matrix(dense(poisson(1.0, WIDE)) * 0.37)),
        ("precomputed", dense(poisson(3.0)) - 3),
        ("precomputed", dense(poisson(3.0, WIDE)) * 0.37),
    ],
)
def test_nothing_given_is_changed_and_what_returns_is_of_the_same_form(kind, values):
    before, given = dense(values).copy(), section(kind, values)
    found = perturbed(given, np.random.default_rng(0))
    after = values_of(found)
    assert np.array_equal(dense(values_of(given)), before)
    assert (sparse.issparse(after), after.dtype, after.shape) == (sparse.issparse(values), values.dtype, values.shape)
    assert (dense(after) != before).mean() > 0.2
    assert not (sparse.issparse(after) and dense(after)[before == 0].any())
    assert before.min() < 0 or (dense(after).min() >= 0 and dense(after).any(axis=1)[before.any(axis=1)].all())
    assert (found.coords is given.coords, found.obs is given.obs, found.n_spots) == (True, True, N)
    assert found.modalities["one"].table.var_names.equals(given.modalities["one"].table.var_names)


@pytest.mark.parametrize("n_columns", [6, WIDE])
def test_components_get_half_of_the_noise_that_neighbours_do_not_share(n_columns):
    rng = np.random.default_rng(2)
    trend = 3 * np.sin(PLACES[:, :1] / 10)
    noise = np.geomspace(0.5, 2.0, n_columns)
    before = trend + noise * rng.standard_normal((N, n_columns))
    added = again("precomputed", before) - before
    assert np.median(added.std(axis=0) / (0.5 * noise)) == pytest.approx(1.0, abs=0.1)
    few = again("precomputed", before, share=0.5) - before
    assert np.median(few.std(axis=0) / added.std(axis=0)) == pytest.approx(2.0, rel=0.05)


def test_noise_of_components_is_shared_as_theirs_is():
    rng = np.random.default_rng(3)
    first = rng.standard_normal(N)
    before = np.stack([first, first + 0.1 * rng.standard_normal(N)], axis=1)
    added = again("precomputed", before) - before
    assert np.corrcoef(added.T)[0, 1] > 0.95


def test_noise_of_intensities_is_in_proportion():
    rng = np.random.default_rng(4)
    before = np.exp(rng.normal([3.0, 8.0], 0.3, (N, 2)))
    added = np.log(again("protein", before) / before).std(axis=0)
    assert added == pytest.approx([0.15, 0.15], rel=0.15)


def test_the_same_numbers_at_random_give_the_same_measurement():
    before = poisson(3.0)
    assert (again("rna", before, seed=5) != again("rna", before, seed=5)).nnz == 0
    assert (again("rna", before, seed=5) != again("rna", before, seed=6)).nnz > 0


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(nt.ConfigError, match="between 0 and 1"):
        perturbed(section("rna", poisson(1.0)), np.random.default_rng(0), share)
