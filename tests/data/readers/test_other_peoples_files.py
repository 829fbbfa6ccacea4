"""Files as people have them, each of which was misread, or refused without a word that helped."""

from __future__ import annotations

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from visium_by_hand import N_SPOTS, barcodes, write_h5

import napari_trsmi
from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.errors import DataError


def test_a_matrix_goes_with_a_file_that_tells_the_places(tmp_path, counts, make_table):
    write_h5(tmp_path, counts)
    places = make_table(N_SPOTS, 12, prefix="protein", mean=20.0)
    places.obs_names = barcodes()
    places[::-1].write_h5ad(tmp_path / "places.h5ad")
    matrix = tmp_path / "filtered_feature_bc_matrix.h5"
    with pytest.raises(DataError, match="Expected the positions of the spots beside the matrix"):
        read(matrix)
    dataset = read([matrix, tmp_path / "places.h5ad"])
    assert dataset.obs_names.tolist() == barcodes()
    np.testing.assert_array_equal(dataset.coords, places.obsm["spatial"])
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), counts[:, :30])
    assert len(dataset.modalities) == 3


def test_places_that_nobody_filled_in_give_way_to_columns(make_table):
    table = make_table()
    table.obs[["x", "y"]] = table.obsm["spatial"]
    xy, table.obsm["spatial"] = table.obsm["spatial"], np.zeros((36, 2))
    np.testing.assert_array_equal(from_memory(table).coords, xy)
    table.obs = table.obs.drop(columns=["x", "y"])
    with pytest.raises(DataError, match="at different places, found all 36 at"):
        from_memory(table)


@pytest.mark.filterwarnings("ignore:Writing zarr v2:UserWarning")
def test_a_lazy_table_is_read(tmp_path, make_table):
    pytest.importorskip("xarray")
    read_lazy = pytest.importorskip("anndata.experimental").read_lazy
    make_table().write_zarr(tmp_path / "a.zarr")
    dataset = from_memory(read_lazy(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), make_table().X.toarray())


def test_a_table_with_dask_arrays_is_read(make_table):
    dask = pytest.importorskip("dask.array")
    table = make_table(prefix="Sym")
    values, table.X = table.X.toarray(), dask.from_array(table.X.toarray())
    np.testing.assert_array_equal(from_memory(table).modalities["rna"].table.X.toarray(), values)


def test_a_table_is_no_path(make_table):
    with pytest.raises(DataError, match=r"Expected paths, found AnnData\. Give fit the AnnData or MuData itself"):
        napari_trsmi.read(make_table())


def test_coordinates_in_one_array_as_the_earliest_anndata_kept_them(tmp_path, make_table):
    make_table().write_h5ad(tmp_path / "a.h5ad")
    xy = make_table().obsm["spatial"]
    with h5py.File(tmp_path / "a.h5ad", "r+") as file:
        del file["obsm"]
        file["obsm"] = np.array([(row,) for row in xy], dtype=[("spatial", float, (2,))])
    np.testing.assert_array_equal(read(tmp_path / "a.h5ad").coords, xy)


def test_genes_are_known_by_name_where_x_is_empty(make_table):
    table = make_table(n_features=4)
    symbols = pd.DataFrame(index=["Gad1", "Slc17a7", "Mbp", "Plp1"])
    where = {"obs": table.obs, "var": symbols, "obsm": {"spatial": table.obsm["spatial"]}}
    dataset = from_memory(anndata.AnnData(layers={"counts": table.X}, **where))
    assert list(dataset.modalities) == ["rna"]


def test_two_sections_are_no_modalities_of_one(make_table, tmp_path):
    for seed in (1, 2):
        table = make_table(seed=seed)
        table.obs_names = [f"{name}_{seed}" for name in table.obs_names]
        table.write_h5ad(tmp_path / f"s{seed}_rna.h5ad")
    with pytest.raises(DataError, match=r"the same features in s1_rna and s2_rna .* look like two sections"):
        read([tmp_path / "s1_rna.h5ad", tmp_path / "s2_rna.h5ad"])


def test_two_sections_whose_kinds_are_guessed_otherwise_are_no_modalities_of_one(make_table, tmp_path):
    counted, scaled = make_table(seed=1), make_table(seed=2)
    scaled.X = scaled.X.toarray() - scaled.X.toarray().mean(axis=0)  # taken as components
    for name, table in (("one", counted), ("two", scaled)):
        table.obs_names = [f"{spot}_{name}" for spot in table.obs_names]
        table.write_h5ad(tmp_path / f"{name}.h5ad")
    files = [tmp_path / "one.h5ad", tmp_path / "two.h5ad"]
    with pytest.raises(DataError, match=r"the same features in one and two .* look like two sections"):
        read(files)
    told = read(files, kinds={"one": "rna", "two": "precomputed"})  # a person knows better
    assert [one.kind for one in told.modalities.values()] == ["rna", "precomputed"]


def test_a_folder_of_several_cosmx_folders_names_them(tmp_path):
    for name in ("RNA", "Protein"):
        (tmp_path / name).mkdir()
        for table in ("exprMat", "metadata"):
            (tmp_path / name / f"{name}_{table}_file.csv").write_text("fov,cell_ID,CD3\n1,1,2\n")
    with pytest.raises(DataError, match=r"one section of CosMx, found .* with Protein, RNA\. Give one of them"):
        read(tmp_path)


@pytest.mark.parametrize("part", ["tables/table", "shapes"])
def test_a_part_of_a_store_leads_to_the_store(tmp_path, make_table, part):
    pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")
    from stores_by_hand import annotating, circles, write_store

    table = make_table()
    store = write_store(
        tmp_path / "s.zarr",
        shapes={"spots": circles(table.obsm["spatial"])},
        tables={"table": annotating(table, "spots", np.arange(36))},
    )
    with pytest.raises(
        DataError, match=rf"found a part of one, {part.split('/')[-1]}\. Choose its folder, .*s\.zarr\.$"
    ):
        read(store / part)
