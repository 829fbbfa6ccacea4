"""A result that cannot be saved leaves a small copy somewhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from results_by_hand import dataset_of, result_of

from napari_trsmi.config import Config
from napari_trsmi.data import rescue
from napari_trsmi.data.result import Result

MakeTable = Callable[..., AnnData]


@pytest.fixture
def one(make_table: MakeTable) -> Result:
    return result_of(dataset_of({"rna": make_table()}))


def test_the_rescue_copy_is_beside_the_output_and_repeats_the_run(tmp_path: Path, one: Result) -> None:
    for name in ("x.rescue", "x.rescue-2"):
        folder = rescue.rescue(one, tmp_path / "x.h5ad")
        assert folder == tmp_path / name
        assert sorted(os.listdir(folder)) == ["boundaries.csv", "domains.csv", "embedding.npy", "run.json"]
        np.testing.assert_array_equal(np.load(folder / "embedding.npy"), one.embedding)
        found = pd.read_csv(folder / "domains.csv", dtype={"domain": str})
        assert list(found["domain"]) == [one.names[k] for k in one.labels]
        np.testing.assert_allclose(found["confidence"], one.confidence, rtol=1e-5)
        assert Config.load(folder / "run.json") == one.config


def test_a_name_that_is_too_long_is_shortened(tmp_path: Path, one: Result) -> None:
    assert rescue.rescue(one, tmp_path / f"{'x' * 245}.h5ad") == tmp_path / f"{'x' * 50}.rescue"


def test_the_next_place_is_tried_where_one_takes_nothing(
    tmp_path: Path, one: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("out", "home", "temporary"):
        (tmp_path / name).mkdir()
    full = {tmp_path / "out", tmp_path / "home"}
    write = rescue.write_domains

    def filled(result: Result, path: Path) -> Any:
        if path.parent.parent in full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(result, path)

    monkeypatch.setattr(rescue, "write_domains", filled)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "out")
    assert rescue.rescue(one, tmp_path / "out" / "x.h5ad") == tmp_path / "temporary" / "x.rescue"
    assert os.listdir(tmp_path / "out") == os.listdir(tmp_path / "home") == []
    full.add(tmp_path / "temporary")
    assert rescue.rescue(one, tmp_path / "out" / "y.h5ad") is None
