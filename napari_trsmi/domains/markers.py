"""Features that mark a domain, per modality."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from scipy import sparse

from napari_trsmi.config import Kind
from napari_trsmi.domains.labels import check_lengths, one_hot
from napari_trsmi.errors import ConfigError
from napari_trsmi.normalised import scale_of

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["auto", "wilcoxon", "t-test", "t-test_overestim_var"]

MAX_RANKED = 20_000_000  # ranking sorts every value of the table, zeros too: half a second per million
COLUMNS = ("domain", "feature", "score", "log2fc", "pval_adj", "share_in", "share_out")


def find_markers(
    table: Any, labels: np.ndarray, *, kind: Kind = "rna", n_top: int = 10, method: Method = "auto"
) -> pd.DataFrame:
    """Return the features that are higher in each domain than in all other spots, by `scanpy.tl.rank_genes_groups`.

    Counts are normalised on a copy first: RNA and chromatin to 10,000 per spot and log1p, proteins to centred
    log-ratios per spot. Precomputed components, proteins with negative values and RNA that looks logged are taken as
    they are.

    Parameters
    ----------
    table
        (N, D) AnnData of one modality, counts (or components) in `X`. It is not changed.
    labels
        (N,) int in 0..K-1; spots with a negative label are left out.
    kind
        What the values are.
    n_top
        Features per domain.
    method
        Test by scanpy's name. ``"auto"`` is ``"wilcoxon"`` for tables of up to `MAX_RANKED` values, and above
        ``"t-test_overestim_var"``, which is ten times faster.

    Returns
    -------
    DataFrame
        Up to `n_top` rows per domain, best first: ``domain``; ``feature``; ``score`` of the test; ``log2fc``, log2 of
        the ratio of means plus one (proteins: of geometric means; NaN for components); ``pval_adj``
        (Benjamini-Hochberg);
        ``share_in``, ``share_out``, share of spots with a value above zero in the domain and outside (NaN for
        components). A domain of one spot has no variance to test and no rows; fewer than two domains give none at all.

    Raises
    ------
    DataError
        Lengths differ.
    ConfigError
        `n_top` is below 1 or the method unknown.
    """
    import pandas as pd
    import scanpy as sc

    labels = np.asarray(labels)
    check_lengths(len(labels), table=table)
    if n_top < 1:
        raise ConfigError(f"Expected n_top of at least 1 marker per domain, found {n_top}.")
    if method not in get_args(Method):
        raise ConfigError(f"Expected a method out of {', '.join(get_args(Method))}, found {method!r}.")
    (known,) = np.nonzero(labels >= 0)
    domains, codes = np.unique(labels[known], return_inverse=True)
    testable = np.flatnonzero(np.bincount(codes, minlength=len(domains)) > 1)
    if len(domains) < 2 or len(testable) == 0 or table.n_vars == 0:
        return pd.DataFrame(columns=list(COLUMNS))
    if method == "auto":
        method = "wilcoxon" if len(known) * table.n_vars <= MAX_RANKED else "t-test_overestim_var"

    # A table of our own: positions as feature names, because real ones may repeat.
    counts = table.X[known]
    if kind == "protein" and counts.min() < 0:  # intensities that were transformed already, by arcsinh or so
        kind = "precomputed"
    copy = type(table)(counts.astype(np.float32), var=pd.DataFrame(index=[str(f) for f in range(table.n_vars)]))
    copy.X = normalised = log_normalised(copy, kind)
    copy.obs["domain"] = pd.Categorical(codes.astype(str))
    with warnings.catch_warnings():
        # The fold changes scanpy makes assume log counts; ours replace them.
        warnings.filterwarnings("ignore", "invalid value encountered", RuntimeWarning)
        warnings.filterwarnings("ignore", "divide by zero encountered", RuntimeWarning)
        warnings.filterwarnings("ignore", "DataFrame is highly fragmented")
        sc.tl.rank_genes_groups(
            copy, "domain", groups=testable.astype(str).tolist(), n_genes=n_top, method=method, use_raw=False
        )
    found = copy.uns["rank_genes_groups"]

    fold = _log2_fold(normalised, codes, kind)
    share_in, share_out = _means(counts > 0, codes)
    frames = []
    for group in testable:
        feature = found["names"][str(group)].astype(int)
        columns: dict[str, Any] = {
            "domain": domains[group],
            "feature": table.var_names.to_numpy()[feature],
            "score": found["scores"][str(group)].astype(float),
            "log2fc": fold[group, feature],
            "pval_adj": found["pvals_adj"][str(group)].astype(float),
            "share_in": share_in[group, feature],
            "share_out": share_out[group, feature],
        }
        frames.append(pd.DataFrame(columns))
    markers = pd.concat(frames, ignore_index=True)
    if kind == "precomputed":
        markers[["log2fc", "share_in", "share_out"]] = np.nan
    return markers


def log_normalised(table: Any, kind: Kind) -> Any:
    """Return the (N, D) values of a table of `kind`, normalised per spot and logged; changes the table's own."""
    import scanpy as sc

    if kind == "precomputed":
        return table.X
    if kind == "protein":
        # (N, D) dense: a protein panel is narrow, and preprocessing refuses one that is not
        logs = np.log1p(table.X.toarray() if sparse.issparse(table.X) else np.asarray(table.X))
        return logs - logs.mean(axis=1, keepdims=True)
    if kind == "rna" and scale_of(table.X) == "logged":
        return table.X
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some cells have zero counts", UserWarning)
        sc.pp.normalize_total(table, target_sum=1e4)
    sc.pp.log1p(table)
    return table.X


def _means(values: Any, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K, D) means of `values` inside and outside each domain, from one product that keeps them sparse."""
    sums = one_hot(codes).T @ values.astype(np.float32)
    sums = sums.toarray() if sparse.issparse(sums) else np.asarray(sums)  # (K, D)
    size = np.bincount(codes)[:, None]
    return sums / size, (sums.sum(axis=0) - sums) / (len(codes) - size)


def _log2_fold(values: Any, codes: np.ndarray, kind: Kind) -> np.ndarray:
    """(K, D) log2 fold changes of normalised values; NaN where values are no logarithms."""
    if kind == "precomputed":
        return np.full((codes.max() + 1, values.shape[1]), np.nan)
    if kind == "protein":
        inside, outside = _means(values, codes)  # natural logarithms already
        return (inside - outside) / np.log(2)
    inside, outside = _means(values.expm1() if sparse.issparse(values) else np.expm1(values), codes)
    return np.log2((inside + 1) / (outside + 1))
