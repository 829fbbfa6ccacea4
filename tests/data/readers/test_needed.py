"""What no reader looks at is not read from a table."""

from __future__ import annotations

import anndata
import h5py
import numpy as np
import pytest
import zarr
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.readers.needed import read_needed
from napari_trsmi.data.tables import layers_of

N, D = 64, 60


@pytest.fixture
def table():
    """Logarithms beside their counts, with a scaled layer and graphs, as a notebook leaves them."""
    rng = np.random.default_rng(0)
    counts = sparse.csr_matrix(rng.poisson(1.0, (N, D)).astype(np.float32))
    found = anndata.AnnData(counts.log1p(), layers={"counts": counts, "scaled": rng.normal(size=(N, D))})
    found.obsm["spatial"] = np.stack(np.divmod(np.arange(N), 8), axis=1).astype(float)
    found.obsp["connectivities"] = sparse.eye(N, format="csr")
    found.raw = found.copy()
    return found


def counts_of(path):
    """The counts that are taken from a file, dense."""
    return next(iter(nt.read(path).modalities.values())).table.X.toarray()


def test_a_layer_and_graphs_that_nothing_looks_at_may_be_damaged(table, tmp_path):
    path = tmp_path / "worked_on.h5ad"
    table.write_h5ad(path)
    with h5py.File(path, "r+") as file:
        shape = file["layers/scaled"].shape
        attributes = dict(file["layers/scaled"].attrs)
        del file["layers/scaled"]
        made = file["layers"].create_dataset("scaled", shape, "f8", chunks=shape, compression="gzip")
        made.attrs.update(attributes)
        made.id.write_direct_chunk((0, 0), b"no gzip")
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
