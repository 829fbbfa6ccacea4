import json

import anndata
import numpy as np
import pytest
from made_sections import result, ringed, section, square

from napari_trsmi.errors import DataError
from napari_trsmi.exchange.vitessce import COMPONENTS, write_vitessce

pytestmark = pytest.mark.filterwarnings("ignore:.*zarr v2.*")


def test_a_configuration_names_tables_that_are_there_with_all_that_it_asks_of_them(tmp_path):
    dataset = section(square())
    found = result(dataset, ringed(dataset.coords))
    path, folder = write_vitessce(found, tmp_path / "x.json")
    made = json.loads(path.read_text())
    assert made["version"] == "1.0.17"
    (data,) = made["datasets"]
    assert [file["url"] for file in data["files"]] == ["x.data/rna.zarr", "x.data/adt.zarr"]
    for file in data["files"]:
        assert file["fileType"] == "anndata.zarr"
        table = anndata.read_zarr(tmp_path / file["url"])
        assert list(table.obs_names) == list(dataset.obs_names)
        options = file["options"]
        assert [one["path"] for one in options["obsSets"]] == ["obs/domain"]
        assert list(table.obs["domain"]) == [found.names[k] for k in found.labels]
        assert options["obsSpots"] == {"path": "obsm/spatial"}
        assert np.array_equal(table.obsm["spatial"], dataset.coords)
        assert table.obsm[COMPONENTS].shape == (144, 2)
        assert (table.X == dataset.modalities["rna"].table.X).all()
    assert folder == tmp_path / "x.data"
    space = made["coordinationSpace"]
    assert [one["path"] for one in space["obsSetColor"]["A"]] == [["domain", name] for name in found.names]
    for view in made["layout"]:
        assert all(space[key][scope] is not None for key, scope in view["coordinationScopes"].items())
    cells = {
        (x, y) for v in made["layout"] for x in range(v["x"], v["x"] + v["w"]) for y in range(v["y"], v["y"] + v["h"])
    }
    assert len(cells) == sum(view["w"] * view["h"] for view in made["layout"]) == 144


def test_another_ending_is_refused(tmp_path):
    dataset = section(square())
    with pytest.raises(DataError, match=r"ending in \.json"):
        write_vitessce(result(dataset, ringed(dataset.coords)), tmp_path / "x.zarr")
