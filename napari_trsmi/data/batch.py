"""What sections differ by that is not tissue: told by how their spots mix, and taken out of their components."""

from __future__ import annotations

import numpy as np

from napari_trsmi.errors import ConfigError
from napari_trsmi.interrupt import check

K_MIXED = 20  # nearest spots looked at
GAIN, WELL = 1.3, 0.6  # how much more sections mix, and how much at least, where standardising them is right
MOST = 1.1  # more than sections mix, but for chance
APART, MENDED = 0.4, 2.5  # mixing of sections over that of halves, and its gain by Harmony, where that is right
_SEEN = 2_000  # spots of each section looked at


def mixing(values: np.ndarray, section: np.ndarray, coords: np.ndarray, seed: int = 0) -> tuple[float, float]:
    r"""Return how much spots of different sections mix, and how much those of two halves of one section do.

    It is the share of other sections among the `K_MIXED` nearest spots in the features, over the share that those have
    of all spots: 1 where sections do not matter, 0 where each keeps to itself. Sections of another composition mix less
    as well; so do two halves of one section, which are of one batch for certain: the second number is the mean over
    sections cut in two along x and along y.

    Parameters
    ----------
    values
        (N, d) features, averaged over the tissue: a shift that is small beside the noise of a spot is not small beside
        what is clustered.
    section
        (N,) int section of each spot.
    coords
        (N, 2) coordinates.
    seed
        For the spots looked at.
    """
    rng = np.random.default_rng(seed)
    rows = [np.flatnonzero(section == number) for number in np.unique(section)]
    rows = [np.sort(rng.choice(own, _SEEN, replace=False)) if len(own) > _SEEN else own for own in rows]
    seen = np.concatenate(rows)
    within = []
    for own in rows:
        for axis in (0, 1):
            check()
            half = coords[own, axis] > np.median(coords[own, axis])
            if half.any():
                within.append(_mixed(values[own], half.astype(int)))
    return _mixed(values[seen], section[seen]), float(np.mean(within)) if within else 1.0


def _mixed(values: np.ndarray, part: np.ndarray) -> float:
    """Share of other parts among the nearest spots over their share of all, averaged over the parts."""
    from napari_trsmi.neighbours import nearest

    k = min(K_MIXED, len(values) - 2)
    index = nearest(values, k + 1, values).index
    other = (part[index] != part[:, None]).sum(axis=1) / k
    shares = []
    for number in np.unique(part):
        own = part == number
        expected = (~own).sum() / (len(part) - 1)
        shares.append(float(other[own].mean() / expected))
    return float(np.mean(shares))


def standardised(values: np.ndarray, section: np.ndarray) -> np.ndarray:
    """Return (N, d) components with the mean of each section at 0 and its spread that of all."""
    out = np.array(values, float)
    spread = np.sqrt(np.mean([values[section == number].var(axis=0) for number in np.unique(section)], axis=0))
    for number in np.unique(section):
        own = section == number
        centred = out[own] - out[own].mean(axis=0)
        size = centred.std(axis=0)
        out[own] = centred * np.divide(spread, size, out=np.zeros_like(spread), where=size > 0)
    return out


def harmonised(values: np.ndarray, section: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return (N, d) components corrected by Harmony, which moves soft clusters of different sections together.

    Raises
    ------
    ConfigError
        harmonypy is not installed.

    References
    ----------
    Korsunsky et al., Fast, sensitive and accurate integration of single-cell data with Harmony, Nature Methods 2019.
    """
    try:
        from harmonypy import run_harmony
    except ImportError as error:
        raise ConfigError(
            "study.batch='harmony' needs harmonypy 2 or newer, found none. pip install 'napari-trsmi[harmony]', or use "
            "study.batch='standardise'."
        ) from error
    import pandas as pd

    table = pd.DataFrame({"section": section.astype(str)})
    found = run_harmony(np.asarray(values, float), table, ["section"], verbose=False, random_state=seed, ncores=1)
    corrected = np.asarray(found.Z_corr, float)
    return corrected if corrected.shape == values.shape else corrected.T
