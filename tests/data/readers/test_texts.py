"""Tables in text as spreadsheets, R and data portals write them."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.errors import DataError

N = 60


@pytest.fixture
def names():
    letters = np.random.default_rng(0).choice(list("ACGT"), (N, 16))
    return ["".join(row) + "-1" for row in letters]


@pytest.fixture
def counts(tmp_path, make_table, names):
    """A file of counts without places, and where its spots are."""
    table = make_table(N, 80)
    table.obs_names = names
    xy = table.obsm.pop("spatial") + 0.5
    table.write_h5ad(tmp_path / "counts.h5ad")
    return xy


def places(names, xy, columns=("x", "y")):
    table = pd.DataFrame(xy, columns=list(columns), index=pd.Index(names, name="barcode"))
    return table.iloc[::-1]


def as_comma(table, path):
    table.to_csv(path, sep=";", decimal=",", encoding="utf-8-sig", lineterminator="\r\n")


def as_unicode_text(table, path):
    table.to_csv(path, sep="\t", encoding="utf-16")


def as_gzipped_unicode(table, path):
    path.with_suffix(".txt.gz").write_bytes(gzip.compress(table.to_csv(sep="\t").encode("utf-16")))


def with_a_line_of_types(table, path):
    header, rows = table.rename_axis("NAME").to_csv().split("\n", 1)
    path.write_text(f"{header}\nTYPE,numeric,numeric\n{rows}")


def with_annotations(table, path):
    table.assign(area=3.0, cluster="T", cell=table.index).to_csv(path)


def with_names_behind(table, path):
    table.reset_index().rename(columns={"barcode": "cell_ID"})[["x", "y", "cell_ID"]].to_csv(path, index=False)


def with_rows_numbered(table, path):
    table.reset_index().to_csv(path)


def with_blanks(table, path):
    lines = [f"{name}, {x}, {y}" for name, (x, y) in zip(table.index, table.to_numpy(), strict=True)]
    path.write_text("\n\nbarcode, x, y\n" + "\n".join(lines) + "\n\n")


def with_a_line_twice(table, path):
    pd.concat([table, table[:3]]).to_csv(path)


FORMS = [
    *(as_comma, as_unicode_text, as_gzipped_unicode, with_a_line_of_types),
    *(with_annotations, with_names_behind, with_rows_numbered, with_blanks, with_a_line_twice),
]


@pytest.mark.parametrize("write", FORMS)
def test_places_are_read_however_a_program_writes_them(tmp_path, counts, names, write):
    write(places(names, counts), tmp_path / "places.txt")
    file = next(tmp_path.glob("places.*"))
    dataset = read([tmp_path / "counts.h5ad", file])
    np.testing.assert_allclose(dataset.coords, counts)
    assert list(dataset.modalities) == ["rna"]
    assert list(dataset.obs_names) == names


def test_names_of_spots_keep_their_zeros(tmp_path, make_table):
    table = make_table(N, 80)
    table.obs_names = [f"{number:04d}" for number in range(N)]
    xy = table.obsm.pop("spatial")
    table.write_h5ad(tmp_path / "counts.h5ad")
    places(table.obs_names, xy).to_csv(tmp_path / "places.csv")
    dataset = read([tmp_path / "counts.h5ad", tmp_path / "places.csv"])
    np.testing.assert_allclose(dataset.coords, xy)


def test_values_with_a_decimal_comma_are_numbers(tmp_path, make_table, names):
    table = make_table(N, 80)
    values = pd.DataFrame(table.X.toarray() * 1.5, index=names, columns=table.var_names)
    as_comma(values, tmp_path / "rna.csv")
    places(names, table.obsm["spatial"]).to_csv(tmp_path / "places.csv")
    dataset = read([tmp_path / "rna.csv", tmp_path / "places.csv"])
    np.testing.assert_allclose(dataset.modalities["rna"].table.X.toarray(), values, rtol=1e-6)


def test_a_comma_that_may_stand_before_thousands_is_not_guessed_at(tmp_path, counts, names):
    table = places(names, counts).map(lambda value: f"{value:.3f}".replace(".", ","))
    table.to_csv(tmp_path / "places.txt", sep="\t")
    with pytest.raises(DataError, match=r"found text such as '.*,500'"):
        read([tmp_path / "counts.h5ad", tmp_path / "places.txt"])


def test_counts_and_places_of_one_table_are_told_apart(tmp_path, make_table, names):
    table = make_table(N, 80)
    xy = table.obsm["spatial"]
    genes = [f"Gene{number}" for number in range(80)]
    values = pd.DataFrame(table.X.toarray(), index=names, columns=genes)
    pd.concat([places(names, xy), values], axis=1).loc[names].to_csv(tmp_path / "all.csv")
    dataset = read(tmp_path / "all.csv")
    np.testing.assert_allclose(dataset.coords, xy)
    assert list(dataset.modalities["rna"].table.var_names) == genes


@pytest.mark.parametrize("name", ["bead", "barcode", ""])
def test_places_without_headings_are_x_before_y(tmp_path, make_table, names, name):
    table = make_table(N, 80)
    table.obs_names = names if name == "barcode" else [f"bead{number}" for number in range(N)]
    xy = table.obsm.pop("spatial") + 0.5
    table.write_h5ad(tmp_path / "counts.h5ad")
    places(table.obs_names, xy).to_csv(tmp_path / "places.csv", header=False)
    dataset = read([tmp_path / "counts.h5ad", tmp_path / "places.csv"])
    assert dataset.n_spots == N
    np.testing.assert_allclose(dataset.coords, xy)


def test_numbers_are_names_where_a_column_called_after_cells_holds_kinds_of_them(tmp_path, make_table):
    table = make_table(N, 80)
    table.obs_names = [str(number) for number in range(N)]
    xy = table.obsm.pop("spatial")
    table.write_h5ad(tmp_path / "counts.h5ad")
    pd.DataFrame(xy, columns=["x", "y"]).assign(cell=["T", "B"] * (N // 2)).to_csv(tmp_path / "places.csv")
    np.testing.assert_allclose(read([tmp_path / "counts.h5ad", tmp_path / "places.csv"]).coords, xy)


def test_a_name_at_two_places_is_refused(tmp_path, counts, names):
    table = places(names, counts)
    pd.concat([table, table[:1] + 7]).to_csv(tmp_path / "places.csv")
    with pytest.raises(DataError, match=f"found '{names[-1]}' at two"):
        read([tmp_path / "counts.h5ad", tmp_path / "places.csv"])
