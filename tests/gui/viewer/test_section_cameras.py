"""The camera belongs to a section, in a real viewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.utils.action_manager import action_manager
from opened_dock import add
from small_study import small_study

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.flight import Flight
from napari_trsmi.gui.viewer.frames import box
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def two(viewer, sample):
    """Two open sections, the second of which is ten times as large and active."""
    first = OpenSection(replace(sample, image=None))
    second = OpenSection(
        replace(sample, image=None, coords=10 * sample.coords, spot_diameter=10 * sample.spot_diameter)
    )
    return add(viewer, first), add(viewer, second)


def where(viewer):
    camera = viewer.scene.camera
    return (*camera.center, camera.zoom)


@pytest.mark.slow
def test_coming_back_shows_a_section_as_it_was_left(viewer, two):
    session, camera = session_of(viewer), viewer.scene.camera
    fitted = where(viewer)
    session.activate(two[0])
    assert camera.zoom == pytest.approx(10 * fitted[-1], rel=0.01)
    camera.center, camera.zoom = (120.0, 80.0), 3.5
    left = where(viewer)
    session.activate(two[1])
    assert where(viewer) == pytest.approx(fitted)
    session.activate(two[0])
    assert where(viewer) == pytest.approx(left)


def test_coming_back_selects_the_domains_and_not_what_is_drawn_over_them(viewer, sample, trained):
    session, first = session_of(viewer), add(viewer, OpenSection(sample, trained))
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Boundaries")
    session.select_boundary(0)
    second = add(viewer, OpenSection(replace(sample, image=None)))
    session.activate(first)
    assert session.canvas.layer("boundaries").visible
    assert viewer.layers.selection.active is session.canvas.layer("domains")
    session.activate(second)
    assert viewer.layers.selection.active is session.canvas.layer("spots")


@pytest.mark.slow
def test_a_flight_lands_before_another_section_comes(viewer, two, qtbot):
    session, flight = session_of(viewer), Flight(viewer)
    flight.to((500.0, 400.0), 2.0)
    session.activate(two[0])
    there = where(viewer)
    qtbot.wait(300)
    assert where(viewer) == there
    session.activate(two[1])
    assert where(viewer)[-3:] == pytest.approx((500.0, 400.0, 2.0))


def fits(viewer, section, rows=None):
    """Return whether the camera shows spots of a section from end to end, and not much more."""
    low, high = box(section, rows)
    camera, size = viewer.scene.camera, np.array(viewer.canvas.size, float)
    seen = size / camera.zoom
    middle = np.abs(np.array(camera.center[-2:]) - (low + high) / 2)
    return bool((middle < 0.05 * seen).all() and (high - low <= seen).all() and ((high - low) > 0.85 * seen).any())


def test_the_home_button_shows_the_section_that_is_to_be_seen_and_no_hidden_one(viewer, two):
    session_of(viewer).activate(two[0])
    viewer.scene.camera.zoom = 7.0
    action_manager.trigger("napari:reset_view")  # as the button and Ctrl+R do
    assert fits(viewer, two[0])
    assert not fits(viewer, two[1])
    session_of(viewer).activate(two[1])
    action_manager.trigger("napari:reset_view")
    assert fits(viewer, two[1])


@pytest.mark.slow
def test_the_home_button_shows_a_layer_of_ones_own_too(viewer, two):
    session_of(viewer).activate(two[0])
    low, high = box(two[0])
    viewer.add_points(np.array([high + 2 * (high - low)]), scale=(1, 1))
    viewer.reset_view()
    assert not fits(viewer, two[0])
    viewer.layers[-1].visible = False
    viewer.reset_view()
    assert fits(viewer, two[0])


@pytest.mark.slow
def test_a_view_that_was_asked_for_some_layers_is_left_to_them(viewer, two):
    session_of(viewer).activate(two[0])
    hidden = session_of(viewer).canvas.layer("spots", two[1])
    viewer.add_points(np.array([[-5000.0, -5000.0]]))
    viewer.reset_view(layers=[hidden])
    assert fits(viewer, two[1])


@pytest.mark.slow
def test_the_home_button_leaves_hidden_sections_of_a_study_out(viewer):
    study = add(viewer, OpenSection(small_study()))
    session_of(viewer).parts.hide(frozenset({0, 2}))
    viewer.reset_view()
    assert fits(viewer, study, study.seen)
    assert not fits(viewer, study)
