"""The scale bar keeps its unit beside what is in pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from napari.components import ViewerModel
from opened_dock import open_section

from napari_trsmi.gui.viewer.layers import TISSUE
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
    (sentence,) = told
    assert sentence.startswith("photo: its resolution is not known. A pixel of it is drawn as 1 µm,")
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


def test_a_picture_of_the_section_at_another_resolution_lies_on_its_tissue(sample):
    viewer, told = ViewerModel(), []
    open_section(viewer, sample)
    session_of(viewer).told.connect(told.append)
    photo = viewer.add_image(sample.image.pixels[::2, ::2], name="photo")
    tissue = session_of(viewer).canvas.layer(TISSUE)
    assert np.allclose(photo.scale, 2 * tissue.scale, rtol=0.01)
    assert np.allclose(photo.extent.world[1], tissue.extent.world[1], rtol=0.02)
    assert told == [f"photo: a picture of this section. A pixel of it is drawn as {photo.scale[0]:.3g} µm."]


def test_a_picture_in_the_pixels_of_the_coordinates_lies_below_the_spots(sample):
    viewer, told = ViewerModel(), []
    open_section(viewer, replace(sample, image=None))
    session_of(viewer).told.connect(told.append)
    width, height = np.ceil(sample.coords.max(axis=0) * 1.1).astype(int)
    whole = viewer.add_image(np.broadcast_to(np.uint8(0), (height, width)), name="whole")
    assert np.allclose(whole.scale, sample.microns_per_unit)
    low = viewer.add_image(np.zeros((height // 20, width // 20), np.uint8), name="low")
    assert low.scale.tolist() == [1, 1]
    assert "a picture of this section" in told[0]
    assert "not known" in told[1]


def test_a_picture_that_a_person_moved_stays_where_it_is(sample):
    viewer = ViewerModel()
    section = open_section(viewer, sample)
    photo = viewer.add_image(sample.image.pixels[::2, ::2], name="photo")
    photo.scale = (3, 3)
    open_section(viewer, replace(sample, name="other"))
    session_of(viewer).activate(section)
    assert photo.scale.tolist() == [3, 3]


def test_a_section_opens_beside_a_stack_of_pictures(sample):
    viewer = ViewerModel()
    session_of(viewer)
    viewer.add_image(np.zeros((5, 8, 8)))
    open_section(viewer, sample)
    at = sample.coords[:, ::-1] * sample.microns_per_unit
    middle = (at.min(axis=0) + at.max(axis=0)) / 2
    assert np.allclose(viewer.scene.camera.center[-2:], middle, atol=0.1 * np.ptp(at))
    assert 0.3 < viewer.scene.camera.zoom * np.ptp(at[:, 0]) / min(viewer.canvas.size) < 1
