"""What a run gives back: domains, embedding, boundaries, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsBytes

import numpy as np

from napari_trsmi.config import Config
from napari_trsmi.errors import DataError
from napari_trsmi.records import Partition, Step

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from mudata import MuData
    from scipy import sparse

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.writers import Written


@dataclass(frozen=True)
class Result:
    """Domains of one run with everything needed to question, save and repeat them.

    Attributes
    ----------
    dataset
        The section the run was made on.
    config
        The settings; `write` stores them so that the run can be repeated.
    partition
        Labels and posterior.
    embedding
        (N, d) float32 joint embedding Z.
    coords
        (N, 2) float64, as in the dataset.
    correspondences
        {(a, b): (N, N) CSR}, rows sum to 1.
    modality_weights
        (N, M) float32, rows sum to 1; columns in `dataset.modalities` order.
    boundaries
        One row per boundary segment, see `domains.boundaries`; with the columns ``"review"`` and ``"note"`` once a
        person has judged one (see `edits.review`), and ``"carried_from"`` where that was in another run.
    boundary_edges
        One row per spatial-graph edge between two domains.
    colors
        One ``"#rrggbb"`` per domain.
    domain_names
        One name per domain, all different; empty for "1", "2", ...
    maps
        {name: (N,) float32} further numbers per spot, such as their stability; saved as ``obs["trsmi_<name>"]``.
    predicted
        {modality: (N, D) float32} what a modality would be at the spots that lack it, logarithms in the scale of those
        that have it; NaN where it was measured. Saved as ``obsm["trsmi_predicted_<modality>"]``. How far the spots that
        it is carried over from differ is in `maps`, ``"predicted_<modality>_spread"``: 0 alike, 1 as any two spots.
    cuts
        (N, R) int16 domains of R other cuts of the same run, numbered like `labels`; None where there are none. Support
        is counted on them, see `evidence.with_support`.
    history
        One `Step` per epoch.
    scores
        {name: number}: label-free scores of this result (PAS, CHAOS, Moran's I, preservation, ...).
    provenance
        JSON-ready: versions, machine, input hashes, seconds per phase, notes.
    state
        ``bytes()`` of it is where training stands at the end, to go on from (see `teach.continued`); None where there
        is none.
    """

    dataset: Dataset
    config: Config
    partition: Partition
    embedding: np.ndarray
    correspondences: dict[tuple[str, str], sparse.csr_matrix] = field(default_factory=dict)
    modality_weights: np.ndarray | None = None
    boundaries: pd.DataFrame | None = None
    boundary_edges: pd.DataFrame | None = None
    colors: tuple[str, ...] = ()
    domain_names: tuple[str, ...] = ()
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    predicted: dict[str, np.ndarray] = field(default_factory=dict)
    cuts: np.ndarray | None = None
    history: tuple[Step, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    state: SupportsBytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        names = self.domain_names
        if names and not (all(names) and len(set(names)) == len(names) == self.partition.n_domains):
            raise DataError(
                f"Expected {self.partition.n_domains} different names for the domains, found {', '.join(names)}. "
                "Give each domain a name of its own."
            )

    @property
    def labels(self) -> np.ndarray:
        """(N,) int domain of each spot, 0..K-1 by falling size."""
        return self.partition.labels

    @property
    def confidence(self) -> np.ndarray:
        """(N,) float32 posterior of the spot's own domain."""
        return self.partition.confidence

    @property
    def obs_names(self) -> np.ndarray:
        """(N,) str barcodes in the order of `labels`."""
        return self.dataset.obs_names

    @property
    def coords(self) -> np.ndarray:
        """(N, 2) float64 (x, y) in the order of `labels`."""
        return self.dataset.coords

    @property
    def sections(self) -> np.ndarray:
        """(N,) str section of each spot."""
        if self.dataset.section is None:
            return np.full(self.dataset.n_spots, self.dataset.name)
        return np.array(self.dataset.section_names)[self.dataset.section]

    def of(self, section: str) -> Result:
        """Return the part of one section of a study, over the section as it was read; domains keep their numbers.

        Raises
        ------
        DataError
            There is no such section.
        """
        from napari_trsmi.data.part import part_of

        return part_of(self, section)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each domain as written to files, which is `domain_names`, or "1", "2", ... where none were given."""
        return self.domain_names or tuple(str(k + 1) for k in range(self.partition.n_domains))

    @property
    def palette(self) -> tuple[str, ...]:
        """One ``"#rrggbb"`` per domain, which is `colors`, or hues apart by the golden ratio where none were given."""
        if self.colors:
            return self.colors
        return hues(self.partition.n_domains)

    def write(self, path: str | Path, *, force: bool = False) -> Written:
        """Write a copy of the input with the domains in it, and `run.json` and tables beside it.

        The copy holds the keys of `annotate`. What the format cannot hold is converted or left out, and told; where the
        input has changed since it was read, the copy holds the analysed spots as they were. For ``x.h5mu`` the files
        beside it are ``x.run.json`` (everything to repeat the run), ``x.domains.csv`` (one row per spot) and
        ``x.boundaries.csv``. Each file is replaced whole: a crash leaves the old one or the new one.

        Parameters
        ----------
        path
            Ends in ``.h5ad``, ``.h5mu`` or ``.zarr``.
        force
            Replace also files that may only be read.

        Returns
        -------
        What went where; ``str()`` of it is a message.

        Raises
        ------
        DataError
            Another ending, no such folder, no permission, a file that may only be read, a full disk, or the name of the
            input where another file has taken its place.
        """
        from napari_trsmi.data.writers import write

        return write(self, path, force)

    def annotate(self, target: AnnData | MuData) -> tuple[str, ...]:
        """Write the domains into an AnnData or MuData in memory, in place, and return the names of the keys.

        ``obs``: ``trsmi_domain`` (ordered categories), ``trsmi_confidence``, ``trsmi_runner_up``, ``trsmi_entropy``;
        ``obsm``: ``X_trsmi``, ``trsmi_posterior``, ``trsmi_modality_weights``; ``obsp``: ``trsmi_S_<a>_<b>``;
        ``uns``: ``trsmi_domain_colors``, the run as JSON in ``trsmi``, and ``trsmi_state``, where training stands.

        Raises
        ------
        DataError
            Analysed spots are missing from `target`.
        """
        from napari_trsmi.data.annotate import annotate

        return annotate(self, target)


def check_result(given: object) -> None:
    """Raise `DataError` for what is no result, in place of what Python says where an attribute of one is missing."""
    if not isinstance(given, Result):
        raise DataError(f"Expected a Result, found {type(given).__name__}. Give what fit or restore returns.")


def hues(n: int) -> tuple[str, ...]:
    """Return n colours ``"#rrggbb"`` whose hues lie apart by the golden ratio."""
    return tuple(_hue(k) for k in range(n))


def _hue(k: int) -> str:
    """Colour number k of an endless sequence."""
    import colorsys

    red, green, blue = colorsys.hls_to_rgb((k * 0.618034) % 1.0, (0.45, 0.68, 0.3, 0.57, 0.38)[k % 5], 0.7)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
