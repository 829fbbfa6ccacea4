import runpy
import tomllib
from pathlib import Path

import mudata
import numpy as np
import pytest

from napari_trsmi.data import sample
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.errors import DataError

ROOT = Path(sample.__file__).parents[2]
SCRIPT = ROOT / "sample_data" / "make_sample.py"
in_checkout = pytest.mark.skipif(not SCRIPT.exists(), reason="sample_data/make_sample.py is in a checkout only")


def read(path):
    with mudata_as_stored():
        return mudata.read_h5mu(path)


def test_the_sample_is_found_and_small():
    path = sample.sample_path()
    assert path.is_file()
    assert path.stat().st_size < 4_000_000


def test_the_sample_holds_two_modalities_a_picture_and_the_truth():
    mdata = read(sample.sample_path())
    assert list(mdata.mod) == ["rna", "adt"]
    assert mdata.n_obs == 2500
    assert mdata.obs["domain"].nunique() == 7
    for table in mdata.mod.values():
        assert table.obsm["spatial"].shape == (2500, 2)
        assert table.uns["spatial"]["section1"]["images"]["hires"].dtype == np.uint8


@pytest.mark.slow
@in_checkout
def test_the_script_makes_the_sample_again(tmp_path):
    runpy.run_path(str(SCRIPT))["make_sample"](tmp_path / "again.h5mu")
    kept, again = read(sample.sample_path()), read(tmp_path / "again.h5mu")
    assert kept.uns["simulation"] == again.uns["simulation"]
    assert kept.obs.equals(again.obs)
    for name, table in kept.mod.items():
        assert (table.X != again[name].X).nnz == 0
        assert table.obs.equals(again[name].obs)
        assert table.var.equals(again[name].var)
        np.testing.assert_allclose(table.obsm["spatial"], again[name].obsm["spatial"])
        pictures = [t.uns["spatial"]["section1"]["images"]["hires"] for t in (table, again[name])]
        np.testing.assert_array_equal(*pictures)


def test_a_missing_sample_is_named(monkeypatch):
    monkeypatch.setattr(sample, "_NAME", "no_such_file.h5mu")
    with pytest.raises(DataError, match="found neither"):
        sample.sample_path()


@in_checkout
def test_the_wheel_lists_every_package():
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "napari_trsmi").rglob("__init__.py")} | {
        "napari_trsmi.sample_data"
    }
    assert set(setuptools["packages"]) == there, "Add the new package to tool.setuptools.packages in pyproject.toml."
    assert setuptools["package-dir"] == {"napari_trsmi.sample_data": "sample_data"}
