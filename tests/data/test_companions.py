"""A table and the files beside it belong together, or it is told."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from anndata import AnnData
from results_by_hand import dataset_of, result_of

from napari_trsmi.data.companions import strangers
from napari_trsmi.data.result import Result
from napari_trsmi.data.saved import read_result
from napari_trsmi.errors import DataError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]
MakeTable = Callable[..., AnnData]
BESIDE = ["run.json", "domains.csv", "boundaries.csv"]


@pytest.fixture
def one(make_table: MakeTable) -> Result:
    return result_of(dataset_of({"rna": make_table()}))


def test_files_of_one_writing_agree(tmp_path: Path, one: Result) -> None:
    for suffix in (".h5ad", ".zarr"):
        written = one.write(tmp_path / f"x{suffix}")
        found = read_result(written.table)
        assert found.notes == ()
        assert found.provenance["id"] == json.loads(written.run.read_text())["id"]


@pytest.mark.parametrize("ending", BESIDE)
def test_a_file_of_another_writing_is_named(tmp_path: Path, one: Result, ending: str) -> None:
    one.write(tmp_path / "x.h5ad")
    old = (tmp_path / f"x.{ending}").read_bytes()
    result_of(one.dataset, 2, seed=5).write(tmp_path / "x.h5ad")
    (tmp_path / f"x.{ending}").write_bytes(old)
    (note,) = read_result(tmp_path / "x.h5ad").notes
    assert note.startswith(f"x.{ending} beside x.h5ad is older")


def test_tables_without_an_id_and_files_that_are_not_there_are_no_strangers(tmp_path: Path) -> None:
    assert strangers(tmp_path / "x.h5ad", {}) == ()
    assert strangers(tmp_path / "x.h5ad", {"id": "a", "files": {}}) == ()
    assert strangers(tmp_path / "x.h5ad", {"id": 3, "files": []}) == ()


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
import numpy as np, pandas as pd
from anndata import AnnData
from results_by_hand import dataset_of, result_of
from napari_trsmi import atomic
table = AnnData(np.ones((36, 4), np.float32), obs=pd.DataFrame(index=[f"spot{i}-1" for i in range(36)]),
                obsm={"spatial": np.stack(np.divmod(np.arange(36), 6), 1)})
dataset = dataset_of({"rna": table})
result_of(dataset, 3).write(sys.argv[1])
replace, at = atomic.os.replace, iter(range(9))
def killed(*names):
    if next(at) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*names)
atomic.os.replace = killed
result_of(dataset, 2).write(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("renames", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2, 3))])
def test_after_a_kill_between_two_renames_the_older_files_are_named(tmp_path: Path, renames: int) -> None:
    target, here = tmp_path / "x.h5ad", Path(__file__).parent
    words = [sys.executable, "-W", "ignore", "-c", KILLED, str(target), str(here), str(renames)]
    assert subprocess.run(words, cwd=here.parents[1], check=False).returncode == -signal.SIGKILL
    found = read_result(target)
    assert len(found.names) == (3 if renames == 0 else 2)
    older = [f"x.{ending}" for ending in BESIDE[renames - 1 :]] if renames else []
    assert [name for note in found.notes for name in note.split(" beside")[0].split(", ")] == older
    assert not [name for name in os.listdir(tmp_path) if "partial" in name]
    assert len(pd.read_csv(tmp_path / "x.domains.csv")) == 36


@pytest.mark.skipif(sys.platform == "win32", reason="has no such permissions")
def test_what_is_replaced_keeps_its_permissions(tmp_path: Path, one: Result) -> None:
    before = os.umask(0o027)
    try:
        for suffix in (".h5ad", ".zarr"):
            path = tmp_path / f"x{suffix}"
            one.write(path)
            assert stat.S_IMODE(path.stat().st_mode) == (0o640 if suffix == ".h5ad" else 0o750)
            files = [path, *(tmp_path / f"x.{ending}" for ending in BESIDE)]
            for file in files:
                file.chmod(0o700 if file.is_dir() else 0o600)
            one.write(path)
            assert {stat.S_IMODE(file.stat().st_mode) for file in files if not file.is_dir()} == {0o600}
            assert suffix == ".h5ad" or stat.S_IMODE(path.stat().st_mode) == 0o700
            for file in files:
                file.unlink() if not file.is_dir() else None
    finally:
        os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such permissions")
@pytest.mark.parametrize("name", ["x.h5ad", "x.run.json", "x.domains.csv", "x.boundaries.csv"])
def test_what_may_only_be_read_is_replaced_by_force_alone(tmp_path: Path, one: Result, name: str) -> None:
    one.write(tmp_path / "x.h5ad")
    (tmp_path / name).chmod(0o444)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DataError, match=rf"{name}, found it read-only.*--force"):
        one.write(tmp_path / "x.h5ad")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    one.write(tmp_path / "x.h5ad", force=True)
    assert (tmp_path / name).read_bytes() != before[name] or name.endswith("csv")
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o444
