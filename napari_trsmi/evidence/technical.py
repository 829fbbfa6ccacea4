"""What in the features has technical reasons, and which modality says nothing: found without labels."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import coherent_components, coherent_directions
from napari_trsmi.courses import rim_basis, strongest_step
from napari_trsmi.evidence.registration import misplaced
from napari_trsmi.graphs import neighbour_mean
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import is_large, some

if TYPE_CHECKING:
    from scipy import sparse

    from napari_trsmi.config import Config
    from napari_trsmi.stages import Prepared

# Chosen on all files and simulations at hand: above what any of them has that nothing was put into.
LEAST_STEP = 1.9  # strength of a line
LEAST_COURSE = 0.45  # share of the smooth depth that falls from end to end, or to the rim
LEAST_FALL = 0.25  # standard deviation of that, in log units
LEAST_FOLLOWED = 0.3  # correlation of a component with it
LEAST_CARRIED = 0.5  # of what shuffled spots have by chance, once more


@dataclass(frozen=True)
class Technical:
    """One thing that was found.

    Attributes
    ----------
    modality
        Its name; several joined by " and " where only all of them together show it.
    component
        Number of the coherent component that follows it most, from 0; None where it concerns all.
    what
        A straight step, a steady fall of the depth, one to the rim, a modality that says nothing, or one that does not
        lie on another.
    strength
        Of a step that of `courses.Line`, of depth and rim the component's correlation, of noise what it carries, of a
        place what more is foretold, see `registration.Misplaced`.
    where
        In words.
    remedy
        The name in `preprocess.covariates` that takes it out, or "".
    """

    modality: str
    component: int | None
    what: Literal["step", "depth", "rim", "noise", "place"]
    strength: float
    where: str
    remedy: str

    @property
    def sentence(self) -> str:
        """What a person reads."""
        if self.what == "noise":
            return f"{self.modality} carries little information about the tissue: {self.where}."
        if self.what == "place":
            return f"{self.modality} do not lie on each other: {self.where}. Check how they were registered."
        follows = f"; component {self.component} follows it" if self.component is not None else ""
        jumps = "jump" if " and " in self.modality else "jumps"
        said = {
            "step": f"{self.modality} {jumps} along a straight line over the section, {self.where}{follows}",
            "depth": f"The depth of {self.modality} falls steadily over the section, {self.where}{follows}",
            "rim": f"The depth of {self.modality} falls towards the rim of the tissue, {self.where}{follows}",
        }[self.what]
        return f"{said}. This is technical more often than not."


def find_in(prepared: Prepared, config: Config) -> list[Technical]:
    """Return what `find_technical` finds in a section made ready for training."""
    known = known_depths(prepared, config)
    dataset, seed = prepared.dataset, config.seed
    if not dataset.parts:
        given = prepared.measured, prepared.spatial, dataset.coords, known, prepared.carried
        return find_technical(*given, seed=seed, device=prepared.device)
    found = find_technical({}, prepared.spatial, dataset.coords, carried=prepared.carried, seed=seed)
    for name, rows in zip(dataset.section_names, dataset.sections, strict=True):
        own = [m for m in prepared.measured if prepared.has.get(m, np.ones(dataset.n_spots, bool))[rows].all()]
        told = find_technical(
            {m: prepared.measured[m][rows] for m in own if prepared.carried.get(m, 1.0) >= LEAST_CARRIED},
            prepared.spatial[rows][:, rows].tocsr(),
            dataset.coords[rows],
            {m: known[m][rows] for m in own if m in known},
            seed=seed,
        )
        # What is taken out is taken out of one section.
        found += [replace(one, modality=f"{name}: {one.modality}", remedy="") for one in told]
    return found


def known_depths(prepared: Prepared, config: Config) -> dict[str, np.ndarray]:
    """Return {modality: (N,) logarithm of the total per spot} where there is one; NaN where it was not measured."""
    from napari_trsmi.data.covariates import log_depth

    kinds = config.preprocess.kinds
    depths = {name: log_depth(m, kinds.get(name, m.kind)) for name, m in prepared.dataset.modalities.items()}
    return {
        name: np.where(prepared.has[name], depth, np.nan) if name in prepared.has else depth
        for name, depth in depths.items()
        if depth is not None
    }


def cleaned(prepared: Prepared, config: Config, remedies: Collection[str]) -> dict[str, np.ndarray]:
    """Return {modality: (N, D_m)} measurements of a section without what `remedies` of `Technical` take out."""
    from napari_trsmi.data.covariates import log_depth, without, without_straight_step

    measured = dict(prepared.measured)
    if "step" in remedies:
        measured = without_straight_step(measured, prepared.spatial, prepared.dataset.coords, config.seed)
    for name, modality in prepared.dataset.modalities.items():
        kind = config.preprocess.kinds.get(name, modality.kind)
        depth = log_depth(modality, kind) if "log_depth" in remedies else None
        columns = [] if depth is None else [depth[:, None]]
        columns += [rim_basis(prepared.dataset.coords)] if "rim" in remedies else []
        if columns:
            measured[name] = without(measured[name], np.hstack(columns))
    return measured


def find_technical(
    components: Mapping[str, np.ndarray],
    spatial: sparse.csr_matrix,
    coords: np.ndarray,
    log_depth: Mapping[str, np.ndarray] | None = None,
    carried: Mapping[str, float] | None = None,
    seed: int = 0,
    device: Accelerator = CPU,
) -> list[Technical]:
    """Return modalities that say nothing, straight steps, and components that follow a fall of the depth.

    A boundary of domains that is straight over the whole section, exactly on one line, cannot be told from a technical
    step; nor tissue whose depth falls from end to end from sequencing that does. Steps that move components by less
    than about two and a half times the noise of a spot are not found; in single cells those of most batches are less.

    Parameters
    ----------
    components
        {modality: (N, D)} as measured, not averaged over the tissue.
    spatial
        (N, N) CSR spatial graph, symmetric, zero diagonal.
    coords
        (N, 2) float, any unit.
    log_depth
        {modality: (N,) logarithm of the total per spot}, of those that have one; NaN where it was not measured.
    carried
        {modality: from 0 to 1}, see `coherence.carried`.
    seed
        For the coherence test.
    device
        Asked first where the section is large.
    """
    few = sorted(name for name, share in (carried or {}).items() if share < LEAST_CARRIED)
    rest = "it is all that was measured: the domains may stand for nothing"
    if len(carried or {}) > len(few):
        rest = "consider leaving it out"
    elif len(few) > 1:
        rest = "so is all else that was measured: the domains may stand for nothing"
    where = f"it is hardly more coherent than shuffled spots; {rest}"
    found = [Technical(m, None, "noise", (carried or {})[m], where, "") for m in few]
    informative = {name: values for name, values in components.items() if name not in few}
    rows = some(len(coords), seed)
    coherent, smoothed = {}, {}
    for name, values in informative.items():
        coherent[name], smoothed[name] = _coherent_at(rows, values, spatial, seed, device)
    found += _steps(informative, coherent, rows, spatial, coords, seed)
    for name, depth in (log_depth or {}).items():
        check()
        if name in coherent:
            has = np.isfinite(depth)
            own, graph = np.cumsum(has)[rows[has[rows]]] - 1, spatial if has.all() else spatial[has][:, has].tocsr()
            found += _falls(name, smoothed[name][has[rows]], own, depth[has], graph, coords[has])
    if len(rows) == len(coords):
        for one in misplaced(smoothed, coords):
            where = f"{one.second} fits {one.first} better {one.how}, in every part of the section"
            found.append(Technical(f"{one.first} and {one.second}", None, "place", one.gain, where, ""))
    return found


def _coherent_at(
    rows: np.ndarray, values: np.ndarray, spatial: sparse.csr_matrix, seed: int, device: Accelerator
) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) coherent components of some spots, and the same averaged twice over neighbours."""
    mean = neighbour_mean(spatial)
    if is_large(len(values)):
        level, turn, _, _ = coherent_directions(values, spatial, seed, device=device)
        return (values[rows] - level) @ turn, ((mean[rows] @ mean) @ values - level) @ turn
    coherent, mean = coherent_components(values, spatial, seed)[0], mean.astype(float)
    return coherent, mean @ (mean @ coherent)


