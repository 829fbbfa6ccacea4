"""Spots beside the image are put back onto it; spots on it are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi.data import placement
from napari_trsmi.data.dataset import TissueImage


@pytest.fixture(scope="module")
def sample():
    return nt.read(nt.sample_path())


def size(dataset):
    """Width and height of the image in the unit of the coordinates."""
    return np.array(dataset.image.pixels.shape[1::-1]) / dataset.image.scale


FAULTS = {
    "flipping y": lambda xy, size: xy * [1, -1],
    "flipping x and y": lambda xy, size: -xy,
    "dividing by 2": lambda xy, size: xy * 2,
    "dividing by 3.33": lambda xy, size: xy / 0.3,
    "flipping y and dividing by 2": lambda xy, size: 2 * (xy * [1, -1] + [0, size[1]]),
}


@pytest.mark.parametrize("steps", FAULTS)
def test_a_usual_fault_is_found_and_mended(sample, steps):
    wrong = replace(sample, coords=FAULTS[steps](sample.coords, size(sample)))
    found = placement.check(wrong)
    assert f"outside the image; {steps} puts 100% inside." in found.sentence
    mended = placement.apply(wrong, found)
    assert np.allclose(mended.coords * mended.image.scale, sample.coords * sample.image.scale)
    assert mended.notes[-1] == f"Spots were placed on the image by {steps}."


def test_exchanged_axes_are_found_where_spots_leave_the_image(sample):
    pixels = sample.image.pixels[:400]
    upper = sample.coords[:, 1] * sample.image.scale < 400
    rows = np.flatnonzero(upper)
    wide = replace(sample, coords=sample.coords[rows][:, ::-1], image=TissueImage(pixels, sample.image.scale))
    found = placement.check(wide)
    assert found.steps == ("swapping x and y",)
    assert np.allclose(placement.apply(wide, found).coords, sample.coords[rows])


def test_pixels_of_the_image_as_coordinates_mend_the_spot_size_too(sample):
    scale = sample.image.scale
    wrong = replace(sample, coords=sample.coords * [scale, -scale])
    mended = placement.apply(wrong, placement.check(wrong))
    assert mended.image.scale == pytest.approx(1.0)
    assert mended.spot_diameter == pytest.approx(sample.spot_diameter * scale)


def test_an_unknown_factor_is_estimated_from_the_tissue(sample):
    found = placement.check(replace(sample, coords=sample.coords * 7))
    assert found.factor == pytest.approx(1 / 7, rel=0.05)
    assert found.after == 1.0


def test_spots_on_the_image_are_left_alone(sample):
    assert placement.check(sample) is None


MIRRORED = {
    "flipping x": lambda xy, size: [size[0], 0] + xy * [-1, 1],
    "flipping y": lambda xy, size: [0, size[1]] + xy * [1, -1],
    "flipping x and y": lambda xy, size: size - xy,
    "multiplying by 3.33": lambda xy, size: 0.3 * xy,
    "flipping y and multiplying by 2": lambda xy, size: 0.5 * ([0, size[1]] + xy * [1, -1]),
}


@pytest.mark.parametrize("steps", MIRRORED)
def test_spots_inside_the_image_that_do_not_follow_the_tissue_are_noticed(sample, steps):
    wrong = replace(sample, coords=MIRRORED[steps](sample.coords, size(sample)))
    found = placement.check(wrong)
    assert f"much better after {steps}: agreement 0.99 instead of 0." in found.sentence
    mended = placement.apply(wrong, found)
    assert np.allclose(mended.coords * mended.image.scale, sample.coords * sample.image.scale)
    assert placement.check(mended) is None


def test_pixels_of_another_resolution_are_noticed_also_where_they_huddle_in_a_corner(sample):
    image = TissueImage(sample.image.pixels[::4, ::4], sample.image.scale / 4)
    hires = 0.3 * image.scale**-1
    found = placement.check(replace(sample, coords=sample.coords / hires, image=image))
    assert found.factor == pytest.approx(hires)


def test_spots_that_a_person_turned_by_hand_are_left_alone(sample):
    turned = placement.apply(sample, placement.turned(sample, "y"))
    assert placement.check(turned) is None


def test_spots_that_fill_a_rectangle_say_nothing_about_their_orientation(sample):
    full = np.stack(np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 1, 40)), axis=-1).reshape(-1, 2)
    assert placement.check(replace(sample, coords=full * size(sample))) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_part_of_a_section_in_its_place_raises_nothing(sample, seed):
    rng = np.random.default_rng(seed)
    near = np.hypot(*(sample.coords - sample.coords[rng.integers(sample.n_spots)]).T)
    part = near < rng.uniform(0.2, 0.5) * np.ptp(sample.coords)
    assert placement.check(replace(sample, coords=sample.coords[part])) is None


def test_without_an_image_there_is_nothing_to_check(sample):
    assert placement.check(replace(sample, image=None)) is None


def test_a_plain_picture_and_one_spot_raise_nothing(sample):
    plain = TissueImage(np.full((40, 60, 3), 255, np.uint8), 1.0)
    for coords in (np.array([[500.0, 500.0]]), np.array([[-5.0, -5.0], [-50.0, -30.0], [-20.0, -10.0]])):
        found = placement.check(replace(sample, coords=coords, image=plain))
        assert found is None or found.after >= placement.MOSTLY


@pytest.mark.parametrize("change", ["x", "y", "swap"])
def test_a_turn_done_twice_is_undone(sample, change):
    for dataset in (sample, replace(sample, image=None)):
        once = placement.apply(dataset, placement.turned(dataset, change))
        twice = placement.apply(once, placement.turned(once, change))
        assert not np.allclose(once.coords, dataset.coords)
        assert np.allclose(twice.coords, dataset.coords)


@pytest.mark.parametrize("swap", [False, True])
def test_the_matrix_and_the_shift_say_where_spots_are_put(sample, swap):
    for about in ((None, None), (5.0, None), (None, 7.0), (5.0, 7.0)):
        how = placement.Placement(swap, *about)
        assert np.allclose(sample.coords @ how.matrix.T + how.shift, placement.apply(sample, how).coords)


def test_a_flip_keeps_the_spots_on_the_image(sample):
    flipped = placement.apply(sample, placement.turned(sample, "x"))
    assert np.allclose(flipped.coords[:, 0] + sample.coords[:, 0], size(sample)[0])


def test_placing_does_not_change_what_was_given(sample):
    before = sample.coords.copy()
    placement.apply(sample, placement.Placement(swap=True, flip_x=1.0, flip_y=2.0, factor=3.0))
    assert np.array_equal(sample.coords, before)
