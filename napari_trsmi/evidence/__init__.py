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

__all__ = [
    "SUPPORT",
    "UNDECIDED",
    "NumberCurve",
    "edges_with_support",
    "find_cuts",
    "is_undecided",
    "number_curve",
    "supported",
    "with_support",
]