def _steps(
    components: Mapping[str, np.ndarray],
    coherent: Mapping[str, np.ndarray],
    rows: np.ndarray,
    spatial: sparse.csr_matrix,
    coords: np.ndarray,
    seed: int,
) -> list[Technical]:
    lines = strongest_step(components, spatial, coords, seed)
    told = {name: line for name, line in lines.items() if line.strength >= LEAST_STEP}
    if len(told) > 1:
        told.pop("", None)
    found = []
    for name, line in told.items():
        over = [coherent[name]] if name else list(coherent.values())
        place, side = (coords - coords.mean(axis=0))[rows], line.side[rows].astype(float)
        follows = [_partial_correlations(values, side, place) for values in over]
        component = int(follows[0].argmax()) if name else None
        degrees = round(np.degrees(line.angle) + 90) % 180
        where = f"at {degrees} degrees to x, with {100 * line.side.mean():.0f}% of the spots on one side"
        found.append(Technical(name or " and ".join(coherent), component, "step", line.strength, where, "step"))
    return found


def _falls(
    name: str,
    smoothed: np.ndarray,
    rows: np.ndarray,
    depth: np.ndarray,
    spatial: sparse.csr_matrix,
    coords: np.ndarray,
) -> list[Technical]:
    mean = neighbour_mean(spatial).astype(float)
    smooth = mean @ (mean @ np.asarray(depth, float))
    plane = (coords - coords.mean(axis=0)) / max(float(np.ptp(coords, axis=0).max()), 1e-12)
    rim = rim_basis(coords)
    course = _fitted(smooth, np.hstack([plane, rim]))
    variance = max(float(smooth.var()), 1e-30)
    if course.var() < LEAST_COURSE * variance or course.std() < LEAST_FALL:
        return []
    found = []
    courses: dict[Literal["depth", "rim"], np.ndarray] = {"depth": plane, "rim": rim}
    for what, basis in courses.items():
        fall = _fitted(smooth, basis)
        if fall.var() < LEAST_COURSE / 2 * variance:
            continue
        follows = np.abs(_correlations(smoothed, fall[rows]))
        k = int(follows.argmax())
        if follows[k] >= LEAST_FOLLOWED:
            ends = np.exp(np.ptp(np.quantile(fall, [0.02, 0.98])))
            where = f"to one part in {ends:.1f}"
            remedy = "log_depth" if what == "depth" else "rim"
            found.append(Technical(name, k, what, float(follows[k]), where, remedy))
    return found


def _fitted(y: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """(N,) least squares fit of y, centred."""
    centred = basis - basis.mean(axis=0)
    return np.asarray(centred @ np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0])


def _correlations(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, z = values - values.mean(axis=0), y - y.mean()
    size = np.sqrt((x**2).sum(axis=0) * (z**2).sum())
    return np.asarray(np.divide(z @ x, size, out=np.zeros(x.shape[1]), where=size > 0))


def _partial_correlations(values: np.ndarray, y: np.ndarray, given: np.ndarray) -> np.ndarray:
    """(d,) absolute correlations of each column with y, beyond what a linear trend in `given` says of both."""
    left = np.column_stack([column - _fitted(column, given) for column in values.T])
    return np.abs(_correlations(left, y - _fitted(y, given)))
