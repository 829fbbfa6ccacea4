"""A section that is flipped, or put onto its image, stays in its layers, and nobody is asked about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import add

from napari_trsmi.data.placement import Placement, turned
from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.placement_panel import place, turn
from napari_trsmi.gui.viewer import docks, laying, looks
from napari_trsmi.gui.viewer.layers import DOMAINS, SPOT, SPOTS, TISSUE, world
from napari_trsmi.gui.viewer.sessions import session_of

LARGER = Placement(factor=2.0)  # the image gets another scale: its layers are made anew


@pytest.fixture
def model():
    """A viewer without a window."""
    return ViewerModel()


@pytest.fixture(params=["points", "pixels"])
def drawn(request, monkeypatch):
    """How spots are drawn."""
    if request.param == "pixels":
        monkeypatch.setattr(looks.raster, "RASTER_ABOVE", 50)
        monkeypatch.setattr(looks.raster, "GRID_ABOVE", 50)
    return request.param


def places(session, role):
    """Where the canvas draws the spots of a layer, (row, column) in their unit; of some spots where they are pixels."""
    layer, unit = session.canvas.layer(role), world(session.dataset)[0]
    if type(layer).__name__ == "Points":
        return np.array([layer.data_to_world(point) for point in layer.data]) / unit
    pixels = looks.look(session.section).raster.spots
    rows, columns = np.nonzero(pixels >= 0)
    middles = [
        np.mean([rows[mine], columns[mine]], axis=1) for spot in range(20) for mine in [pixels[rows, columns] == spot]
    ]
    return np.array([layer.data_to_world(middle) for middle in middles]) / unit


def middles(session):
    """(n, 2) middles (x, y) of the strokes."""
    strokes = session.canvas.layer("boundaries").data
    return (strokes[:, 0] + strokes[:, 1] / 2)[:, ::-1]


@pytest.mark.parametrize("change", ["x", "swap"])
def test_spots_domains_and_boundaries_turn_in_the_layers_that_are_there(model, drawn, trained, change):
    add(model, OpenSection(trained.dataset, trained))
    boundary_canvas_of(model)
    session, before = session_of(model), list(model.layers)
    strokes, way = middles(session), turned(trained.dataset, change)
    session.canvas.layer(TISSUE).opacity, session.canvas.layer(DOMAINS).opacity = 0.25, 0.5
    session.canvas.layer(SPOTS).visible = True
    turn(session, change)
    assert list(model.layers) == before
    assert session.canvas.layer(TISSUE).opacity == 0.25
    assert session.canvas.layer(DOMAINS).opacity == 0.5
    assert session.canvas.layer(SPOTS).visible
    coords = session.dataset.coords[:, ::-1]
    for role in (SPOTS, DOMAINS):
        found = places(session, role)
        assert np.abs(found - coords[: len(found)]).max() < 0.3 * looks.look(session.section).diameter
    if drawn == "pixels":
        pixels = looks.look(session.section).raster
        assert np.array_equal(session.canvas.layer(SPOTS).data[..., 3] > 0, pixels.spots >= 0)
        assert np.array_equal(session.canvas.layer(DOMAINS).data, pixels.look_up(session.result.labels + 1))
    moved = strokes @ way.matrix.T + way.shift
    assert np.allclose(np.sort(middles(session), axis=0), np.sort(moved, axis=0), atol=1e-3)


def test_a_domain_layer_that_somebody_removed_is_missed_after_a_flip(model, trained):
    add(model, OpenSection(trained.dataset, trained))
    session = session_of(model)
    model.layers.remove(session.canvas.layer(TISSUE))
    turn(session, "y")
    assert session.canvas.removed.names == ["tissue"]
    session.canvas.removed.bring_back()
    assert session.canvas.layer(TISSUE) is not None


def test_a_picked_spot_has_its_ring_where_it_lies_after_a_flip(model, trained):
    add(model, OpenSection(trained.dataset, trained))
    session = session_of(model)
    session.select_spot(5)
    turn(session, "y")
    session.select_spot(5)
    assert np.allclose(session.canvas.layer(SPOT).data, session.dataset.coords[5, ::-1])


def test_an_image_that_was_turned_by_hand_stays_under_the_spots(model, sample):
    add(model, OpenSection(sample))
    session = session_of(model)
    laying.turn(session)
    for change in ("swap", "x"):
        turn(session, change)
        spots, image = session.canvas.layer(SPOTS), session.canvas.layer(TISSUE)
        there = np.array([image.world_to_data(spots.data_to_world(point)) for point in spots.data])
        height, width = session.dataset.image.pixels.shape[:2]
        corners = np.array([[0, 0], [width - 1, height - 1]])
        laid, corners = (at @ session.section.lies[0].matrix.T for at in (session.dataset.coords, corners))
        expected = laid * session.dataset.image.scale - corners.min(axis=0)
        assert np.allclose(there[:, ::-1], expected, atol=1.01)


def test_the_camera_looks_at_where_the_spots_are_then(model, sample):
    add(model, OpenSection(replace(sample, image=None, coords=np.add(sample.coords, [5000, 0]))))
    session = session_of(model)
    turn(session, "swap")
    center = np.array(model.scene.camera.center[-2:]) / world(session.dataset)[0]
    assert np.allclose(center, np.mean([at(session.dataset.coords, axis=0)[::-1] for at in (np.min, np.max)], axis=0))


@pytest.mark.parametrize("how", ["flipped", "larger"])
def test_nobody_is_asked_about_a_result_that_goes_along(model, trained, monkeypatch, how):
    add(model, OpenSection(trained.dataset, replace(trained)))
    session = session_of(model)
    asked = []
    session.canvas.gone.connect(asked.append)
    monkeypatch.setattr(docks, "viewer_in_use", lambda: model)  # as where a person clicks
    place(session, LARGER) if how == "larger" else turn(session, "x")
    assert asked == []
    assert session.result is not None
    for layer in list(model.layers):
        model.layers.remove(layer)
    assert len(asked) == 1  # but where it is the last one
