"""Components of many spots: rows in chunks, from one sum of products of the features, never a second copy of them.

The numbers are those of `components` but for rounding. Of 3,000 genes that a tenth of the spots have, a product of
dense chunks takes a third of the time of a sparse one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.config import Preprocess
from napari_trsmi.interrupt import check
from napari_trsmi.normalised import scale_of

ROWS = 4_096  # in a chunk: 50 MB of 3,000 features
MOST_AT_ONCE = 500  # features whose products are decomposed in one go, which takes a tenth of a second
MOST_DEVIATIONS = 10.0  # above the mean of a feature: a single count of a rare gene must not rule a component

Blocks = Callable[[], Iterator[Any]]
"""Goes through all rows once more, in order: (n, D) arrays or CSR, float32."""


def blocks(values: Any) -> Iterator[tuple[slice, Any]]:
    """Yield the rows of a table in chunks, and which they are."""
    for start in range(0, values.shape[0], ROWS):
        check()
        rows = slice(start, min(start + ROWS, values.shape[0]))
        yield rows, values[rows]


def row_totals(values: Any) -> np.ndarray:
    """(N,) float sums of the absolute values of each row."""
    total = np.zeros(values.shape[0])
    for rows, block in blocks(values):
        total[rows] = np.asarray(abs(block).sum(axis=1, dtype=float)).ravel()
    return total


def kept(values: sparse.csr_matrix, min_spots: int) -> np.ndarray:
    """(D,) bool, the features seen in so many spots or more, or in any where none is."""
    seen = np.zeros(values.shape[1], np.int64)
    for _, block in blocks(values):
        seen += np.bincount(block.indices[block.data > 0], minlength=len(seen))
    keep: np.ndarray = seen >= min_spots
    return keep if keep.sum() > 2 else seen > 0


def rna(
    values: sparse.csr_matrix, settings: Preprocess, by_total: bool = True, device: Accelerator = CPU
) -> np.ndarray:
    """(N, d) principal components of the genes that vary most, normalised and logged; see `components.logged_rna`."""
    scale = scale_of(values)
    there = kept(values, settings.min_spots)
    if scale == "logged":
        return _of_sparse(values, settings, None, there, device)
    total = values @ there.astype(np.float32)
    if scale == "counts":
        chosen = highly_variable(values, there, settings.n_top_genes)
        if not by_total:
            return _of_sparse(values, settings, np.ones(len(total)), chosen, device)
        return _of_sparse(values, settings, settings.target_sum / np.maximum(total, 1.0), chosen, device)
    factor = np.divide(settings.target_sum, total, out=np.zeros(len(total)), where=total > 0)
    return _of_sparse(values, settings, factor, there, device)


def reduced(values: Any, settings: Preprocess, device: Accelerator = CPU) -> np.ndarray:
    """(N, d) principal components of the most variable of many normalised features; see `components`."""
    if sparse.issparse(values):
        return _of_sparse(sparse.csr_matrix(values), settings, None, np.ones(values.shape[1], bool), device)
    mean, spread = _moments(lambda: (block for _, block in blocks(values)), values.shape)
    chosen = np.sort(np.argsort(-spread, kind="stable")[: settings.n_top_genes])
    return _of_dense(
        lambda: (block[:, chosen] for _, block in blocks(values)),
        mean[chosen],
        spread[chosen],
        values.shape[0],
        settings.n_components,
        device,
    )


def dense(
    values: Any,
    settings: Preprocess,
    ratio: Callable[[Any], np.ndarray],
    columns: np.ndarray | None = None,
    device: Accelerator = CPU,
) -> np.ndarray:
    """(N, d) principal components of what `ratio` makes of the rows of a narrow table, or of some columns of it."""

    def made() -> Iterator[np.ndarray]:
        return (ratio(block if columns is None else block[:, columns]) for _, block in blocks(values))

    mean, spread = _moments(made, (values.shape[0], values.shape[1] if columns is None else int(columns.sum())))
    n = min(settings.n_components, int((spread > 0).sum()) - 1)
    return _of_dense(made, mean, spread, values.shape[0], n, device)


def weighted_by_rarity(values: sparse.csr_matrix, min_spots: int) -> tuple[sparse.csr_matrix, int]:
    """Return TF-IDF of peaks, (N, D) CSR with the indices of `values`, and how many peaks are not left out as rare."""
    there = kept(values, min_spots)
    total = np.maximum(values @ there.astype(np.float32), 1.0)
    seen = np.zeros(values.shape[1])
    for _, block in blocks(values):
        seen += np.bincount(block.indices, block.data, minlength=len(seen))
    rarity = np.where(there, values.shape[0] / np.maximum(seen, 1.0), 0.0)
    weights = np.empty(values.nnz, np.float32)
    for rows, block in blocks(values):
        entries = slice(values.indptr[rows.start], values.indptr[rows.stop])
        depth = np.repeat(1e4 / total[rows], np.diff(block.indptr))
        weights[entries] = np.log1p(block.data * depth * rarity[block.indices])
    weighted = sparse.csr_matrix((weights, values.indices, values.indptr), shape=values.shape, copy=False)
    return weighted, int(there.sum())


def highly_variable(counts: sparse.csr_matrix, among: np.ndarray, n_top: int) -> np.ndarray:
    """Return (D,) bool, the genes among `among` that vary most, as ``seurat_v3`` of `scanpy` has it.

    The variance of counts is compared to that of genes of the same mean, counts above it by more than the square root
    of N deviations set down to that. Where means differ too little for that, it is compared to the mean, as in Poisson.
    """
    from skmisc.loess import loess

    if among.sum() <= n_top:
        return among
    n = counts.shape[0]
    mean, spread = _moments(lambda: (block for _, block in blocks(counts)), counts.shape)
    variance = spread**2 * n / (n - 1)
    fitted = among & (variance > 0)
    expected = np.zeros(len(mean))
    trend = loess(np.log10(mean[fitted]), np.log10(variance[fitted]), span=0.3, degree=2)
    try:
        trend.fit()
        expected[fitted] = trend.outputs.fitted_values
    except ValueError:  # too few different means for a trend
        expected[fitted] = np.log10(mean[fitted])
    deviation = np.sqrt(10**expected)
    most = deviation * np.sqrt(n) + mean
    total, square = np.zeros(len(mean)), np.zeros(len(mean))
    for _, block in blocks(counts):
        values = np.minimum(block.data, most[block.indices])
        total += np.bincount(block.indices, values, minlength=len(total))
        square += np.bincount(block.indices, values**2, minlength=len(total))
    normed = (n * mean**2 + square - 2 * total * mean) / ((n - 1) * deviation**2)
    order = np.argsort(np.where(among, -normed, np.inf), kind="stable")
    chosen = np.zeros(len(mean), bool)
    chosen[order[:n_top]] = True
    return chosen


def principal(made: Blocks, n_rows: int, n_components: int, device: Accelerator = CPU) -> np.ndarray:
    """(N, d) float32 principal components of (N, D) values that come in chunks.

    Parameters
    ----------
    made
        Gives the chunks, twice.
    n_rows
        N.
    n_components
        Most of them, d.
    device
        Asked first.
    """
    total, product = device.gram(made()) or _gram(made())
    mean = np.asarray(total) / n_rows
    square = np.diag(product) / n_rows
    varies = square - mean**2 > 1e-6 * square
    covariance = np.where(np.outer(varies, varies), product / n_rows - np.outer(mean, mean), 0.0)
    n = max(1, min(n_components, int(varies.sum()) - 1, n_rows - 1))
    width = len(mean)
    if width == 0:
        return np.zeros((n_rows, 0), np.float32)
    axes = _largest_axes(covariance, n)
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, range(n)])  # as scikit-learn has it
    shift, loadings = (mean @ axes).astype(np.float32), axes.astype(np.float32)
    found = device.projected(made(), loadings, shift, n_rows)
    if found is None:
        found, at = np.empty((n_rows, n), np.float32), 0
        for block in made():
            found[at : at + block.shape[0]] = block @ loadings - shift
            at += block.shape[0]
    return found


def _largest_axes(covariance: np.ndarray, n: int) -> np.ndarray:
    """(D, n) eigenvectors of a covariance (D, D), those of the largest eigenvalues first.

    Of many features they are found one by one: LAPACK, as SciPy calls it, lets no other thread of Python do anything
    meanwhile, and a window would stand still for seconds.
    """
    width = len(covariance)
    if width > MOST_AT_ONCE:
        from scipy.sparse.linalg import ArpackError, eigsh

        try:
            values, axes = eigsh(covariance, n, v0=np.random.default_rng(0).uniform(-1, 1, width))
            return np.asarray(axes[:, np.argsort(-values, kind="stable")])
        except ArpackError:  # such as where nothing varies
            pass
    from scipy.linalg import eigh

    return np.asarray(eigh(covariance, subset_by_index=[width - n, width - 1])[1][:, ::-1])


def _gram(made: Iterator[Any]) -> tuple[np.ndarray, np.ndarray]:
    """(D,) sums of columns and (D, D) sums of their products."""
    total: Any = 0.0
    product: Any = 0.0
    for block in made:
        dense = block.toarray() if sparse.issparse(block) else block
        product = product + (dense.T @ dense).astype(float)
        total = total + dense.sum(axis=0, dtype=float)
    return total, product


def in_sections(values: Any, section: np.ndarray, n_components: int, device: Accelerator = CPU) -> np.ndarray:
    """(N, d) principal components of (N, D) features that are standardised in each section."""
    numbers, own = np.unique(section, return_inverse=True)
    total, square = np.zeros((2, len(numbers), values.shape[1]))
    for rows, block in blocks(values):
        dense_block = (block.toarray() if sparse.issparse(block) else block).astype(float)
        for number in np.unique(own[rows]):
            some = dense_block[own[rows] == number]
            total[number] += some.sum(axis=0)
            square[number] += (some**2).sum(axis=0)
    size = np.bincount(own)[:, None]
    mean = total / size
    spread = np.sqrt(np.maximum(square / size - mean**2, 0.0))
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6)

    def scaled() -> Iterator[np.ndarray]:
        for rows, block in blocks(values):
            dense_block = block.toarray() if sparse.issparse(block) else block
            found = (dense_block - mean[own[rows]]) * inverse[own[rows]]
            yield np.clip(found, -MOST_DEVIATIONS, MOST_DEVIATIONS).astype(np.float32)

    return principal(scaled, values.shape[0], n_components, device)


def _of_sparse(
    values: sparse.csr_matrix,
    settings: Preprocess,
    factor: np.ndarray | None,
    chosen: np.ndarray,
    device: Accelerator,
) -> np.ndarray:
    """(N, d) components of the chosen features, each row times its factor and logged where there are some.

    Of more than `n_top_genes` features those of the largest variance are taken.
    """

    def logged(columns: np.ndarray) -> Iterator[sparse.csr_matrix]:
        for rows, block in blocks(values):
            own = block[:, columns].astype(np.float32, copy=False)
            if factor is not None:
                own.data = np.log1p(own.data * np.repeat(factor[rows], np.diff(own.indptr)).astype(np.float32))
            yield own

    columns = np.flatnonzero(chosen)
    mean, spread = _moments(lambda: logged(columns), (values.shape[0], len(columns)))
    if len(columns) > settings.n_top_genes:
        most = np.sort(np.argsort(-spread, kind="stable")[: settings.n_top_genes])
        columns, mean, spread = columns[most], mean[most], spread[most]
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0).astype(np.float32)
    highest = (mean * inverse + MOST_DEVIATIONS).astype(np.float32)

    def scaled() -> Iterator[sparse.csr_matrix]:
        for block in logged(columns):
            block.data = np.minimum(block.data * inverse[block.indices], highest[block.indices])
            yield block

    return principal(scaled, values.shape[0], settings.n_components, device)


def _of_dense(
    made: Blocks, mean: np.ndarray, spread: np.ndarray, n_rows: int, n_components: int, device: Accelerator
) -> np.ndarray:
    """(N, d) components of the features that vary, scaled and clipped on both sides."""
    varies = spread > 0

    def scaled() -> Iterator[np.ndarray]:
        for block in made():
            own = (block[:, varies] - mean[varies]) / spread[varies]
            yield np.clip(own, -MOST_DEVIATIONS, MOST_DEVIATIONS).astype(np.float32)

    return principal(scaled, n_rows, n_components, device)


def _moments(made: Blocks, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return (D,) means and standard deviations of the columns of values that come in chunks."""
    total, square = np.zeros(shape[1]), np.zeros(shape[1])
    for block in made():
        if sparse.issparse(block):
            values = block.data.astype(float)
            total += np.bincount(block.indices, values, minlength=shape[1])
            square += np.bincount(block.indices, values**2, minlength=shape[1])
        else:
            values = block.astype(float)
            total += values.sum(axis=0)
            square += (values**2).sum(axis=0)
    mean = total / shape[0]
    variance = square / shape[0] - mean**2
    return mean, np.sqrt(np.where(variance > 1e-12 * square / shape[0], variance, 0.0))
