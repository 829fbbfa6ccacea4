import json
import shutil
from dataclasses import replace
from threading import current_thread, main_thread

import numpy as np
import pandas as pd
import pytest
from napari._qt.widgets.qt_welcome import QtWelcomeWidget
from opened_dock import open_section
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_trsmi.data.sample import sample_path
from napari_trsmi.errors import DataError
from napari_trsmi.exchange import export
from napari_trsmi.gui.viewer.annotation_reader import get_annotation_reader, read_annotations
from napari_trsmi.gui.viewer.dropping import is_for_us
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def dataset(sample):
    return replace(sample, obs=sample.obs.copy(), own_columns={})


@pytest.fixture
def opened(viewer, dataset):
    """A window with the dock Train and a section; what was told."""
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, dataset)
    session = session_of(viewer)
    told = []
    session.told.disconnect()
    session.failed.disconnect()
    session.told.connect(told.append)
    session.failed.connect(told.append)
    return viewer, session, told


def drop(viewer, *paths, keys=Qt.KeyboardModifier.NoModifier, beside=False):
    """Drop files on the canvas, or beside it, as a person does."""
    window = next(iter(viewer.window.dock_widgets.values())).window()
    canvas = window.centralWidget()
    welcome = canvas.findChild(QtWelcomeWidget)
    target = welcome if welcome.isVisible() else next(w for w in canvas.findChildren(QWidget) if w.acceptDrops())
    target = window if beside else target
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = (data, Qt.MouseButton.LeftButton, keys)
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, *how))
    QApplication.sendEvent(target, QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, *how))
    assert not welcome.property("drag"), "napari's mark of where something is dragged goes away"


def test_a_table_and_polygons_that_are_dropped_become_columns(qtbot, opened, dataset, trained, tmp_path):
    viewer, session, told = opened
    table, polygons = tmp_path / "cells.csv", tmp_path / "drawn.geojson"
    pd.DataFrame({"cell_id": dataset.obs_names[:50], "group": "a"}).to_csv(table, index=False)
    export(trained, polygons)
    drop(viewer, table)
    qtbot.waitUntil(lambda: len(told) == 1, timeout=20_000)
    assert told[0].startswith("cells.csv names 50 of 2,500 spots (1 group): column 'cells'.")
    drop(viewer, polygons)
    qtbot.waitUntil(lambda: len(told) == 2, timeout=20_000)
    assert "names 2,500 of 2,500 spots (7 groups)" in told[1]
    assert session.annotations.names == ("cells", "domain 2")  # the sample has a column of that name
    names = np.array(trained.names)[trained.labels]
    assert list(session.dataset.obs["domain 2"]) == list(names)
    session.deeds.undo()
    assert session.annotations.names == ("cells",)


def test_two_modalities_that_are_dropped_together_are_one_section(qtbot, viewer, sample, tmp_path):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    qtbot.wait(100)  # until it is shown
    assert dock.isVisible()
    paths = []
    for name, modality in sample.modalities.items():
        table = modality.table.copy()
        table.obsm["spatial"] = sample.coords
        paths.append(tmp_path / f"{name}.h5ad")
        table.write_h5ad(paths[-1])
    drop(viewer, *paths)
    session = session_of(viewer)
    qtbot.waitUntil(lambda: session.section is not None, timeout=60_000)
    assert session.dataset.n_spots == 2_500
    assert sorted(session.dataset.modalities) == ["adt", "rna"]
    assert len({layer.metadata["trsmi"]["section"].dataset.name for layer in viewer.layers}) == 1


def test_counts_in_text_that_are_dropped_are_a_section(qtbot, opened, tmp_path):
    viewer, session, _ = opened
    names = [f"{x}x{y}" for x in range(1, 9) for y in range(1, 7)]
    counts = np.random.default_rng(0).poisson(3.0, (48, 5))
    pd.DataFrame(counts, index=names, columns=["Gad1", "Mbp", "Plp1", "Sst", "Vip"]).to_csv(tmp_path / "rna.csv")
    drop(viewer, tmp_path / "rna.csv")
    qtbot.waitUntil(lambda: session.dataset.n_spots == 48, timeout=20_000)
    np.testing.assert_array_equal(session.dataset.modalities["rna"].table.X.toarray(), counts)


@pytest.mark.slow
def test_a_session_that_is_dropped_is_opened(qtbot, opened, tmp_path):
    viewer, _, told = opened
    path = tmp_path / "a.trsmi.json"
    path.write_text("{}")
    drop(viewer, path)
    qtbot.waitUntil(lambda: told != [], timeout=20_000)
    assert "a.trsmi.json" in told[0]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("empty.csv", "", "found 0 lines of it"),
        pytest.param("heading.csv", "Barcode,Cluster\n", "found 1 lines of it", marks=pytest.mark.slow),
        pytest.param("empty.geojson", "", "Expected GeoJSON", marks=pytest.mark.slow),
        pytest.param("broken.geojson", '{"type": ', "Expected GeoJSON", marks=pytest.mark.slow),
    ],
)
def test_a_file_of_annotations_that_is_broken_is_told_in_our_words(qtbot, opened, tmp_path, name, text, said):
    viewer, _, told = opened
    path = tmp_path / name
    path.write_text(text)
    drop(viewer, path)
    qtbot.waitUntil(lambda: told != [], timeout=20_000)
    assert said in told[0]


