"""CSV files hold no formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.sheets import write_sheet


@pytest.mark.parametrize("name", ["=1+1", "+A1", "-A1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("x")'])
@pytest.mark.parametrize("dtype", ["object", "category", "string"])
def test_texts_that_a_spreadsheet_would_compute_get_an_apostrophe(tmp_path: Path, name: str, dtype: str) -> None:
    table = pd.DataFrame({"name": pd.Series([name, "fine", None], dtype=dtype), name: [1, 2, 3]})
    write_sheet(table, tmp_path / "x.csv")
    found = pd.read_csv(tmp_path / "x.csv", lineterminator="\n")
    assert found["name"].tolist()[:2] == [f"'{name}", "fine"]
    assert list(found) == ["name", f"'{name}"]
    assert table["name"][0] == name


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [-1.5, 2.0], "b": ["-3", "+1e5"], "c": [-1, 1]})
    write_sheet(table, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "a,b,c\n-1.5,-3,-1\n2,+1e5,1\n"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_are_written_as_pandas_would(tmp_path: Path, dtype: str) -> None:
    numbers = np.array([1 / 3, -0.0, 1e-9, 123456.7, 1234567.8, np.nan, np.inf, 1e30], dtype=dtype)
    table = pd.DataFrame(
        {"a": numbers, "name": pd.Categorical(["x", None, *"xyxyxy"], ordered=True), "n": range(8), "b": numbers > 0}
    )
    write_sheet(table, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == table.to_csv(index=False, float_format="%.6g")
