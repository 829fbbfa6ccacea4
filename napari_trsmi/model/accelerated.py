"""The GPU that takes over making a large section ready and cutting it, and leaves to the CPU what it cannot hold."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import torch
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator, Parts
from napari_trsmi.errors import ConfigError
from napari_trsmi.model import arrays, mixtures, walks
from napari_trsmi.model.devices import pick_device
from napari_trsmi.model.ranks import local_device
from napari_trsmi.model.search import nearest_on

T = TypeVar("T")
logger = logging.getLogger(__name__)


def accelerator_of(name: str) -> Accelerator:
    """Return what a run with this setting asks first; the CPU also where there is no such device here.

    A result may come from another machine, and training says by itself that it cannot use a device.
    """
    try:
        device, _ = pick_device(local_device(name))
    except ConfigError:
        return CPU
    if device.type == "cuda":
        return OnDevice(device)
    return CPU if device.type == "cpu" else Searching(device)


class Searching(Accelerator):
    """A device that looks for similar spots only: mps has no float64."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.notes: tuple[str, ...] = ()

    def _done(self, what: str, work: Callable[..., T], *given: Any) -> T | None:
        """Return what `work` does on the device, or None and a note where it cannot."""
        try:
            return work(self.device, *given)
        except torch.OutOfMemoryError:
            why = "there is not enough memory on it"
        except RuntimeError as error:  # cuSPARSE and cuBLAS have their own words for too little memory
            why = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        note = f"On the CPU instead of {self.device}, {what}: {why}."
        if note not in self.notes:
            logger.warning(note)
            self.notes = (*self.notes, note)
        return None

    def nearest(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Return indices and distances, see `Accelerator`."""
        return self._done("similar spots", lambda device: nearest_on(rows, k, device))


class OnDevice(Searching):
    """A device of torch that does all that an `Accelerator` is asked for."""

    def gram(self, blocks: Iterable[Any]) -> tuple[np.ndarray, np.ndarray] | None:
        """Return sums and products, see `Accelerator`."""
        return self._done("components", arrays.gram, blocks)

    def projected(
        self, blocks: Iterable[Any], loadings: np.ndarray, shift: np.ndarray, n_rows: int
    ) -> np.ndarray | None:
        """Return components, see `Accelerator`."""
        return self._done("components", arrays.projected, blocks, loadings, shift, n_rows)

    def times(self, parts: Parts, turn: np.ndarray) -> np.ndarray | None:
        """Return a product, see `Accelerator`."""
        return self._done("components", arrays.times, parts, turn)

    def products(
        self, parts: Parts, level: np.ndarray, mean: sparse.csr_matrix, order: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Return three sums, see `Accelerator`."""
        return self._done("coherent components", walks.products, parts, level, mean, order)

    def moments(
        self, x: np.ndarray, probes: np.ndarray, mean: sparse.csr_matrix, weight: np.ndarray, steps: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Return moments and traces, see `Accelerator`."""
        return self._done("how far to average", walks.moments, x, probes, mean, weight, steps)

    def walked(self, x: np.ndarray, mean: sparse.csr_matrix, weights: np.ndarray) -> np.ndarray | None:
        """Return averaged columns, see `Accelerator`."""
        return self._done("averaging over the tissue", walks.walked, x, mean, weights)

    def averaged(self, values: np.ndarray, mean: sparse.csr_matrix, hops: int) -> np.ndarray | None:
        """Return averaged columns, see `Accelerator`."""
        return self._done("averaging over the tissue", walks.averaged, values, mean, hops)

    def sharpened(self, values: np.ndarray, k: int, hops: int) -> np.ndarray | None:
        """Return averaged rows, see `Accelerator`."""
        return self._done("similar spots", walks.sharpened, values, k, hops)

    def ring_sums(self, graph: sparse.csr_matrix, turned: Parts) -> np.ndarray | None:
        """Return sums over rings, see `Accelerator`."""
        return self._done("means over rings", walks.ring_sums, graph, turned)

    def sums(self, weights: np.ndarray, parts: Parts) -> tuple[np.ndarray, np.ndarray] | None:
        """Return sums over domains, see `Accelerator`."""
        return self._done("the mixture", mixtures.sums, weights, parts)

    def mixture(self, x: np.ndarray, q: np.ndarray, steps: int, enough: float) -> np.ndarray | None:
        """Return a posterior, see `Accelerator`."""
        return self._done("the mixture", mixtures.mixture, x, q, steps, enough)

    def log_weights(self, parts: Parts, scaled: np.ndarray, level: np.ndarray) -> np.ndarray | None:
        """Return log weights, see `Accelerator`."""
        return self._done("the mixture", mixtures.log_weights, parts, scaled, level)

    def posterior(self, parts: Parts, scaled: np.ndarray, level: np.ndarray) -> np.ndarray | None:
        """Return a posterior, see `Accelerator`."""
        return self._done("the mixture", mixtures.log_weights, parts, scaled, level, True)

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
        """Return the posterior, see `Accelerator`."""
        return self._done("the field", mixtures.settled, fit, q, neighbours, strength, steps, enough, features, sweeps)
