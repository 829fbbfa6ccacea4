"""The camera belongs to a section, in a real viewer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opened_dock import add

from napari_trsmi.gui.state import OpenSection
from napari_trsmi.gui.viewer.flight import Flight
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


def test_a_flight_lands_before_another_section_comes(viewer, two, qtbot):
    session, flight = session_of(viewer), Flight(viewer)
    flight.to((500.0, 400.0), 2.0)
    session.activate(two[0])
    there = where(viewer)
    qtbot.wait(300)
    assert where(viewer) == there
    session.activate(two[1])
    assert where(viewer)[-3:] == pytest.approx((500.0, 400.0, 2.0))
