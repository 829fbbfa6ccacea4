import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from made_sections import COORDS, result, ringed, section, square

import napari_trsmi as nt
from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.data.own_columns import put_column
from napari_trsmi.data.pyramids import Pyramid
from napari_trsmi.data.study import stack
from napari_trsmi.errors import DataError
from napari_trsmi.exchange import import_columns, read_columns
from napari_trsmi.exchange.geojson import is_geojson, read_regions, write_geojson

BOX = [[[95, 95], [135, 95], [135, 135], [95, 135], [95, 95]]]
INNER = [[[115, 115], [135, 115], [135, 135], [115, 135], [115, 115]]]


def feature(coordinates, kind="Polygon", **properties):
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def saved(tmp_path, *features, name="drawn.geojson", plain=False):
    path = tmp_path / name
    path.write_text(json.dumps(list(features) if plain else {"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.parametrize("kind", COORDS)
def test_domains_and_regions_come_back_spot_by_spot(tmp_path, kind):
    dataset = section(COORDS[kind])
    found = replace(result(dataset, ringed(dataset.coords)), domain_names=("rest", "ring", "corners, two"))
    region = pd.Categorical.from_codes(np.where(dataset.coords[:, 0] < 50, -1, 0), categories=["right"])
    put_column(dataset, "side", region, {"right": "#010203"})
    (path,) = write_geojson(found, tmp_path / "x.geojson")
    columns = {column.name: column for column in read_columns(section(COORDS[kind]), path)}
    assert list(columns) == ["domain", "side"]
    assert list(columns["domain"].values) == [found.names[k] for k in found.labels]
    assert columns["domain"].colors == dict(zip(found.names, found.palette, strict=True))
    assert columns["side"].values.equals(region)
    assert columns["side"].colors == {"right": "#010203"}
    assert f"names {dataset.n_spots} of {dataset.n_spots} spots (3 groups)" in columns["domain"].told


def test_what_qupath_asks_of_an_annotation_is_there(tmp_path):
    dataset = section(square())
    found = replace(result(dataset, ringed(dataset.coords)), colors=("#ff0000", "#00ff00", "#0000ff"))
    (path,) = write_geojson(found, tmp_path / "x.geojson")
    written = json.loads(path.read_text())
    assert written["type"] == "FeatureCollection"
    one = written["features"][1]
    assert one["type"] == "Feature"
    said = one["properties"]
    assert said["objectType"] == "annotation"
    assert said["color"] == [0, 255, 0]
    assert said["classification"] == {"name": "2", "color": [0, 255, 0]}
    assert said["measurements"] == {"Spots": int((found.labels == 1).sum()), "Mean confidence": 1.0}
    shape = shapely.from_geojson(json.dumps(one["geometry"]))
    assert shape.is_valid
    assert shape.area == pytest.approx(100 * (found.labels == 1).sum())
    assert len({one["id"] for one in written["features"]}) == 3


def test_polygons_are_in_pixels_of_the_full_image_also_where_coordinates_are_micrometres(tmp_path):
    pyramid = Pyramid((), step=0.25)
    image = TissueImage(np.zeros((4, 4, 3), np.uint8), scale=0.25 / 0.2125, pyramid=pyramid)
    dataset = section(square(), image=image, microns_per_unit=1.0)
    found = result(dataset, ringed(dataset.coords))
    (path,) = write_geojson(found, tmp_path / "x.geojson")
    shapes = [region.polygon for region in read_regions(path)[0]]
    assert shapely.total_bounds(shapes) == pytest.approx(np.array([95, 95, 215, 215]) / 0.2125)
    assert list(read_columns(dataset, path)[0].values) == [found.names[k] for k in found.labels]


def test_names_are_those_of_the_object_then_of_its_class(tmp_path):
    path = saved(
        tmp_path,
        feature(BOX, name="mine", classification={"name": "Tumor", "colorRGB": -65536}),
        feature([[[195, 195], [215, 195], [215, 215], [195, 215], [195, 195]]], classification={"names": ["A", "B"]}),
        feature([[[195, 95], [215, 95], [215, 115], [195, 115], [195, 95]]]),
        plain=True,
    )
    column, kinds = read_columns(section(square()), path)
    assert column.name == "drawn"
    assert list(column.values.categories) == ["mine", "A: B", "Region 3"]
    assert column.colors == {"mine": "#ff0000"}
    assert (column.values == "mine").sum() == 16
    assert "24 of 144 spots (3 groups)" in column.told
    assert kinds.name == "drawn class"
    assert kinds.values.value_counts().to_dict() == {"Tumor": 16, "A: B": 4}
    assert kinds.colors == {"Tumor": "#ff0000"}
    assert "20 of 144 spots (2 groups)" in kinds.told


def test_names_that_are_the_classes_are_one_column(tmp_path):
    path = saved(tmp_path, feature(BOX, name="Tumor", classification={"name": "Tumor"}), feature(INNER))
    assert [column.name for column in read_columns(section(square()), path)] == ["drawn"]


def test_what_was_edited_elsewhere_comes_back_as_it_is_now(tmp_path):
    """Renamed, put into another class, made smaller, deleted, as a person does it in QuPath."""
    dataset = section(square())
    (path,) = write_geojson(result(dataset, (np.arange(144) // 36)), tmp_path / "x.geojson")
    renamed, classed, smaller, _ = json.loads(path.read_text())["features"]
    renamed["properties"]["name"] = "Cortex"
    classed["properties"]["classification"] = {"name": "Tumor", "color": [200, 0, 0]}
    shape = shapely.from_geojson(json.dumps(smaller["geometry"]))
    smaller["geometry"] = json.loads(shapely.to_geojson(shapely.intersection(shape, shapely.box(0, 0, 155, 999))))
    (column,) = read_columns(dataset, saved(tmp_path, renamed, classed, smaller))
    assert column.values.value_counts().to_dict() == {"Cortex": 36, "Tumor": 36, "3": 18}
    assert list(column.values[:36].unique()) == ["Cortex"]
    assert list(column.values[36:72].unique()) == ["Tumor"]
    assert column.colors["Tumor"] == "#c80000"
    assert column.values[108:].isna().all()
    renamed["properties"]["classification"] = None  # no class, as "None" is in QuPath
    (column,) = read_columns(dataset, saved(tmp_path, renamed))
    assert list(column.values.categories) == ["Cortex"]


def test_the_smallest_of_overlapping_polygons_has_the_spot_and_that_is_said(tmp_path):
    for order in (1, -1):
        path = saved(tmp_path, *[feature(BOX, name="outer"), feature(INNER, name="inner")][::order])
        (column,) = read_columns(section(square()), path)
        assert (column.values == "inner").sum() == 4
        assert (column.values == "outer").sum() == 12
        assert "4 spots in more than one polygon: counted in the smallest" in column.told


def test_holes_are_left_out_and_parts_taken_in(tmp_path):
    hole = feature([*BOX, *INNER], name="holed")
    parts = feature([INNER, [[[195, 195], [215, 195], [215, 215], [195, 215], [195, 195]]]], "MultiPolygon", name="two")
    (column,) = read_columns(section(square()), saved(tmp_path, hole, parts))
    assert (column.values == "holed").sum() == 12
    assert (column.values == "two").sum() == 8


def test_what_has_no_area_is_left_out_and_what_crosses_itself_mended(tmp_path):
    bow = [[[95, 95], [215, 215], [215, 95], [95, 215], [95, 95]]]
    path = saved(tmp_path, feature(bow, name="bow"), feature([100, 100], "Point"), feature([[0, 0], [1, 1]], "Nothing"))
    (column,) = read_columns(section(square()), path)
    assert "2 objects without an area were left out" in column.told
    assert "Mended 1 polygon with edges that cross" in column.told
    assert 60 <= (column.values == "bow").sum() <= 84


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expected GeoJSON .* found no complete JSON"),
        ("3", "found other JSON"),
        ('{"type": "FeatureCollection", "features": []}', "Expected polygons"),
        (json.dumps(feature([[[9e5, 9e5], [1e6, 9e5], [1e6, 1e6], [9e5, 9e5]]])), "x 900,000 to 1,000,000"),
        (json.dumps({"features": [feature([[[0, 0], [1, 0], [float("nan"), 1], [0, 0]]])]}), "Expected polygons"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path, text, said):
    path = tmp_path / "x.geojson"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_columns(section(square()), path)


def test_a_study_has_a_file_for_each_section_and_reads_one_for_the_section_it_is_of(tmp_path):
    parts = {"a": section(square()), "b": section(square(8))}
    study = stack(parts, distinct=False)
    labels = np.concatenate([ringed(part.coords) for part in study.parts])
    found = result(study, labels)
    paths = write_geojson(found, tmp_path / "x.geojson")
    assert [path.name for path in paths] == ["x.a.geojson", "x.b.geojson"]
    with pytest.raises(DataError, match="Choose the section"):
        read_columns(study, paths[1])
    told = import_columns(study, paths[1], "b")
    assert "64 of 208 spots" in told[0]
    column = study.obs["domain"]
    assert column[:144].isna().all()
    assert list(column[144:]) == [found.names[k] for k in labels[144:]]
    assert list(study.parts[1].obs["domain"]) == list(column[144:])
    assert study.own_columns["domain"] == dict(zip(found.names, found.palette, strict=True))


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    dataset = section(square())
    dataset.obs["drawn"] = 1
    path = saved(tmp_path, feature(BOX, name="mine"))
    assert "column 'drawn 2'" in import_columns(dataset, path)[0]
    assert "column 'drawn 3'" in import_columns(dataset, path)[0]


def test_a_file_is_known_by_how_it_begins(tmp_path):
    dataset = section(square())
    (written,) = write_geojson(result(dataset, ringed(dataset.coords)), tmp_path / "x.geojson")
    assert is_geojson(written)
    assert is_geojson(saved(tmp_path, feature(BOX), plain=True))
    (tmp_path / "run.json").write_text('{"format": 1, "versions": {}}')
    assert not is_geojson(tmp_path / "run.json")
    assert not is_geojson(tmp_path / "none")


def test_nothing_to_export_is_said():
    with pytest.raises(DataError, match="found neither"):
        nt.export(section(square()), "x.geojson")
    with pytest.raises(DataError, match="Expected a format"):
        nt.export(section(square()), "x.geojson", "shp")
