"""Tables of a SpatialData store are joined by region and instance; where several are one assay, one is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stores_by_hand import annotating, circles, labels, quiet_libraries, write_store

import napari_trsmi as nt
from napari_trsmi.data.readers import read
from napari_trsmi.data.readers.several import read_again
from napari_trsmi.data.readers.spatial_regions import as_text
from napari_trsmi.errors import ChoiceError, DataError

pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")

N = 36


@pytest.fixture
def grid(make_table):
    """(N, 2) places."""
    return make_table(N).obsm["spatial"]


@pytest.fixture
def proteins(make_table):
    """A table of 20 proteins."""
    return make_table(N, 20, prefix="protein", mean=20.0, seed=1)


def values(dataset, name):
    return dataset.modalities[name].table.X.toarray()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([f"R{i}" for i in range(N)], [f"P{i}" for i in range(N)]),  # other names
        pytest.param(*([str(i) for i in range(N)],) * 2, marks=pytest.mark.slow),  # the same names for other cells
        pytest.param(["cell"] * N, [f"P{i}" for i in range(N)], marks=pytest.mark.slow),  # names that say nothing
    ],
)
def test_tables_are_joined_by_instance_whatever_their_rows_are_called(
    tmp_path, make_table, proteins, grid, first, second
):
    rna, order = make_table(N), np.random.default_rng(0).permutation(N)
    right = proteins.X.toarray()
    proteins = proteins[order].copy()
    rna.obs_names, proteins.obs_names = first, second
    tables = {"counts": annotating(rna, "cells", np.arange(N)), "panel": annotating(proteins, "cells", order)}
    dataset = read(write_store(tmp_path / "s.zarr", shapes={"cells": circles(grid)}, tables=tables))
    np.testing.assert_array_equal(dataset.coords, grid)
    np.testing.assert_array_equal(values(dataset, "rna"), rna.X.toarray())
    np.testing.assert_array_equal(values(dataset, "adt"), right)
    np.testing.assert_array_equal(dataset.rows["panel"][order], np.arange(N))
    assert any("go by their instance" in note for note in dataset.notes)


@pytest.mark.slow
def test_rows_that_are_called_alike_for_the_same_cells_keep_their_names(tmp_path, make_table, proteins, grid):
    order = np.random.default_rng(0).permutation(N)
    tables = {
        "counts": annotating(make_table(N), "cells", np.arange(N)),
        "panel": annotating(proteins[order], "cells", order),
    }
    dataset = read(write_store(tmp_path / "s.zarr", shapes={"cells": circles(grid)}, tables=tables))
    assert dataset.obs_names[0] == "spot0-1"
    assert not dataset.notes


def test_names_that_repeat_over_regions_are_told_apart_by_region(tmp_path, make_table, grid):
    table = make_table(2 * N)
    table.obs_names = [str(i) for i in range(N)] * 2
    with quiet_libraries():
        table = annotating(table, ["a"] * N + ["b"] * N, np.tile(np.arange(N), 2))
    path = write_store(tmp_path / "s.zarr", shapes={"a": circles(grid), "b": circles(grid + 500)}, tables={"t": table})
    with pytest.raises(ChoiceError) as choice:
        read(path)
    assert choice.value.names == ("a", "b")
    dataset = read(path, library="b")
    np.testing.assert_array_equal(dataset.coords, grid + 500)
    np.testing.assert_array_equal(dataset.rows["t"], np.arange(N, 2 * N))


@pytest.mark.parametrize("as_they_are", [lambda i: str(i), lambda i: i, lambda i: f" {i} "])
def test_instances_match_as_numbers_and_as_text(tmp_path, make_table, grid, as_they_are):
    table = annotating(make_table(N), "cells", [as_they_are(i) for i in range(N)])
    path = write_store(tmp_path / "s.zarr", shapes={"cells": circles(grid)}, tables={"table": table})
    np.testing.assert_array_equal(read(path).coords, grid)


def test_numbers_with_gaps_are_whole_numbers_as_text():
    assert as_text(pd.Series([1.0, np.nan, 3.0])).tolist() == ["1", "", "3"]
    assert as_text(pd.array([1, None, 3], dtype="Int64")).tolist() == ["1", "", "3"]
    assert as_text(pd.Categorical(["1", None])).tolist() == ["1", ""]


def test_rows_whose_instance_the_region_lacks_are_left_out_and_counted(tmp_path, make_table):
    table = annotating(make_table(N + 1), "cells", np.arange(N + 1))  # 0 is the background
    dataset = read(write_store(tmp_path / "s.zarr", labels={"cells": labels(N)}, tables={"table": table}))
    assert dataset.n_spots == N
    assert any("Left out 1 of 37 rows of table 'table'" in note for note in dataset.notes)
    np.testing.assert_array_equal(dataset.rows["table"], np.arange(1, N + 1))


def test_a_table_that_fits_no_instance_of_its_region_is_refused_by_its_key(tmp_path, make_table, grid):
    table = annotating(make_table(N), "cells", np.arange(N) + 1000)
    path = write_store(tmp_path / "s.zarr", shapes={"cells": circles(grid)}, tables={"table": table})
    with pytest.raises(DataError, match=r"instance_key 'cell' of table 'table'.*found only others \('1000'"):
        read(path)


@pytest.mark.slow
def test_bins_are_a_choice_of_tables_and_each_goes_by_table_and_region(tmp_path, make_table):
    sizes = {"bin_2": 36, "bin_8": 16, "bin_16": 9}
    made = {name: make_table(n) for name, n in sizes.items()}
    path = write_store(
        tmp_path / "s.zarr",
        shapes={f"d_{name}": circles(table.obsm["spatial"]) for name, table in made.items()},
        tables={name: annotating(table, f"d_{name}", np.arange(table.n_obs)) for name, table in made.items()},
    )
    with pytest.raises(ChoiceError) as choice:
        read(path)
    assert choice.value.names == tuple(sorted(sizes))
    for name, n in sizes.items():
        for dataset in (read(path, library=name), read(path, library=f"d_{name}"), read(path, modalities=[name])):
            assert dataset.n_spots == n
            assert list(dataset.rows) == [name]
            assert read(path, library=dataset.library).n_spots == n  # what is recorded opens it again
    assert list(read(path, modalities=["bin_8"]).modalities) == ["bin_8"]
    with pytest.raises(DataError, match="Expected one of bin_16, bin_2, bin_8, found 'bin_4'"):
        read(path, library="bin_4")


@pytest.mark.slow
def test_two_tables_of_one_assay_are_a_choice_and_others_go_with_either(tmp_path, make_table, proteins, grid):
    rna = make_table(N)
    tables = {
        "raw": annotating(rna, "cells", np.arange(N)),
        "filtered": annotating(rna[:, :100], "cells", np.arange(N)),
        "proteins": annotating(proteins, "cells", np.arange(N)),
    }
    path = write_store(tmp_path / "s.zarr", shapes={"cells": circles(grid)}, tables=tables)
    for ask in ({}, {"library": "cells"}):
        with pytest.raises(ChoiceError) as choice:
            read(path, **ask)
        assert choice.value.names == ("filtered", "raw")
    dataset = read(path, library="filtered")
    assert {name: m.table.n_vars for name, m in dataset.modalities.items()} == {"rna": 100, "adt": 20}
    assert any("Used table 'filtered'" in note and "raw" in note for note in dataset.notes)
    assert list(read(path, modalities=["proteins", "raw"]).modalities) == ["proteins", "raw"]


@pytest.mark.slow
def test_two_tables_over_the_same_two_regions_are_chosen_by_both_names(tmp_path, make_table, grid):
    table, regions = make_table(2 * N), ["a"] * N + ["b"] * N
    numbers = np.tile(np.arange(N), 2)
    tables = {name: annotating(table, regions, numbers) for name in ("raw", "filtered")}
    path = write_store(tmp_path / "s.zarr", shapes={"a": circles(grid), "b": circles(grid)}, tables=tables)
    with pytest.raises(ChoiceError) as choice:
        read(path)
    assert choice.value.names == ("filtered/a", "raw/a", "filtered/b", "raw/b")
    dataset = read(path, library="raw/b")
    assert dataset.library == "raw/b"
    np.testing.assert_array_equal(dataset.rows["raw"], np.arange(N, 2 * N))


@pytest.mark.slow
def test_outlines_and_labels_of_the_same_cells_are_one_region(tmp_path, make_table, proteins):
    centres = np.array([(8 * i + 4, 8 * j + 4) for j in range(6) for i in range(6)])
    tables = {
        "rna": annotating(make_table(N), "outlines", np.arange(1, N + 1)),
        "protein": annotating(proteins, "cells", np.arange(1, N + 1)),
    }
    shapes = {"outlines": circles(centres, np.arange(1, N + 1))}
    dataset = read(write_store(tmp_path / "s.zarr", shapes=shapes, labels={"cells": labels(N)}, tables=tables))
    assert list(dataset.modalities) == ["adt", "rna"]
    np.testing.assert_allclose(dataset.coords, centres)


@pytest.mark.slow
def test_regions_at_other_places_are_sections_also_of_other_assays(tmp_path, make_table, proteins, grid):
    tables = {
        "rna": annotating(make_table(N), "left", np.arange(N)),
        "protein": annotating(proteins, "right", np.arange(N)),
    }
    shapes = {"left": circles(grid), "right": circles(grid + 500)}
    path = write_store(tmp_path / "s.zarr", shapes=shapes, tables=tables)
    with pytest.raises(ChoiceError) as choice:
        read(path)
    assert choice.value.names == ("right", "left")
    np.testing.assert_array_equal(read(path, library="right").coords, grid + 500)


@pytest.mark.slow
def test_a_table_that_annotates_nothing_stands_back_and_can_be_asked_for(tmp_path, make_table, grid):
    with quiet_libraries():
        from spatialdata.models import TableModel

        alone = TableModel.parse(make_table(9))
    tables = {"cells": annotating(make_table(N), "spots", np.arange(N)), "alone": alone}
    path = write_store(tmp_path / "s.zarr", shapes={"spots": circles(grid)}, tables=tables)
    dataset = read(path)
    assert dataset.n_spots == N
    assert any("Left out table 'alone'" in note for note in dataset.notes)
    assert read(path, library="alone").n_spots == 9


def in_system(element, name):
    """The element in a coordinate system of its own."""
    with quiet_libraries():
        from spatialdata.transformations import Identity, set_transformation

        set_transformation(element, {name: Identity()}, set_all=True)
    return element


@pytest.mark.slow
def test_sections_on_the_same_grid_are_not_one_because_their_assays_differ(tmp_path, make_table, proteins, grid):
    rna, adt = make_table(2 * N), proteins
    rna.obs_names = [f"{name}_{i}" for name in "ab" for i in range(N)]
    adt.obs_names = [f"c_{i}" for i in range(N)]
    tables = {
        "rna": annotating(rna, ["a"] * N + ["b"] * N, np.tile(np.arange(N), 2)),
        "adt": annotating(adt, "c", np.arange(N)),
    }
    shapes = {name: in_system(circles(grid), name) for name in "abc"}
    path = write_store(tmp_path / "s.zarr", shapes=shapes, tables=tables)
    with pytest.raises(ChoiceError) as choice:
        read(path)
    assert len(choice.value.names) == 3
    assert list(read(path, library="c").modalities) == ["adt"]
    assert list(read(path, library="b").modalities) == ["rna"]


def test_regions_are_sections_by_the_column_that_names_them(tmp_path, make_table, grid):
    table = annotating(make_table(2 * N), ["a"] * N + ["b"] * N, np.tile(np.arange(N), 2))
    table.obs["well"] = np.repeat(["W1", "W2"], N)
    table.obs["slide"] = "S"
    path = write_store(tmp_path / "s.zarr", shapes={"a": circles(grid), "b": circles(grid)}, tables={"t": table})
    with pytest.raises(ChoiceError, match=r"in obs\['region'\].*or train all as a study \(--section-column region\)"):
        read(path)
    for column, names in (("region", ("a", "b")), ("well", ("W1", "W2"))):
        study = nt.read_sections(path, column=column)
        assert study.section_names == names
        again = read_again([{"name": name, "paths": [path]} for name in names], column=column)
        np.testing.assert_array_equal(again.rows["t"], study.rows["t"])
    with pytest.raises(DataError, match="names each of the regions 'a', 'b', found 1 values of 'slide' in 'b', as in"):
        nt.read_sections(path, column="slide")
