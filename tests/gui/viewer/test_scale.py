"""The scale bar keeps its unit beside what is in pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from napari.components import ViewerModel
from opened_dock import open_section

from napari_trsmi.gui.viewer.sessions import session_of


def units(viewer):
    """The units of all layers."""
    return {str(unit) for layer in viewer.layers for unit in layer.units}


def test_a_picture_in_pixels_is_drawn_in_the_unit_of_the_section_and_that_is_told(sample):
    viewer = ViewerModel()
    before = viewer.add_image(np.zeros((8, 8)), name="before")
    section, told = open_section(viewer, sample), []
    session_of(viewer).told.connect(told.append)
    viewer.add_image(np.zeros((64, 64, 3), np.uint8), name="photo")
    viewer.add_shapes([[[0, 0], [1, 1], [0, 1]]], shape_type="polygon")
    assert units(viewer) == {"micrometer"}
    assert told == ["photo: its resolution is not known. A pixel of it is drawn as 1 µm."]
    open_section(viewer, replace(sample, name="plain", microns_per_unit=None))
    assert units(viewer) == {"pixel"}
    session_of(viewer).activate(section)
    assert units(viewer) == {"micrometer"}
    assert before.scale.tolist() == [1, 1]


def test_a_picture_that_has_a_length_keeps_it(sample):
    viewer = ViewerModel()
    open_section(viewer, sample)
    photo = viewer.add_image(np.zeros((8, 8)), scale=(2, 2), units=("mm", "mm"))
    assert {str(unit) for unit in photo.units} == {"millimeter"}


def test_a_section_opens_beside_a_stack_of_pictures(sample):
    viewer = ViewerModel()
    session_of(viewer)
    viewer.add_image(np.zeros((5, 8, 8)))
    open_section(viewer, sample)
    at = sample.coords[:, ::-1] * sample.microns_per_unit
    middle = (at.min(axis=0) + at.max(axis=0)) / 2
    assert np.allclose(viewer.scene.camera.center[-2:], middle, atol=0.1 * np.ptp(at))
    assert 0.3 < viewer.scene.camera.zoom * np.ptp(at[:, 0]) / min(viewer.canvas.size) < 1
