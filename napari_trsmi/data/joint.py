"""Components of several sections together, and of modalities that some spots lack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import denoise
from napari_trsmi.config import Kind, Preprocess, Study
from napari_trsmi.data import batch, components, streamed
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import neighbour_mean
from napari_trsmi.interrupt import check
from napari_trsmi.normalised import scale_of

BETTER = 0.05  # of the variance of other modalities, that counts must foretell more of to be taken as they are
_FOLDS, _LENGTHS = 5, np.logspace(0, 5, 6)
_MOST_FORETOLD = 6_000  # spots
_MOST_FEATURES = 8_000  # whose products with each other are held: half a gigabyte


def joint_components(
    dataset: Dataset,
    kinds: dict[str, Kind],
    measured: dict[str, np.ndarray],
    settings: Preprocess,
    study: Study,
    spatial: sparse.csr_matrix | None,
    seed: int,
    device: Accelerator = CPU,
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return {modality: (N, D_m) float32} components, rows of spots that lack one 0, and what was done, in sentences.

    Sections are put on one scale as far as they differ by more than tissue, see `batch.mixing`. Counts of RNA are
    divided by the total of their spot, unless they foretell the other modalities better as they are, where one has to
    be carried over by them: the total of a panel of chosen genes is biology.

    Parameters
    ----------
    dataset
        The section or study.
    kinds
        {modality: kind} of those to use.
    measured
        {modality: (N,) bool} of those that some spots lack.
    settings, study
        How.
    spatial
        (N, N) CSR spatial graph; without it no modality foretells another.
    seed
        Of the decompositions.
    device
        Asked first where there are many spots.
    """
    everywhere = np.ones(dataset.n_spots, bool)
    found: dict[str, np.ndarray] = {}
    notes = []
    # RNA comes last: it may be asked what it says of the others.
    for name in sorted(kinds, key=lambda key: kinds[key] == "rna"):
        check()
        has = measured.get(name, everywhere)
        modality = dataset.modalities[name]
        # A view would be copied at each look at its values.
        own = replace(modality, table=modality.table if has.all() else modality.table[has].copy(), measured=None)
        section = np.zeros(len(has), int) if dataset.section is None else dataset.section
        graph = None if spatial is None else spatial[has][:, has].tocsr()
        made = _corrected(own, kinds[name], settings, study, section[has], dataset.coords[has], graph, seed, device)
        values, how = made(True)
        if _asked(own, kinds[name]) and spatial is not None and (other := _others(found, measured, name, has)):
            plain, how_plain = made(False)
            gains = [_foretold(one, target, rows, has, spatial) for target, rows in other for one in (values, plain)]
            if np.mean(gains[1::2]) - np.mean(gains[::2]) > BETTER:
                values, how = plain, how_plain
                notes.append(
                    f"{name}: counts are not divided by the total of their spot: as they are they tell "
                    f"{np.mean(gains[1::2]):.0%} of what other modalities say, divided {np.mean(gains[::2]):.0%}."
                )
        if dataset.section is not None and len(np.unique(section[has])) > 1:
            notes.append(f"{name}: {how}.")
        full = np.zeros((len(has), values.shape[1]), np.float32)
        full[has] = values
        found[name] = full
    return {name: found[name] for name in kinds}, notes


def _corrected(
    modality: Modality,
    kind: Kind,
    settings: Preprocess,
    study: Study,
    section: np.ndarray,
    coords: np.ndarray,
    spatial: sparse.csr_matrix | None,
    seed: int,
    device: Accelerator,
) -> Callable[[bool], tuple[np.ndarray, str]]:
    """Return what makes components of one modality, its counts divided by totals or not, and tells what it did."""
    from napari_trsmi.data import preprocess

    def mixed_in(values: np.ndarray) -> tuple[float, float]:
        if spatial is not None:  # what is clustered: the components that neighbours share, averaged over the tissue
            shared = preprocess.weighted_components(values, spatial, seed, device)
            values = denoise(shared, spatial, seed, device)[0]
        return batch.mixing(values, section, coords, seed)

    def made(by_total: bool) -> tuple[np.ndarray, str]:
        def of(standardise: bool) -> np.ndarray:
            return _components(modality, kind, settings, seed, section, standardise, by_total, device)

        asked = study.batch if len(np.unique(section)) > 1 else "none"
        if asked == "none":
            return of(False), "no correction, as asked"
        if asked == "standardise":
            return of(True), "features are standardised in each section, as asked"
        if asked == "harmony":
            return batch.harmonised(of(True), section, seed), "components are corrected by Harmony, as asked"
        plain, standardised = of(False), of(True)
        before, within = mixed_in(plain)
        gain = batch.GAIN if by_total else 1.0  # counts as they are hold the depth of their section
        # Where sections mix as far as they can, nothing is gained, and looking takes as long as all else here.
        after = mixed_in(standardised)[0] if gain * before < batch.MOST else 0.0
        if after >= batch.WELL and after >= gain * before:
            return standardised, (
                f"features are standardised in each section, after which these mix ({after:.2f}, {before:.2f} before; "
                "1 is fully)"
            )
        if before >= batch.APART * within:
            return (
                plain,
                f"nothing is corrected: sections mix about as places within them do ({before:.2f}, {within:.2f})",
            )
        apart = f"sections mix far less ({before:.2f}) than places within them do ({within:.2f})"
        try:
            harmonised = batch.harmonised(plain, section, seed)
        except ConfigError:
            return plain, (
                f"nothing is corrected, though {apart}: Harmony is not installed (pip install 'napari-trsmi[harmony]')"
            )
        mended, _ = mixed_in(harmonised)
        if mended >= batch.MENDED * before:
            return harmonised, f"components are corrected by Harmony, because {apart}; {mended:.2f} then"
        return plain, f"nothing is corrected: {apart}, and Harmony would not change that ({mended:.2f})"

    return made


