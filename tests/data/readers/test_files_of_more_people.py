"""What else other people's files call their features, keep beside their counts, and put into their lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from scipy.io import mmwrite

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import DataError

N = 40
PLACES = np.column_stack([np.arange(N) % 8, np.arange(N) // 8]) * 10.0
GENES = [f"{name}{k}" for k in range(1, 81) for name in ("Gad", "Slc", "Mbp", "Snap")]
PROTEINS = ["CD3", "CD20", "CD68", "PD-1", "HLA-DR", "PanCK"]
BARCODES = ["".join("ACGT"[i // 4**k % 4] for k in range(8)) + "-1" for i in range(N)]


def table(names: list[str], mean: float = 0.3, **var: object) -> AnnData:
    """Counts at the places."""
    values = np.random.default_rng(len(names)).poisson(mean, (N, len(names))).astype("f4")
    return AnnData(
        values,
        obs=pd.DataFrame(index=BARCODES),
        var=pd.DataFrame(var, index=names),
        obsm={"spatial": PLACES.copy()},
    )


def kinds(dataset: nt.Dataset) -> dict[str, str]:
    """{modality: kind}."""
    return {name: one.kind for name, one in dataset.modalities.items()}


def test_genes_are_no_proteins_because_the_file_is_called_so(tmp_path: Path) -> None:
    rna = table(GENES)
    rna.write(tmp_path / "spleen_protein.h5ad")
    assert kinds(nt.read(tmp_path / "spleen_protein.h5ad")) == {"rna": "rna"}
    table(PROTEINS, 20).write(tmp_path / "more.h5ad")
    found = kinds(nt.read([tmp_path / "spleen_protein.h5ad", tmp_path / "more.h5ad"]))
    assert found == {"rna": "rna", "adt": "protein"}


def test_genes_beside_proteins_are_genes_whatever_the_file_is_called(tmp_path: Path) -> None:
    rna = table(GENES[:100])
    rna.obsm["protein_expression"] = table(PROTEINS, 20).to_df()
    rna.write(tmp_path / "spleen_adt.h5ad")
    assert kinds(nt.read(tmp_path / "spleen_adt.h5ad")) == {"rna": "rna", "adt": "protein"}


def test_many_dense_proteins_stay_what_their_file_says(tmp_path: Path) -> None:
    table(GENES, 20).write(tmp_path / "proteins.h5ad")
    assert kinds(nt.read(tmp_path / "proteins.h5ad")) == {"adt": "protein"}


@pytest.mark.parametrize(
    ("genes", "proteins"),
    [("mRNA", "Protein"), ("Gene Expression", "Proteins (ADT)"), ("cDNA", "AbSeq"), ("RNA", "AB"), ("rna", "prot")],
)
def test_types_of_features_in_other_words_lose_none(genes: str, proteins: str) -> None:
    types = [genes] * 100 + [proteins] * len(PROTEINS)
    dataset = from_memory(table(GENES[:100] + PROTEINS, 3, feature_types=types))
    assert kinds(dataset) == {"rna": "rna", "adt": "protein"}


def test_features_that_are_only_numbered_have_the_names_in_their_column() -> None:
    from napari_trsmi.data.feature_names import labels

    numbered = table([str(i) for i in range(len(PROTEINS))], 20, antibody_name=PROTEINS)
    dataset = from_memory(numbered)
    assert kinds(dataset) == {"adt": "protein"}
    assert labels(dataset.modalities["adt"].table.var) == PROTEINS
    assert labels(pd.DataFrame({"name": ["a", "b"]}, index=["Gad1", "Mbp"])) == ["Gad1", "Mbp"]


def test_names_of_proteins_are_found_under_other_keys() -> None:
    rna = table(GENES[:100])
    rna.obsm["ADT"] = table(PROTEINS, 20).X
    rna.uns["Proteins"] = np.array(PROTEINS)
    assert list(from_memory(rna).modalities["adt"].table.var_names) == PROTEINS


def test_proteins_in_obs_are_told() -> None:
    rna = table(GENES[:100])
    rna.obs[[f"adt_{name}" for name in PROTEINS]] = table(PROTEINS, 20).X
    notes = [note for note in from_memory(rna).notes if "columns of obs" in note]
    assert len(notes) == 1
    assert "6 columns" in notes[0]
    assert "'adt_CD3'" in notes[0]
    rna.obs = pd.DataFrame({"CD3": 1, "n_counts": 2.5, "area": 3, "leiden": 1}, index=rna.obs_names)
    assert not [note for note in from_memory(rna).notes if "columns of obs" in note]


@pytest.mark.parametrize("suffix", [".h5mu", ".zarr"])
def test_a_column_on_which_modalities_disagree_comes_back(tmp_path: Path, make_mudata: Any, suffix: str) -> None:
    rna, adt = table(GENES[:100], 2), table(PROTEINS, 20)
    rna.obs["tissue"] = ["a", "b"] * (N // 2)
    adt.obs["tissue"] = ["u"] * N
    both = make_mudata({"rna": rna, "adt": adt})
    result = nt.fit(both, {"train": {"epochs": 2}})
    result.write(tmp_path / f"x{suffix}")
    again = nt.read(tmp_path / f"x{suffix}").obs
    assert again["tissue"].tolist() == ["a", "b"] * (N // 2)
    assert again["adt:tissue"].tolist() == ["u"] * N


def write_lists(folder: Path, heading: str, quote: str) -> None:
    """A matrix and its lists, with a heading or quotes."""
    folder.mkdir()
    mmwrite(folder / "matrix.mtx", sparse.csc_matrix(table(GENES[:100], 2).X.T.astype(int)))
    lines = [f"{quote}{name}{quote}" for name in BARCODES]
    (folder / "barcodes.tsv").write_text("\n".join([f"{heading}barcode"] * bool(heading) + lines))
    lines = [f"{quote}{name}{quote}\t{quote}{name}{quote}\tGene Expression" for name in GENES[:100]]
    (folder / "features.tsv").write_text("\n".join(["gene_id\tname\ttype"] * bool(heading) + lines))


@pytest.mark.parametrize(("heading", "quote"), [("cell_", ""), ("", '"'), ("", "")])
def test_lists_beside_a_matrix_may_have_headings_and_quotes(tmp_path: Path, heading: str, quote: str) -> None:
    write_lists(tmp_path / "counts", heading, quote)
    places = pd.DataFrame(PLACES, index=pd.Index(BARCODES, name="barcode"), columns=["x", "y"])
    places.to_csv(tmp_path / "places.csv")
    dataset = nt.read([tmp_path / "counts", tmp_path / "places.csv"])
    assert list(dataset.modalities["rna"].table.var_names) == GENES[:100]
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), table(GENES[:100], 2).X)
    np.testing.assert_array_equal(dataset.coords, PLACES)


def test_a_folder_of_texts_says_to_give_them_together(tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_text("a,b\n")
    (tmp_path / "places.csv").write_text("a,b\n")
    with pytest.raises(DataError, match=r"found a folder with counts.csv, places.csv .*together"):
        nt.read(tmp_path)


def test_of_two_pictures_it_is_told_which_is_shown(tmp_path: Path) -> None:
    import tifffile

    table(GENES[:100], 2).write(tmp_path / "rna.h5ad")
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, np.full((60, 80, 3), 200, np.uint8))
    dataset = nt.read([tmp_path / name for name in ("rna.h5ad", "a.tif", "b.tif")])
    assert any("used b.tif, not a.tif" in note for note in dataset.notes)


def test_a_column_of_fractions_makes_no_groups(tmp_path: Path) -> None:
    dataset = nt.read(written(table(GENES[:100], 2), tmp_path / "rna.h5ad"))
    values = np.arange(N) / 7 + 0.01
    pd.DataFrame({"Barcode": BARCODES, "score": values}).to_csv(tmp_path / "score.csv", index=False)
    with pytest.raises(DataError, match="found only numbers that differ from spot to spot"):
        nt.import_columns(dataset, tmp_path / "score.csv")
    pd.DataFrame({"Barcode": BARCODES, "dose": values.round()[::1] // 3 + 0.5}).to_csv(tmp_path / "d.csv", index=False)
    assert "dose" in nt.import_columns(dataset, tmp_path / "d.csv")[0]


def written(data: AnnData, path: Path) -> Path:
    """The path of a file of these."""
    data.write(path)
    return path
