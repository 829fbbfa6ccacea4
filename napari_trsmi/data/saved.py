"""Results read back from the files that `Result.write` made."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.config import Config
from napari_trsmi.data.annotate import DOMAIN, OURS, POSTERIOR, RECORD
from napari_trsmi.data.companions import recover_all, strangers
from napari_trsmi.data.readers.opening import check_readable, reading
from napari_trsmi.data.spatialdata_store import read_tables
from napari_trsmi.data.tables import read_table, zarr_kind
from napari_trsmi.errors import DataError
from napari_trsmi.records import Emphasis, Partition, Step

if TYPE_CHECKING:
    import pandas as pd

_FOLLOWS = (  # entries that `provenance.record` finds out anew whenever a result is written
    *("format", "written", "seed", "n_spots", "n_domains", "domains", "colors", "modalities", "kinds", "library"),
    *("method", "strength", "emphasis", "maps", "scores", "dropped", "history", "config", "constraints", "keys", "id"),
    *("files", "places", "spots", "called"),
)


@dataclass(frozen=True)
class SavedResult:
    """A result on file: its N analysed spots, in the order of the file.

    Attributes
    ----------
    path
        Where it was read from.
    obs_names
        (N,) str barcodes.
    labels
        (N,) int domain of each spot, 0..K-1, indices into ``names``.
    names, colors
        Name and ``"#rrggbb"`` of each domain.
    confidence, entropy
        (N,) float32.
    runner_up
        (N,) int, -1 where there is none.
    embedding
        (N, d) float32.
    posterior
        (N, K) float32, or None where it is not in the file.
    modality_weights
        (N, M) float32, or None.
    modalities
        Names of the modalities.
    correspondences
        {(a, b): (N, N) CSR}.
    boundaries
        One row per boundary, review columns included, or None.
    cuts
        (N, R) int16 domains of other cuts of the run, or None.
    maps
        {name: (N,) float32} further numbers per spot, see `Result.maps`.
    predicted
        {modality: (N, D) float32} see `Result.predicted`.
    config
        The settings of the run.
    provenance
        All that was recorded about the run: versions, sources and their hashes, history, scores, keys.
    state
        The state of training at the end, or None.
    notes
        Sentences a person should read about the file: that colours in it were of no use, or that those beside it are
        older.
    table, rows
        Name of the table that holds it, as in `Dataset.rows`, and (N,) int row of each spot in it.
    """

    path: Path
    obs_names: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    colors: tuple[str, ...]
    confidence: np.ndarray
    entropy: np.ndarray
    runner_up: np.ndarray
    embedding: np.ndarray
    posterior: np.ndarray | None
    modality_weights: np.ndarray | None
    modalities: tuple[str, ...]
    config: Config
    correspondences: dict[tuple[str, str], sparse.csr_matrix] = field(default_factory=dict)
    boundaries: pd.DataFrame | None = None
    cuts: np.ndarray | None = None
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    predicted: dict[str, np.ndarray] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    state: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    table: str = ""
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    @property
    def partition(self) -> Partition:
        """Labels and posterior.

        Raises
        ------
        DataError
            The posterior is not in the file.
        """
        if self.posterior is None:
            raise DataError(f'Expected obsm["{POSTERIOR}"] in {self.path}, found none. Run trsmi fit again.')
        found = self.provenance
        emphasis: Emphasis = "even" if found.get("emphasis") == "even" else "coherent"
        strength = found.get("strength") or 0.0
        return Partition(self.labels, self.posterior, found.get("method", ""), strength, emphasis)

    @property
    def history(self) -> tuple[Step, ...]:
        """One `Step` per epoch, without previews."""
        return tuple(
            Step(
                epoch["epoch"],
                self.config.train.epochs + self.config.train.extra_epochs,
                {name: number(value) for name, value in epoch["losses"].items()},
                beta=number(epoch["beta"]),
                temperature=number(epoch["temperature"]),
                tau_c=number(epoch["tau_c"]),
                churn=number(epoch["churn"]),
                seconds=number(epoch["seconds"]),
            )
            for epoch in self.provenance.get("history", [])
        )

    @property
    def origin(self) -> dict[str, Any]:
        """What `provenance` tells of the run itself, as `Result.provenance` does: nothing that is found out anew."""
        return {key: value for key, value in self.provenance.items() if key not in _FOLLOWS}


def read_result(path: str | Path) -> SavedResult:
    """Return the result in a file that `Result.write` made.

    Raises
    ------
    DataError
        The file cannot be read or holds no result.
    ConfigError
        The settings in it do not exist in this version.
    """
    if not isinstance(path, str | os.PathLike):
        raise DataError(
            f"Expected the path of a result, found {type(path).__name__}. Give the file that `Result.write` made."
        )
    path = Path(path)
    recover_all(path)
    check_readable(path)
    with reading(path):
        found = read_tables(path) if zarr_kind(path) == "spatialdata" else {"": read_table(path, only=OURS)}
    name = next((name for name, table in found.items() if RECORD in table.uns and DOMAIN in table.obs), None)
    if name is None:
        raise DataError(f'Expected a result in {path}, found no obs["{DOMAIN}"] and uns["{RECORD}"]. Run trsmi fit.')
    from napari_trsmi.data.saved_table import result_in

    result = SavedResult(path, table=name, **result_in(found[name], path))
    return replace(result, notes=(*result.notes, *strangers(path, result.provenance)))


def number(value: float | None) -> float:
    """JSON has no NaN."""
    return float("nan") if value is None else float(value)
