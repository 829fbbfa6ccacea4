"""Data that anndata and mudata leave on disk (``backed``) train as those in memory do."""

from __future__ import annotations

import anndata
import mudata
import numpy as np
import pytest
from short_run import settings, small_slice

import napari_trsmi as nt
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.errors import DataError


@pytest.fixture
def paths(tmp_path):
    """The small slice as MuData, and its RNA as AnnData."""
    whole = small_slice()
    with mudata_as_stored():
        whole.write(tmp_path / "both.h5mu")
    whole["rna"].write_h5ad(tmp_path / "rna.h5ad")
    return {mudata.read_h5mu: tmp_path / "both.h5mu", anndata.read_h5ad: tmp_path / "rna.h5ad"}


@pytest.mark.parametrize("read", [mudata.read_h5mu, anndata.read_h5ad])
def test_data_on_disk_train_as_in_memory(read, paths):
    with mudata_as_stored():
        data, loaded = read(paths[read], backed="r"), read(paths[read])
    found, expected = nt.fit(data, settings()), nt.fit(loaded, settings())
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert data.isbacked
    assert list(data.obs["trsmi_domain"].astype(str)) == [found.names[label] for label in found.labels]


@pytest.mark.parametrize("read", [mudata.read_h5mu, anndata.read_h5ad])
@pytest.mark.parametrize("fit", [nt.fit, lambda data, config: next(nt.fit_steps(data, config))])
def test_a_part_of_data_on_disk_is_refused_before_it_trains(read, fit, paths):
    with mudata_as_stored():
        part = read(paths[read], backed="r")[:100]
    with pytest.raises(DataError, match="a part of one that is on disk"):
        fit(part, settings())
