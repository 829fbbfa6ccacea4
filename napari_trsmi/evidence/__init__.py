"""What speaks for the domains of one run, and what against them, found without training again.

Names are looked up when first used: the window needs that of support long before it measures any.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_trsmi.evidence.numbers import NumberCurve, number_curve
    from napari_trsmi.evidence.support import (
        SUPPORT,
        UNDECIDED,
        edges_with_support,
        find_cuts,
        is_undecided,
        supported,
        with_support,
    )
    from napari_trsmi.evidence.tree import DomainTree, find_tree

__all__ = [
    "SUPPORT",
    "UNDECIDED",
    "DomainTree",
    "NumberCurve",
    "edges_with_support",
    "find_cuts",
    "find_tree",
    "is_undecided",
    "number_curve",
    "supported",
    "with_support",
]
_ELSEWHERE = {"DomainTree": "tree", "NumberCurve": "numbers", "find_tree": "tree", "number_curve": "numbers"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'support')}"), name)
