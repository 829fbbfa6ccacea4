"""Ordinary files that look like odd ones: they are read as they always were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.io import mmwrite
from scipy.sparse import csr_matrix

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import DataError

N = 40
GENES = ["Gad1", "Slc17a7", "Mbp", "Plp1", "Gfap", "Aqp4", "Cldn5", "Pdgfra", "Cspg4", "Csf1r"]
MANY_GENES = [f"Slc{number}a1" for number in range(1, 51)] + [f"Zfp{number}" for number in range(1, 51)]
PROTEINS = ["CD3", "CD4", "CD20", "CD68", "PD-1", "HLA-DR"]
BARCODES = ["".join("ACGT"[i // 4**k % 4] for k in range(8)) + "-1" for i in range(N)]
PLACES = np.column_stack([np.arange(N) % 8, np.arange(N) // 8]) * 10.0


def counts(features: list[str], names: list[str] = BARCODES) -> pd.DataFrame:
    """Counts, all different from feature to feature."""
    values = np.random.default_rng(0).poisson(3, (N, len(features))) + np.arange(len(features))
    return pd.DataFrame(values, index=names, columns=features)


def positions(folder: Path) -> Path:
    """A file of barcode, x and y."""
    table = pd.DataFrame(PLACES, index=pd.Index(BARCODES, name="barcode"), columns=["x", "y"])
    table.to_csv(folder / "places.csv")
    return folder / "places.csv"


def kinds(dataset: nt.Dataset) -> dict[str, tuple[str, int]]:
    """{modality: its kind and how many features it has}."""
    return {name: (one.kind, one.table.n_vars) for name, one in dataset.modalities.items()}


@pytest.mark.parametrize(("features", "found"), [(MANY_GENES, ("rna", 100)), (PROTEINS, ("protein", 6))])
def test_what_was_divided_by_its_sum_is_measured(tmp_path: Path, features: list[str], found: tuple[str, int]) -> None:
    table = counts(features).astype(float)
    table.div(table.sum(axis=1), axis=0).to_csv(tmp_path / "counts.csv")
    assert list(kinds(nt.read([tmp_path / "counts.csv", positions(tmp_path)])).values()) == [found]


@pytest.mark.parametrize("before", ["1.", "X1."])
def test_the_number_of_a_sample_is_no_decimal_of_a_place(tmp_path: Path, before: str) -> None:
    names = [f"{before}{i % 8 + 1}x{i // 8 + 1}" for i in range(N)]
    counts(GENES, names).to_csv(tmp_path / "counts.csv")
    np.testing.assert_array_equal(nt.read(tmp_path / "counts.csv").coords, PLACES / 10 + 1)


@pytest.mark.parametrize(
    ("column", "types"),
    [
        ("feature_types", ["protein_coding", "lncRNA", "snRNA"]),
        ("feature_types", ["mRNA", "lncRNA"]),
        ("type", ["protein", "ncRNA", "snRNA"]),
        ("type", ["protein-coding", "pseudo", "mRNA", "protein"]),
    ],
)
def test_what_annotations_call_genes_is_no_modality(column: str, types: list[str]) -> None:
    var = pd.DataFrame({column: (types * 10)[:10]}, index=GENES)
    table = AnnData(counts(GENES).to_numpy(np.float32), obs=pd.DataFrame(index=BARCODES), var=var)
    table.obsm["spatial"] = PLACES
    assert kinds(from_memory(table)) == {"rna": ("rna", 10)}


def test_proteins_that_were_not_found_everywhere_stay_what_their_file_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"{first}{number}" for first in ("KRT", "ZNF", "TMEM", "IL") for number in range(1, 101)]
    values = np.exp(rng.normal(2, 1, (N, len(names)))) * (rng.random((N, len(names))) < 0.4)
    table = AnnData(values.astype(np.float32), obs=pd.DataFrame(index=BARCODES), var=pd.DataFrame(index=names))
    table.obsm["spatial"] = PLACES
    table.write(tmp_path / "protein.h5ad")
    assert kinds(nt.read(tmp_path / "protein.h5ad")) == {"adt": ("protein", 400)}
    table.X = np.log1p(rng.poisson(0.3, table.shape).astype(np.float32) / rng.integers(500, 600, (N, 1)) * 1e4)
    table.write(tmp_path / "protein.h5ad")
    assert kinds(nt.read(tmp_path / "protein.h5ad")) == {"rna": ("rna", 400)}


def test_columns_of_yes_and_no_are_annotations(tmp_path: Path) -> None:
    counts(GENES).assign(is_tumor=np.arange(N) % 2 == 0).to_csv(tmp_path / "counts.csv")
    dataset = nt.read([tmp_path / "counts.csv", positions(tmp_path)])
    assert kinds(dataset) == {"rna": ("rna", 10)}
    assert "is_tumor" in dataset.obs


@pytest.mark.parametrize(
    "name", ["Total", "ClusterID", "cluster.id", "spatial_domain", "cell_type_id", "Region", "layer"]
)
def test_totals_and_numbers_of_groups_are_no_features(tmp_path: Path, name: str) -> None:
    counts(GENES).assign(**{name: np.arange(N) % 4}).to_csv(tmp_path / "counts.csv")
    dataset = nt.read([tmp_path / "counts.csv", positions(tmp_path)])
    assert kinds(dataset) == {"rna": ("rna", 10)}
    assert name in dataset.obs


@pytest.mark.parametrize("first", ["", "name"])
def test_blanks_between_decimal_commas_separate(tmp_path: Path, first: str) -> None:
    table = counts(GENES) + 0.25
    text = table.to_csv(sep=" ", decimal=",", index_label=first or None)
    (tmp_path / "counts.txt").write_text(text if first else text.lstrip(" "))
    dataset = nt.read([tmp_path / "counts.txt", positions(tmp_path)])
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), table)


@pytest.mark.parametrize("write", ["numbered", "last", "with places", "cells"])
def test_names_of_spots_behind_the_first_column_are_found(tmp_path: Path, write: str) -> None:
    table = counts(GENES).rename_axis("barcode")
    files = [tmp_path / "counts.csv", positions(tmp_path)]
    if write == "last":
        table.assign(barcode=BARCODES).to_csv(files[0], index=False)
    elif write == "with places":
        table.assign(x=PLACES[:, 0], y=PLACES[:, 1]).reset_index().to_csv(files.pop(0))
        files = [tmp_path / "counts.csv"]
    elif write == "cells":
        names = [f"cell_{number}" for number in range(N)]
        table = counts(GENES * 2, names).set_axis(MANY_GENES[40:60], axis=1).rename_axis("cell_id")
        table.assign(x=PLACES[:, 0], y=PLACES[:, 1]).reset_index().to_csv(files.pop(0))
        files = [tmp_path / "counts.csv"]
    else:
        table.reset_index().to_csv(files[0])
    dataset = nt.read(files)
    assert list(dataset.obs_names[:2]) == list(table.index[:2])
    np.testing.assert_array_equal(dataset.coords, PLACES)
    rna = dataset.modalities["rna"].table
    assert list(rna.var_names) == list(table.columns[: rna.n_vars])
    np.testing.assert_array_equal(rna.X.toarray(), table[list(rna.var_names)])


def test_names_of_genes_beside_their_numbers_are_no_spots(tmp_path: Path) -> None:
    counts(GENES).T.rename_axis("name").reset_index().to_csv(tmp_path / "counts.csv")
    rna = nt.read([tmp_path / "counts.csv", positions(tmp_path)]).modalities["rna"].table
    assert (rna.n_obs, list(rna.var["name"])) == (N, GENES)


@pytest.mark.parametrize("name", ["ENSG{:011d}|{}", "ENSG{:011d}.2_{}", "{1}_ENSMUSG{0:011d}"])
def test_identifiers_with_symbols_are_genes(tmp_path: Path, name: str) -> None:
    counts([name.format(number, gene) for number, gene in enumerate(GENES)]).to_csv(tmp_path / "counts.csv")
    assert kinds(nt.read([tmp_path / "counts.csv", positions(tmp_path)])) == {"rna": ("rna", 10)}


def test_many_antibodies_with_their_series_are_proteins(tmp_path: Path) -> None:
    counts([f"{gene}_TotalC" for gene in [*MANY_GENES, *"ABCD"]] * 4).to_csv(tmp_path / "counts.csv")
    assert kinds(nt.read([tmp_path / "counts.csv", positions(tmp_path)])) == {"adt": ("protein", 416)}


def test_places_alone_lack_their_counts(tmp_path: Path) -> None:
    names = [f"cell_{number}" for number in range(N)]
    pd.DataFrame(PLACES, index=names, columns=["x", "y"]).to_csv(tmp_path / "places.csv")
    with pytest.raises(DataError, match="one of places goes with the counts of its spots, both opened together"):
        nt.read(tmp_path / "places.csv")


def test_a_table_with_spots_in_its_columns_is_to_be_turned(tmp_path: Path) -> None:
    table = AnnData(counts(GENES).to_numpy(np.float32), obs=pd.DataFrame(index=BARCODES), var=pd.DataFrame(index=GENES))
    table.obsm["spatial"] = PLACES
    table.T.copy().write(tmp_path / "turned.h5ad")
    with pytest.raises(DataError, match=r"Write it the other way round \(adata.T.write_h5ad\)"):
        nt.read(tmp_path / "turned.h5ad")


def test_numbers_with_a_comma_and_an_exponent_are_numbers(tmp_path: Path) -> None:
    counts(GENES).astype(float).to_csv(tmp_path / "counts.csv", sep=";", decimal=",", float_format="%.3e")
    dataset = nt.read([tmp_path / "counts.csv", positions(tmp_path)])
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), counts(GENES))


@pytest.mark.parametrize("header", [True, False])
def test_types_beside_the_names_of_a_matrix_are_no_symbols(tmp_path: Path, header: bool) -> None:
    folder = tmp_path / "matrix"
    folder.mkdir()
    mmwrite(folder / "matrix.mtx", csr_matrix(counts(GENES).T))
    var = pd.DataFrame({"feature_types": "Gene Expression"}, index=GENES)
    var.to_csv(folder / "features.tsv", sep="\t", header=header)
    pd.Series(BARCODES).to_csv(folder / "barcodes.tsv", index=False, header=False)
    dataset = nt.read([folder, positions(tmp_path)])
    assert list(dataset.modalities["rna"].table.var_names) == GENES


def test_a_gene_called_type_is_no_line_of_types(tmp_path: Path) -> None:
    counts(["TYPE", *GENES]).T.to_csv(tmp_path / "counts.csv")
    assert kinds(nt.read([tmp_path / "counts.csv", positions(tmp_path)])) == {"rna": ("rna", 11)}