def _components(
    modality: Modality,
    kind: Kind,
    settings: Preprocess,
    seed: int,
    section: np.ndarray,
    standardise: bool,
    by_total: bool,
    device: Accelerator = CPU,
) -> np.ndarray:
    if by_total and (not standardise or kind in ("chromatin", "precomputed")):
        found = components.components(modality, kind, settings, seed, device)
        return np.asarray(batch.standardised(found, section) if standardise else found, np.float32)
    many = modality.table.n_obs > components.MANY
    if many and kind == "rna" and not standardise:
        return streamed.rna(sparse.csr_matrix(modality.table.X), settings, by_total, device)
    values = (
        components.logged_rna(modality.table, settings, section if standardise else None, by_total)
        if kind == "rna"
        else components.log_ratio(modality.table)
    )
    own = section if standardise else np.zeros(len(section), int)
    return _principal(values, own, settings.n_components, seed, device)


def _principal(values: Any, section: np.ndarray, n_components: int, seed: int, device: Accelerator = CPU) -> np.ndarray:
    """(N, d) float32 principal components of features standardised in each section; sparse ones stay sparse."""
    if values.shape[0] > components.MANY and values.shape[1] <= _MOST_FEATURES:
        return streamed.in_sections(values, section, n_components, device)
    rows = [np.flatnonzero(section == number) for number in np.unique(section)]
    if not sparse.issparse(values) or values.shape[1] <= components.MOST_DENSE:
        # At most `MOST_DENSE` columns where sparse.
        dense = np.asarray(values.todense() if sparse.issparse(values) else values, np.float32)
        scaled = np.zeros_like(dense)
        for own in rows:
            spread = dense[own].std(axis=0)
            scaled[own] = np.clip(
                (dense[own] - dense[own].mean(axis=0)) / np.where(spread > 1e-6, spread, np.inf), -10, 10
            )
        n = max(1, min(n_components, min(scaled.shape) - 1))
        axes = np.linalg.eigh(scaled.T.astype(float) @ scaled)[1][:, ::-1][:, :n]
        return np.asarray(scaled @ axes, np.float32)
    from scipy.sparse.linalg import LinearOperator, svds

    blocks, means = [], np.zeros((len(rows), values.shape[1]))
    for number, own in enumerate(rows):
        block = values[own]
        mean = np.asarray(block.mean(axis=0)).ravel()
        spread = np.sqrt(np.maximum(np.asarray(block.multiply(block).mean(axis=0)).ravel() - mean**2, 0.0))
        inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-6)
        block = (block @ sparse.diags(inverse)).tocsr()
        block.data = np.minimum(block.data, (mean * inverse + 10.0)[block.indices])
        blocks.append(block)
        means[number] = np.asarray(block.mean(axis=0)).ravel()
    order = np.argsort(np.concatenate(rows))
    scaled = sparse.vstack(blocks, format="csr")[order]
    member = np.eye(len(rows))[np.searchsorted(np.unique(section), section)]
    centred = LinearOperator(
        scaled.shape,
        matvec=lambda v: scaled @ v.ravel() - member @ (means @ v.ravel()),
        rmatvec=lambda v: scaled.T @ v.ravel() - means.T @ (member.T @ v.ravel()),
        dtype=float,
    )
    n = max(1, min(n_components, min(scaled.shape) - 1))
    u, s, _ = svds(
        centred, n, v0=np.random.default_rng(seed).standard_normal(min(scaled.shape)), return_singular_vectors="u"
    )
    return np.asarray((u * s)[:, ::-1], np.float32)


def _asked(modality: Modality, kind: Kind) -> bool:
    """Whether these are counts, whose totals may be biology."""
    return kind == "rna" and scale_of(modality.table.X) == "counts"


def _others(
    found: dict[str, np.ndarray], measured: dict[str, np.ndarray], name: str, has: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return components, and the spots that have both, of the modalities that one has to be carried over with."""
    out = []
    for other, values in found.items():
        theirs = measured.get(other, np.ones(len(has), bool))
        if (theirs != has).any() and (both := theirs & has).sum() > 10 * _FOLDS:
            out.append((values, both))
    return out


def _foretold(
    values: np.ndarray, target: np.ndarray, both: np.ndarray, has: np.ndarray, spatial: sparse.csr_matrix
) -> float:
    """Return the share of the tissue in `target` (N, D') that `values`, (n, D) of the spots that have them, foretell.

    Both are averaged over neighbours. Ridge regression, judged on stripes of the tissue left out.
    """
    from sklearn.linear_model import RidgeCV

    rows = np.flatnonzero(both)
    graph = spatial[rows][:, rows].tocsr()
    mean = neighbour_mean(graph, include_self=True)
    x = mean @ values[np.searchsorted(np.flatnonzero(has), rows)]
    y = mean @ (mean @ target[rows])
    if len(rows) > _MOST_FORETOLD:
        kept = np.sort(np.random.default_rng(0).choice(len(rows), _MOST_FORETOLD, replace=False))
        x, y = x[kept], y[kept]
    fold = np.arange(len(x)) * _FOLDS // len(x)  # rows of a table mostly run over the tissue
    y = y - y.mean(axis=0)
    left = np.zeros_like(y)
    for number in range(_FOLDS):
        check()
        test = fold == number
        guess = RidgeCV(_LENGTHS).fit(x[~test], y[~test]).predict(x[test])
        left[test] = y[test] - guess.reshape(left[test].shape)  # of one column it is flat
    return float(1.0 - (left**2).sum() / max((y**2).sum(), 1e-12))
