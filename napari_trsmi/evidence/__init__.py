"""What speaks for the domains of one run, and what against them, found without training again."""

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
