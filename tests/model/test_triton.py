"""Triton is loaded apart from the LLVM of a graphics driver, and only where there is one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from numpy.linalg import _umath_linalg

from napari_trsmi.model import triton
from napari_trsmi.model.devices import pick_device

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Mesa and Triton meet on Linux only")


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A package called triton with a library in it, and a process of which a driver has loaded LLVM."""
    path = tmp_path / "triton" / "_C" / "libtriton.so"
    path.parent.mkdir(parents=True)
    (tmp_path / "triton" / "__init__.py").touch()
    shutil.copy(_umath_linalg.__file__, path)
    maps = tmp_path / "maps"
    maps.write_text("7f00-7f01 r-xp 00000000 fe:00 1  /usr/lib/x86_64-linux-gnu/libLLVM-15.so.1\n")
    monkeypatch.setattr(triton, "MAPPED", maps)
    monkeypatch.delitem(sys.modules, "triton", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return path


def loaded(path: Path) -> bool:
    return str(path) in Path("/proc/self/maps").read_text()


def test_beside_a_driver_with_llvm_it_is_there_before_training_can_import_it(library):
    assert pick_device("cpu")[0].type == "cpu"
    assert loaded(library)
    assert "triton" not in sys.modules


def test_without_one_it_is_left_to_torch(library):
    triton.MAPPED.write_text("7f00-7f01 r-xp 00000000 fe:00 1  /usr/lib/x86_64-linux-gnu/libGL.so.1\n")
    assert triton.load_apart() == []
    triton.MAPPED.unlink()
    assert triton.load_apart() == []
    assert not loaded(library)


def test_where_it_is_imported_or_missing_nothing_is_done(library, monkeypatch):
    monkeypatch.setitem(sys.modules, "triton", sys)
    assert triton.load_apart() == []
    monkeypatch.delitem(sys.modules, "triton")
    library.unlink()
    assert triton.load_apart() == []
