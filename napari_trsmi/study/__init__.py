"""What a person gets from several sections: composition, mixing, neighbours of domains, labels for a new section."""

from napari_trsmi.evidence.alike import mixing, mixing_notes
from napari_trsmi.study.bars import draw_composition
from napari_trsmi.study.beside import neighbours
from napari_trsmi.study.shares import (
    By,
    composition,
    composition_test,
    difference_notes,
    donor_notes,
    left_out_notes,
)
from napari_trsmi.study.transferred import transfer

__all__ = [
    "By",
    "composition",
    "composition_test",
    "difference_notes",
    "donor_notes",
    "draw_composition",
    "left_out_notes",
    "mixing",
    "mixing_notes",
    "neighbours",
    "transfer",
]
