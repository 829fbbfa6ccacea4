"""A SpatialData store with a table for each region is a study, read in one go; tables of one tissue are a choice."""

from __future__ import annotations

import numpy as np
import pytest
from stores_by_hand import annotating, circles, write_store

import napari_trsmi as nt
from napari_trsmi.data.readers import opening, read, spatial_data
from napari_trsmi.data.readers.several import read_again
from napari_trsmi.errors import ChoiceError, DataError

pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")

N = 64


@pytest.fixture
def grid(make_table):
    """(N, 2) places."""
    return make_table(N).obsm["spatial"]


@pytest.fixture
def store(tmp_path, make_table, grid):
    """Three sections, each with a table and a region of its own; all lie over each other in one system."""
    tables = {
        f"table_{name}": annotating(make_table(N, seed=seed), name, np.arange(N)) for seed, name in enumerate("abc")
    }
    shapes = {name: circles(grid + 3 * seed) for seed, name in enumerate("abc")}
    return write_store(tmp_path / "s.zarr", shapes=shapes, tables=tables)


@pytest.fixture
def reads(monkeypatch):
    """How often tables, and elements, are read from disk."""
    count = {"tables": 0, "elements": 0}

    def counted(what, function):
        def call(*args):
            count[what] += 1
            return function(*args)

        return call

    monkeypatch.setattr(spatial_data, "read_tables", counted("tables", spatial_data.read_tables))
    monkeypatch.setattr(spatial_data, "open_elements", counted("elements", spatial_data.open_elements))
    return count


def test_a_table_for_each_region_is_a_study_without_more_words(store, reads, make_table, grid):
    study = nt.read_sections(store)
    assert study.section_names == ("a", "b", "c")
    assert reads == {"tables": 1, "elements": 1}
    for seed, part in enumerate(study.parts):
        np.testing.assert_array_equal(part.modalities["rna"].table.X.toarray(), make_table(N, seed=seed).X.toarray())
        np.testing.assert_array_equal(part.coords, grid + 3 * seed)
    assert opening._KEPT.get() is None


def test_the_column_of_the_regions_names_them_in_one_reading(store, reads):
    study = nt.read_sections(store, column="region")
    assert study.section_names == ("a", "b", "c")
    assert reads["tables"] == 1
    again = read_again([{"name": name, "paths": [store]} for name in "ca"], column="region")
    assert again.section_names == ("c", "a")


def test_one_of_them_is_asked_for_with_the_way_to_all(store):
    with pytest.raises(ChoiceError, match=r"the regions .* in obs\['region'\].*--section-column region") as ask:
        read(store)
    assert ask.value.kind == "regions"
    for name in ("b", "table_b"):
        assert read(store, library=name).rows["table_b"].tolist() == list(range(N))


def test_two_tables_for_each_region_are_the_modalities_of_each_section(tmp_path, make_table, grid):
    tables = {}
    for seed, name in enumerate("ab"):
        adt = make_table(N, 20, prefix="protein", mean=20.0, seed=seed + 5)
        tables[f"rna_{name}"] = annotating(make_table(N, seed=seed), name, np.arange(N))
        tables[f"protein_{name}"] = annotating(adt, name, np.arange(N))
    shapes = {name: circles(grid + 3 * seed) for seed, name in enumerate("ab")}
    study = nt.read_sections(write_store(tmp_path / "s.zarr", shapes=shapes, tables=tables))
    assert study.section_names == ("a", "b")
    assert [one.kind for one in study.modalities.values()] == ["protein", "rna"]
    assert all(one.measured is None for one in study.modalities.values())


@pytest.mark.parametrize("second", ["wider", "found_anew"])
def test_bins_and_other_outlines_of_one_tissue_are_no_study(tmp_path, make_table, grid, second):
    rna = make_table(N)
    rna.X = rna.X.multiply(np.linspace(1, 3, N)[:, None]).ceil().tocsr()  # so that totals differ
    other, xy = rna, grid + 0.5
    if second == "wider":
        xy = grid[(grid % 20 == 0).all(axis=1)]
        other = rna[: len(xy)]
    tables = {
        "cells": annotating(rna, "outlines", np.arange(N)),
        "others": annotating(other, "nuclei", np.arange(len(xy))),
    }
    path = write_store(tmp_path / "s.zarr", shapes={"outlines": circles(grid), "nuclei": circles(xy)}, tables=tables)
    with pytest.raises(ChoiceError) as ask:
        read(path)
    assert ask.value.kind == "tables"
    with pytest.raises(DataError, match=r"They are of one tissue.*read\(\.\.\., library=\)"):
        nt.read_sections(path)
