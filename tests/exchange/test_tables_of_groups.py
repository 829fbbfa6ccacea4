"""Tables of groups as people have them: where the barcodes are, what is a group, what a column of sections says."""

import numpy as np
import pandas as pd
import pytest
from made_sections import section, square

from napari_trsmi.data.study import stack
from napari_trsmi.errors import DataError
from napari_trsmi.exchange import read_columns
from napari_trsmi.exchange.groups import is_groups

MADE = section(square())
BARCODES = list(MADE.obs_names)
N = len(BARCODES)
REGION = np.array(["L1", "L2", "WM"])[np.arange(N) % 3]


def found(folder, table, dataset=MADE, **how):
    """{column: its groups} of a table, a DataFrame or text."""
    path = folder / "t.csv"
    path.write_text(table if isinstance(table, str) else table.to_csv(index=False, **how))
    return {column.name: list(column.values.categories) for column in read_columns(dataset, path)}


@pytest.mark.parametrize("beside", [{}, {"region": REGION}])
def test_doses_are_groups_and_scores_are_none(tmp_path, beside):
    table = pd.DataFrame({"Barcode": BARCODES, "dose": np.array([0.5, 1, 1.5])[np.arange(N) % 3], **beside})
    assert found(tmp_path, table)["dose"] == ["0.5", "1.0", "1.5"]
    table["score"] = np.random.default_rng(0).random(N)
    assert "score" not in found(tmp_path, table)


@pytest.mark.parametrize("at", [np.arange(N) % 5, np.arange(N) * 0.37, np.arange(N) * 400])
def test_places_are_no_groups_and_are_called_places(tmp_path, at):
    table = pd.DataFrame({"Barcode": BARCODES, "x": at, "y": at[::-1]})
    with pytest.raises(DataError, match=r"found only places \(x, y\)\. The section has the places"):
        found(tmp_path, table)
    assert list(found(tmp_path, table.assign(region=REGION))) == ["region"]


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "<NA>"])
def test_clusters_of_which_some_are_missing_are_whole_numbers(tmp_path, missing):
    clusters = np.arange(N) % 30 + 1.0
    clusters[:4] = np.nan
    table = pd.DataFrame({"Barcode": BARCODES, "group of cells": clusters})
    assert found(tmp_path, table, na_rep=missing) == {"group of cells": [str(k) for k in range(1, 31)]}


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"spot": BARCODES, "cell": REGION}, "cell"),
        ({"cell": REGION, "barcode": BARCODES}, "cell"),
        ({"": BARCODES, "cell_id": [f"c{k}" for k in range(N)], "region": REGION}, "region"),
        ({"spot": [name.removesuffix("-1") for name in BARCODES], "Cell": REGION}, "Cell"),
    ],
)
def test_barcodes_are_where_they_are(tmp_path, columns, name):
    assert found(tmp_path, pd.DataFrame(columns))[name] == ["L1", "L2", "WM"]
    assert is_groups(tmp_path / "t.csv", np.array(next(cells for cells in columns.values() if cells is not REGION)))


LINES = [f"{name},{region}" for name, region in zip(BARCODES, REGION, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        "Barcode,region\n" + "\n".join(f"{line}," for line in LINES),
        "sep=;\nBarcode;region\n" + "\n".join(LINES).replace(",", ";"),
        "my groups\nBarcode,region\n" + "\n".join(LINES),
        '"region"\n' + "\n".join(LINES).replace(",", " "),
    ],
    ids=["separators", "sep", "title", "R"],
)
def test_what_stands_around_a_table_is_no_group(tmp_path, text):
    assert found(tmp_path, text) == {"region": ["L1", "L2", "WM"]}


def test_two_columns_of_one_name_are_told_apart(tmp_path):
    text = "Barcode,side,side\n" + "".join(f"{name},{k % 2},{k % 3}\n" for k, name in enumerate(BARCODES))
    assert found(tmp_path, text) == {"side 2": ["0", "1"], "side 3": ["0", "1", "2"]}


def study():
    return stack({"1": section(square()), "2": section(square())}, distinct=False)


def test_numbers_of_a_laboratory_are_no_sections_where_barcodes_tell_them(tmp_path):
    names = [f"{which}:{name}" for which in "12" for name in BARCODES]
    table = pd.DataFrame({"Barcode": names, "section": [2] * N + [3] * N, "region": [*REGION, *REGION]})
    assert found(tmp_path, table, study()) == {"section": ["2", "3"], "region": ["L1", "L2", "WM"]}
    (_, region) = read_columns(study(), tmp_path / "t.csv")
    assert (region.values.codes >= 0).all()
    table["section"] = [1] * N + [2] * N
    assert set(found(tmp_path, table, study())) == {"region"}
    assert found(tmp_path, table[["Barcode", "section"]], study()) == {"section": ["1", "2"]}


def test_lines_of_no_section_are_told(tmp_path):
    table = pd.DataFrame({"Barcode": BARCODES * 2, "section": [1] * N + [3] * N, "region": [*REGION, *REGION]})
    assert set(found(tmp_path, table, study())) == {"region"}
    (region,) = read_columns(study(), tmp_path / "t.csv")
    assert "Of no section here: lines of '3'." in region.told


def test_numbers_beside_groups_are_told(tmp_path):
    table = pd.DataFrame({"Barcode": BARCODES, "region": REGION, "x": 1.5})
    table["T cells"] = np.random.default_rng(0).random(N)
    table.to_csv(tmp_path / "t.csv", index=False)
    (column,) = read_columns(MADE, tmp_path / "t.csv")
    assert column.told.endswith("Left out, as they are no groups: T cells.")


def test_counts_and_names_beside_groups_are_left_out(tmp_path):
    table = pd.DataFrame({"Barcode": BARCODES, "region": REGION, "n_genes": np.arange(N) + 100})
    table["share"] = [f"{k / 7:.3f}%" for k in range(N)]
    table["score"] = [f"{k / 7:.3f}".replace(".", ",") for k in range(N)]
    table["purity"] = ["NA", *(f"{k / 7:.3f}" for k in range(N - 1))]
    assert found(tmp_path, table) == {"region": ["L1", "L2", "WM"]}


def test_a_column_of_names_beside_groups_does_not_refuse_them(tmp_path):
    made = section(square(40))
    table = pd.DataFrame({"Barcode": made.obs_names, "region": "L1", "long_name": [f"a{k}" for k in range(1600)]})
    assert found(tmp_path, table, made) == {"region": ["L1"]}
    with pytest.raises(DataError, match="at most 1000 groups in 'long_name'"):
        found(tmp_path, table.drop(columns="region"), made)


def test_what_r_writes_for_missing_is_no_group(tmp_path):
    region = np.where(np.arange(N) < 5, "NA", REGION)
    assert found(tmp_path, pd.DataFrame({"Barcode": BARCODES, "region": region})) == {"region": ["L1", "L2", "WM"]}
