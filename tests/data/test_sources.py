"""A copy is of what was analysed, whatever lies at the input's place by then."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from anndata import AnnData
from results_by_hand import result_of

from napari_trsmi.data import sources
from napari_trsmi.data.readers import read
from napari_trsmi.data.result import Result
from napari_trsmi.data.tables import read_table
from napari_trsmi.errors import DataError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]
MakeTable = Callable[..., AnnData]


@pytest.fixture
def path(tmp_path: Path, make_table: MakeTable) -> Path:
    table = make_table()
    table.uns["colours"] = {"a": 1}
    table.write_h5ad(tmp_path / "in.h5ad")
    return tmp_path / "in.h5ad"


@pytest.fixture
def result(path: Path) -> Result:
    return result_of(read(path))


def test_another_file_at_the_inputs_place_is_not_written_into(
    path: Path, result: Result, make_table: MakeTable, tmp_path: Path
) -> None:
    before = sources.sha256(path)
    analysed = read_table(path)
    make_table(seed=9).write_h5ad(path)
    written = result.write(tmp_path / "out.h5ad")
    saved = read_table(written.table)
    assert (saved.X != analysed.X).nnz == 0
    assert "colours" not in saved.uns
    assert "has changed since it was read" in str(written)
    assert json.loads(written.run.read_text())["sources"] == [{"path": str(path), "sha256": before}]
    with pytest.raises(DataError, match=r"changed since.*another name"):
        result.write(path)


def test_an_input_that_is_gone_is_told(path: Path, result: Result, tmp_path: Path) -> None:
    path.unlink()
    assert "is gone" in str(result.write(tmp_path / "out.h5ad"))


def test_an_input_that_was_copied_or_touched_is_still_the_same(path: Path, result: Result, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / "other.h5ad")
    os.replace(tmp_path / "other.h5ad", path)
    os.utime(path, (1, 1))
    written = result.write(tmp_path / "out.h5ad")
    assert written.notes == ()
    assert read_table(written.table).uns["colours"] == {"a": 1}


def test_a_result_goes_into_its_input_again_and_again(path: Path, result: Result) -> None:
    for seed in (1, 2):
        written = replace(result, embedding=result.embedding + seed).write(path)
        assert written.notes == ()
    found = read_table(path)
    np.testing.assert_array_equal(found.obsm["X_trsmi"], result.embedding + 2)
    assert found.uns["colours"] == {"a": 1}


def test_an_input_that_changes_while_it_is_read_is_refused(path: Path, make_table: MakeTable) -> None:
    before = sources.stamps([path])
    make_table(seed=3).write_h5ad(path)
    with pytest.raises(DataError, match="while it is read"):
        sources.marks_since(before, (path,))


def test_of_a_space_ranger_folder_only_what_is_read_counts(tmp_path: Path) -> None:
    names = [
        "filtered_feature_bc_matrix.h5",
        "raw_feature_bc_matrix.h5",
        "possorted_genome_bam.bam",
        "web_summary.html",
    ]
    (tmp_path / "spatial").mkdir()
    for name in [*names, "spatial/scalefactors_json.json"]:
        (tmp_path / name).write_bytes(b"1")
    known = sources.mark(tmp_path)
    assert known is not None
    for name in names[1:]:
        (tmp_path / name).write_bytes(b"other")
    assert known.fits(tmp_path)
    for name in (names[0], "spatial/scalefactors_json.json"):
        (tmp_path / name).write_bytes(b"other")
        assert not known.fits(tmp_path)
        (tmp_path / name).write_bytes(b"1")
    assert known.fits(tmp_path)


def test_pixels_of_a_spatialdata_are_known_by_their_sizes(tmp_path: Path) -> None:
    folder = tmp_path / "x.zarr"
    for name in ("images/a/0", "tables/t/0"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(b"11")
    known = sources.sha256(folder)
    (folder / "images/a/0").write_bytes(b"22")
    assert sources.sha256(folder) == known
    (folder / "tables/t/0").write_bytes(b"22")
    assert sources.sha256(folder) != known
