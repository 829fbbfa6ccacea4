"""The terms of the objective, one function per equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from napari_trsmi.constraints import RowConstraint
from napari_trsmi.model.sparse import Pattern


def reconstruction(
    features: dict[str, Tensor],
    decoded: dict[str, Tensor],
    weights: dict[str, float],
    has: Mapping[str, Tensor] | None = None,
) -> Tensor:
    r"""Return L_rec, the weighted reconstruction error, averaged over the modalities.

    .. math:: L_{rec} = \frac{1}{M} \sum_m w^m \frac{1}{N D_m} \left\|F^m - \hat F^m\right\|^2,\quad
              \hat F^m = A_S Z W_d^m

    Parameters
    ----------
    features, decoded
        {modality: (N, D_m)} F^m and its reconstruction.
    weights
        {modality: w^m}, 1 where not given.
    has
        {modality: (N,) bool} spots that have it, of those modalities that some spots lack: the others do not count.
    """
    terms = []
    for m in features:
        missed = (features[m] - decoded[m]).square()
        # A product and no choice of rows, whose gradient a GPU adds up in any order.
        known = has[m] if has and m in has else None
        mean = missed.mean() if known is None else (missed.mean(1) * known).sum() / known.sum().clamp_min(1)
        terms.append(weights.get(m, 1.0) * mean)
    return torch.stack(terms).mean()


def nearest(z: Tensor, prototypes: Tensor) -> Tensor:
    """Return the (N,) index of the nearest of the (K, d) `prototypes`."""
    return (prototypes.square().sum(1) - 2.0 * z @ prototypes.T).argmin(1)


def prototype_contrast(z: Tensor, prototypes: Tensor, tau_c: float, assigned: Tensor | None = None) -> Tensor:
    r"""Return L_clust, the prototype-aware contrast averaged over the prototypes.

    .. math:: \frac{1}{K} \sum_k -\log \frac{E_{i \in I_k} \exp(\langle z_i, c_k\rangle / \tau_c)}
                                            {E_j \exp(\langle z_j, c_k\rangle / \tau_c)}

    Inner products are divided by the mean squared norm of z, so that tau_c has no unit. Averaging over prototypes and
    not over spots is what resists class imbalance. A prototype that owns no spot adds nothing. Cost O(N K).

    Parameters
    ----------
    z
        (N, d) embedding.
    prototypes
        (K, d).
    tau_c
        Temperature.
    assigned
        (N,) prototype of each spot; the nearest one where not given.
    """
    assigned = nearest(z.detach(), prototypes.detach()) if assigned is None else assigned
    logits = z @ prototypes.T / (tau_c * z.detach().square().sum(1).mean().clamp_min(1e-12))  # (N, K)
    n, k = logits.shape
    everywhere = torch.logsumexp(logits, 0) - torch.log(torch.tensor(float(n)))  # (K,)
    counts = torch.bincount(assigned, minlength=k)
    used = counts > 0
    # The largest exponent is that among a prototype's own spots: under that of all, a small tau_c would leave zeros.
    own = logits.masked_fill(assigned[:, None] != torch.arange(k, device=z.device), -torch.inf)
    inside = torch.logsumexp(own[:, used], 0) - torch.log(counts[used].to(z.dtype))
    return (everywhere[used] - inside).sum() / k


def constraint_loss(z: Tensor, prototypes: Tensor, tau_c: float, constraints: Sequence[RowConstraint]) -> Tensor:
    r"""Return L_con, how little the embedding does what a person said about spots, averaged over the constraints.

    A spot is of prototype k with :math:`p_{ik} \propto \exp(-|z_i - c_k|^2 / 2 \tau_c)`, distances in the unit of
    `prototype_contrast`. A spot that is together with others, or belongs with them, pays :math:`-\log p_{ik}` for the k
    that those prefer; one that is apart from others pays :math:`-\log(1 - p_{ik})`. Cost O(n K) for n such spots.

    Parameters
    ----------
    z, prototypes, tau_c
        As for `prototype_contrast`.
    constraints
        The constraints, one or more.
    """
    unit = tau_c * z.detach().square().sum(1).mean().clamp_min(1e-12)

    def log_shares(rows: np.ndarray) -> Tensor:
        near = z[torch.as_tensor(rows, device=z.device)] @ prototypes.T - 0.5 * prototypes.square().sum(1)
        return torch.log_softmax(near / unit, dim=1)

    def preferred(log_p: Tensor) -> Tensor:
        return log_p.detach().exp().mean(0).argmax()

    terms = []
    for constraint in constraints:
        if constraint.kind == "apart":
            sides = [log_shares(rows) for rows in (constraint.spots, constraint.others)]
            foreign = [side[:, preferred(other)].exp() for side, other in zip(sides, reversed(sides), strict=True)]
            terms.append(-torch.log1p(-torch.cat(foreign).clamp_max(1 - 1e-6)).mean())
        else:
            terms.append(-log_shares(constraint.spots)[:, preferred(log_shares(constraint.guide))].mean())
    return torch.stack(terms).mean()


def graph_drift(graphs: Mapping[str, Tensor], references: Mapping[str, Tensor], pattern: Pattern) -> Tensor:
    r"""Return L_graph, the squared distance of the learned graphs to their moving averages, per spot.

    .. math:: L_{graph} = \frac{1}{N} \sum_m \sum_{ij} \left(A_{F,ij}^m - \bar A_{F,ij}^m\right)^2

    The text writes the plain sum over edges; dividing by N makes `loss.lam_graph` mean the same on every section. The
    reference is an exponential moving average (EMA) with decay g, without a gradient, as that of a mean teacher: see
    `training.Trainer.update_references`.

    References
    ----------
    Tarvainen and Valpola, Mean teachers are better role models, NeurIPS 2017.
    """
    return torch.stack([(graphs[m] - references[m]).square().sum() for m in graphs]).sum() / pattern.n
