"""Results to files and back."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from mudata import MuData
from results_by_hand import dataset_of, result_of, with_colors

from napari_trsmi.config import Config
from napari_trsmi.data.result import Result
from napari_trsmi.data.saved import read_result
from napari_trsmi.data.sources import sha256
from napari_trsmi.data.tables import mudata_as_stored, read_table
from napari_trsmi.data.writers import check_output
from napari_trsmi.errors import DataError

# zarr 3 tells of its own plans for strings whenever a table is stored.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]

MakeTable = Callable[..., AnnData]
MakeMuData = Callable[..., MuData]


@pytest.fixture
def one(make_table: MakeTable) -> Result:
    return with_colors(result_of(dataset_of({"rna": make_table()})))


@pytest.fixture
def two(make_mudata: MakeMuData) -> Result:
    return with_colors(result_of(dataset_of(dict(make_mudata().mod))))


def write_mudata(mdata: MuData, path: Path) -> None:
    with mudata_as_stored():
        mdata.write(path)


def contents(folder: Path) -> dict[str, bytes]:
    """What is in every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_same(saved: Any, result: Result) -> None:
    order = pd.Index(saved.obs_names).get_indexer(result.obs_names)
    np.testing.assert_array_equal(saved.labels[order], result.labels)
    np.testing.assert_array_equal(saved.embedding[order], result.embedding)
    np.testing.assert_array_equal(saved.confidence[order], result.confidence)
    np.testing.assert_array_equal(saved.entropy[order], result.partition.entropy)
    np.testing.assert_array_equal(saved.runner_up[order], result.partition.runner_up)
    np.testing.assert_array_equal(saved.posterior[order], result.partition.posterior)
    np.testing.assert_array_equal(saved.modality_weights[order], result.modality_weights)
    assert saved.names == result.names
    assert saved.colors == result.palette
    assert saved.config == result.config
    assert saved.modalities == tuple(result.dataset.modalities)
    assert set(saved.correspondences) == set(result.correspondences)
    for pair, correspondence in result.correspondences.items():
        np.testing.assert_allclose(
            saved.correspondences[pair][order][:, order].toarray(), correspondence.toarray(), rtol=1e-6
        )


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        *((name, suffix) for name in ("one", "two") for suffix in (".h5ad", ".h5mu")),
        ("one", ".zarr"),
        pytest.param("two", ".zarr", marks=pytest.mark.slow),
    ],
)
def test_what_is_written_is_read_back(tmp_path: Path, name: str, suffix: str, request: pytest.FixtureRequest) -> None:
    result: Result = request.getfixturevalue(name)
    written = result.write(tmp_path / f"out{suffix}")
    saved = read_result(written.table)
    assert_same(saved, result)
    assert result.boundaries is not None
    pd.testing.assert_frame_equal(saved.boundaries, result.boundaries)
    assert saved.provenance["seed"] == 7
    assert saved.provenance["history"][0]["losses"] == {"total": 0.5}
    assert saved.provenance["keys"] == list(written.keys)[: len(saved.provenance["keys"])]


def test_the_files_beside_the_table_repeat_and_list_the_run(tmp_path: Path, one: Result) -> None:
    written = one.write(tmp_path / "out.v2.h5ad")
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["out.v2.h5ad", "out.v2.run.json", "out.v2.domains.csv", "out.v2.boundaries.csv"]
    )
    assert Config.load(written.run) == one.config
    table = pd.read_csv(written.domains, dtype={"domain": str, "runner_up": str})
    assert list(table.columns) == ["barcode", "domain", "confidence", "runner_up", "entropy", "x", "y"]
    assert list(table["domain"]) == [one.names[k] for k in one.labels]
    np.testing.assert_allclose(table[["x", "y"]], one.coords)
    assert written.boundaries is not None
    assert one.boundaries is not None
    assert len(pd.read_csv(written.boundaries)) == len(one.boundaries)
    for part in ("out.v2.h5ad", "out.v2.run.json", "out.v2.domains.csv", "out.v2.boundaries.csv", "trsmi_domain"):
        assert part in str(written)


