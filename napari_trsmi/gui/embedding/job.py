"""A UMAP beside the window."""

from __future__ import annotations

import time

import numpy as np

from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.telling import heard


class UmapJob:
    """A UMAP under way.

    Attributes
    ----------
    embedding
        What it is of.
    dropped
        True where nobody wants it any more.
    done, total
        Epochs; 0 of 0 before the first.
    seconds
        That it took.
    """

    def __init__(self, embedding: np.ndarray, seed: int) -> None:
        self.embedding, self.seed, self.dropped = embedding, seed, False
        self.done = self.total = 0
        self.seconds = 0.0

    def work(self) -> np.ndarray | None:
        """Return the (N, 2) places, None where the job was dropped."""
        from napari_trsmi.unfolding import umap

        began = time.monotonic()
        try:
            with interruptible(lambda: self.dropped), heard(self._hear):
                places = umap(self.embedding, self.seed)
        except Interrupted:
            return None
        self.seconds = time.monotonic() - began
        return places

    def _hear(self, _: str, done: int, total: int) -> None:
        self.done, self.total = done, total

    def drop(self, *_: object) -> None:
        """End soon."""
        self.dropped = True
