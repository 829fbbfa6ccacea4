"""Every score of a set of domains, under one name."""

from napari_trsmi.domains.agreement import agreement, boundary_agreement
from napari_trsmi.domains.preservation import cross_modal_consistency, neighbour_preservation
from napari_trsmi.domains.smoothness import chaos, morans_i, pas, smoothness

__all__ = [
    "agreement",
    "boundary_agreement",
    "chaos",
    "cross_modal_consistency",
    "morans_i",
    "neighbour_preservation",
    "pas",
    "smoothness",
]
