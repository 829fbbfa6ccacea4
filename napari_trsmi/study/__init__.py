"""What a person gets from several sections: composition, mixing, neighbours of domains, labels for a new section."""

from napari_trsmi.study.alike import mixing, mixing_notes
from napari_trsmi.study.beside import neighbours
from napari_trsmi.study.shares import composition, composition_test

__all__ = ["composition", "composition_test", "mixing", "mixing_notes", "neighbours"]
