"""One short run on the sample, shared by the tests of the command line."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from napari_trsmi.cli import main
from napari_trsmi.data.sample import sample_path

SHORT = ["--cluster.n-domains", "7", "--train.epochs", "4", "--cluster.n-init", "1"]


@dataclass(frozen=True)
class Ran:
    """A run of the command line: where the result is, and what was printed."""

    path: Path
    out: str
    err: str


@pytest.fixture(scope="session")
def fitted(tmp_path_factory) -> Ran:
    """`trsmi fit` on the sample for four epochs, K = 7; do not write to its folder."""
    path = tmp_path_factory.mktemp("fitted") / "slice.h5mu"
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["fit", str(sample_path()), "-o", str(path), *SHORT])
    assert code == 0, err.getvalue()
    return Ran(path, out.getvalue(), err.getvalue())


@pytest.fixture
def short_sample() -> list[str]:
    """Words for a quick run on the sample, output not given."""
    return ["fit", str(sample_path()), *SHORT]
