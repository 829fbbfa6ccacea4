"""Tables of platforms and pipelines: lists of molecules, controls, CODEX and QuPath, peaks as BED has them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi.errors import ChoiceError, DataError

N = 64
GENES = [f"Slc{i}a1" for i in range(1, 31)]
PROTEINS = ["CD3", "CD4", "CD20", "CD68", "PD-1", "HLA-DR"]
PLACES = np.column_stack([np.arange(N) % 8, np.arange(N) // 8]) + 1
GRID = [f"{x}x{y}" for x, y in PLACES]


def table(features: list[str], names: list[str] = GRID) -> pd.DataFrame:
    """Counts, all different from feature to feature."""
    values = np.random.default_rng(0).poisson(3, (N, len(features))) + np.arange(len(features))
    return pd.DataFrame(values, index=names, columns=features)


def kinds(dataset: nt.Dataset) -> dict[str, tuple[str, int]]:
    """{modality: its kind and how many features it has}."""
    return {name: (one.kind, one.table.n_vars) for name, one in dataset.modalities.items()}


@pytest.mark.parametrize(
    ("gene", "x", "y", "before"),
    [
        ("geneID", "x", "y", "#FileFormat=GEMv0.1\n#BinSize=50\n"),
        ("target", "x_global_px", "y_global_px", ""),
        ("feature_name", "x_location", "y_location", ""),
    ],
)
def test_a_list_of_molecules_says_what_to_give(tmp_path: Path, gene: str, x: str, y: str, before: str) -> None:
    of = np.arange(400)
    made = pd.DataFrame({gene: np.array(GENES)[of % 30], x: PLACES[of % N, 0], y: PLACES[of % N, 1], "MIDCount": 1})
    (tmp_path / "bin50.tsv").write_text(before + made.to_csv(sep="\t", index=False))
    with pytest.raises(DataError, match=f"a gene in each .'{gene}'.*list of molecules"):
        nt.read(tmp_path / "bin50.tsv")


def test_controls_of_platforms_are_no_features(tmp_path: Path) -> None:
    cells = [str(10**18 + i) for i in range(N)]
    table([*GENES, "Blank-1", "Blank-25", "NegPrb3"], cells).to_csv(tmp_path / "cell_by_gene.csv", index_label="cell")
    where = pd.DataFrame({"fov": 1, "center_x": PLACES[:, 0], "center_y": PLACES[:, 1], "volume": 5.0}, cells)
    where.to_csv(tmp_path / "cells.csv")
    dataset = nt.read([tmp_path / "cell_by_gene.csv", tmp_path / "cells.csv"])
    assert kinds(dataset) == {"rna": ("rna", len(GENES))}
    assert "Left out Blank-1, Blank-25, NegPrb3: no features." in dataset.notes
    assert "Of cells.csv nothing else was used, such as the column 'volume'." in dataset.notes


def test_what_codex_measures_are_the_columns_of_its_cycles(tmp_path: Path) -> None:
    made = table([f"cyc{i:03d}_ch002:{name}" for i, name in enumerate(PROTEINS)]).reset_index(drop=True)
    made.insert(0, "cell_id:cell_id", np.arange(N))
    beside = {"region:region": 1, "x:x": PLACES[:, 0], "y:y": PLACES[:, 1], "x_tile:x_tile": 3, "size:size": 50}
    made.assign(**beside).to_csv(tmp_path / "reg001.csv", index=False)
    dataset = nt.read(tmp_path / "reg001.csv")
    assert kinds(dataset) == {"adt": ("protein", len(PROTEINS))}
    np.testing.assert_array_equal(dataset.coords, PLACES)


def test_measurements_of_qupath_are_named_by_their_objects(tmp_path: Path) -> None:
    made = pd.DataFrame({"Image": "a.tif", "Object ID": [f"{i:08x}-a" for i in range(N)], "Class": "Tumor"})
    made[["Centroid X µm", "Centroid Y µm"]] = PLACES
    made.assign(**{"Cell: CD3 mean": 1.5}).to_csv(tmp_path / "m.tsv", sep="\t", index=False)
    with pytest.raises(DataError, match=r"places of 64 barcodes.*nothing else was used, such as the column 'Cell: CD3"):
        nt.read(tmp_path / "m.tsv")


def test_peaks_may_be_three_columns_beside_the_spots(tmp_path: Path) -> None:
    made = table([f"peak{i}" for i in range(30)]).T.reset_index(drop=True)
    for at, (name, values) in enumerate({"chr": "chr1", "start": np.arange(30) * 900, "end": 500}.items()):
        made.insert(at, name, values)
    made.to_csv(tmp_path / "peaks.txt", sep="\t", index=False)
    atac = nt.read(tmp_path / "peaks.txt").modalities["atac"]
    assert atac.kind == "chromatin"
    assert atac.table.var_names[:2].tolist() == ["chr1:0-500", "chr1:900-500"]
    np.testing.assert_array_equal(atac.table.X.toarray(), table([f"peak{i}" for i in range(30)]))


def test_what_counting_programs_write_beside_genes_is_no_spot(tmp_path: Path) -> None:
    made = table(GENES).T
    for at, (name, values) in enumerate({"Chr": "chr1", "Start": 5, "End": 9, "Strand": "+", "Length": 900}.items()):
        made.insert(at, name, values)
    made.to_csv(tmp_path / "counts.txt", sep="\t", index_label="Geneid")
    dataset = nt.read(tmp_path / "counts.txt")
    assert dataset.obs_names.tolist() == GRID
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), table(GENES))


@pytest.mark.parametrize("name", ["Total", ""])
def test_a_line_of_totals_is_no_spot(tmp_path: Path, name: str) -> None:
    made = table(GENES)
    made.loc[name] = made.sum()
    made.to_csv(tmp_path / "counts.csv")
    dataset = nt.read(tmp_path / "counts.csv")
    np.testing.assert_array_equal(dataset.coords, PLACES)
    assert any("Left out 1 spot called as totals" in note for note in dataset.notes)


def test_a_table_without_headings_loses_no_spot(tmp_path: Path) -> None:
    table(GENES).to_csv(tmp_path / "counts.tsv", sep="\t", header=False)
    with pytest.raises(DataError, match=r"names of features in the first line of counts\.tsv, found the barcode '1x1'"):
        nt.read(tmp_path / "counts.tsv")


@pytest.mark.parametrize("name", ["counts.csv", "counts.csv.gz"])
def test_a_text_is_unpacked_by_what_it_is_and_not_by_its_name(tmp_path: Path, name: str) -> None:
    text = table(GENES).to_csv().encode()
    (tmp_path / name).write_bytes(text if name.endswith(".gz") else gzip.compress(text))
    np.testing.assert_array_equal(nt.read(tmp_path / name).modalities["rna"].table.X.toarray(), table(GENES))


@pytest.mark.parametrize("called", ["c_1_{0}_{1}", "spot_{0}_{1}"])
def test_cells_with_two_numbers_are_no_peaks(tmp_path: Path, called: str) -> None:
    cells = [called.format(x, 900 + 10 * x + y) for x, y in PLACES]
    table(GENES, cells).to_csv(tmp_path / "counts.csv")
    pd.DataFrame(PLACES, cells, ["x", "y"]).to_csv(tmp_path / "places.csv")
    assert kinds(nt.read([tmp_path / "counts.csv", tmp_path / "places.csv"])) == {"rna": ("rna", len(GENES))}


@pytest.mark.parametrize("first", ["CellID", "sample", "cell_size"])
def test_cells_of_several_regions_may_be_numbered_anew_in_each(tmp_path: Path, first: str) -> None:
    made = pd.concat([table(PROTEINS), table(PROTEINS) + 1]) + 0.5
    beside = {"sample": np.repeat(["a", "b"], N), "cell_size": 50, "x": np.tile(PLACES[:, 0], 2)}
    made = made.assign(**beside, y=np.tile(PLACES[:, 1], 2), CellID=np.tile(np.arange(N), 2))
    made[[first, *made.columns.drop(first)]].to_csv(tmp_path / "cells.csv", index=False)
    with pytest.raises(ChoiceError, match=r"the sections .'a', 'b'."):
        nt.read(tmp_path / "cells.csv")
    study = nt.read_sections(tmp_path / "cells.csv", column="sample")
    assert study.section_names == ("a", "b")
    assert kinds(study) == {"adt": ("protein", len(PROTEINS))}
    np.testing.assert_array_equal(study.parts[1].modalities["adt"].table.X.toarray(), table(PROTEINS) + 1.5)
    np.testing.assert_array_equal(study.parts[1].coords, PLACES)


def test_places_in_a_text_tell_which_spots_are_under_tissue(tmp_path: Path) -> None:
    names = [f"s{i}" for i in range(N)]
    table(GENES, names).to_csv(tmp_path / "counts.csv")
    places = pd.DataFrame(PLACES, names, ["x", "y"]).assign(in_tissue=["in"] * 60 + ["out"] * 4, area=5)
    places.to_csv(tmp_path / "places.csv")
    dataset = nt.read([tmp_path / "counts.csv", tmp_path / "places.csv"])
    assert dataset.n_spots == 60
    assert "Left out 4 spots that are not under tissue (in_tissue = out)." in dataset.notes


def test_text_among_places_is_named(tmp_path: Path) -> None:
    names = [f"s{i}" for i in range(N)]
    table(GENES, names).to_csv(tmp_path / "counts.csv")
    places = pd.DataFrame(PLACES, names, ["x", "y"]).astype(object)
    places.iloc[7, 1] = "?"
    places.to_csv(tmp_path / "places.csv")
    with pytest.raises(DataError, match=r"coordinates in obs\['y'\], found text such as '\?'"):
        nt.read([tmp_path / "counts.csv", tmp_path / "places.csv"])


TAGS = ["".join("ACGT"[(i + 7) // 4**k % 4] for k in range(15)) for i in range(len(PROTEINS))]


def test_antibodies_with_their_tags_are_no_spots(tmp_path: Path) -> None:
    barcodes = ["".join("ACGT"[i // 4**k % 4] for k in range(16)) for i in range(N)]
    names = [f"{name}-{tag}" for name, tag in zip(PROTEINS, TAGS, strict=True)]
    table(names, barcodes).T.to_csv(tmp_path / "umi_count.csv")
    pd.DataFrame(PLACES, barcodes, ["x", "y"]).to_csv(tmp_path / "places.csv")
    adt = nt.read([tmp_path / "umi_count.csv", tmp_path / "places.csv"]).modalities["adt"]
    assert adt.kind == "protein"
    assert adt.table.var_names.tolist() == names
    np.testing.assert_array_equal(adt.table.X.toarray(), table(names))


def test_what_was_not_mapped_is_no_protein_of_a_matrix(tmp_path: Path) -> None:
    from scipy.io import mmwrite
    from scipy.sparse import coo_matrix

    (tmp_path / "umi_count").mkdir()
    mmwrite(tmp_path / "umi_count" / "matrix.mtx", coo_matrix(table([*PROTEINS, "unmapped"]).to_numpy().T))
    (tmp_path / "umi_count" / "barcodes.tsv").write_text("\n".join(GRID) + "\n")
    names = [f"{name}-{tag}" for name, tag in zip(PROTEINS, TAGS, strict=True)]
    (tmp_path / "umi_count" / "features.tsv").write_text("\n".join([*names, "unmapped"]) + "\n")
    pd.DataFrame(PLACES, GRID, ["x", "y"]).to_csv(tmp_path / "places.csv")
    dataset = nt.read([tmp_path / "umi_count", tmp_path / "places.csv"])
    assert dataset.modalities["adt"].table.var_names.tolist() == names
    assert "Left out unmapped: no features." in dataset.notes


def test_proteins_that_r_told_from_genes_are_proteins(tmp_path: Path) -> None:
    table([f"ENSMUSG{i:011d}" for i in range(30)]).to_csv(tmp_path / "a.csv.gz")
    table([f"{name}.1" for name in PROTEINS]).to_csv(tmp_path / "b.csv.gz")
    dataset = nt.read([tmp_path / "a.csv.gz", tmp_path / "b.csv.gz"])
    assert kinds(dataset) == {"rna": ("rna", 30), "adt": ("protein", len(PROTEINS))}
    assert dataset.name == "a + b"


def test_what_htseq_and_star_could_not_count_is_no_gene(tmp_path: Path) -> None:
    table([*GENES, "__no_feature", "__ambiguous", "N_unmapped"]).T.to_csv(tmp_path / "counts.csv")
    dataset = nt.read(tmp_path / "counts.csv")
    assert kinds(dataset) == {"rna": ("rna", len(GENES))}
    assert "Left out __no_feature, __ambiguous, N_unmapped: no features." in dataset.notes


def test_a_text_that_was_cut_says_so(tmp_path: Path) -> None:
    text = table(GENES).to_csv()
    (tmp_path / "counts.csv").write_text(text[:-20])
    with pytest.raises(DataError, match=r"30 numbers in the last line of counts\.csv, found 2\d: it was cut short"):
        nt.read(tmp_path / "counts.csv")


def test_a_text_of_words_alone_is_no_modality(tmp_path: Path) -> None:
    table(GENES).to_csv(tmp_path / "counts.csv")
    pd.DataFrame({"donor": "d1", "organ": "brain", "site": "a"}, GRID).to_csv(tmp_path / "metadata.csv")
    with pytest.raises(DataError, match="found donor, organ, site alone"):
        nt.read([tmp_path / "counts.csv", tmp_path / "metadata.csv"])
