"""Sparse matrices that point where nothing is are refused before anything computes on them."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.soundness import check_matrices
from napari_trsmi.data.tables import mudata_of, write_table


@pytest.fixture
def table():
    counts = sparse.random(30, 20, 0.4, format="csr", random_state=0)
    made = AnnData(counts, layers={"more": counts.copy()}, obsp={"near": sparse.random(30, 30, 0.2, format="csr")})
    made.obsm["spatial"] = np.arange(60.0).reshape(30, 2)
    made.raw = made.copy()
    return made


def test_whole_matrices_of_any_kind_pass(table):
    table.X = table.X.tocsc()
    table.obsm["wide"] = sparse.csc_matrix(np.eye(30))
    check_matrices(table)


@pytest.mark.parametrize("where", ["X", "raw.X", 'layers["more"]', 'obsp["near"]'])
@pytest.mark.parametrize("index", [99, -1])
def test_an_index_out_of_range_is_refused_wherever_it_is(table, where, index):
    matrix = {"X": table.X, "raw.X": table.raw.X}.get(where)
    if matrix is None:
        matrix = table.layers["more"] if "layers" in where else table.obsp["near"]
    matrix.indices[3] = index
    with pytest.raises(nt.DataError) as caught:
        check_matrices(table)
    assert f"sparse matrix in {where}, found" in str(caught.value)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("indptr", lambda a: np.append(a[:-1], 10**6)),
        ("indptr", lambda a: a[:-2]),
        ("indptr", lambda a: a.astype(float)),
        ("data", lambda a: a[:5]),
        ("data", lambda a: a * 1j),
        ("indices", lambda a: a[:5]),
    ],
)
def test_a_file_with_a_damaged_matrix_is_refused_in_a_sentence(table, tmp_path, part, change):
    path = tmp_path / "damaged.h5ad"
    table.write_h5ad(path)
    with h5py.File(path, "r+") as file:
        values = change(file["X"][part][()])
        del file["X"][part]
        file["X"][part] = values
    with pytest.raises(nt.DataError, match=r"^Expected "):
        nt.read(path)


@pytest.mark.parametrize("index", [2**40, -1])
def test_a_graph_of_the_whole_object_is_looked_at_before_mudata_computes_on_it(table, tmp_path, index):
    path = tmp_path / "damaged.h5mu"
    whole = mudata_of({"rna": table})
    whole.obsp["near"] = table.obsp["near"].copy()
    write_table(whole, path, ".h5mu")
    with h5py.File(path, "r+") as file:
        indices = file["obsp/near/indices"][()].astype(np.int64)
        indices[7] = index
        del file["obsp/near/indices"]
        file["obsp/near/indices"] = indices
    for read in (nt.read, nt.read_result):
        with pytest.raises(nt.DataError, match="whole sparse matrix in obsp/near, found"):
            read(path)
