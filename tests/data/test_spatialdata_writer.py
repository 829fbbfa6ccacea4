"""The copy of a SpatialData store: its tables with the domains, everything else as it was."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import zarr
from results_by_hand import result_of
from stores_by_hand import annotating, circles, labels, quiet_libraries, read_store, write_store

from napari_trsmi.data.annotate import DOMAIN
from napari_trsmi.data.readers import read
from napari_trsmi.data.saved import read_result
from napari_trsmi.data.sources import sha256

pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")

N = 36


@pytest.fixture
def source(tmp_path, make_table):
    """Two sections in one table whose rows are called alike, a picture, and a table beside them."""
    with quiet_libraries():
        from spatialdata.models import Image2DModel, TableModel

        image = Image2DModel.parse(np.full((3, 60, 60), 7, np.uint8), dims=("c", "y", "x"))
        beside = TableModel.parse(make_table(5))
    grid, table = make_table(N).obsm["spatial"], make_table(2 * N)
    table.obs_names = [str(i) for i in range(N)] * 2
    table.obs["remark"] = pd.array([None if i % 3 else f"n{i}" for i in range(2 * N)], dtype="string")
    with quiet_libraries():
        tables = {"cells": annotating(table, ["a"] * N + ["b"] * N, np.tile(np.arange(N), 2)), "beside": beside}
    shapes = {"a": circles(grid), "b": circles(grid)}
    return write_store(tmp_path / "in.zarr", images={"he": image}, shapes=shapes, tables=tables)


def test_the_chosen_region_gets_the_domains_and_all_else_stays(source, tmp_path):
    before = sha256(source)
    result = result_of(read(source, library="b"))
    for out in ("out.zarr", "in.zarr"):
        result.write(tmp_path / out)
        saved = read_store(tmp_path / out)
        table = saved.tables["cells"]
        assert table.obs[DOMAIN].isna().tolist() == [True] * N + [False] * N
        assert table.obs[DOMAIN].cat.codes[N:].tolist() == result.labels.tolist()
        assert table.obs["remark"].isna().sum() == 2 * N - len(range(0, 2 * N, 3))
        assert (int(saved.images["he"].max()), saved.tables["beside"].n_obs, set(saved.shapes)) == (7, 5, {"a", "b"})
        assert DOMAIN not in saved.tables["beside"].obs
        np.testing.assert_array_equal(read_result(tmp_path / out).labels, result.labels)
        assert out == "in.zarr" or sha256(source) == before
    assert {path.name for path in tmp_path.iterdir() if path.suffix == ".zarr"} == {"in.zarr", "out.zarr"}


@pytest.mark.slow
def test_the_gathered_metadata_know_the_new_arrays(source, tmp_path):
    result_of(read(source, library="a")).write(tmp_path / "out.zarr")
    gathered = zarr.open_group(str(tmp_path / "out.zarr"), mode="r", use_consolidated=True)
    assert "X_trsmi" in gathered["tables/cells/obsm"]
    assert gathered["tables/cells"].attrs["region_key"] == "region"


@pytest.mark.slow
def test_a_store_whose_metadata_were_not_gathered_stays_so(source, tmp_path):
    metadata = source / "zarr.json"
    text = metadata.read_text()
    group = zarr.open_group(str(source), mode="r+", use_consolidated=False)
    group.attrs["more"] = "kept"  # writes the metadata anew, without those gathered
    assert metadata.read_text() != text
    result_of(read(source, library="a")).write(tmp_path / "out.zarr")
    out = zarr.open_group(str(tmp_path / "out.zarr"), mode="r")
    assert out.metadata.consolidated_metadata is None
    assert out.attrs["more"] == "kept"


@pytest.mark.slow
def test_both_tables_of_a_section_get_the_domains_cell_by_cell(tmp_path, make_table):
    order, rna = np.random.default_rng(0).permutation(N), make_table(N)
    proteins = make_table(N, 20, prefix="protein", mean=20.0)[order].copy()
    proteins.obs_names = [f"P{i}" for i in range(N)]
    tables = {"rna": annotating(rna, "cells", np.arange(N)), "protein": annotating(proteins, "cells", order)}
    shapes = {"cells": circles(rna.obsm["spatial"])}
    result = result_of(read(write_store(tmp_path / "in.zarr", shapes=shapes, tables=tables)))
    result.write(tmp_path / "out.zarr")
    saved = read_store(tmp_path / "out.zarr").tables
    by_cell = [saved[name].obs.set_index("cell")[DOMAIN].astype(str).sort_index().tolist() for name in saved]
    assert (
        by_cell[0] == by_cell[1] == [result.names[k] for k in result.labels[np.argsort(result.obs_names.astype(int))]]
    )


def test_rows_without_place_are_kept_without_domain(tmp_path, make_table):
    table = annotating(make_table(N + 1), "cells", np.arange(N + 1))
    source = write_store(tmp_path / "in.zarr", labels={"cells": labels(N)}, tables={"table": table})
    result_of(read(source)).write(tmp_path / "out.zarr")
    saved = read_store(tmp_path / "out.zarr").tables["table"]
    assert saved.obs[DOMAIN].isna().tolist() == [True] + [False] * N


@pytest.mark.slow
def test_a_store_of_the_old_layout_is_opened_and_copied_as_it_is(source, tmp_path):
    shutil.move(source / "tables", source / "table")
    (source / "zarr.json").write_text('{"attributes": {}, "zarr_format": 3, "node_type": "group"}')
    dataset = read(source, library="a")
    assert dataset.n_spots == N
    assert any("the images cannot be read" in note for note in dataset.notes)  # nothing says how they are kept
    result_of(dataset).write(tmp_path / "out.zarr")
    assert read(tmp_path / "out.zarr", library="a").n_spots == N
    assert (tmp_path / "out.zarr" / "table" / "cells").is_dir()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*zarr v2.*")
def test_of_a_store_that_lost_its_table_the_analysed_spots_are_written(source, tmp_path):
    result = result_of(read(source, library="a"))
    shutil.rmtree(source / "tables" / "cells")
    written = result.write(tmp_path / "out.zarr")
    assert "has changed" in str(written)
    np.testing.assert_array_equal(read_result(tmp_path / "out.zarr").labels, result.labels)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*zarr v2.*")
@pytest.mark.parametrize("damage", [b"\xb0{", b'{"zarr_format": 3, "node_type": "odd"}'])
def test_of_a_store_whose_group_of_tables_is_damaged_the_analysed_spots_are_written(source, tmp_path, damage):
    (source / "tables" / "zarr.json").write_bytes(damage)
    result = result_of(read(source, library="a"))
    written = result.write(tmp_path / "out.zarr")
    assert "cannot be replaced" in str(written)
    np.testing.assert_array_equal(read_result(tmp_path / "out.zarr").labels, result.labels)
