"""What no reader looks at is not read from a table."""

from __future__ import annotations

import anndata
import h5py
import mudata
import numpy as np
import pytest
import zarr
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.readers.needed import read_needed, read_needed_modalities
from napari_trsmi.data.tables import layers_of, mudata_of, write_table

N, D = 64, 60


@pytest.fixture
def table():
    """Logarithms beside their counts, with a scaled layer and graphs, as a notebook leaves them."""
    rng = np.random.default_rng(0)
    counts = sparse.csr_matrix(rng.poisson(1.0, (N, D)).astype(np.float32))
    layers = {"counts": counts, "scaled": rng.normal(size=(N, D))}
    found = anndata.AnnData(counts.log1p(), obs={"x": np.arange(N)}, layers=layers)
    found.obsm["spatial"] = np.stack(np.divmod(np.arange(N), 8), axis=1).astype(float)
    found.obsp["connectivities"] = sparse.eye(N, format="csr")
    found.raw = found.copy()
    return found


@pytest.fixture
def both(table):
    """The same beside proteins, in an order that is not that of the alphabet."""
    rng = np.random.default_rng(1)
    proteins = anndata.AnnData(rng.poisson(20.0, (N, 10)).astype(np.float32), obs=table.obs[["x"]])
    proteins.var_names = [f"CD{i}" for i in range(10)]
    made = mudata_of({"rna": table, "adt": proteins[5:].copy()})
    made.obs["region"] = np.where(np.arange(N) < 20, "a", "b")
    made.obsp["wnn"] = sparse.eye(N, format="csr")
    made.uns["kept"] = "here"
    return made


def counts_of(path):
    """The counts that are taken from a file, dense."""
    return next(iter(nt.read(path).modalities.values())).table.X.toarray()


def ruin(path, name):
    """Put bytes that are no gzip in the place of an array."""
    with h5py.File(path, "r+") as file:
        shape, attributes = file[name].shape, dict(file[name].attrs)
        del file[name]
        made = file.create_dataset(name, shape, "f8", chunks=shape, compression="gzip")
        made.attrs.update(attributes)
        made.id.write_direct_chunk((0, 0), b"no gzip")


def test_a_layer_and_graphs_that_nothing_looks_at_may_be_damaged(table, tmp_path):
    path = tmp_path / "worked_on.h5ad"
    table.write_h5ad(path)
    ruin(path, "layers/scaled")
    with pytest.raises(OSError, match="read data"):
        anndata.read_h5ad(path)
    assert np.array_equal(counts_of(path), table.layers["counts"].toarray())


@pytest.mark.filterwarnings("ignore:.*zarr v2.*")
@pytest.mark.parametrize("suffix", [".h5ad", ".zarr"])
def test_all_that_is_looked_at_is_there(table, tmp_path, suffix):
    path = tmp_path / f"worked_on{suffix}"
    if suffix == ".zarr":
        table.write_zarr(path)
        found = read_needed(zarr.open_group(str(path), mode="r"))
    else:
        table.write_h5ad(path)
        with h5py.File(path, "r") as file:
            found = read_needed(file)
    assert list(layers_of(found)) == ["counts"]
    assert not len(found.obsp)
    assert np.array_equal(found.X.toarray(), table.X.toarray())
    assert np.array_equal(found.raw.X.toarray(), table.raw.X.toarray())
    assert found.obs_names.equals(table.obs_names)
    assert np.array_equal(found.obsm["spatial"], table.obsm["spatial"])
    assert np.array_equal(counts_of(path), table.layers["counts"].toarray())


def test_a_table_without_anything_more_is_left_to_anndata(table, tmp_path):
    del table.layers["scaled"], table.obsp["connectivities"]
    table.write_h5ad(tmp_path / "plain.h5ad")
    with h5py.File(tmp_path / "plain.h5ad", "r") as file:
        assert read_needed(file) is None


def test_a_copy_still_has_what_was_not_read(table, tmp_path):
    path, out = tmp_path / "worked_on.h5ad", tmp_path / "out.h5ad"
    table.write_h5ad(path)
    settings = {"cluster": {"n_domains": 2, "n_init": 1}, "train": {"epochs": 1}, "evidence": {"support": False}}
    nt.fit(path, nt.Config(**settings)).write(out)
    found = anndata.read_h5ad(out)
    assert np.array_equal(found.layers["scaled"], table.layers["scaled"])
    assert (found.obsp["connectivities"] != table.obsp["connectivities"]).nnz == 0


def test_graphs_and_layers_of_modalities_may_be_damaged(both, tmp_path):
    path = tmp_path / "worked_on.h5mu"
    write_table(both, path, ".h5mu")
    ruin(path, "mod/rna/layers/scaled")
    with pytest.raises(OSError, match="read data"):
        mudata.read_h5mu(path)
    assert np.array_equal(counts_of(path), both["rna"].layers["counts"].toarray())


@pytest.mark.filterwarnings("ignore:.*zarr v2.*")
@pytest.mark.parametrize("suffix", [".h5mu", ".zarr"])
def test_all_that_is_looked_at_of_modalities_is_there(both, tmp_path, suffix):
    path = tmp_path / f"worked_on{suffix}"
    write_table(both, path, suffix)
    if suffix == ".zarr":
        found = read_needed_modalities(zarr.open_group(str(path), mode="r"))
    else:
        with h5py.File(path, "r") as file:
            found = read_needed_modalities(file)
    assert list(found.mod) == ["rna", "adt"]
    assert list(layers_of(found.mod["rna"])) == ["counts"]
    assert not len(found.mod["rna"].obsp)
    assert np.array_equal(found.mod["rna"].raw.X.toarray(), both["rna"].raw.X.toarray())
    assert found.obs_names.equals(both.obs_names)
    assert list(found.obs["region"]) == list(both.obs["region"])
    assert found.uns["kept"] == "here"
    for name in both.mod:
        assert np.array_equal(np.ravel(found.obsmap[name]), np.ravel(both.obsmap[name]))
    section = nt.read(path)
    assert list(section.modalities) == ["rna", "adt"]
    assert "region" in section.obs


def test_modalities_without_anything_more_are_left_to_mudata(both, tmp_path):
    del both["rna"].layers["scaled"], both["rna"].obsp["connectivities"], both.obsp["wnn"]
    write_table(both, tmp_path / "plain.h5mu", ".h5mu")
    with h5py.File(tmp_path / "plain.h5mu", "r") as file:
        assert read_needed_modalities(file) is None
