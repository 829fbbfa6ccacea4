"""The table of one modality over the spots of all sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.simulate.counts import CHEMISTRY, draw_counts, draw_profiles, groups_seen, only_few_differ
from napari_trsmi.data.simulate.names import feature_names
from napari_trsmi.data.simulate.settings import ModalityName, SimulationSettings
from napari_trsmi.data.simulate.technical import gradient_effects, line_effects

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def measure(
    settings: SimulationSettings,
    modality: ModalityName,
    membership: Sequence[np.ndarray],
    lies: Sequence[Mapping[str, np.ndarray]],
    domains: np.ndarray,
    obs: pd.DataFrame,
) -> AnnData:
    """Return the table of one modality over the spots of all sections.

    Parameters
    ----------
    membership
        (N, C) share of each domain, or of each cell type where spots are cells, in the spots of each section.
    lies
        Where the spots of each section lie on the courses of `technical.courses`.
    domains
        (sections * N,) int domain of each spot.
    """
    import anndata
    import pandas as pd
    from scipy import sparse

    chemistry, code = CHEMISTRY[modality], list(CHEMISTRY).index(modality)
    noise = modality in settings.noise
    rng = np.random.default_rng([settings.seed, 13, code])
    n_features = settings.n_features(modality)
    groups = groups_seen(settings, modality)
    members = [" / ".join(np.array(settings.domain_names)[groups == g]) for g in range(groups.max() + 1)]
    visible = categories(groups[domains], members)
    if settings.cell_types:  # what has a profile is a type, not a domain
        groups = np.zeros(settings.cell_types, int) if noise else np.arange(settings.cell_types)
        members = list(settings.type_names)
        chemistry = replace(chemistry, markers=max(chemistry.markers, 0.6))  # panels are made of what marks types
    profiles, marked = draw_profiles(chemistry, groups, n_features, settings.contrast, rng)
    names = feature_names(modality, n_features, rng)
    marker_of = np.array(["" if g < 0 or noise else members[g] for g in marked], dtype=object)
    if settings.subtle and modality == settings.pairs[0, 1]:
        rng = np.random.default_rng([settings.seed, 21, code])
        profiles, told = only_few_differ(profiles, marked, settings.subtle, chemistry.fold, rng)
        first, second = settings.domain_names[:2]
        marker_of[marked == groups[0]] = f"{first} / {second}"
        marker_of[marked == groups[1]] = ""
        marker_of[told[::2]], marker_of[told[1::2]] = first, second
    effects = np.zeros(n_features)
    if settings.gradient and not noise:
        free = np.flatnonzero(marker_of == "")
        effects = gradient_effects(settings, free, n_features, np.random.default_rng([settings.seed, 22, code]))
    counts = []
    for s, shares in enumerate(membership):
        rng = np.random.default_rng([settings.seed, 14, code, s])
        seen, depth, own = profiles, settings.depth * chemistry.share, settings
        if s:  # the first section is the reference
            seen = profiles * np.exp(settings.batch * rng.standard_normal(n_features))
            seen /= seen.sum(axis=1, keepdims=True)
            depth *= np.exp(settings.batch * rng.normal())
        if s and settings.background:
            more = np.random.default_rng([settings.seed, 25, code, s]).normal()
            own = settings.model_copy(
                update={"ambient": min(0.9, settings.ambient * np.exp(settings.background * more))}
            )
        per_spot = depth * np.exp(0.3 * rng.standard_normal(len(shares)) - 0.045)  # mean: depth
        drift = None
        if not noise:
            per_spot = per_spot * lies[s].get("depth_factor", 1.0)
            along: dict[str, np.ndarray] = {}
            if "gradient" in lies[s]:
                along["gradient"] = effects
            if "technical" in lies[s]:
                line = np.random.default_rng([settings.seed, 23, code, s])
                along["technical"] = line_effects(settings, profiles.mean(axis=0), line)
            if along:
                drift = np.column_stack([lies[s][name] for name in along]), np.array(list(along.values()))
        counts.append(draw_counts(shares, seen, per_spot, own, rng, drift))
    columns: dict[str, Any] = {"feature_types": chemistry.feature_type, "marker_of": marker_of.tolist()}
    if settings.gradient:
        columns["gradient"] = effects
    var = pd.DataFrame(columns, index=pd.Index(names, dtype=object))
    table = anndata.AnnData(sparse.vstack(counts, format="csr"), obs=obs.copy(), var=var)
    table.obs["visible_domain"] = visible
    return table


def categories(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    """Return the codes as ordered categories of these names."""
    import pandas as pd

    return pd.Categorical.from_codes(codes, list(names), ordered=True)
