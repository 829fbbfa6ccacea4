"""What the checks found, in the result itself and in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.plural import many
from napari_trsmi.summary import without_sections
from napari_trsmi.trust.asked import unconstrained

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.data.result import Result
    from napari_trsmi.trust.seeds import Stability
    from napari_trsmi.trust.shuffled import Chance

STABILITY, AGREEING = "stability", "modalities_agreeing"  # names of the maps
BY_CHANCE = "by_chance"  # column of the boundaries, which have the stability too
STABLE = 0.8  # a spot is called stable where at least this share of the runs gives it its domain
LIKELY = 0.05  # a boundary is one that chance would draw where more of the boundary by chance is as confident
SHUFFLED = {  # by what was kept
    "gradients": "tissue shuffled within gradients of depth and position",
    "nothing": "tissue shuffled all over",
}


def modality_agreement(result: Result) -> tuple[dict[str, float], np.ndarray]:
    """Return how well each modality alone finds the domains of the result.

    Each modality's components are cut into as many domains by the result's settings, without any training
    and without what a person said about spots.

    Returns
    -------
    agreement
        {modality: adjusted Rand index with the result, over the spots that have it}.
    agreeing
        (N,) float32 share of a spot's modalities that, matched to the result, give it its domain.
    """
    from sklearn.metrics import adjusted_rand_score

    from napari_trsmi.domains.comparison import match_labels
    from napari_trsmi.interrupt import check
    from napari_trsmi.stages import cut, prepare

    config = result.config
    section = prepare(result.dataset, config)
    mixture = config.cluster.model_copy(update={"method": "mixture"})
    rough = unconstrained(config.model_copy(update={"cluster": mixture}))
    n = len(result.labels)
    agreement, votes, voters = {}, np.zeros(n, np.float32), np.zeros(n, np.float32)
    for name, features in section.features.items():
        check()
        apart = replace(section, measured={name: section.measured[name]}, features={name: features})
        labels = cut(features, apart, rough, result.partition.n_domains, None).labels
        has = section.has.get(name, np.ones(n, bool))
        agreement[name] = float(adjusted_rand_score(result.labels[has], labels[has]))
        votes += has & (match_labels(labels, result.labels) == result.labels)
        voters += has
    return agreement, votes / voters


def with_trust(
    result: Result,
    stability: Stability | None = None,
    by_chance: Chance | None = None,
    curve: pd.DataFrame | None = None,
    sections: pd.DataFrame | None = None,
    *,
    alone: bool = True,
) -> Result:
    """Return the result with what was found in its maps, its boundaries and its provenance, so that all is saved.

    Parameters
    ----------
    stability, by_chance, curve, sections
        What `seed_stability`, `chance`, `stability_curve` and `without_each_section` returned for this result; what is
        not given is left as it was.
    alone
        Find out how each modality alone agrees, too, which takes no training.
    """
    from napari_trsmi.trust.seeds import suggested_domains

    trust = dict(result.provenance.get("trust", {}))
    maps, boundaries = dict(result.maps), result.boundaries
    if alone:
        trust["modality_agreement"], maps[AGREEING] = modality_agreement(result)
    if stability is not None:
        maps[STABILITY] = stability.consensus.stability
        trust |= {
            "seeds": list(stability.seeds),
            "perturbed": stability.perturbed,
            "seed_agreement": stability.consensus.agreement.tolist(),
            "stability": stability.consensus.mean_agreement,
            "stable_spots": float((stability.consensus.stability >= STABLE).mean()),
        }
        if boundaries is not None:
            boundaries = boundaries.assign(**{STABILITY: stability.boundaries})
    if by_chance is not None:
        trust |= {
            "kept": by_chance.keep,
            "in_domain": by_chance.in_domain,
            "confidence": by_chance.confidence,
            "confidence_by_chance": by_chance.by_chance.tolist(),
            "boundaries_by_chance": int((by_chance.boundaries > LIKELY).sum()),
            "n_boundaries": len(by_chance.boundaries),
        }
        if boundaries is not None:
            boundaries = boundaries.assign(**{BY_CHANCE: by_chance.boundaries})
    if curve is not None:
        trust |= {
            "curve": curve.to_dict("records"),
            "curve_perturbed": bool(curve.attrs.get("perturbed", False)),
            "suggested_domains": suggested_domains(curve),
        }
    if sections is not None:
        missing = sections.astype(object).where(sections.notna(), None)  # JSON knows no NaN
        trust["sections"] = missing.to_dict("records")
    return replace(result, maps=maps, boundaries=boundaries, provenance={**result.provenance, "trust": trust})


def describe(result: Result, section: str | None = None) -> str:
    """Return what the checks of a result found, in lines for a person; first those of one section where it is named."""
    if section is not None and (own := _in_section(result, section)):
        return "\n".join((f"In {section}:", *own, "In all sections:", describe(result)))
    trust = result.provenance.get("trust", {})
    lines = []
    if "stability" in trust:
        runs = many(len(trust["seeds"]), "run")
        lines.append(
            f"{_runs(trust.get('perturbed'))}: mean ARI {trust['stability']:.2f} over {runs}; "
            f"{100 * trust['stable_spots']:.0f}% of the spots keep their domain in at least four fifths of the runs."
        )
    if "confidence_by_chance" in trust:
        by_chance = ", ".join(f"{value:.2f}" for value in trust["confidence_by_chance"])
        tissue = SHUFFLED[trust.get("kept", "nothing")]
        if trust.get("in_domain") is not None:
            tissue += f" (where {100 * trust['in_domain']:.0f}% of the places keep their domain)"
        lines.append(
            f"Chance: mean confidence {trust['confidence']:.2f}, on {tissue} {by_chance}; "
            f"{trust['boundaries_by_chance']} of {trust['n_boundaries']} boundaries are no more confident than 5% of "
            "the boundary drawn there."
        )
    if "modality_agreement" in trust:
        alone = ", ".join(f"{name} {value:.2f}" for name, value in trust["modality_agreement"].items())
        lines.append(f"Modalities alone, ARI with the result: {alone}.")
    if "suggested_domains" in trust:
        curve = ", ".join(f"{row['n_domains']}: {row['stability']:.2f}" for row in trust["curve"])
        runs = _runs(trust.get("curve_perturbed")).lower()
        lines.append(f"Stability over {runs} by number of domains: {curve}. Suggested: {trust['suggested_domains']}.")
    return "\n".join([*lines, *without_sections(result)])


def _in_section(result: Result, section: str) -> list[str]:
    """Return what is known of one section of a study."""
    dataset, edges, table = result.dataset, result.boundary_edges, result.boundaries
    number = dataset.number_of(section)
    rows, lines = dataset.sections[number], []
    if STABILITY in result.maps:
        kept = 100 * float((result.maps[STABILITY][rows] >= STABLE).mean())
        lines.append(f"{kept:.0f}% of its spots keep their domain in at least four fifths of the runs.")
    if table is not None and edges is not None and BY_CHANCE in table:
        own = table["segment"].isin(edges["segment"][dataset.section[edges["i"]] == number])  # type: ignore[index]
        likely = int((table.loc[own, BY_CHANCE] > LIKELY).sum())
        lines.append(
            f"{likely} of its {int(own.sum())} boundaries are no more confident than 5% of the boundary drawn by "
            "chance, which was looked for in all sections together."
        )
    if AGREEING in result.maps:
        agreeing = float(np.nanmean(result.maps[AGREEING][rows]))
        lines.append(f"Of the modalities of a spot, {agreeing:.0%} alone give it its domain, on average.")
    return [*lines, *(one for one in without_sections(result) if one.startswith(f"Without {section},"))]


def _runs(perturbed: bool | None) -> str:
    """Return how the runs differ; those of older files do by their seeds."""
    return "Fresh measurements and seeds" if perturbed else "Seeds"
