"""The page on what a result writes, against what it writes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from results_by_hand import dataset_of, result_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "keys.md").read_text(encoding="utf-8")


def keys_on_the_page() -> list[str]:
    """Keys in the first column of the table of keys."""
    return re.findall(r"^\| `((?:obs|obsm|obsp|uns)\[.*?\])`", PAGE, flags=re.MULTILINE)


def starred_on_the_page() -> list[str]:
    return re.findall(r"^\| `((?:obs|obsm|obsp|uns)\[.*?\])` \* \|", PAGE, flags=re.MULTILINE)


def as_pattern(key: str) -> str:
    return re.sub(r"<\w+>", "[a-z]+", re.escape(key.replace("<map>", "stability")))


@pytest.fixture
def written(make_mudata):
    """An annotated MuData, the result in it with all that it can have, and the keys it says that it wrote."""
    mdata = make_mudata()
    result = replace(
        result_of(dataset_of(dict(mdata.mod))),
        maps={"stability": np.ones(36, np.float32), "support": np.ones(36, np.float32)},
        cuts=np.zeros((36, 5), np.int16),
        predicted={"adt": np.zeros((36, 20), np.float32)},
        state=b"where training is",
    )
    return mdata, result.annotate(mdata), result


def test_the_table_of_keys_names_each_key_that_a_result_writes_and_no_other(written):
    _, keys, _ = written
    own = {key for key in keys if ": " not in key}
    listed = keys_on_the_page()
    assert [key for key in own if not any(re.fullmatch(as_pattern(one), key) for one in listed)] == []
    assert [one for one in listed if not any(re.fullmatch(as_pattern(one), key) for key in own)] == []


def test_the_table_of_keys_stars_those_that_each_modality_has(written):
    mdata, keys, _ = written
    for name in mdata.mod:
        own = sorted(key.removeprefix(f"{name}: ") for key in keys if key.startswith(f"{name}: "))
        assert own == sorted(key.replace("<map>", "stability") for key in starred_on_the_page())


def test_the_table_of_keys_gives_the_types_and_shapes_that_are_written(written):
    mdata, _, result = written
    sizes = {
        "N": mdata.n_obs,
        "K": result.partition.n_domains,
        "d": result.embedding.shape[1],
        "M": 2,
        "D": 20,
        "R": 5,
        "bytes": len(result.state),
    }
    rows = re.findall(r"^\| `(\w+)\[\"([^\"]*)\"\]`(?: \*)? \| ([^|]*) \| ([^|]*) \|", PAGE, flags=re.MULTILINE)
    assert len(rows) == 16
    for place, name, kind, shape in rows:
        name = name.replace("<map>", "stability").replace("<a>_<b>", "rna_adt").replace("<modality>", "adt")
        value = getattr(mdata, place)[name]
        found = str(value.dtype) if hasattr(value, "dtype") else type(value).__name__
        known = {"object": "text", "str": "text", "category": "ordered categories of text"}
        assert known.get(found, found) in kind, name
        if shape.strip() != "-":
            assert value.shape == tuple(sizes[one] for one in re.findall(r"\w+", shape)), name


def test_the_record_has_the_entries_that_the_page_of_keys_lists(written):
    mdata, _, _ = written
    table = PAGE[PAGE.index("| entry |") : PAGE.index("A reader must expect")]
    listed = {
        name for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    recorded = set(json.loads(mdata.uns["trsmi"]))
    assert recorded <= listed
    of_a_real_run = {"device", "notes", "stopped", "seconds", "edits", "trust", "comparisons", "runs"}
    of_a_real_run |= {"support", "numbers", "view", "transferred"}
    of_a_real_run |= {"sections", "section_column", "places", "spots"}  # of a study
    assert listed - recorded <= of_a_real_run


def test_columns_of_the_tables_beside_a_file_stand_on_the_page(fitted):
    rows = {line.split("`")[1]: set(re.findall(r"`([^`]+)`", line)) for line in PAGE.splitlines() if "| `x." in line}
    for name in ("domains.csv", "boundaries.csv"):
        columns = pd.read_csv(fitted.path.with_suffix(f".{name}")).columns
        known = rows[f"x.{name}"]
        assert {re.sub(r"_(rna|adt)$", "_<modality>", column) for column in columns} <= known
