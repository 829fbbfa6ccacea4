"""What one epoch of training sees and what it leaves: a section as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from napari_trsmi.config import Config
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.model.graph_data import share
from napari_trsmi.model.network import Output, whole_network
from napari_trsmi.model.view import View

References = Mapping[str, Tensor]


@dataclass(frozen=True)
class Outcome:
    """What the final weights make of a section.

    Attributes
    ----------
    embedding
        (N, d) float32.
    shares
        (N, M) float32 share of each modality in a spot's embedding.
    correspondences
        {(a, b): (N, N) CSR} soft correspondences.
    """

    embedding: np.ndarray
    shares: np.ndarray
    correspondences: dict[tuple[str, str], sparse.csr_matrix]


class Whole:
    """A section, or a study, of which every epoch sees all spots.

    Attributes
    ----------
    network
        The network.
    n_views
        Parts of an epoch.
    tiling
        Number of tiles, and of spots in the largest; None without.
    """

    n_views = 1
    tiling: tuple[int, int] | None = None

    def __init__(
        self,
        features: Mapping[str, np.ndarray],
        spatial: sparse.csr_matrix,
        feature_graphs: dict[str, sparse.csr_matrix],
        config: Config,
        device: torch.device,
        carry: Mapping[str, sparse.csr_matrix] | None = None,
        has: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        on_device = {
            m: torch.as_tensor(np.ascontiguousarray(values, np.float32)).to(device) for m, values in features.items()
        }
        graphs = share(spatial, feature_graphs, device)
        self.network = whole_network(on_device, graphs, config, carry, has).to(device)
        self.device = device

    def views(self, epoch: int, constraints: Sequence[RowConstraint] = ()) -> Iterator[View]:
        """Yield what the epoch sees, one part at a time; its loss is the mean over them."""
        yield self.network.seen(None)

    def said(
        self, output: Output, view: View, constraints: Sequence[RowConstraint]
    ) -> tuple[Tensor, Sequence[RowConstraint]]:
        """Return embeddings of spots, and what a person said about them by their rows in these."""
        return output.z, constraints

    def seen(self, output: Output, view: View) -> None:
        """Take in a pass that training made."""

    def graphs_now(self, output: Output) -> dict[str, Tensor]:
        """Return what the references follow: the learned graphs."""
        return {m: graph.detach() for m, graph in output.graphs.items()}

    def reference_graphs(self, references: References, output: Output, view: View) -> References:
        """Return {modality: (E,)} the graphs that the learned ones of a pass are held to."""
        return references or self.graphs_now(output)

    def embedding(self, fraction: float) -> np.ndarray:
        """Return the (N, d) embedding of the current weights at a share of the schedule."""
        with torch.no_grad():
            z: np.ndarray = self.network(fraction).z.cpu().numpy()
        return z

    def sample(
        self, fraction: float, constraints: Sequence[RowConstraint] = ()
    ) -> tuple[np.ndarray, Sequence[RowConstraint]]:
        """Return the embedding of as many spots as tell all kinds of tissue, and the constraints by their rows."""
        return self.embedding(fraction), constraints

    def preview(self, output: Output) -> np.ndarray:
        """Return the (N, d) embedding that a person is shown after an epoch, a copy."""
        shown: np.ndarray = output.z.detach().cpu().numpy()
        return shown

    def outcome(self, fraction: float) -> Outcome:
        """Return what the current weights make of it."""
        with torch.no_grad():
            output = self.network(fraction)
            shares = self.network.shares(output.parts)
        found = {
            pair: self.network.candidates[pair].to_scipy(values) for pair, values in output.correspondences.items()
        }
        return Outcome(output.z.cpu().numpy(), shares.cpu().numpy(), found)
