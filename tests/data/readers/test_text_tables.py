"""Tables of counts as text, as archives keep those of DBiT-seq, Spatial-CITE-seq and SPOTS."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.data.readers.several import read_sections
from napari_trsmi.errors import ChoiceError, DataError

N = 48
GRID = np.stack(np.divmod(np.arange(N), 8), axis=1)[:, ::-1] + 1  # x, y
GENES = ["Gad1", "Mbp", "Plp1", "Sst", "Vip", "Aqp4", "Gfap"]


@pytest.fixture
def counts():
    names = [f"{x}x{y}" for x, y in GRID]
    return pd.DataFrame(np.random.default_rng(0).poisson(3.0, (N, len(GENES))), index=names, columns=GENES)


def check(dataset, counts, name="rna"):
    order = [counts.index.get_loc(spot) for spot in dataset.obs_names]
    modality = dataset.modalities[name].table
    np.testing.assert_array_equal(dataset.coords, GRID[order])
    np.testing.assert_array_equal(modality.X.toarray(), counts[list(modality.var_names)].to_numpy()[order])
    assert set(modality.var_names) == set(counts.columns)


@pytest.mark.parametrize("name", ["RNA.csv", "GSM1_RNA.tsv.gz", "s 1.txt"])
@pytest.mark.parametrize("turned", [False, True], ids=["spots in rows", "spots in columns"])
def test_a_table_named_by_a_grid_tells_counts_and_places_either_way_round(tmp_path, counts, name, turned):
    separator = "," if "csv" in name else "\t"
    (counts.T if turned else counts).to_csv(tmp_path / name, sep=separator)
    dataset = read(tmp_path / name)
    check(dataset, counts)
    assert any(f"48 spots x 7 features from the text {name}" in note for note in dataset.notes)


def test_a_table_that_r_wrote_is_understood(tmp_path, counts):
    quoted = counts.T.rename(columns="X{}".format)
    text = quoted.to_csv(sep=" ", quoting=2)
    header, rest = text.split("\n", 1)
    (tmp_path / "rna.txt").write_text(header.split(" ", 1)[1] + "\n" + rest)  # no name above the names of the rows
    check(read(tmp_path / "rna.txt"), counts.rename(index="X{}".format))


def test_rna_and_protein_of_a_grid_are_one_section_without_what_was_not_mapped(tmp_path, counts):
    proteins = counts.rename(
        columns=dict(zip(GENES, ["CD3", "CD4", "CD8", "CD19", "CD68", "CD20", "unmapped"], strict=True))
    )
    counts.to_csv(tmp_path / "rna.csv")
    proteins[::-1].to_csv(tmp_path / "protein.csv")
    dataset = read([tmp_path / "rna.csv", tmp_path / "protein.csv"])
    assert {name: one.kind for name, one in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    check(dataset, proteins.drop(columns="unmapped"), "adt")
    assert any("Left out unmapped" in note for note in dataset.notes)


def test_sections_that_are_told_apart_in_front_of_the_grid_are_a_study(tmp_path, counts):
    both = pd.concat([counts.rename(index="liver_{}".format), counts[::-1].add(1).rename(index="spleen_{}".format)])
    both.to_csv(tmp_path / "both.csv")
    with pytest.raises(ChoiceError, match="--section-column barcodes"):
        read(tmp_path / "both.csv")
    assert read_sections(tmp_path / "both.csv").section_names == ("liver", "spleen")
    assert read(tmp_path / "both.csv", library="spleen").n_spots == N


def test_antibodies_in_text_go_with_a_file_that_tells_the_places(tmp_path, make_table):
    genes = make_table(N)
    genes.obs_names = [f"{'ACGT' * 4}{''.join('ACGT'[i >> 2 * p & 3] for p in range(3))}-1" for i in range(N)]
    genes.write_h5ad(tmp_path / "genes.h5ad")
    values = np.random.default_rng(1).poisson(20.0, (3, N))
    pd.DataFrame(values, index=["CD3", "CD4", "CD8"], columns=genes.obs_names).to_csv(tmp_path / "ADT.csv")
    dataset = read([tmp_path / "genes.h5ad", tmp_path / "ADT.csv"])
    np.testing.assert_array_equal(dataset.modalities["adt"].table.X.toarray(), values.T)
    np.testing.assert_array_equal(dataset.coords, genes.obsm["spatial"])
    with pytest.raises(DataError, match="Expected coordinates"):
        read(tmp_path / "ADT.csv")


@pytest.mark.parametrize("columns", [("xcoord", "ycoord"), ("y", "x", "z")])
def test_a_table_of_x_and_y_tells_the_places_of_counts_in_text(tmp_path, make_table, columns):
    genes = make_table(N)
    genes.obs_names = [f"{'ACGT' * 3}{''.join('ACGT'[i >> 2 * p & 3] for p in range(3))}" for i in range(N)]
    genes.to_df().T.astype(int).to_csv(tmp_path / "Puck.expression.txt.gz", sep="\t")
    xy = genes.obsm["spatial"]
    held = {"xcoord": xy[:, 0], "x": xy[:, 0], "ycoord": xy[:, 1], "y": xy[:, 1], "z": np.ones(N)}
    places = pd.DataFrame({name: held[name] for name in columns}, index=genes.obs_names)
    places[::-1].to_csv(tmp_path / "Puck_bead_locations.csv")
    dataset = read([tmp_path / "Puck.expression.txt.gz", tmp_path / "Puck_bead_locations.csv"])
    np.testing.assert_array_equal(dataset.coords, xy)
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), genes.X.toarray())
    assert any(f"places of {N} barcodes from the text Puck_bead_locations.csv" in note for note in dataset.notes)
    with pytest.raises(DataError, match=r"Expected at least one modality, found none\..*both opened together"):
        read(tmp_path / "Puck_bead_locations.csv")
    with pytest.raises(DataError, match=r"found none .*together with a table of barcode, x and y"):
        read(tmp_path / "Puck.expression.txt.gz")


def test_text_that_is_no_such_table_is_refused_in_a_sentence(tmp_path, counts):
    (tmp_path / "cells.csv").write_text("cell,CD3,CD4\n1,2,3\n2,4,5\n")
    with pytest.raises(DataError, match="rows or columns are called by barcodes, such as 12x34"):
        read(tmp_path / "cells.csv")
    counts.assign(cluster=["a", *range(len(counts) - 1)]).to_csv(tmp_path / "more.csv")
    with pytest.raises(DataError, match=r"numbers in all columns but the first of more.csv, found 'a' in 'cluster'"):
        read(tmp_path / "more.csv")
    counts.iloc[:, :1].to_csv(tmp_path / "clusters.csv")
    with pytest.raises(DataError, match=r"measured at each barcode in clusters.csv, found Gad1 alone.*trsmi import"):
        read(tmp_path / "clusters.csv")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(counts.to_csv().encode())[:-40])
    with pytest.raises(DataError, match=r"Expected a complete file at .*cut\.csv\.gz"):
        read(tmp_path / "cut.csv.gz")
