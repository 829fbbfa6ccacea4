"""A session saved and opened in a real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_model import Application
from opened_dock import open_section
from qtpy.QtCore import QPoint, Qt

import napari_trsmi as nt
from napari_trsmi.gui.boundaries.panel import BoundaryPanel
from napari_trsmi.gui.finding.feature_search import FeatureSearch
from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.layers import TISSUE
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.workspace import asking, files
from napari_trsmi.gui.workspace.arranging import arrange, docks_of
from napari_trsmi.gui.workspace.record import SavedFile
from napari_trsmi.gui.workspace.saved_window import Arrangement, SavedDock


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "slice.h5mu"
    path.write_bytes(Path(nt.sample_path()).read_bytes())
    return path


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """What a person says to each question; the last answer stays."""
    given = {"where_to": tmp_path / "x.trsmi.json", "which": tmp_path / "x.trsmi.json", "beside": "save", "asked": []}
    monkeypatch.setattr(asking, "where_to", lambda parent, suggested: given["where_to"])
    monkeypatch.setattr(asking, "which", lambda parent: given["which"])
    monkeypatch.setattr(asking, "beside", lambda parent, names: (given["asked"].append(names), given["beside"])[1])
    monkeypatch.setattr(asking, "where_is", lambda parent, file: (given["asked"].append(file), given["where_is"])[1])
    return given


def run(name):
    Application.get_app("test_app").commands.execute_command(f"napari-trsmi.{name}")


def told(session):
    said = []
    session.told.connect(said.append)
    session.failed.disconnect()
    session.failed.connect(said.append)
    return said


@pytest.mark.slow
def test_all_that_was_open_comes_back_in_another_window(viewer, make_napari_viewer, qtbot, data, trained, answers):
    from dataclasses import replace

    session = session_of(viewer)
    said = told(session)
    open_docks(viewer)
    dataset = nt.read(data)
    section = open_section(viewer, dataset, replace(trained, dataset=dataset))
    docks_of(viewer)["Boundaries"].raise_()
    docks_of(viewer)["Trust"].close()
    review = docks_of(viewer)["Boundaries"].findChild(BoundaryPanel)
    heading = review.table.horizontalHeader()
    at = heading.sectionViewportPosition(review.model.column("length")) + 8
    qtbot.mouseClick(heading.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at, 8))
    review.filters.pair.setCurrentIndex(2)
    rows, in_order = review.rows_shown, review.rows.segments()
    assert (rows["order"], rows["column"]) == ("", "length")
    docks_of(viewer)["Compare"].setFloating(True)
    docks_of(viewer)["Compare"].setGeometry(60, 70, 400, 450)
    docks_of(viewer)["Boundaries"].parent().addDockWidget(
        Qt.DockWidgetArea.LeftDockWidgetArea, docks_of(viewer)["Correct"]
    )
    qtbot.wait(150)
    session.set_hidden(frozenset({1, 3}))
    session.canvas.layer(TISSUE).opacity = 0.25
    viewer.scene.camera.center, viewer.scene.camera.zoom = (40.0, 30.0), 3.5
    session.set_config(session.config.model_copy(update={"seed": 17}))
    run("save_session")
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert said[0].startswith("Session saved to")
    assert "1 small file" in said[0]
    assert answers["asked"] == [[f"run 1 of {dataset.name}"]]
    assert next(iter(section.runs)).kept.parent == data.parent
    viewer.close()

    other = make_napari_viewer(show=True)
    again = session_of(other)
    said = told(again)
    run("open_session")
    qtbot.waitUntil(lambda: again.result is not None and bool(docks_of(other)), timeout=60_000)
    qtbot.waitUntil(lambda: other.scene.camera.zoom == pytest.approx(3.5), timeout=10_000)
    qtbot.wait(300)  # and stays so
    assert said == []
    assert (again.result.labels == trained.labels).all()
    assert again.hidden == {1, 3}
    assert again.config.seed == 17
    review = docks_of(other)["Boundaries"].findChild(BoundaryPanel)
    assert (review.rows_shown, review.rows.segments()) == (rows, in_order)
    assert again.canvas.layer(TISSUE).opacity == pytest.approx(0.25)
    assert other.scene.camera.zoom == pytest.approx(3.5)
    assert tuple(other.scene.camera.center[-2:]) == pytest.approx((40.0, 30.0))
    assert not docks_of(other)["Boundaries"].visibleRegion().isEmpty()
    docks = docks_of(other)
    assert not docks["Trust"].isVisible()
    assert docks["Compare"].isFloating()
    assert docks["Compare"].geometry().size().width() == 400
    window = docks["Train"].parent()
    assert window.dockWidgetArea(docks["Correct"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    assert docks["Boundaries"] in window.tabifiedDockWidgets(docks["Train"])


ODD = {
    "a dock of another version": {"name": "Future"},
    "far off the screen": {"name": "Train", "floating": [19_000, -19_000, 1, 20_000]},
    "beside itself": {"name": "Train", "beside": "Train"},
    "beside one that is not there": {"name": "Train", "beside": "Future", "area": "top", "width": 20_000},
}


@pytest.mark.slow
@pytest.mark.parametrize("dock", ODD.values(), ids=ODD)
def test_an_arrangement_that_cannot_be_leaves_a_window_that_can_be_used(viewer, qtbot, dock):
    arrange(viewer, Arrangement(docks=(SavedDock(**dock), SavedDock(name="Colour by")), front="Colour by"))
    qtbot.wait(100)
    docks = docks_of(viewer)
    assert docks["Colour by"].isVisible()
    for one in docks.values():
        if one.isFloating():
            assert one.screen().availableGeometry().contains(one.geometry().topLeft())


@pytest.mark.slow
def test_a_dropped_session_opens_and_a_file_that_moved_is_asked_for(viewer, qtbot, data, answers):
    session = session_of(viewer)
    said = told(session)
    open_section(viewer, nt.read(data))
    files.save_session(session)
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    viewer.layers.clear()
    data.rename(data.with_name("renamed.h5mu"))
    answers["where_is"] = data.with_name("renamed.h5mu")

    from qtpy.QtCore import QTimer

    QTimer.singleShot(
        0, lambda: viewer.open(str(answers["which"]), plugin="napari-trsmi")
    )  # as a drop: from the running event loop
    qtbot.waitUntil(lambda: bool(sections_in(viewer)) and session.dataset is not None, timeout=60_000)
    assert [type(one) for one in answers["asked"]] == [SavedFile]
    assert session.dataset.sources == (data.with_name("renamed.h5mu"),)


@pytest.mark.slow
def test_rubbish_that_is_dropped_is_told_and_what_was_open_stays(viewer, qtbot, data, answers):
    session = session_of(viewer)
    said = told(session)
    section = open_section(viewer, nt.read(data))
    answers["which"].write_text("{")
    run("open_session")
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert "is damaged" in said[0]
    assert sections_in(viewer) == [section]


def test_without_a_section_from_a_file_there_is_nothing_to_save(viewer, answers):
    said = told(session_of(viewer))
    run("save_session")
    assert said == [files.NOTHING]


@pytest.mark.slow
def test_a_script_gets_the_layers_of_all_sections(viewer, qtbot, data, answers):
    session = session_of(viewer)
    said = told(session)
    open_section(viewer, nt.read(data))
    files.save_session(session)
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    viewer.layers.clear()
    from napari_trsmi.gui.plugin.session_commands import get_reader

    path = str(answers["which"])
    assert {data[2] for data in get_reader(path)(path)} == {"image", "points"}
    assert get_reader("x.json") is None


@pytest.mark.slow
def test_colours_cameras_and_hidden_domains_of_all_sections_come_back(
    viewer, make_napari_viewer, qtbot, data, trained, answers
):
    from dataclasses import replace

    session = session_of(viewer)
    said = told(session)
    open_docks(viewer)
    away = data.with_name("away.h5mu")
    away.write_bytes(data.read_bytes())
    read = {path: nt.read(path) for path in (away, data)}  # before jobs of the first go on beside
    opened = {path: open_section(viewer, one, replace(trained, dataset=one)) for path, one in read.items()}
    session.activate(opened[away])
    session.set_hidden(frozenset({2}))
    session.set_config(session.config.model_copy(update={"seed": 5}))
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, 12.0, 34.0), 7.5
    session.activate(opened[data])
    color = docks_of(viewer)["Colour by"]
    color.show()
    color.raise_()
    qtbot.waitUntil(lambda: not color.visibleRegion().isEmpty())
    field = color.findChild(FeatureSearch)
    field.setFocus()
    name = str(session.dataset.modalities["rna"].table.var_names[3])
    qtbot.keyClicks(field, name)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.coloring is not None
    session.color(replace(session.coloring, colormap="magma", limits=(0.25, 1.5)))
    shown = session.coloring
    run("save_session")
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    viewer.close()

    other = make_napari_viewer(show=True)
    again = session_of(other)
    said = told(again)
    run("open_session")
    qtbot.waitUntil(lambda: again.coloring is not None, timeout=60_000)
    qtbot.wait(300)
    assert said == []
    assert (again.coloring.title, again.coloring.colormap) == (shown.title, "magma")
    assert again.coloring.limits == (0.25, 1.5)
    assert (again.coloring.values == shown.values).all()
    assert again.dataset.sources == (data,)
    again.activate(next(one for one in sections_in(other) if one.dataset.sources == (away,)))
    assert again.hidden == {2}
    assert again.config.seed == 5
    assert other.scene.camera.zoom == pytest.approx(7.5)
    assert tuple(other.scene.camera.center[-2:]) == pytest.approx((12.0, 34.0))


@pytest.mark.slow
def test_without_the_section_that_was_worked_on_another_is_seen_as_it_was(
    viewer, make_napari_viewer, qtbot, data, answers
):
    session = session_of(viewer)
    said = told(session)
    away = data.with_name("away.h5mu")
    away.write_bytes(data.read_bytes())
    first = open_section(viewer, nt.read(away))
    session.set_config(session.config.model_copy(update={"seed": 5}))
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, 12.0, 34.0), 7.5
    open_section(viewer, nt.read(data))
    session.set_config(session.config.model_copy(update={"seed": 8}))
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0.0, 9_999.0, 9_999.0), 900.0
    assert session.section is not first
    run("save_session")
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    viewer.close()
    data.unlink()
    answers["where_is"] = "leave"

    other = make_napari_viewer(show=True)
    again = session_of(other)
    said = told(again)
    run("open_session")
    qtbot.waitUntil(lambda: bool(said), timeout=60_000)
    qtbot.wait(300)
    assert "could not be opened" in said[0]
    assert again.dataset.sources == (away,)
    assert again.config.seed == 5
    assert other.scene.camera.zoom == pytest.approx(7.5)
    assert tuple(other.scene.camera.center[-2:]) == pytest.approx((12.0, 34.0))


def test_maps_and_several_features_are_shown_again(viewer, sample, trained):
    from dataclasses import replace

    from napari_trsmi.gui.finding import maps
    from napari_trsmi.gui.workspace.keeping import coloring_saved

    section = open_section(viewer, sample, replace(trained))
    genes = [
        maps.feature_coloring(sample, name, str(one.table.var_names[0])) for name, one in sample.modalities.items()
    ]
    mixed = maps.together([maps.channel(one, color) for one, color in zip(genes, maps.CHANNEL_COLORS, strict=False)])
    for coloring in (*maps.result_maps(trained).values(), maps.obs_coloring(sample, "domain"), mixed):
        again = files.coloring_again(section, coloring_saved(coloring))
        assert (again.title, again.colormap, again.limits) == (coloring.title, coloring.colormap, coloring.limits)
        assert np.array_equal(again.values, coloring.values, equal_nan=True)


@pytest.mark.slow
def test_what_was_said_of_a_run_on_file_comes_back_without_a_copy(viewer, qtbot, data, trained, answers):
    from dataclasses import replace

    from napari_trsmi import edits
    from napari_trsmi.gui.workspace import record
    from napari_trsmi.gui.workspace.reopening import reopened

    session, dataset = session_of(viewer), nt.read(data)
    said, first = told(session), replace(trained, dataset=dataset)
    second = replace(edits.merge(first, [0, 1]), provenance=first.provenance)
    for name, result in (("one", first), ("two", second)):
        result.write(data.with_name(f"{name}.h5mu"))
    open_section(viewer, dataset, first)
    session.set_result(first, data.with_name("one.h5mu"))
    session.set_result(edits.rename(edits.review(first, 0, "keep", "sure", carried_from="run 0"), 1, "rim"))
    session.set_result(second, data.with_name("two.h5mu"))
    answers["beside"] = "leave"
    run("save_session")
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert answers["asked"] == []
    assert all(entry.noted or entry.path for entry in session.section.runs)
    opened, problems = reopened(record.read(answers["which"]).sections[0], data.parent, {})
    assert problems == []
    reviewed, kept = (entry.result for entry in opened.runs)
    assert reviewed.names[1] == "rim"
    assert reviewed.boundaries["review"].iloc[0] == "keep"
    assert reviewed.boundaries["note"].iloc[0] == "sure"
    assert reviewed.boundaries["carried_from"].iloc[0] == "run 0"
    assert opened.result is kept
    second.write(data.with_name("one.h5mu"))  # other domains: what was said of the others is not put on them
    opened, problems = reopened(record.read(answers["which"]).sections[0], data.parent, {})
    assert "one.h5mu holds other domains now" in problems[0]
    assert "rim" not in next(iter(opened.runs)).result.names
