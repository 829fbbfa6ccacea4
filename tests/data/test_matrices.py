"""Matrices in three text files, as Cell Ranger and those who write them by hand have them."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from scipy import sparse
from scipy.io import mmwrite
from visium_by_hand import N_GENES, barcodes, positions, write_matrix_folder, write_spatial

from napari_trsmi.data.readers import read
from napari_trsmi.errors import DataError


@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_with_its_spots_in_rows_is_turned(tmp_path, counts, turned):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts, zipped=False)
    path, genes = tmp_path / "filtered_feature_bc_matrix" / "matrix.mtx", counts[:, :N_GENES]
    mmwrite(path, sparse.csr_matrix(genes if turned else genes.T))
    np.testing.assert_array_equal(read(tmp_path).modalities["rna"].table.X.toarray(), genes)


def test_a_matrix_of_another_size_than_its_lists_is_refused_for_that(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts, zipped=False)
    path = tmp_path / "filtered_feature_bc_matrix" / "matrix.mtx"
    mmwrite(path, sparse.csr_matrix(counts[:, :N_GENES].T)[:-1])
    with pytest.raises(DataError, match=r"Expected a matrix of .* Put the three files of one matrix together"):
        read(tmp_path)


@pytest.mark.parametrize("zipped", [False, True])
def test_peaks_of_cell_ranger_atac_go_with_a_file_that_tells_the_places(tmp_path, counts, zipped):
    folder = tmp_path / "filtered_peak_bc_matrix"
    folder.mkdir()
    mmwrite(folder / "matrix.mtx", sparse.csr_matrix(counts.T).astype(int))
    (folder / "barcodes.tsv").write_text("\n".join(barcodes()))
    peaks = "# a line of its own\n" + "".join(f"chr1\t{500 * i}\t{500 * i + 400}\n" for i in range(counts.shape[1]))
    if zipped:
        (folder / "peaks.bed.gz").write_bytes(gzip.compress(peaks.encode()))
    else:
        (folder / "peaks.bed").write_text(peaks)
    (tmp_path / "xy.csv").write_text("barcode,x,y\n" + "\n".join(f"{row[0]},{row[5]},{row[4]}" for row in positions()))
    modality = read([folder, tmp_path / "xy.csv"]).modalities["atac"]
    assert modality.kind == "chromatin"
    assert modality.table.var_names[:2].tolist() == ["chr1:0-400", "chr1:500-900"]


def test_a_matrix_of_other_names_is_told_what_to_call_it(tmp_path, counts):
    mmwrite(tmp_path / "counts.mtx", sparse.csr_matrix(counts.T))
    with pytest.raises(DataError, match=r"a folder with counts\.mtx .*Call the matrix and its lists as Space Ranger"):
        read(tmp_path)
