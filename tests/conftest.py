"""Fixtures for all rooms: where the shared data lies, small sections in memory, a short run on the sample."""

from __future__ import annotations

import contextlib
import gc
import io
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import settings
from mudata import MuData
from scipy import sparse
from threadpoolctl import threadpool_limits

# Arrays are small here, and each worker of xdist has a core: more threads would mostly wait for each other.
if "OMP_NUM_THREADS" not in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # for what is loaded later, and for child processes
    threadpool_limits(1)  # for what is loaded already

# qtpy and pytest-qt each choose among the Qt bindings that are installed: make it the same one.
if "QT_API" in os.environ:
    os.environ.setdefault("PYTEST_QT_API", os.environ["QT_API"])
elif (binding := next((name for name in ("PyQt6", "PySide6") if find_spec(name)), None)) is not None:
    os.environ["QT_API"] = os.environ["PYTEST_QT_API"] = binding.lower()

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("repeatable")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import what tests are made of without looking for garbage among it: it stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


MakeTable = Callable[..., AnnData]
MakeMuData = Callable[..., MuData]


@pytest.fixture(scope="session", autouse=True)
def disks_are_not_awaited() -> Iterator[None]:
    """Let the system write files when it likes: in no test the power goes. What cannot be flushed still fails."""
    with pytest.MonkeyPatch.context() as patch:
        if os.name != "nt":  # where a file that is open for reading alone cannot be flushed
            patch.setattr(os, "fsync", os.fstat)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with the real data sets; tests that need it are skipped where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("TRSMI_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"shared data not found at {folder}: set TRSMI_SHARED_DATA to its folder")
    return folder


def _make_table(
    n_spots: int = 36,
    n_features: int = 400,
    *,
    prefix: str = "gene",
    mean: float = 1.0,
    seed: int = 0,
    spatial: bool = True,
) -> AnnData:
    """Sparse Poisson counts on a square grid, barcodes ``spot0-1`` ..., coordinates in ``obsm["spatial"]``."""
    counts = np.random.default_rng(seed).poisson(mean, (n_spots, n_features)).astype(np.float32)
    side = int(np.ceil(np.sqrt(n_spots)))
    y, x = np.divmod(np.arange(n_spots), side)
    return AnnData(
        sparse.csr_matrix(counts),
        obs=pd.DataFrame(index=[f"spot{i}-1" for i in range(n_spots)]),
        var=pd.DataFrame(index=[f"{prefix}{j}" for j in range(n_features)]),
        obsm={"spatial": np.column_stack([x, y]) * 10.0} if spatial else {},
    )


@pytest.fixture
def make_table() -> MakeTable:
    """Builder of small AnnData sections: n_spots, n_features, prefix, mean, seed, spatial."""
    return _make_table


@pytest.fixture
def make_mudata() -> MakeMuData:
    """Builder of small MuData sections from {modality: AnnData}; without arguments RNA and protein on 36 spots."""

    def build(tables: dict[str, AnnData] | None = None) -> MuData:
        if tables is None:
            tables = {"rna": _make_table(), "adt": _make_table(n_features=20, prefix="protein", mean=20.0, seed=1)}
        from napari_trsmi.data.tables import mudata_of

        return mudata_of(tables)

    return build


SHORT = ["--cluster.n-domains", "7", "--train.epochs", "4", "--cluster.n-init", "1"]


@dataclass(frozen=True)
class Ran:
    """A run of the command line: where the result is, and what was printed."""

    path: Path
    out: str
    err: str


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A section like the sample in a file, of 400 spots instead of 2,500; do not write to it."""
    from napari_trsmi.data.simulate import simulate
    from napari_trsmi.data.tables import mudata_as_stored

    path = tmp_path_factory.mktemp("small") / "small.h5mu"
    with mudata_as_stored():
        simulate(n_spots=400, n_genes=150, n_proteins=30, contrast=2.0, image=200).write(path)
    return path


@pytest.fixture(scope="session")
def fitted(small_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """`trsmi fit` on `small_file` for four epochs, K = 7, with support; do not write to its folder."""
    from napari_trsmi.cli import main

    path = tmp_path_factory.mktemp("fitted") / "slice.h5mu"
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["fit", str(small_file), "-o", str(path), *SHORT])
    assert code == 0, err.getvalue()
    return Ran(path, out.getvalue(), err.getvalue())


@pytest.fixture
def short_fit(small_file: Path) -> list[str]:
    """Words for a quick run on `small_file` without support, which takes as long as the run; output not given."""
    return ["fit", str(small_file), *SHORT, "--evidence.no-support"]
