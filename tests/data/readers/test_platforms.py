"""Folders of platforms that spatialdata-io reads: told apart by their files, and named where that is missing."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import platforms, read
from napari_trsmi.data.readers.platforms import PLATFORMS, platform_of
from napari_trsmi.errors import DataError

FILES = {
    "CosMx": ["Lung5_exprMat_file.csv", "Lung5_metadata_file.csv.gz", "Lung5_fov_positions_file.csv"],
    "MERSCOPE": ["cell_by_gene.csv", "cell_metadata.csv", "cell_boundaries.parquet"],
    "Stereo-seq": ["02.count/SS200.raw.gef", "04.tissuecut/SS200.tissue.gef"],
    "seqFISH": ["TestSetSmall_Roi1_CellxGene.csv", "TestSetSmall_Roi1_CellCoordinates.csv"],
    "Curio Seeker": ["A_anndata.h5ad", "A_cluster_assignment.txt", "A_Metrics.csv"],
    "MCMICRO": ["quantification/unmicst-1_cell.csv", "markers.csv"],
    "Steinbock": ["cells.h5ad", "masks_deepcell/a.tiff"],
}


def folder_of(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("name", [platform.name for platform in PLATFORMS])
def test_a_folder_is_told_by_its_files_and_the_package_is_named(tmp_path, name, monkeypatch):
    folder = folder_of(tmp_path, FILES[name])
    assert platform_of(folder).name == name
    monkeypatch.setattr(platforms, "find_spec", lambda _: None)
    needed = rf"a folder of {name}, found none.*napari-trsmi\[spatialdata\]"
    in_tables = "exprMat_file.csv, found one that cannot|cell_by_gene.csv, found one that cannot"  # read without it
    with pytest.raises(DataError, match=in_tables if name in ("CosMx", "MERSCOPE") else needed):
        read(folder)


@pytest.mark.parametrize("names", [[], ["cells.csv"], ["my_cell_by_gene.csv"], ["markers.csv", "a/b.csv"]])
def test_other_folders_are_of_no_platform(tmp_path, names):
    assert platform_of(folder_of(tmp_path, names)) is None
    assert platform_of(tmp_path / "missing") is None


def test_what_the_package_reads_is_a_section(tmp_path, monkeypatch):
    """With a stand-in for spatialdata-io, which gives what its reader of MERSCOPE does."""
    spatialdata = pytest.importorskip("spatialdata")
    from anndata import AnnData
    from geopandas import GeoDataFrame
    from shapely import Point

    rng, n = np.random.default_rng(0), 60
    at, ids = rng.uniform(0, 100, (n, 2)), [f"c{i}" for i in range(n)]
    table = AnnData(
        rng.poisson(2.0, (n, 20)).astype(np.float32),
        obs=pd.DataFrame({"region": pd.Categorical(["cells"] * n), "EntityID": ids}, index=ids),
        var=pd.DataFrame(index=[f"Gene{i}" for i in range(20)]),
    )
    asked = {}

    def merscope(path, transcripts=True):
        asked.update(path=path, transcripts=transcripts)
        shapes = spatialdata.models.ShapesModel.parse(
            GeoDataFrame(geometry=[Point(*place).buffer(3) for place in at], index=ids)
        )
        parsed = spatialdata.models.TableModel.parse(
            table, region="cells", region_key="region", instance_key="EntityID"
        )
        return spatialdata.SpatialData(shapes={"cells": shapes}, tables={"table": parsed})

    monkeypatch.setitem(sys.modules, "spatialdata_io", SimpleNamespace(merscope=merscope))
    monkeypatch.setattr(platforms, "find_spec", lambda _: object())
    folder = folder_of(tmp_path, FILES["MERSCOPE"])
    dataset = read(folder)
    assert asked == {"path": folder, "transcripts": False}
    assert np.allclose(dataset.coords, at)
    assert list(dataset.obs_names) == ids
    assert dataset.rows == {}
    assert any("folder of MERSCOPE" in note for note in dataset.notes)


def test_what_the_package_cannot_read_is_told_in_one_sentence(tmp_path, monkeypatch):
    pytest.importorskip("spatialdata")

    def seqfish(path):
        raise ValueError("column missing\nin a file")

    monkeypatch.setitem(sys.modules, "spatialdata_io", SimpleNamespace(seqfish=seqfish))
    monkeypatch.setattr(platforms, "find_spec", lambda _: object())
    with pytest.raises(DataError, match=r"ValueError: column missing\)") as problem:
        read(folder_of(tmp_path, FILES["seqFISH"]))
    assert "\n" not in str(problem.value)
