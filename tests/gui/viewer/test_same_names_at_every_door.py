"""Sections of one file are called alike in the window, on the command line and in Python."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import concat

import napari_trsmi as nt
from napari_trsmi.errors import ChoiceError
from napari_trsmi.gui.viewer.opening import read_files
from napari_trsmi.gui.viewer.reader import open_sections
from napari_trsmi.gui.viewer.studies import ALL


def by_barcodes(folder, make_table):
    table = concat([make_table(seed=0), make_table(seed=1)], index_unique="-", keys=["1", "2"])
    table.write_h5ad(folder / "all.h5ad")
    return folder / "all.h5ad", "barcodes", ("section1", "section2")


def by_region(folder, make_table):
    pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")
    from stores_by_hand import annotating, circles, write_store

    xy = make_table().obsm["spatial"]
    path = write_store(
        folder / "all.zarr",
        shapes={name: circles(xy + shift) for name, shift in (("left", 0), ("right", 3))},
        tables={
            f"of_{name}": annotating(make_table(seed=s), name, np.arange(36))
            for s, name in enumerate(("left", "right"))
        },
    )
    return path, "region", ("left", "right")


@pytest.mark.parametrize("write", [by_barcodes, by_region])
def test_sections_have_the_same_names_at_every_door(write, tmp_path, make_table):
    path, column, names = write(tmp_path, make_table)
    asked = read_files([str(path)], None)
    assert isinstance(asked, ChoiceError)
    assert asked.names == names
    assert asked.kind != "tables"  # so that the window offers all as one study
    (section,) = open_sections([path], ALL)
    assert section.dataset.section_names == names
    assert nt.read_sections(path).section_names == names
    assert nt.read_sections(path, column=column).section_names == names  # --section-column
    for name in names:
        assert nt.read(path, library=name).n_spots == 36
