"""Sparse products, scores and softmax against their dense counterparts."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from small import dense, full_pattern, numbers, on_device, pattern_of
from strategies import graphs
from torch.testing import assert_close

from napari_trsmi.model import sparse as sparse_module
from napari_trsmi.model.sparse import Pattern, normalize, product, row_softmax, scores


def random_pattern(n: int, degree: float, seed: int = 0) -> Pattern:
    """A symmetric pattern with self-loops, so that no row is empty."""
    half = sparse.random(n, n, degree / n, random_state=seed)
    return pattern_of(half + half.T, self_loops=True)[0]


def doubles(*shape: int, seed: int = 0) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    return on_device(torch.randn(*shape, generator=made, dtype=torch.float64)).requires_grad_()


# The pattern


@given(graphs())
def test_the_transpose_is_an_involution_that_swaps_the_ends(graph):
    pattern, _ = pattern_of(graph)
    everything = on_device(torch.arange(pattern.n_edges, dtype=torch.int32))
    assert torch.equal(pattern.transpose[pattern.transpose], everything)
    assert torch.equal(pattern.row[pattern.transpose], pattern.col)
    assert torch.equal(pattern.col[pattern.transpose], pattern.row)


@given(graphs(), st.randoms(use_true_random=False))
def test_a_pattern_is_the_same_in_any_order_and_with_duplicates(graph, random):
    pattern, _ = pattern_of(graph)
    ends = list(zip(pattern.row.tolist(), pattern.col.tolist(), strict=True)) * 2
    random.shuffle(ends)
    again = on_device(Pattern(torch.tensor(ends, dtype=torch.int64).reshape(-1, 2).T, pattern.n))
    assert torch.equal(again.row, pattern.row)
    assert torch.equal(again.col, pattern.col)
    assert torch.equal(again.crow, pattern.crow)


@given(graphs())
def test_positions_find_every_entry(graph):
    pattern, _ = pattern_of(graph)
    ends = torch.stack([pattern.row, pattern.col])
    order = on_device(torch.randperm(pattern.n_edges, generator=torch.Generator().manual_seed(0)).int())
    assert torch.equal(pattern.positions(ends[:, order]), order)


@given(graphs())
def test_values_survive_the_way_to_scipy_and_back(graph):
    pattern, values = pattern_of(graph)
    found = pattern.to_scipy(values)
    assert (found != graph).nnz == 0
    np.testing.assert_array_equal(np.diff(found.indptr), np.diff(numbers(pattern.crow)))
    np.testing.assert_allclose(found.toarray(), found.T.toarray())
    assert_close(pattern.matrix(values).to_dense(), on_device(graph.toarray()))
    assert_close(pattern.row_sum(values), on_device(graph.toarray()).sum(1))


def test_an_edge_in_one_direction_only_is_refused():
    with pytest.raises(ValueError, match="not symmetric"):
        Pattern(torch.tensor([[0, 1, 2], [1, 0, 1]]), 3)


# Values and gradients against dense matrices, N = 200


def assert_same_with_gradients(sparse_form, dense_form, *inputs):
    """Compare value and gradient of two functions of the same inputs under the same random cotangent."""
    value, expected = sparse_form(*inputs), dense_form(*inputs)
    assert_close(value, expected)
    cotangent = torch.randn(value.shape, generator=torch.Generator().manual_seed(9), dtype=value.dtype).to(value)
    found = torch.autograd.grad((value * cotangent).sum(), inputs)
    wanted = torch.autograd.grad((expected * cotangent).sum(), inputs)
    for one, other in zip(found, wanted, strict=True):
        assert_close(one, other)


@pytest.fixture(scope="module")
def pattern(device):
    return random_pattern(200, 8)


def test_a_symmetric_product_equals_the_dense_one(pattern):
    def symmetric(half):
        return half + half.index_select(0, pattern.transpose)

    assert_same_with_gradients(
        lambda half, x: product(pattern, symmetric(half), x),
        lambda half, x: dense(pattern, symmetric(half)) @ x,
        doubles(pattern.n_edges),
        doubles(200, 5, seed=1),
    )


def test_a_product_that_is_not_symmetric_equals_the_dense_one(pattern):
    assert_same_with_gradients(
        lambda values, x: product(pattern, values, x, symmetric=False),
        lambda values, x: dense(pattern, values) @ x,
        doubles(pattern.n_edges),
        doubles(200, 5, seed=1),
    )


def test_scores_equal_the_dense_inner_products(pattern):
    assert_same_with_gradients(
        lambda q, k: scores(pattern, q, k),
        lambda q, k: (q @ k.T)[pattern.row, pattern.col],
        doubles(200, 4),
        doubles(200, 4, seed=1),
    )


def test_the_row_softmax_equals_the_dense_one_over_the_entries(pattern):
    def masked_softmax(values):
        everywhere = torch.full((200, 200), -torch.inf, dtype=values.dtype)
        full = everywhere.index_put((pattern.row, pattern.col), values).softmax(1)
        return full[pattern.row, pattern.col]

    assert_same_with_gradients(lambda v: row_softmax(pattern, v), masked_softmax, doubles(pattern.n_edges))


def test_normalisation_equals_the_dense_one(pattern):
    def by_matrices(raw):
        a = dense(pattern, raw.exp())
        half = torch.diag(a.sum(1).rsqrt())
        return (half @ a @ half)[pattern.row, pattern.col]

    assert_same_with_gradients(lambda raw: normalize(pattern, raw.exp()), by_matrices, doubles(pattern.n_edges))


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda p, v, x: product(p, v, x, symmetric=False), ("e", (7, 2))),
        (scores, ((7, 3), (7, 3))),
        (row_softmax, ("e",)),
        (lambda p, raw: normalize(p, raw.exp()), ("e",)),
    ],
    ids=["product", "scores", "row_softmax", "normalize"],
)
def test_gradients_agree_with_finite_differences(function, shapes):
    small = random_pattern(7, 3)
    inputs = [doubles(*((small.n_edges,) if shape == "e" else shape), seed=i) for i, shape in enumerate(shapes)]
    assert torch.autograd.gradcheck(lambda *given: function(small, *given), inputs)


def test_a_gradient_for_one_factor_only_is_the_same(pattern):
    values, x = doubles(pattern.n_edges), doubles(200, 5, seed=1)

    def gradient(values, x, wanted):
        return torch.autograd.grad(product(pattern, values, x, symmetric=False).square().sum(), wanted)[0]

    assert_close(gradient(values.detach(), x, x), gradient(values, x, x))
    assert_close(gradient(values, x.detach(), values), gradient(values, x, values))


# Rows


@given(graphs(), st.floats(-1e4, 1e4), st.integers(0, 99))
def test_softmax_rows_sum_to_one_and_do_not_feel_a_shift(graph, shift, seed):
    pattern, _ = pattern_of(graph, self_loops=True)
    values = doubles(pattern.n_edges, seed=seed).detach()
    weights = row_softmax(pattern, values)
    assert (weights >= 0).all()
    assert_close(pattern.row_sum(weights), on_device(torch.ones(pattern.n, dtype=torch.float64)))
    assert_close(row_softmax(pattern, values + shift), weights, rtol=1e-6, atol=1e-9)


@given(graphs())
def test_spots_without_weight_stay_zero_when_normalised(graph):
    pattern, values = pattern_of(graph, self_loops=True)
    lonely = pattern.n // 2
    values[(pattern.row == lonely) | (pattern.col == lonely)] = 0.0
    values.requires_grad_()
    found = normalize(pattern, values)
    found.square().sum().backward()
    assert torch.isfinite(found).all()
    assert torch.isfinite(values.grad).all()
    assert not found[pattern.row == lonely].any()


def test_softmax_over_all_pairs_is_the_dense_softmax():
    everything = full_pattern(20)
    q, k = doubles(20, 3), doubles(20, 3, seed=1)
    assert_close(row_softmax(everything, scores(everything, q, k)).reshape(20, 20), (q @ k.T).softmax(1))


def test_nothing_in_the_model_adds_up_in_any_order():
    """What is atomic on a GPU gives other bits in every run."""
    folder = Path(sparse_module.__file__).parent
    words = re.compile(r"\b(index_add|scatter_add|scatter_reduce|index_reduce|scatter_|put_)\w*\(|accumulate=True")
    found = [
        f"{path.name}: {line.strip()}"
        for path in folder.glob("*.py")
        for line in path.read_text().splitlines()
        if words.search(line)
    ]
    assert found == []
