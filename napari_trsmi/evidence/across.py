"""Profiles across one boundary: features and confidence by the distance to it, on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_trsmi.domains.across import HOPS, QUARTILES, hops_across, profile
from napari_trsmi.errors import ConfigError
from napari_trsmi.evidence.support import SUPPORT
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.dataset import Modality
    from napari_trsmi.data.result import Result

N_TOP = 3  # features per modality where none are asked for
CONFIDENCE = "confidence"  # stands in the column of modalities for what is known of the domains
CERTAINTY = "certainty"
COLUMNS = (
    *("segment", "modality", "feature", "name", "side", "hop", "distance", "distance_um"),
    *("n", "mean", "error", "low", "median", "high"),
)


def profile_across(
    result: Result,
    segment: int,
    features: Mapping[str, Sequence[str]] | None = None,
    hops: int = HOPS,
    quantiles: tuple[float, float] = QUARTILES,
) -> pd.DataFrame:
    """Return how features and confidence change with the distance to one boundary, on both sides.

    Spots are taken hop by hop over the spatial graph, each side within its own domain. Counts are normalised per spot
    and logged, proteins centred log-ratios, components as they are, as for `carriers`. These values drew the boundary:
    the profile shows how sharp it is and how far it reaches, and is no test that it is there.

    Parameters
    ----------
    result
        Domains with boundaries.
    segment
        Number of the boundary, as in `Result.boundaries`.
    features
        {modality: names of features}; where not given, the 3 of each modality that differ most across the boundary
        (`carriers`).
    hops
        How far to go to each side.
    quantiles
        Ends of the band ``low`` to ``high``.

    Returns
    -------
    A row per feature and hop: ``segment``; ``modality``; ``feature``; ``name``, what people call it; ``side``, name of
    the domain; ``hop``, negative in domain a, positive in domain b, the spots at the boundary are -1 and 1;
    ``distance``, mean distance of the spots to the boundary in the unit of the coordinates, signed as the hops;
    ``distance_um``, in micrometres, NaN where the resolution is not known; ``n`` spots, their ``mean``, its standard
    ``error`` as if spots were independent, ``low``, ``median`` and ``high``. Rows of modality ``"confidence"`` hold
    the certainty of the model and, where there is some, support.

    Raises
    ------
    ConfigError
        There is no such boundary, modality or feature, or `hops` is below 1.
    DataError
        What is given is no result.
    """
    import pandas as pd
    from scipy.spatial import cKDTree

    from napari_trsmi.data.result import check_result
    from napari_trsmi.graphs import spatial_graph

    check_result(result)
    edges = result.boundary_edges
    n = 0 if result.boundaries is None or edges is None else len(result.boundaries)
    if edges is None or not 0 <= segment < n:
        raise ConfigError(f"Expected a boundary of the result, 0 to {n - 1}, found {segment}. Choose one of them.")
    wanted = _carriers(result, segment) if features is None else {key: list(names) for key, names in features.items()}
    columns = {name: _columns(result, name, asked) for name, asked in wanted.items()}
    own = edges[edges["segment"] == segment]
    spatial = spatial_graph(result.coords, result.config.graph.k_spatial, result.dataset.section)
    check()
    signed = hops_across(result.labels, own["i"].to_numpy(), own["j"].to_numpy(), spatial, hops)
    spots = np.flatnonzero(signed)
    hop = signed[spots]
    away = cKDTree(own[["x", "y"]].to_numpy(float)).query(result.coords[spots])[0]
    distance = {int(one): float(np.sign(one) * away[hop == one].mean()) for one in np.unique(hop)}

    frames = []
    for name, at in columns.items():
        check()
        if len(at):
            modality = result.dataset.modalities[name]
            frames.append(_named(profile(_values(result, modality, spots, at), hop, quantiles), name, modality, at))
    frames.append(_confidence(result, spots, hop, quantiles))
    table = pd.concat(frames, ignore_index=True)
    a, b = (int(own[key].iloc[0]) for key in ("domain_a", "domain_b"))
    microns = result.dataset.microns_per_unit
    table["segment"] = segment
    table["side"] = np.where(table["hop"] < 0, result.names[a], result.names[b])
    table["distance"] = table["hop"].map(distance)
    table["distance_um"] = table["distance"] * (np.nan if microns is None else microns)
    return table[list(COLUMNS)]


def _carriers(result: Result, segment: int) -> dict[str, list[str]]:
    from napari_trsmi.evidence.carriers import carriers

    found = carriers(result, segment, N_TOP)
    return {name: part["feature"].tolist() for name, part in found.groupby("modality", sort=False)}


def _columns(result: Result, name: str, asked: Sequence[str]) -> np.ndarray:
    """Return (d,) int, the columns of features in the table of a modality."""
    modalities = result.dataset.modalities
    if name not in modalities:
        raise ConfigError(f"Expected a modality out of {', '.join(modalities)}, found {name!r}. Use one of them.")
    at = modalities[name].table.var_names.get_indexer(list(asked))
    if (missing := [one for one, column in zip(asked, at, strict=True) if column < 0]) != []:
        raise ConfigError(f"Expected features of {name}, found {', '.join(missing[:3])}, which it does not have.")
    found: np.ndarray = at
    return found


def _values(result: Result, modality: Modality, spots: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return (n, d) normalised values of some features at some spots; NaN where the modality was not measured."""
    from napari_trsmi.domains.markers import log_normalised

    kind = result.config.preprocess.kinds.get(modality.name, modality.kind)
    table, values = modality.table, modality.table.X[spots]
    if kind == "protein" and values.min() < 0:  # transformed already
        kind = "precomputed"
    logs = log_normalised(type(table)(values.astype(np.float32), var=table.var), kind)
    picked = logs[:, at]
    found = np.asarray(picked.toarray() if sparse.issparse(picked) else picked, float)
    if modality.measured is not None:
        found[~modality.measured[spots]] = np.nan
    return found


def _named(table: pd.DataFrame, name: str, modality: Modality, at: np.ndarray) -> pd.DataFrame:
    from napari_trsmi.data import feature_names

    columns, var = at[table.pop("value").to_numpy(int)], modality.table.var
    labels: Any = np.asarray(feature_names.labels(var))
    return table.assign(modality=name, feature=modality.table.var_names.to_numpy()[columns], name=labels[columns])


def _confidence(result: Result, spots: np.ndarray, hop: np.ndarray, quantiles: tuple[float, float]) -> pd.DataFrame:
    known = {CERTAINTY: result.confidence}
    if SUPPORT in result.maps:
        known[SUPPORT] = result.maps[SUPPORT]
    table = profile(np.column_stack([values[spots] for values in known.values()]), hop, quantiles)
    names = np.array(list(known))[table.pop("value").to_numpy(int)]
    return table.assign(modality=CONFIDENCE, feature=names, name=names)
