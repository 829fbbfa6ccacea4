"""Sections that are moved, turned and flipped in a real window: all that is drawn goes along, the data stay."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Layer
from opened_dock import open_section
from qtpy.QtCore import QMimeData, QPointF, Qt
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QPushButton
from small_study import trained_study

from napari_trsmi.gui.session.layout import Layout, Turn
from napari_trsmi.gui.viewer import laying, looks
from napari_trsmi.gui.viewer.layers import DOMAINS, NAMES, SPOT, SPOTS, TISSUE, world
from napari_trsmi.gui.viewer.part_list import PartList
from napari_trsmi.gui.viewer.sections import marked
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def result():
    """Domains of three sections; do not change them."""
    return trained_study()


@pytest.fixture
def opened(viewer, result):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Boundaries")
    open_section(viewer, result.dataset, result)
    dock.show()
    return dock


def rows_of(parts):
    return [parts.topLevelItem(row).text(1) for row in range(parts.topLevelItemCount())]


def layer(viewer, role, part=None):
    section = session_of(viewer).section
    return next(
        one
        for one, ours in marked(viewer)
        if ours["section"] is section and ours["role"] == role and ours.get("part") == part
    )


def pixel_under(viewer, part, spot):
    """Return the pixel of the picture of a section under a spot, wherever both are drawn."""
    image, section = layer(viewer, TISSUE, part), session_of(viewer).section
    unit = world(section.dataset)[0]
    row, column = np.round(image.world_to_data(section.at[spot, ::-1] * unit)).astype(int)
    return image.data[row, column]


def check_all_agree(viewer, before):
    """Check that spots, picture, boundaries, ring and picking agree in the layout of now."""
    session, section = session_of(viewer), session_of(viewer).section
    unit = world(section.dataset)[0]
    assert np.allclose(layer(viewer, SPOTS).data, section.at[:, ::-1])
    assert np.allclose(layer(viewer, DOMAINS).data, section.at[:, ::-1])
    for spot in (3, section.dataset.n_spots - 5):
        assert session.canvas.pointing.spot_at(tuple(section.at[spot, ::-1] * unit)) == spot
    session.select_spot(7)
    assert np.allclose(layer(viewer, SPOT).data[0], section.at[7, ::-1])
    strokes, edges = layer(viewer, "boundaries").data, session.result.boundary_edges
    drawn = edges[(edges["x0"] != edges["x1"]) | (edges["y0"] != edges["y1"])]
    middles = (strokes[:, 0] + strokes[:, 1] / 2)[:, ::-1]
    ends = (section.at[drawn["i"]] + section.at[drawn["j"]]) / 2
    was = (drawn[["x0", "y0"]].to_numpy() + drawn[["x1", "y1"]].to_numpy()) / 2
    shift = section.dataset.coords[drawn["i"]] / 2 + section.dataset.coords[drawn["j"]] / 2 - was
    assert np.allclose(np.linalg.norm(middles - ends, axis=1), np.linalg.norm(shift, axis=1))
    assert np.array_equal(section.dataset.coords, before)


def test_a_section_is_moved_by_keys_and_buttons_and_tissue_and_list_move_together(viewer, opened, qtbot):
    session, parts = session_of(viewer), opened.findChild(PartList)
    section, before = session.section, session.section.dataset.coords.copy()
    session.parts.choose(2)
    parts.setFocus()
    qtbot.keyClick(parts, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClick(parts, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert rows_of(parts) == ["All sections", "c", "a", "b"]
    assert session.parts.chosen == 2
    left = [section.at[rows, 0].min() for rows in section.dataset.sections]
    assert left[2] < left[0] < left[1]
    names = layer(viewer, NAMES)
    assert np.argsort(names.data[:, 1]).tolist() == [2, 0, 1]
    check_all_agree(viewer, before)
    later = next(one for one in opened.findChildren(QPushButton) if one.accessibleName() == "Section later")
    qtbot.mouseClick(later, Qt.MouseButton.LeftButton)
    assert rows_of(parts) == ["All sections", "a", "c", "b"]
    session.deeds.undo()
    session.deeds.undo()
    assert rows_of(parts)[1:] == ["a", "c", "b"]
    session.deeds.undo()
    assert rows_of(parts)[1:] == ["a", "b", "c"]
    assert section.at is section.dataset.coords


@pytest.mark.slow
def test_a_section_that_is_dropped_below_another_lies_to_the_right_of_it(viewer, opened):
    session, parts = session_of(viewer), opened.findChild(PartList)
    parts.setCurrentItem(parts.item(0))
    below = parts.visualItemRect(parts.item(1)).bottom()
    event = QDropEvent(
        QPointF(10, below), Qt.DropAction.MoveAction, QMimeData(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
    )
    parts.dropEvent(event)
    assert rows_of(parts)[1:] == ["b", "a", "c"]
    assert session.parts.ordered == (1, 0, 2)


@pytest.mark.slow
def test_a_turned_and_flipped_section_agrees_in_all_that_is_drawn(viewer, opened, qtbot):
    session, parts = session_of(viewer), opened.findChild(PartList)
    section, before = session.section, session.section.dataset.coords.copy()
    spot = int(section.dataset.sections[2][11])
    pixel = pixel_under(viewer, 2, spot).copy()
    session.parts.choose(2)
    parts.setFocus()
    for key in (Qt.Key.Key_T, Qt.Key.Key_F, Qt.Key.Key_T):
        qtbot.keyClick(parts, key)
        check_all_agree(viewer, before)
        assert np.abs(pixel_under(viewer, 2, spot).astype(int) - pixel).max() <= 6  # a pixel beside it at most
    assert section.layout.turn(2) == Turn().turned().mirrored().turned()
    assert section.layout.turn(0) == Turn()


@pytest.mark.slow
def test_a_lone_section_is_turned_by_the_button_with_its_picture(viewer, opened, result, qtbot):
    part = result.of("a")
    section = open_section(viewer, part.dataset, part)
    session, before = session_of(viewer), section.dataset.coords.copy()
    assert session.section is section
    pixel = pixel_under(viewer, None, 11).copy()
    button = next(one for one in opened.findChildren(QPushButton) if one.text() == "Turn 90°")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert section.layout.turn(0) == Turn(1)
    check_all_agree(viewer, before)
    assert np.abs(pixel_under(viewer, None, 11).astype(int) - pixel).max() <= 6


@pytest.mark.slow
@pytest.mark.parametrize("lone", [True, False])
def test_many_spots_drawn_as_pixels_are_turned_and_picked(viewer, result, monkeypatch, lone):
    monkeypatch.setattr(looks.raster, "RASTER_ABOVE", 50)
    monkeypatch.setattr(looks.raster, "GRID_ABOVE", 50)
    shown = result.of("b") if lone else result
    section = open_section(viewer, shown.dataset, shown)
    session, unit = session_of(viewer), world(shown.dataset)[0]
    drawn = layer(viewer, SPOTS), layer(viewer, DOMAINS)
    laying.turn(session)
    laying.flip(session)
    assert (layer(viewer, SPOTS), layer(viewer, DOMAINS)) == drawn  # new ones would hold up the window
    for spot in (5, 60, 100):
        found = session.canvas.pointing.spot_at(tuple(section.at[spot, ::-1] * unit))
        assert found == spot
        at = np.round(layer(viewer, DOMAINS).world_to_data(section.at[spot, ::-1] * unit)).astype(int)
        assert layer(viewer, DOMAINS).data[tuple(at)] == shown.labels[spot] + 1


@pytest.mark.slow
def test_the_camera_stays_on_the_tissue_that_is_looked_at(viewer, opened):
    session = session_of(viewer)
    section, unit = session.section, world(session.section.dataset)[0]
    spot = int(section.dataset.sections[2][5])
    viewer.scene.camera.zoom *= 6
    viewer.scene.camera.center = tuple(section.at[spot, ::-1] * unit)
    laying.move(session, 2, 0)
    assert np.allclose(viewer.scene.camera.center[-2:], section.at[spot, ::-1] * unit)


@pytest.mark.slow
def test_the_layout_comes_back_with_the_saved_result_and_files_keep_the_coordinates(viewer, result, tmp_path):
    from napari_trsmi.gui.plugin.writer import write_result
    from napari_trsmi.gui.viewer.reader import open_section as read_again

    part = result.of("a")
    section = open_section(viewer, part.dataset, part)
    laying.turn(session_of(viewer))
    data = [(one.data, {"metadata": one.metadata}, "points") for one in (layer(viewer, SPOTS),)]
    (path, *_) = write_result(str(tmp_path / "saved.h5mu"), data)
    again = read_again([path])
    assert again.layout == section.layout == Layout().with_turn(0, Turn(1))
    assert np.allclose(again.dataset.coords, part.dataset.coords)
    laying.flip(session_of(viewer))
    assert json.loads(json.dumps(section.layout.plain)) == section.layout.plain


@pytest.mark.slow
def test_a_lasso_takes_the_spots_that_are_seen_in_it(viewer, opened, qtbot):
    from napari_trsmi.gui.ask.lasso import inside as spots_inside
    from napari_trsmi.gui.correct.lasso_layers import sides_of

    session = session_of(viewer)
    laying.move(session, 2, 0)
    laying.turn(session)
    section = session.section
    own = section.at[section.dataset.sections[2]][:, ::-1]
    (top, left), (bottom, right) = own.min(axis=0) - 0.1, own.max(axis=0) + 0.1
    box = np.array([[top, left], [top, right], [bottom, right], [bottom, left]])
    sides = sides_of(section, [("polygon", box, "A")], np.zeros(section.dataset.n_spots, int))
    assert np.array_equal(sides > 0, section.dataset.section == 2)
    assert np.array_equal(spots_inside(section.at[:, ::-1], box), section.dataset.sections[2])


@pytest.mark.slow
def test_what_is_exported_stays_in_the_coordinates_of_the_file(viewer, opened, result, tmp_path):
    from napari_trsmi.data.writers import write_domains

    session = session_of(viewer)
    before = write_domains(session.result, tmp_path / "before.csv").read_text()
    laying.turn(session)
    laying.move(session, 0, 2)
    assert write_domains(session.result, tmp_path / "after.csv").read_text() == before


@pytest.mark.slow
def test_a_turned_copy_of_a_view_beside_is_drawn_anew(viewer, opened):
    from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of

    session, canvas = session_of(viewer), boundary_canvas_of(viewer)
    segment = int(session.result.boundaries["segment"].iloc[0])
    canvas.select(segment)
    laying.flip(session)
    rim, strokes = layer(viewer, "boundary"), layer(viewer, "boundaries")
    own = (strokes.features["segment"] == segment).to_numpy()
    assert np.allclose(rim.data, strokes.data[own])
    assert isinstance(rim, Layer)
    assert canvas.stroke_at(tuple((strokes.data[own][0, 0] + strokes.data[own][0, 1] / 2) * strokes.scale)) == segment