@pytest.mark.slow
def test_with_a_key_held_a_drop_is_left_to_napari(opened, tmp_path, monkeypatch):
    viewer, _, told = opened
    asked = []
    napari = type(viewer.window._qt_viewer)
    monkeypatch.setattr(napari, "_qt_open", lambda _, paths, **__: asked.extend(paths))
    path = tmp_path / "empty.csv"
    path.touch()
    drop(viewer, path, keys=Qt.KeyboardModifier.ShiftModifier)
    assert asked == [str(path)]
    assert told == []


@pytest.mark.slow
def test_other_files_are_left_to_napari(opened, tmp_path):
    _, session, _ = opened
    points = tmp_path / "points.csv"
    points.write_text("index,axis-0,axis-1\n0,1.0,2.0\n")
    run = tmp_path / "run.json"
    run.write_text(json.dumps({"format": 1}))
    for path in (points, run, tmp_path / "none.csv", tmp_path / "x.h5mu"):  # a section is no annotation
        assert not is_for_us(session, path)
    assert get_annotation_reader(str(run)) is None
    assert get_annotation_reader(str(tmp_path / "none.geojson")) is None
    named = tmp_path / "named.csv"
    named.write_text(f",region\n{session.dataset.obs_names[3]},a\n")
    assert is_for_us(session, named)


@pytest.mark.slow
def test_geojson_is_opened_by_name_too_and_says_what_is_missing(qtbot, viewer, dataset, trained, tmp_path):
    (path,) = export(trained, tmp_path / "x.geojson")
    assert get_annotation_reader(str(path)) is read_annotations
    with pytest.raises(DataError, match="Open the section first"):
        viewer.open(path, plugin="napari-trsmi")
    open_section(viewer, dataset)
    session = session_of(viewer)
    told = []
    session.told.connect(told.append)
    n = len(viewer.layers)
    assert viewer.open(path, plugin="napari-trsmi") == []
    qtbot.waitUntil(lambda: told != [], timeout=20_000)
    assert len(viewer.layers) == n
    assert session.annotations.names == ("domain 2",)


@pytest.mark.slow
def test_what_names_no_spot_is_said(qtbot, opened, tmp_path):
    viewer, session, told = opened
    table = tmp_path / "other.csv"
    table.write_text("Barcode,group\nnope-1,a\n")
    drop(viewer, table)
    qtbot.waitUntil(lambda: told != [], timeout=20_000)
    assert "found none of them" in told[0]
    assert session.annotations.names == ()


@pytest.mark.slow
def test_a_file_and_a_session_that_are_dropped_on_a_dock_open_in_a_thread(qtbot, viewer, opened, tmp_path, monkeypatch):
    from napari_trsmi.gui.workspace import record

    _, session, told = opened
    dock = next(iter(viewer.window.dock_widgets.values()))
    widget = dock
    while not widget.acceptDrops():  # where Qt sends a drop on the dock
        widget = widget.parentWidget()
    assert widget is dock.window()
    readers, read = [], record.read
    monkeypatch.setattr(record, "read", lambda path: readers.append(current_thread()) or read(path))
    path = tmp_path / "old.trsmi.json"
    path.write_text("{")
    QTimer.singleShot(0, lambda: drop(viewer, path, beside=True))
    qtbot.waitUntil(lambda: bool(readers), timeout=20_000)
    assert readers != [main_thread()]
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert "is damaged" in told[0]
    copy = shutil.copy(sample_path(), tmp_path)
    QTimer.singleShot(0, lambda: drop(viewer, copy, beside=True))
    qtbot.waitUntil(lambda: session.dataset.sources == (tmp_path / sample_path().name,), timeout=60_000)
    assert len(sections_in(viewer)) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"config": {"seed": 1}}', "found settings of a run. Take them over in Train: Presets > Load settings."),
        pytest.param('{"seed": 1}', "found settings of a run.", marks=pytest.mark.slow),
        pytest.param(
            '{"a": 1}', "found something else. Export the objects from QuPath as GeoJSON", marks=pytest.mark.slow
        ),
        pytest.param('{"a": ', "found no complete JSON.", marks=pytest.mark.slow),
    ],
)
def test_a_json_that_is_none_of_ours_is_refused_in_a_sentence(qtbot, opened, tmp_path, text, found):
    viewer, _, told = opened
    path = tmp_path / "stray.json"
    path.write_text(text)
    drop(viewer, path)
    qtbot.waitUntil(lambda: told != [], timeout=20_000)
    assert told[0].startswith("Expected polygons (GeoJSON) or a session (.trsmi.json) in stray.json, ")
    assert found in told[0]


def test_counts_with_places_that_are_dropped_on_an_empty_window_are_a_section_and_groups_are_not(
    viewer, qtbot, tmp_path
):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    qtbot.waitUntil(dock.isVisible)
    session, failed = session_of(viewer), []
    session.failed.disconnect()
    session.failed.connect(failed.append)
    barcodes = pd.Index(["".join("ACGT"[i // 4**k % 4] for k in range(8)) + "-1" for i in range(40)], name="barcode")
    places = pd.DataFrame({"x": np.arange(40) % 8, "y": np.arange(40) // 8}, index=barcodes)
    counts = pd.DataFrame(dict.fromkeys(("CD3", "CD4", "CD20", "CD68", "HLA-DR"), range(40)), index=barcodes)
    groups, table = tmp_path / "groups.csv", tmp_path / "counts.csv"
    pd.DataFrame({"cluster": 1}, index=barcodes).to_csv(groups)
    pd.concat([places, counts], axis=1).to_csv(table)
    drop(viewer, groups)
    qtbot.waitUntil(lambda: "Open the section first" in "".join(failed))
    drop(viewer, table)
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=10_000)
    assert session.dataset.modalities["adt"].table.n_vars == 5
