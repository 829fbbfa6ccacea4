"""How many domains a run ends with: as many as were asked for, or as the final embedding tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_trsmi.config import Config
from napari_trsmi.records import Fit, drain
from napari_trsmi.stages import Prepared, as_cut, cut
from napari_trsmi.telling import NUMBER, tell

if TYPE_CHECKING:
    from napari_trsmi.evidence import NumberCurve

_STARTS = 2  # of the cut that tells which differences make a domain


def number_of_domains(trained: Fit, prepared: Prepared, config: Config) -> tuple[int, dict[str, Any]]:
    """Return the number of domains, and where it was not given, how it was chosen on the final embedding."""
    from napari_trsmi.evidence import number_curve

    asked = config.cluster.n_domains
    if asked or config.cluster.method == "prototypes" or len(trained.embedding) < 3 or config.cluster.max_domains < 2:
        return asked or len(trained.prototypes), {}

    def told(by: Config) -> NumberCurve:
        return drain(number_curve(trained.embedding, prepared, by), lambda at: tell(NUMBER, at.done, at.total))

    curve = told(config)
    if _decides(prepared, config):
        rough = config.model_copy(update={"cluster": config.cluster.model_copy(update={"n_init": _STARTS})})
        found = cut(trained.embedding, prepared, rough, curve.chosen, None)
        if found.emphasis != "coherent":  # with which the curve was made
            curve = told(as_cut(config, found))
    return curve.chosen + _split_apart(trained, prepared, config, curve.chosen), {"numbers": curve.record()}


def _decides(prepared: Prepared, config: Config) -> bool:
    """Whether a cut decides by itself which differences make a domain."""
    from napari_trsmi.domains.clustering import in_context

    settings = in_context(config.cluster, prepared.dataset.coords, prepared.section)
    return settings.emphasis == "auto" and settings.method == "mixture" and settings.context == "averaged"


def _split_apart(trained: Fit, prepared: Prepared, config: Config, n_domains: int) -> int:
    """Return of how many pairs of sides that a person keeps apart a cut into so many domains makes one domain."""
    from napari_trsmi.constraints import majority, row_constraints

    counting = row_constraints(config.constraints, prepared.dataset.obs_names, len(trained.history))
    apart = [one for one in counting if one.kind == "apart" and len(one.spots) and len(one.others)]
    if not apart:
        return 0
    free = config.model_copy(update={"constraints": ()})
    labels = cut(trained.embedding, prepared, free, n_domains, None).labels
    return sum(majority(labels[one.spots]) == majority(labels[one.others]) for one in apart)
