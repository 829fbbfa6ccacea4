"""Words that others use: types of genes, yes and no, names that read as nothing, remarks, shares of genes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import DataError

N = 64
GENES = ["Gad1", "Slc17a7", "Mbp", "Plp1", "Gfap", "Aqp4", "Cldn5", "Pdgfra", "Cspg4", "Csf1r"]
PROTEINS = ["CD3", "CD4", "CD20", "CD68"]
BARCODES = ["".join("ACGT"[i // 4**k % 4] for k in range(8)) + "-1" for i in range(N)]
GRID = [f"{i % 8 + 1}x{i // 8 + 1}" for i in range(N)]
PLACES = np.column_stack([np.arange(N) % 8, np.arange(N) // 8]) * 10.0


def table(features: list[str], names: list[str] = GRID) -> pd.DataFrame:
    """Counts, all different from feature to feature."""
    values = np.random.default_rng(0).poisson(3, (N, len(features))) + np.arange(len(features))
    return pd.DataFrame(values, index=names, columns=features)


def section(features: list[str], **var: list[str]) -> AnnData:
    """The same with places."""
    made = table(features, BARCODES)
    adata = AnnData(made.to_numpy(np.float32), made.index.to_frame()[[]], pd.DataFrame(var, index=features))
    adata.obsm["spatial"] = PLACES
    return adata


def kinds(dataset: nt.Dataset) -> dict[str, tuple[str, int]]:
    """{modality: its kind and how many features it has}."""
    return {name: (one.kind, one.table.n_vars) for name, one in dataset.modalities.items()}


@pytest.mark.parametrize("column", ["feature_types", "type"])
@pytest.mark.parametrize(
    "others", [["lncRNA", "IG_V_gene"], ["TEC", "transcribed_unprocessed_pseudogene"], ["Mt_rRNA"]]
)
def test_genes_with_types_of_annotations_beside_antibodies_are_genes(others: list[str], column: str) -> None:
    types = (["protein_coding", *others] * 5)[: len(GENES)] + ["Antibody Capture"] * len(PROTEINS)
    dataset = from_memory(section(GENES + PROTEINS, **{column: types}))
    assert kinds(dataset) == {"rna": ("rna", len(GENES)), "adt": ("protein", len(PROTEINS))}
    assert not any("Left out features" in note for note in dataset.notes)


@pytest.mark.parametrize(
    "words",
    [
        ("yes", "no"),
        ("in", "out"),
        ("T", "F"),
        ("Y", "n"),
        (1.0, 0.0),
        ("in_tissue", "not_in_tissue"),
        ("on", "Off tissue"),
    ],
)
def test_spots_off_tissue_are_left_out_in_other_words(words: tuple[object, object]) -> None:
    adata = section(GENES)
    adata.obs["in_tissue"] = np.array([words[0]] * 60 + [words[1]] * 4)
    dataset = from_memory(adata)
    assert dataset.n_spots == 60
    assert not any("neither" in note for note in dataset.notes)


def test_words_on_tissue_that_say_nothing_are_told() -> None:
    adata = section(GENES)
    adata.obs["in_tissue"] = ["1"] * 50 + ["edge"] * 10 + ["0"] * 4
    dataset = from_memory(adata)
    assert dataset.n_spots == 60
    assert any("in_tissue is 'edge' at 10 spots" in note for note in dataset.notes)


NOTHING = ["NA", "NaN", "nan", "null", "None", "True", "inf"]


@pytest.mark.parametrize("headed", [True, False])
def test_names_that_read_as_nothing_stay_names(tmp_path: Path, headed: bool) -> None:
    made = table(GENES + NOTHING)
    text = made.T.to_csv(sep="\t", index_label="gene")
    (tmp_path / "turned.tsv").write_text(text if headed else text.removeprefix("gene\t"))
    rna = nt.read(tmp_path / "turned.tsv").modalities["rna"].table
    assert rna.var_names.tolist() == GENES + NOTHING
    np.testing.assert_array_equal(rna.X.toarray(), made)


@pytest.mark.parametrize("headed", [True, False])
def test_spots_whose_names_read_as_nothing_keep_them(tmp_path: Path, headed: bool) -> None:
    names = [*(f"s{i}" for i in range(N - len(NOTHING))), *NOTHING]
    genes = [f"Slc{i}a1" for i in range(30)]
    text = table(genes, names).to_csv(index_label="spot")
    (tmp_path / "counts.csv").write_text(text if headed else text.removeprefix("spot,"))
    places = pd.DataFrame(PLACES, names, ["x", "y"]).to_csv(index_label="spot")
    (tmp_path / "places.csv").write_text(places if headed else places.removeprefix("spot,x,y\n"))
    dataset = nt.read([tmp_path / "counts.csv", tmp_path / "places.csv"])
    assert dataset.obs_names.tolist() == names
    np.testing.assert_array_equal(dataset.coords, PLACES)


def test_the_separator_may_be_told_below_a_remark(tmp_path: Path) -> None:
    made = table(GENES)
    (tmp_path / "counts.csv").write_text(f"# made by a program\nsep=;\n{made.to_csv(sep=';')}")
    np.testing.assert_array_equal(nt.read(tmp_path / "counts.csv").modalities["rna"].table.X.toarray(), made)


def test_few_genes_that_were_divided_by_their_sum_are_measured(tmp_path: Path) -> None:
    made = table(GENES)
    made.div(made.sum(axis=1), axis=0).to_csv(tmp_path / "counts.csv")
    assert kinds(nt.read(tmp_path / "counts.csv")) == {"rna": ("rna", len(GENES))}


@pytest.mark.parametrize(
    "types",
    [
        ["Sst", "Vip", "Lamp5", "Pvalb"],
        ["Astro", "Oligo", "Micro", "Endo"],
        ["L23", "L4", "L5", "L6b", "Mono1"],
        [f"X{k}" for k in range(1, 10)],
        ["DG", "CA1", "CA2", "CA3", "Ex1", "Ex2", "In1", "In2"],
        ["GABA1", "Glut1", "Chol1"],
    ],
)
def test_shares_of_types_that_are_called_as_genes_are_not(tmp_path: Path, types: list[str]) -> None:
    made = table(types)
    made.div(made.sum(axis=1), axis=0).to_csv(tmp_path / "shares.csv")
    with pytest.raises(DataError, match="shares that add up to 1"):
        nt.read(tmp_path / "shares.csv")


def test_columns_that_seurat_names_by_the_slice_are_places() -> None:
    adata = section(GENES)
    adata.obs["slice1_imagerow"], adata.obs["slice1_imagecol"] = PLACES[:, 1], PLACES[:, 0]
    del adata.obsm["spatial"]
    np.testing.assert_array_equal(from_memory(adata).coords, PLACES)
