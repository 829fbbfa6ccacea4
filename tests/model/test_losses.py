"""Every term of the objective by hand on a few spots."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small import on_device, pattern_of, section
from torch.testing import assert_close

from napari_trsmi.constraints import RowConstraint
from napari_trsmi.model.losses import constraint_loss, graph_drift, nearest, prototype_contrast, reconstruction


def test_reconstruction_by_hand():
    features = {"rna": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "adt": torch.tensor([[1.0], [0.0]])}
    decoded = {"rna": torch.tensor([[0.0, 2.0], [3.0, 1.0]]), "adt": torch.tensor([[0.0], [3.0]])}
    assert float(reconstruction(features, decoded, {})) == pytest.approx((10 / 4 + 10 / 2) / 2)
    assert float(reconstruction(features, decoded, {"adt": 3.0})) == pytest.approx((10 / 4 + 3 * 10 / 2) / 2)
    assert float(reconstruction(features, decoded, {"adt": 0.0, "other": 9.0})) == pytest.approx(10 / 8)


# Four spots on a line, two prototypes: spots 0 and 1 belong to the first, spots 2 and 3 to the second.
Z = torch.tensor([[-1.0], [-2.0], [1.0], [2.0]])
PROTOTYPES = torch.tensor([[-1.5], [1.5]])
TAU = 0.8


def by_hand(owners: list[list[int]]) -> float:
    """The equation, term for term; inner products are divided by the mean squared norm 2.5."""
    total = 0.0
    for spots, (c,) in zip(owners, PROTOTYPES.tolist(), strict=True):
        similar = [math.exp(z * c / (TAU * 2.5)) for (z,) in Z.tolist()]
        total -= math.log((sum(similar[i] for i in spots) / len(spots)) / (sum(similar) / 4))
    return total / len(owners)


def test_prototype_contrast_by_hand():
    assert float(prototype_contrast(Z, PROTOTYPES, TAU)) == pytest.approx(by_hand([[0, 1], [2, 3]]), rel=1e-5)


def test_prototype_contrast_takes_a_given_assignment():
    found = prototype_contrast(Z, PROTOTYPES, TAU, torch.tensor([0, 0, 0, 1]))
    assert float(found) == pytest.approx(by_hand([[0, 1, 2], [3]]), rel=1e-5)


def test_a_prototype_without_spots_adds_nothing_but_is_counted():
    three = torch.cat([PROTOTYPES, torch.tensor([[50.0]])])
    z, c = Z.clone().requires_grad_(), three.clone().requires_grad_()
    found = prototype_contrast(z, c, TAU)
    assert_close(found, prototype_contrast(Z, PROTOTYPES, TAU) * 2 / 3)
    found.backward()
    assert torch.isfinite(z.grad).all()
    assert c.grad[2] == 0


@pytest.mark.parametrize("tau", [1.0, 0.1, 0.02, 0.01, 0.001])
def test_a_small_temperature_does_not_underflow(tau):
    """A prototype that owns only spots that are not among the most similar to it, and the equation in float64."""
    made = torch.Generator().manual_seed(0)
    z, c = torch.randn(60, 4, generator=made), torch.randn(5, 4, generator=made)
    c[0] *= 9  # nearest to few, similar to many
    owners = nearest(z, c)
    owners[:5] = torch.arange(5)
    own = [z[owners == k].double() for k in range(5)]
    unit = tau * float(z.square().sum(1).mean())
    expected = sum(
        -(torch.logsumexp(mine @ c[k].double() / unit, 0) - math.log(len(mine)))
        + (torch.logsumexp(z.double() @ c[k].double() / unit, 0) - math.log(60))
        for k, mine in enumerate(own)
    )
    z.requires_grad_()
    found = prototype_contrast(z, c, tau, owners)
    assert float(found.detach()) == pytest.approx(float(expected) / 5, rel=1e-4)
    found.backward()
    assert torch.isfinite(z.grad).all()
    assert all(z.grad[owners == k].abs().sum() > 0 for k in range(5))  # each prototype pulls at its own


def test_the_terms_are_the_same_on_every_device():
    made = torch.Generator().manual_seed(0)
    z, c = torch.randn(40, 4, generator=made), torch.randn(5, 4, generator=made)
    one = RowConstraint("apart", np.array([0, 1, 2]), np.array([3, 4]))
    found = []
    for where in (lambda x: x, on_device):
        rows, prototypes = where(z).detach().requires_grad_(), where(c)
        total = prototype_contrast(rows, prototypes, 0.5) + constraint_loss(rows, prototypes, 0.5, [one])
        total.backward()
        found.append((total.detach().cpu(), rows.grad.cpu()))
    assert_close(found[0], found[1])


def test_a_small_domain_weighs_as_much_as_a_large_one():
    small_and_large = torch.cat([Z[:1].repeat(2, 1), Z[2:].repeat(50, 1)])
    parts = [prototype_contrast(small_and_large, PROTOTYPES[[k]], TAU, torch.zeros(102, dtype=int)) for k in (0, 1)]
    assert all(
        float(part) == pytest.approx(0.0, abs=1e-5) for part in parts
    )  # one prototype that owns all: no contrast
    z = small_and_large.requires_grad_()
    gradient = torch.autograd.grad(prototype_contrast(z, PROTOTYPES, TAU), z)[0][:, 0]
    assert gradient[:2].abs().sum() > 0.2 * gradient[2:].abs().sum()  # two spots against a hundred


@given(st.floats(0.01, 100), st.floats(0.01, 10), st.integers(0, 99))
def test_prototype_contrast_has_no_unit_and_no_overflow(scale, tau, seed):
    made = torch.Generator().manual_seed(seed)
    z, c = torch.randn(30, 4, generator=made), torch.randn(5, 4, generator=made)
    found = prototype_contrast(z, c, tau)
    assert torch.isfinite(found)
    assert_close(prototype_contrast(z * scale, c * scale, tau), found, rtol=1e-2, atol=1e-3)


def test_tighter_domains_lower_the_contrast():
    mixed = torch.tensor([[-1.0], [1.0], [-2.0], [2.0]])
    assigned = torch.tensor([0, 0, 1, 1])
    assert prototype_contrast(Z, PROTOTYPES, TAU, assigned) < prototype_contrast(mixed, PROTOTYPES, TAU, assigned)


def test_nearest_is_the_nearest_prototype():
    made = torch.Generator().manual_seed(0)
    z, c = torch.randn(50, 3, generator=made), 2 * torch.randn(6, 3, generator=made)
    assert torch.equal(nearest(z, c), torch.cdist(z, c).argmin(1))


def test_graph_drift_by_hand():
    pattern, _ = pattern_of(section(10).spatial)
    zero = on_device(torch.zeros(pattern.n_edges))
    graphs = {"rna": zero.clone(), "adt": zero.clone()}
    graphs["rna"][:2] = on_device(torch.tensor([3.0, -1.0]))
    graphs["adt"][5] = 2.0
    assert float(graph_drift(graphs, {"rna": zero, "adt": zero}, pattern)) == pytest.approx((9 + 1 + 4) / 10)
    assert float(graph_drift(graphs, graphs, pattern)) == 0.0


def shares(z: float) -> list[float]:
    """Soft assignment of a spot of `Z` to the two prototypes, squared distances divided by 2 tau times 2.5."""
    near = [math.exp(-((z - c) ** 2) / (2 * TAU * 2.5)) for (c,) in PROTOTYPES.tolist()]
    return [one / sum(near) for one in near]


@pytest.mark.parametrize(
    ("kind", "spots", "others", "expected"),
    [
        ("together", [0, 1, 2], [], [-math.log(shares(z)[0]) for z in (-1.0, -2.0, 1.0)]),
        ("belong", [1], [2, 3], [-math.log(shares(-2.0)[1])]),
        ("apart", [0], [3], [-math.log(1 - shares(-1.0)[1]), -math.log(1 - shares(2.0)[0])]),
        ("apart", [0], [1], [-math.log(1 - shares(z)[0]) for z in (-1.0, -2.0)]),
    ],
)
def test_the_constraint_loss_by_hand(kind, spots, others, expected):
    one = RowConstraint(kind, np.array(spots, int), np.array(others, int))
    assert float(constraint_loss(Z, PROTOTYPES, TAU, [one])) == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_the_constraint_loss_is_averaged_over_the_constraints():
    none = np.array([], int)
    several = [
        RowConstraint("belong", np.array([1]), np.array([2, 3])),
        RowConstraint("together", np.array([0, 1]), none),
    ]
    single = [float(constraint_loss(Z, PROTOTYPES, TAU, [one])) for one in several]
    assert float(constraint_loss(Z, PROTOTYPES, TAU, several)) == pytest.approx(sum(single) / 2, rel=1e-5)


def test_the_constraint_loss_moves_embedding_and_prototypes_towards_what_was_said():
    z, prototypes = Z.clone().requires_grad_(), PROTOTYPES.clone().requires_grad_()
    one = RowConstraint("belong", np.array([1]), np.array([2, 3]))
    constraint_loss(z, prototypes, TAU, [one]).backward()
    assert z.grad[1] < 0  # to the right, where spots 2 and 3 are
    assert (z.grad[[0, 2, 3]] == 0).all()
    assert prototypes.grad[1] > 0  # to the left, towards spot 1
