import numpy as np
import pytest
import shapely
from made_sections import result, ringed, section, square

from napari_trsmi.errors import DataError
from napari_trsmi.exchange.spatial import write_shapes

spatialdata = pytest.importorskip("spatialdata")

pytestmark = pytest.mark.filterwarnings("ignore")  # of what spatialdata imports


def test_shapes_are_put_into_a_store_and_replaced_there(tmp_path):
    dataset = section(square())
    labels = ringed(dataset.coords)
    (path,) = write_shapes(result(dataset, labels), tmp_path / "x.zarr")
    found = spatialdata.read_zarr(path).shapes["trsmi_domain"]
    assert list(found["name"]) == ["1", "2", "3"]
    assert list(found["n_spots"]) == list(np.bincount(labels))
    assert shapely.area(found.geometry.to_numpy()) == pytest.approx(100 * np.bincount(labels))
    assert all(shapely.is_valid(found.geometry.to_numpy()))
    write_shapes(result(dataset, np.where(labels == 2, 0, labels)), path)
    again = spatialdata.read_zarr(path).shapes
    assert list(again) == ["trsmi_domain"]
    assert len(again["trsmi_domain"]) == 2


def test_something_else_is_not_replaced(tmp_path):
    dataset = section(square())
    (tmp_path / "x.zarr").mkdir()
    for name in ("x.zarr", "x.geojson"):
        with pytest.raises(DataError, match="Expected a"):
            write_shapes(result(dataset, ringed(dataset.coords)), tmp_path / name)
