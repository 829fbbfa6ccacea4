"""A UMAP beside the window."""

from __future__ import annotations

import numpy as np

from napari_trsmi.interrupt import Interrupted, interruptible


class UmapJob:
    """A UMAP under way.

    Attributes
    ----------
    embedding
        What it is of.
    dropped
        True where nobody wants it any more.
    """

    def __init__(self, embedding: np.ndarray, seed: int) -> None:
        self.embedding, self.seed, self.dropped = embedding, seed, False

    def work(self) -> np.ndarray | None:
        """Return the (N, 2) places, None where the job was dropped."""
        from napari_trsmi.unfolding import umap

        try:
            with interruptible(lambda: self.dropped):
                return umap(self.embedding, self.seed)
        except Interrupted:
            return None

    def drop(self, *_: object) -> None:
        """End soon."""
        self.dropped = True
