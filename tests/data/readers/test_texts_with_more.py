"""Tables in text that have more in them than names and numbers: remarks, separators, annotations, any names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import napari_trsmi as nt
from napari_trsmi.errors import DataError

N = 40
PROTEINS = ["CD3", "CD4", "CD20", "CD68", "PD-1", "HLA-DR"]
BARCODES = ["".join("ACGT"[i // 4**k % 4] for k in range(8)) + "-1" for i in range(N)]
PLACES = np.column_stack([np.arange(N) % 8, np.arange(N) // 8]) * 10.0


def counts(names: list[str] = BARCODES) -> pd.DataFrame:
    """Counts of proteins by spot, all different from column to column."""
    values = np.random.default_rng(0).poisson(20, (N, len(PROTEINS))) + 100 * np.arange(len(PROTEINS))
    return pd.DataFrame(values, index=names, columns=PROTEINS)


def positions(folder: Path, names: list[str] = BARCODES) -> Path:
    """A file of barcode, x and y."""
    table = pd.DataFrame(PLACES, index=pd.Index(names, name="barcode"), columns=["x", "y"])
    table.to_csv(folder / "places.csv")
    return folder / "places.csv"


def written(path: Path, text: str) -> Path:
    """A file of this text."""
    path.write_text(text)
    return path


def values(dataset: nt.Dataset) -> np.ndarray:
    """(N, D) what was read of the proteins."""
    return dataset.modalities["adt"].table[:, PROTEINS].X.toarray()


def test_a_separator_behind_each_row_shifts_no_feature(tmp_path: Path) -> None:
    header, *rows = counts().to_csv().splitlines()
    path = written(tmp_path / "adt.csv", "\n".join([header, *(f"{row}," for row in rows)]))
    dataset = nt.read([path, positions(tmp_path)])
    assert dataset.modalities["adt"].table.n_vars == len(PROTEINS)
    np.testing.assert_array_equal(values(dataset), counts())


def test_a_separator_behind_each_place_moves_no_spot(tmp_path: Path) -> None:
    header, *rows = positions(tmp_path).read_text().splitlines()
    places = written(tmp_path / "places.csv", "\n".join([header, *(f"{row}," for row in rows)]))
    dataset = nt.read([written(tmp_path / "adt.csv", counts().to_csv()), places])
    np.testing.assert_array_equal(dataset.coords, PLACES)


@pytest.mark.parametrize("remark", ["# made by a program", "# made, by, a, program\n# of 2026", "sep=,", "#"])
def test_remarks_before_the_header_are_passed_over(tmp_path: Path, remark: str) -> None:
    path = written(tmp_path / "adt.csv", f"{remark}\n{counts().to_csv()}")
    dataset = nt.read([path, positions(tmp_path)])
    np.testing.assert_array_equal(values(dataset), counts())


def test_a_header_may_begin_with_a_hash(tmp_path: Path) -> None:
    path = written(tmp_path / "adt.csv", f"# a remark\n#barcode{counts().to_csv()}")
    assert values(nt.read([path, positions(tmp_path)])).tolist() == counts().to_numpy().tolist()


def test_columns_of_text_are_annotations(tmp_path: Path) -> None:
    table = counts()
    table.insert(0, "cluster", ["a", "b"] * (N // 2))
    dataset = nt.read([written(tmp_path / "adt.csv", table.to_csv()), positions(tmp_path)])
    assert dataset.obs["cluster"].tolist() == ["a", "b"] * (N // 2)
    np.testing.assert_array_equal(values(dataset), counts())
    assert any("cluster" in note and "annotations" in note for note in dataset.notes)


def test_names_of_genes_beside_their_identifiers_stay_with_them(tmp_path: Path) -> None:
    table = pd.DataFrame(np.random.default_rng(0).poisson(3, (30, N)), [f"ENSG{i:011d}" for i in range(30)], BARCODES)
    table.insert(0, "gene_name", [f"G{i}" for i in range(30)])
    dataset = nt.read([written(tmp_path / "rna.csv", table.to_csv()), positions(tmp_path)])
    assert dataset.modalities["rna"].table.var["gene_name"].tolist()[:2] == ["G0", "G1"]
    assert dataset.n_spots == N


def test_shapes_and_groups_of_cells_are_no_proteins(tmp_path: Path) -> None:
    table = counts().assign(area=np.arange(N) + 30.5, leiden=np.arange(N) % 3, x=PLACES[:, 0], y=PLACES[:, 1])
    dataset = nt.read(written(tmp_path / "adt.csv", table.to_csv()))
    assert list(dataset.modalities["adt"].table.var_names) == PROTEINS
    assert dataset.obs["area"].tolist() == table["area"].tolist()
    np.testing.assert_array_equal(dataset.coords, PLACES)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("names", [[f"spot_{i}" for i in range(N)], [f"{i:03d}" for i in range(N)]])
def test_spots_may_have_any_names_where_features_are_known(tmp_path: Path, names: list[str], turned: bool) -> None:
    rna = AnnData(np.random.default_rng(1).poisson(1.0, (N, 50)).astype("f4"), obsm={"spatial": PLACES})
    rna.obs_names, rna.var_names = names, [f"ENSG{i:011d}" for i in range(50)]
    rna.write(tmp_path / "rna.h5ad")
    table = counts(names).T if turned else counts(names).assign(x=PLACES[:, 0], y=PLACES[:, 1])
    dataset = nt.read([tmp_path / "rna.h5ad", written(tmp_path / "adt.csv", table.to_csv())])
    assert dataset.n_spots == N
    np.testing.assert_array_equal(values(dataset), counts())
    np.testing.assert_array_equal(dataset.coords, PLACES)


def test_a_number_with_thousands_is_named_in_its_column(tmp_path: Path) -> None:
    table = counts().astype(object)
    table.iloc[3, 1] = "1,234"
    with pytest.raises(DataError, match=r"found '1,234' in 'CD4'"):
        nt.read([written(tmp_path / "adt.csv", table.to_csv()), positions(tmp_path)])


def test_annotations_and_shares_are_no_modality(tmp_path: Path) -> None:
    numbers = pd.DataFrame({"cluster": np.arange(N) % 4, "score": np.arange(N) / 3, "n_counts": 5}, index=BARCODES)
    shares = pd.DataFrame(np.random.default_rng(0).dirichlet([1.0] * 4, N), BARCODES, ["Neuron", "Astro", "OPC", "T"])
    for table, found in ((numbers, "cluster, score, n_counts alone"), (shares, "shares that add up to 1")):
        with pytest.raises(DataError, match=found):
            nt.read([written(tmp_path / "more.csv", table.to_csv()), positions(tmp_path)])


def test_a_line_for_each_count_is_told_to_be_made_wide(tmp_path: Path) -> None:
    table = counts().stack().reset_index().set_axis(["barcode", "protein", "count"], axis=1)
    with pytest.raises(DataError, match="one row for each barcode") as error:
        nt.read([written(tmp_path / "long.csv", table.to_csv(index=False)), positions(tmp_path)])
    assert "pivot" in str(error.value)


def test_blanks_in_headings_separate_no_columns(tmp_path: Path) -> None:
    table = counts().rename(columns={name: f" {name} " for name in PROTEINS})
    places = positions(tmp_path)
    written(places, places.read_text().replace("x,y", " x , y "))
    dataset = nt.read([written(tmp_path / "adt.csv", table.to_csv()), places])
    np.testing.assert_array_equal(values(dataset), counts())
    np.testing.assert_array_equal(dataset.coords, PLACES)


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "adt.csv", f"Counts of run 5\n{counts().to_csv()}")
    np.testing.assert_array_equal(values(nt.read([path, positions(tmp_path)])), counts())


def test_numbers_of_cells_are_no_features(tmp_path: Path) -> None:
    table = counts().assign(CellID=range(N), MajorAxisLength=7.5, x=PLACES[:, 0], y=PLACES[:, 1])
    dataset = nt.read(written(tmp_path / "adt.csv", table.to_csv()))
    assert list(dataset.modalities["adt"].table.var_names) == PROTEINS


@pytest.mark.parametrize("turned", [False, True])
def test_peaks_tell_where_the_spots_are_too(tmp_path: Path, turned: bool) -> None:
    names, peaks = [f"cell_{i}" for i in range(N)], [f"chr1:{1000 * i}-{1000 * i + 400}" for i in range(30)]
    table = pd.DataFrame(np.random.default_rng(0).poisson(1, (N, 30)), names, peaks)
    path = written(tmp_path / "atac.csv", (table.T if turned else table).to_csv())
    dataset = nt.read([path, positions(tmp_path, names)])
    assert dataset.modalities["atac"].kind == "chromatin"
    np.testing.assert_array_equal(dataset.modalities["atac"].table.X.toarray(), table)
