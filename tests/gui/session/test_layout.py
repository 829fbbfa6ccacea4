"""How sections lie on the canvas, without a window."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from small_study import small_study

from napari_trsmi.data.study import stack
from napari_trsmi.gui.session.layout import Layout, Turn, lies_of, turned_pixels
from napari_trsmi.gui.session.state import OpenSection


def test_a_quarter_turn_is_clockwise_and_a_flip_exchanges_left_and_right_as_seen():
    up, right = np.array([0, -1]), np.array([1, 0])
    assert np.array_equal(Turn().turned().matrix @ up, right)
    assert np.array_equal(Turn().turned().mirrored().matrix @ up, -right)
    turn = Turn(1, True)
    for _ in range(4):
        turn = turn.turned()
    assert turn == turn.mirrored().mirrored() == Turn(1, True)


@pytest.mark.parametrize(("quarters", "flipped"), list(product(range(4), (False, True))))
def test_pixels_go_where_places_go(quarters, flipped):
    matrix = Turn(quarters, flipped).matrix
    pixels = np.zeros((3, 5), int)
    pixels[0, 4] = 1  # x = 4, y = 0
    corners = np.array([[0, 0], [4, 2]]) @ matrix.T
    x, y = matrix @ (4, 0) - corners.min(axis=0)
    assert turned_pixels(pixels, matrix)[y, x] == 1


def test_coordinates_stay_and_a_lone_section_turns_about_its_middle():
    section = OpenSection(small_study().parts[0])
    before = section.dataset.coords.copy()
    assert section.at is section.dataset.coords
    section.layout = Layout().with_turn(0, Turn(1))
    assert np.array_equal(section.dataset.coords, before)
    middles = [(places.min(axis=0) + places.max(axis=0)) / 2 for places in (section.at, before)]
    assert np.allclose(*middles)
    assert np.allclose(np.ptp(section.at, axis=0), np.ptp(before, axis=0)[::-1])
    assert np.allclose(section.lies[0].back(section.at), before)


def test_sections_lie_in_their_order_and_do_not_overlap():
    study = small_study()
    wide = replace(study.parts[1], coords=study.parts[1].coords * (3, 1))
    section = OpenSection(stack({"a": study.parts[0], "b": wide, "c": study.parts[2]}))
    section.layout = Layout().moved(2, 0, 3).with_turn(1, Turn(1))
    boxes = [(section.at[rows].min(axis=0), section.at[rows].max(axis=0)) for rows in section.dataset.sections]
    assert section.layout.order_of(3) == (2, 0, 1)
    for left, right in ((2, 0), (0, 1)):
        assert boxes[left][1][0] < boxes[right][0][0]
    assert np.allclose([box[0][1] for box in boxes], boxes[0][0][1])


def test_a_layout_goes_back_to_none_and_what_was_written_is_read_again():
    layout = Layout().moved(2, 0, 3)
    assert layout.moved(2, 2, 3) == Layout()
    assert Layout().with_turn(1, Turn(3, True)).with_turn(1, Turn()) == Layout()
    study = small_study()
    layout = layout.with_turn(1, Turn(3, True))
    assert Layout.read(layout.plain, study) == layout
    assert Layout.read({"order": [1, 0], "turns": {"7": [1, False]}}, study) == Layout()  # of another study


def test_a_layout_of_no_change_lies_as_the_study_was_read():
    study = small_study()
    there = lies_of(study, Layout(order=(0, 1, 2)))
    for lie, rows in zip(there, study.sections, strict=True):
        assert np.allclose(lie.of(study.coords[rows]), study.coords[rows])
