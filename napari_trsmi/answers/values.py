"""The values of one modality as they are compared: normalised per spot and logged, some rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import sparse

from napari_trsmi.domains.labels import one_hot
from napari_trsmi.normalised import scale_of
from napari_trsmi.sampling import blocks

if TYPE_CHECKING:
    from napari_trsmi.config import Kind
    from napari_trsmi.data.dataset import Modality

TARGET_SUM = 1e4  # counts per spot after normalisation, as for the markers

Scale = Literal["counts", "logged", "ratios", "components"]


class Values:
    """The (N, D) values of a modality.

    RNA and chromatin are normalised to `TARGET_SUM` per spot and logged, proteins are centred log-ratios; logarithms
    and components stay as they are. As `domains.markers` does, without a second copy of the table.

    Attributes
    ----------
    scale
        What `logs` returns: log1p of ``"counts"``, what was ``"logged"`` before, ``"ratios"`` or ``"components"``.
    """

    def __init__(self, modality: Modality, kind: Kind, raw: Any = None) -> None:
        """Take the values of a modality, or `raw` (N, D) in their place, such as half of the counts."""
        self.raw = modality.table.X if raw is None else raw
        self.scale: Scale = _scale(self.raw, kind)
        self.has_shares = self.scale != "components"

    @property
    def shape(self) -> tuple[int, int]:
        """(N, D)."""
        n, d = self.raw.shape
        return n, d

    def logs(self, rows: np.ndarray | slice) -> Any:
        """(n, D) float32 CSR or array of some rows."""
        values = self.raw[rows]
        if self.scale == "ratios":
            logs = np.log1p(_dense(values))
            return logs - logs.mean(axis=1, keepdims=True)
        if self.scale != "counts":
            return sparse.csr_matrix(values, dtype=np.float32) if sparse.issparse(values) else _dense(values)
        total = np.asarray(values.sum(axis=1, dtype=float)).ravel()
        factor = TARGET_SUM / np.where(total > 0, total, TARGET_SUM)
        if not sparse.issparse(values):
            return np.log1p(_dense(values) * factor[:, None].astype(np.float32))
        made = sparse.csr_matrix(values, dtype=np.float32)  # rows of a CSR are a copy
        np.log1p(made.data * np.repeat(factor, np.diff(made.indptr)).astype(np.float32), out=made.data)
        return made

    def column(self, feature: int) -> np.ndarray:
        """(N,) float of one feature."""
        found = [self.logs(rows)[:, [feature]] for rows in blocks(self.shape[0])]
        return np.concatenate([_array(part).ravel() for part in found])

    def means(self, codes: np.ndarray, n_groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return means of groups of spots, block by block.

        Parameters
        ----------
        codes
            (N,) int group of each spot, -1 for none.
        n_groups
            G.

        Returns
        -------
        Each (G, D), NaN for a group without spots: mean of the logarithms; log2 of one more than the mean before the
        logarithm, whose difference is the fold change (of ratios the mean of logarithms to base 2, of components NaN);
        and share of spots above 0 (of components NaN).
        """
        logs, linear, above = (np.zeros((n_groups, self.shape[1])) for _ in range(3))
        for rows in blocks(self.shape[0]):
            own = codes[rows]
            (there,) = np.nonzero(own >= 0)
            if not len(there):
                continue
            at = rows.start + there
            sums = one_hot(own[there], n_groups).T.tocsr()
            block = self.logs(at)
            logs += _array(sums @ block)
            if self.scale in ("counts", "logged"):
                linear += _array(sums @ (block.expm1() if sparse.issparse(block) else np.expm1(block)))
            if self.has_shares:
                above += _array(sums @ (self.raw[at] > 0).astype(np.float32))
        size = np.bincount(codes[codes >= 0], minlength=n_groups)[:, None].astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean, share = logs / size, above / size
            fold = mean / np.log(2) if self.scale == "ratios" else np.log2(linear / size + 1)
        nothing = np.full_like(mean, np.nan)
        return (mean, fold, share) if self.has_shares else (mean, nothing, nothing)


def _scale(raw: Any, kind: Kind) -> Scale:
    if kind == "precomputed" or (kind == "protein" and raw.min() < 0):  # transformed already
        return "components"
    if kind == "protein":
        return "ratios"
    return "logged" if kind == "rna" and scale_of(raw) == "logged" else "counts"


def _dense(values: Any) -> np.ndarray:
    """Return (n, D) float32 of rows of a table that is dense, or of proteins, which are hundreds at most."""
    return np.asarray(values.toarray() if sparse.issparse(values) else values, np.float32)


def _array(values: Any) -> np.ndarray:
    """Return as an array what is small by nature: sums of groups (G, D), or one column."""
    return np.asarray(values.toarray() if sparse.issparse(values) else values, float)
