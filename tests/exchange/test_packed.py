"""Regions and groups that other programs wrote, or people packed, with gzip."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from made_sections import result, ringed, section, square

from napari_trsmi.errors import DataError
from napari_trsmi.exchange import geojson, read_columns
from napari_trsmi.exchange.geojson import is_geojson, write_geojson
from napari_trsmi.exchange.groups import is_groups, write_loupe


def packed(path: Path) -> Path:
    into = path.with_name(f"{path.name}.gz")
    into.write_bytes(gzip.compress(path.read_bytes()))
    return into


def test_packed_regions_and_groups_are_those_that_were_packed(tmp_path):
    dataset = section(square())
    found = result(dataset, ringed(dataset.coords))
    for write, ending in ((write_geojson, "geojson"), (write_loupe, "csv")):
        (path,) = write(found, tmp_path / f"x.{ending}")
        columns = [read_columns(section(square()), one)[0] for one in (path, packed(path))]
        assert columns[0].name == columns[1].name
        pd.testing.assert_series_equal(*(pd.Series(one.values) for one in columns))


def test_a_column_is_called_as_the_file_without_its_endings(tmp_path):
    box = {"type": "Polygon", "coordinates": [[[0, 0], [160, 0], [160, 300], [0, 300], [0, 0]]]}
    path = tmp_path / "tumor.geojson"
    path.write_text(json.dumps({"type": "Feature", "geometry": box, "properties": {"name": "core"}}))
    assert is_geojson(packed(path))
    assert [column.name for column in read_columns(section(square()), packed(path))] == ["tumor"]
    path = tmp_path / "areas.csv"
    path.write_text("Barcode,group\n" + "".join(f"{name},a\n" for name in section(square()).obs_names[:9]))
    assert is_groups(packed(path))
    assert [column.name for column in read_columns(section(square()), packed(path))] == ["areas"]


@pytest.mark.parametrize("ending", ["geojson", "csv"])
def test_what_was_cut_is_a_sentence(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    path.write_text("\n".join(f"AAC{number:03}-1,{number * 7919 % 977}" for number in range(2000)))
    whole = packed(path)
    content = whole.read_bytes()
    for damaged in (content[:1000], content[:500] + bytes(500) + content[1000:]):
        whole.write_bytes(damaged)
        with pytest.raises(DataError, match="cannot be read"):
            read_columns(section(square()), whole)


def test_what_is_too_large_once_it_is_unpacked_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(geojson, "_MOST", 1000)
    path = tmp_path / "x.geojson"
    path.write_text(" " * 5000)
    with pytest.raises(DataError, match="Expected a GeoJSON below"):
        read_columns(section(square()), packed(path))