def test_a_copy_of_the_input_file_keeps_everything_and_the_input_is_not_touched(
    tmp_path: Path, make_table: MakeTable
) -> None:
    table = make_table()
    table.uns["colours"] = {"a": 1}
    table.layers["raw"] = table.X * 2
    table.obs["old"] = pd.Categorical(["x"] * table.n_obs)
    table.write_h5ad(tmp_path / "in.h5ad")
    before = sha256(tmp_path / "in.h5ad")
    result = result_of(dataset_of({"rna": table[:30].copy()}, source=tmp_path / "in.h5ad"))
    saved = read_table(result.write(tmp_path / "out.h5ad").table)
    assert saved.shape == table.shape
    assert saved.uns["colours"]["a"] == 1
    assert (saved.layers["raw"] != table.layers["raw"]).nnz == 0
    assert saved.obs["trsmi_domain"].isna().sum() == 6
    assert sha256(tmp_path / "in.h5ad") == before
    record = json.loads(saved.uns["trsmi"])
    assert record["sources"] == [{"path": str(tmp_path / "in.h5ad"), "sha256": before}]
    assert_same(read_result(tmp_path / "out.h5ad"), result)


@pytest.mark.slow
def test_a_mudata_whose_modalities_share_only_some_spots_keeps_all(
    tmp_path: Path, make_table: MakeTable, make_mudata: MakeMuData
) -> None:
    rna, adt = make_table(), make_table(n_features=20, prefix="protein", mean=20.0, seed=1)
    mdata = make_mudata({"rna": rna[:30].copy(), "adt": adt[::-1][:30].copy()})
    write_mudata(mdata, tmp_path / "in.h5mu")
    result = result_of(dataset_of(dict(mdata.mod), source=tmp_path / "in.h5mu"))
    assert result.dataset.n_spots == 24
    for suffix in (".h5mu", ".zarr"):
        saved = read_table(result.write(tmp_path / f"out{suffix}").table)
        assert (saved.n_obs, saved["rna"].n_obs, saved["adt"].n_obs) == (36, 30, 30)
        assert saved.obs["trsmi_domain"].notna().sum() == 24
        assert saved["adt"].obs["trsmi_domain"].notna().sum() == 24
        assert_same(read_result(tmp_path / f"out{suffix}"), result)


def test_the_input_is_replaced_when_its_own_path_is_given(tmp_path: Path, make_mudata: MakeMuData) -> None:
    mdata = make_mudata()
    write_mudata(mdata, tmp_path / "x.h5mu")
    for n_domains in (3, 2):
        result = result_of(dataset_of(dict(mdata.mod), source=tmp_path / "x.h5mu"), n_domains)
        result.write(tmp_path / "x.h5mu")
        assert_same(read_result(tmp_path / "x.h5mu"), result)


def test_an_input_that_is_gone_does_not_cost_the_result(tmp_path: Path, make_table: MakeTable) -> None:
    result = result_of(dataset_of({"rna": make_table()}, source=tmp_path / "gone.h5ad"))
    assert_same(read_result(result.write(tmp_path / "out.h5ad").table), result)


def test_one_anndata_holds_the_modalities_side_by_side(tmp_path: Path, two: Result) -> None:
    saved = read_table(two.write(tmp_path / "out.h5ad").table)
    assert saved.shape == (36, 420)
    assert list(saved.var["modality"].unique()) == ["rna", "adt"]
    assert list(saved.var["feature_types"].unique()) == ["Gene Expression", "Antibody Capture"]
    assert (saved[:, saved.var["modality"] == "adt"].X != two.dataset.modalities["adt"].table.X).nnz == 0


def test_features_of_the_same_name_are_told_apart(tmp_path: Path, make_table: MakeTable) -> None:
    result = result_of(dataset_of({"rna": make_table(n_features=5), "adt": make_table(n_features=3)}))
    saved = read_table(result.write(tmp_path / "out.h5ad").table)
    assert saved.var_names.is_unique
    assert list(saved.var_names[[0, 3, 5]]) == ["rna:gene0", "gene3", "adt:gene0"]


_POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows tells names that are too long otherwise")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("x.csv", "ending in .h5ad, .h5mu, .zarr"),
        ("none/x.h5ad", "Expected the folder"),
        ("folder.h5ad", "a folder"),
        pytest.param(f"{'x' * 245}.h5ad", "a name that its folder takes, found one of 250", marks=_POSIX),
        pytest.param(f"{'x' * 300}.h5ad", "a name that its folder takes, found one of 305", marks=_POSIX),
    ],
)
def test_an_output_that_cannot_be_is_refused_at_once(tmp_path: Path, name: str, sentence: str, one: Result) -> None:
    (tmp_path / "folder.h5ad").mkdir()
    with pytest.raises(DataError, match=sentence):
        check_output(tmp_path / name)
    with pytest.raises(DataError, match=sentence):
        one.write(tmp_path / name)


def test_a_folder_that_is_no_zarr_table_is_never_replaced(tmp_path: Path, one: Result) -> None:
    (tmp_path / "x.zarr").mkdir()
    (tmp_path / "x.zarr" / "thesis.txt").write_text("precious")
    with pytest.raises(DataError, match="found something else"):
        one.write(tmp_path / "x.zarr")
    assert (tmp_path / "x.zarr" / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("suffix", [".h5ad", ".h5mu", ".zarr"])
def test_a_full_disk_leaves_the_old_files_and_no_temporary(
    tmp_path: Path, one: Result, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.write(tmp_path / f"x{suffix}")
    before = contents(tmp_path)

    def fill(table: Any, path: Path, kind: str, *kept: Any) -> None:
        (path.mkdir() if kind == ".zarr" else path.write_bytes(b"half"))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_trsmi.data.writers.write_table", fill)
    with pytest.raises(DataError, match="found it full"):
        replace(one, config=Config(seed=8)).write(tmp_path / f"x{suffix}")
    assert contents(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a small disk needs root on Linux")
@pytest.mark.parametrize("suffix", [".h5ad", ".h5mu", ".zarr"])
def test_a_really_full_disk_is_one_sentence(tmp_path: Path, make_table: MakeTable, suffix: str) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        result = result_of(dataset_of({"rna": make_table(n_features=2000)}))
        with pytest.raises(DataError, match="found it full"):
            result.write(tmp_path / f"x{suffix}")
        assert os.listdir(tmp_path) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import numpy as np, pandas as pd
from anndata import AnnData
from results_by_hand import dataset_of, result_of
table = AnnData(np.ones((36, 4), np.float32), obs=pd.DataFrame(index=[f"spot{i}-1" for i in range(36)]),
                obsm={"spatial": np.stack(np.divmod(np.arange(36), 6), 1)})
dataset = dataset_of({"rna": table})
while True:
    for n_domains in (2, 3):
        result_of(dataset, n_domains).write(sys.argv[1])
        print("written", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning")
@pytest.mark.parametrize("suffix", [".h5ad", pytest.param(".zarr", marks=pytest.mark.slow)])
def test_a_kill_while_writing_leaves_a_whole_result(tmp_path: Path, suffix: str, one: Result) -> None:
    target = tmp_path / f"x{suffix}"
    here = Path(__file__).parent
    writer = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WRITER, str(target), str(here)],
        stdout=subprocess.PIPE,
        cwd=here.parents[1],
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.1)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    saved = read_result(target)
    assert saved.labels.max() + 1 == len(saved.names) == saved.config.cluster.n_domains
    one.write(target)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize("found", ["nothing", "no result", "no table"])
def test_reading_what_holds_no_result_is_one_sentence(tmp_path: Path, found: str, make_table: MakeTable) -> None:
    path = tmp_path / "x.h5ad"
    if found == "no result":
        make_table().write_h5ad(path)
    elif found == "no table":
        path.write_text("text")
    with pytest.raises(DataError, match=r"Expected .*found"):
        read_result(path)
