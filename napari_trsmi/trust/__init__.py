"""Whether domains are real: again from fresh measurements, by chance alone, and in each modality alone.

Everything here runs the method of `api` again, on perturbed data with other seeds or on shuffled tissue. The checks are
generators, as training is: they yield a `Progress` before each run, and can be closed at any time. Names are looked up
when first used: the window shows what was found long before it checks anything.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_trsmi.trust.asked import check_trust
    from napari_trsmi.trust.found import (
        AGREEING,
        BY_CHANCE,
        STABILITY,
        describe,
        modality_agreement,
        with_trust,
    )
    from napari_trsmi.trust.perturbing import perturbed
    from napari_trsmi.trust.sections import check_several, without_each_section
    from napari_trsmi.trust.seeds import Stability, seed_stability, stability_curve, suggested_domains
    from napari_trsmi.trust.shuffled import Chance, Kept, chance, share_above, strata

__all__ = [
    "AGREEING",
    "BY_CHANCE",
    "STABILITY",
    "Chance",
    "Kept",
    "Stability",
    "chance",
    "check_several",
    "check_trust",
    "describe",
    "modality_agreement",
    "perturbed",
    "seed_stability",
    "share_above",
    "stability_curve",
    "strata",
    "suggested_domains",
    "with_trust",
    "without_each_section",
]
_WHERE = {
    "check_trust": "asked",
    "perturbed": "perturbing",
    **dict.fromkeys(("check_several", "without_each_section"), "sections"),
    **dict.fromkeys(("Stability", "seed_stability", "stability_curve", "suggested_domains"), "seeds"),
    **dict.fromkeys(("Chance", "Kept", "chance", "share_above", "strata"), "shuffled"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE.get(name, 'found')}"), name)
