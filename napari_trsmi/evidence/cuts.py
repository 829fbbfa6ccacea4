"""Other cuts of the same run, as plausible as the default: what all of them draw does not hang on how it was drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import denoise
from napari_trsmi.config import Cluster, Config
from napari_trsmi.domains.clustering import in_context
from napari_trsmi.domains.features import domain_features
from napari_trsmi.domains.mixture import MAX_ITERATIONS, fit_mixture
from napari_trsmi.domains.rings import ring_components, tied_mixture
from napari_trsmi.domains.starts import kmeans
from napari_trsmi.evidence.splitting import noisier
from napari_trsmi.graphs import neighbour_mean
from napari_trsmi.interrupt import check
from napari_trsmi.sampling import Columns, is_large, side_by_side
from napari_trsmi.stages import Prepared

N_WAYS, N_FRESH, FEWER_FRESH = 7, 4, 2
SHARE = 0.5  # noise put on top of a measurement, in standard deviations of its own
_STARTS, _STEPS = 2, 20  # restarts and steps of such a cut: votes need number more than each its best optimum
_FEWER_STEPS = 5  # of large sections
_MOVED = (2, -2)  # how far the number of domains is moved


@dataclass(frozen=True)
class Way:
    """One way to cut a section, for any number of domains.

    Attributes
    ----------
    name
        What is done differently, in words.
    features
        (N, c) what is clustered.
    settings
        The clustering; its context says how.
    device
        Asked first where the section is large.
    """

    name: str
    features: np.ndarray
    settings: Cluster
    device: Accelerator = CPU

    def cut(self, n_domains: int, spatial: sparse.csr_matrix | None, seed: int) -> np.ndarray | None:
        """Return (N,) labels of so many domains; None where these features do not fall into as many.

        Without a spatial graph there is no field, and what is clustered may be some of the spots.
        """
        if self.settings.context == "rings":
            labels = tied_mixture(self.features, n_domains, 1, seed, device=self.device).argmax(axis=1)
        else:
            start = kmeans(self.features, n_domains, _STARTS, seed)
            if len(np.unique(start)) < n_domains:
                return None
            strength, steps = self.settings.strength, _FEWER_STEPS if is_large(len(start)) else _STEPS
            if spatial is None or self.settings.refinement != "potts":
                strength, steps = 0.0, MAX_ITERATIONS
            graph = sparse.csr_matrix((len(start), len(start))) if spatial is None else spatial
            labels = fit_mixture(
                self.features, start, neighbour_mean(graph), strength=strength, iterations=steps, device=self.device
            ).labels
        return labels if len(np.unique(labels)) == n_domains else None


def ways(
    embedding: np.ndarray,
    prepared: Prepared,
    config: Config,
    n_fresh: int = N_FRESH,
    measured: Mapping[str, np.ndarray] | None = None,
) -> Iterator[Way]:
    """Yield ways to cut a section; none of them trains.

    Seven cut the run's embedding, the network's input or the measurements, averaged over the tissue or ring by ring,
    with and without sharpening. The others put fresh noise on the measurements (`splitting.split`) and cut them in the
    way of the default. Of a large section only the embedding is sharpened, whose search costs as much as all the rest.

    Parameters
    ----------
    embedding
        (N, d) joint embedding.
    prepared
        Features and graphs.
    config
        Settings of the run.
    n_fresh
        Measurements with fresh noise.
    measured
        {modality: (N, D_m)} measurements to cut and to put noise on; those made ready where not given.
    """
    spatial, seed, device = prepared.spatial, config.seed, prepared.device
    averaged, ringed = _settings(config, "averaged"), _settings(config, "rings")
    own = prepared.measured if measured is None else measured
    values_measured, features = side_by_side(own.values()), side_by_side(prepared.features.values())

    def by_average(values: Columns, **update: int) -> tuple[np.ndarray, Cluster]:
        return domain_features(values, spatial, averaged.model_copy(update=update), seed, device), averaged

    def by_rings(values: Columns, hops: int = 3) -> tuple[np.ndarray, Cluster]:
        return ring_components(values, spatial, hops, seed, device), ringed

    def fresh(number: int) -> tuple[np.ndarray, Cluster]:
        rng = np.random.default_rng([seed, number])
        way = _as_default(
            ((name, noisier(name, values, prepared, rng, SHARE)) for name, values in own.items()), prepared, config
        )
        return way.features, way.settings

    fast = {"sharpen": 0} if is_large(spatial.shape[0]) else {}
    makers: dict[str, Callable[[], tuple[np.ndarray, Cluster]]] = {
        "the embedding": lambda: by_average(embedding),
        "the input of the network": lambda: by_average(features, **fast),
        "the measurements": lambda: by_average(values_measured, **fast),
        "without sharpening": lambda: by_average(embedding, sharpen=0),
        "ring by ring": lambda: by_rings(embedding),
        "the measurements, ring by ring": lambda: by_rings(values_measured),
        "each spot by itself": lambda: by_rings(embedding, 0),
    }
    for number in range(n_fresh):
        makers[f"fresh noise {number + 1}"] = lambda number=number: fresh(number)  # type: ignore[misc]
    for name, make in makers.items():
        check()
        yield Way(name, *make(), device)


def default_way(measured: Mapping[str, np.ndarray], prepared: Prepared, config: Config) -> Way:
    """Return the way of the default to cut measurements of the section, {modality: (N, D_m)}, without training."""
    return _as_default(measured.items(), prepared, config)


def _as_default(measured: Iterable[tuple[str, np.ndarray]], prepared: Prepared, config: Config) -> Way:
    """Return what `default_way` does; of the measurements only one modality need be there at a time."""
    spatial, seed = prepared.spatial, config.seed
    settings = _settings(config, in_context(config.cluster, prepared.dataset.coords, prepared.section).context)
    features = side_by_side(_denoised(name, values, prepared, seed) for name, values in measured)
    fast = settings.model_copy(update={"sharpen": 0})  # whose search for similar spots costs as much as all the rest
    own = domain_features(features, spatial, fast, seed, prepared.device)
    return Way("as the default", own, settings, prepared.device)


def _denoised(name: str, values: np.ndarray, prepared: Prepared, seed: int) -> np.ndarray:
    """Return (N, D_m) averaged over the tissue where measured, and carried over to other spots."""
    if name not in prepared.has:
        return denoise(values, prepared.spatial, seed, prepared.device)[0]
    has = prepared.has[name]
    own = denoise(values[has], prepared.spatial[has][:, has].tocsr(), seed, prepared.device)[0]
    full = np.zeros(values.shape, own.dtype)
    full[has] = own
    full[~has] = prepared.carry[name][~has] @ full
    return full


def _settings(config: Config, context: str) -> Cluster:
    """Return the settings of a vote."""
    changes = {"method": "mixture", "n_init": _STARTS, "domain_scale": None, "sharpen": 1, "context": context}
    return config.cluster.model_copy(update=changes)


def n_fresh_of(n_spots: int) -> int:
    """Return how many cuts with fresh noise a section of so many spots gets."""
    return FEWER_FRESH if is_large(n_spots) else N_FRESH


def numbers_of(way: int, n_domains: int) -> tuple[int, ...]:
    """Return the numbers of domains for which way number `way` votes: as many, and one or two more or fewer."""
    return tuple(dict.fromkeys((n_domains, max(2, n_domains + _MOVED[way % len(_MOVED)]))))
