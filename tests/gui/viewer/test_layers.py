"""Layers as napari makes them of the tuples; no window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Layer

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer import layers, raster
from napari_trsmi.gui.viewer.looks import look

RED, GREEN, BLUE = (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1)


def made(data) -> Layer:
    return Layer.create(*data)


def on_grid(dataset, step, diameter=None):
    """Return `dataset` with its spots as 50 rows of 50."""
    rows, columns = np.divmod(np.arange(dataset.n_spots), 50)
    return replace(dataset, coords=np.column_stack([columns, rows]) * step, spot_diameter=diameter, image=None)


def thirds(dataset) -> Shown:
    return Shown(np.arange(dataset.n_spots) % 3, ("Cortex", "Medulla", "Rim"), ("#ff0000", "#00ff00", "#0000ff"))


@pytest.fixture
def many(monkeypatch) -> None:
    """Let the sample count as many spots."""
    monkeypatch.setattr(raster, "RASTER_ABOVE", 1000)


@pytest.mark.parametrize("scale", [0.037, 1.7])
def test_a_spot_lies_on_its_place_in_the_image(sample, scale):
    off_centre = np.zeros((30, 50, 3), np.uint8)
    dataset = replace(sample, image=TissueImage(off_centre, scale), microns_per_unit=0.42)
    image, spots = (made(data) for data in layers.section_layers(OpenSection(dataset)))
    for row in (0, 1234):
        place = image.world_to_data(spots.data_to_world(spots.data[row]))
        assert place == pytest.approx(dataset.coords[row, ::-1] * scale)


def test_a_spot_of_the_raster_lies_on_its_place_in_the_image(sample, many):
    image, spots = (made(data) for data in layers.section_layers(OpenSection(sample)))
    drawn = look(OpenSection(sample)).raster
    pixel = np.argwhere(drawn.spots == 77).mean(axis=0)
    place = image.world_to_data(spots.data_to_world(pixel))
    assert place == pytest.approx(sample.coords[77, ::-1] * sample.image.scale, abs=sample.image.scale * drawn.step[0])


def test_the_world_is_in_micrometres_where_they_are_known(sample):
    known, unknown = replace(sample, microns_per_unit=2.0), replace(sample, microns_per_unit=None)
    spots = made(layers.spots_layer(OpenSection(known)))
    assert [str(unit) for unit in spots.units] == ["micrometer", "micrometer"]
    assert spots.data_to_world(spots.data[3]) == pytest.approx(2.0 * known.coords[3, ::-1])
    spots = made(layers.spots_layer(OpenSection(unknown)))
    assert [str(unit) for unit in spots.units] == ["pixel", "pixel"]
    assert spots.data_to_world(spots.data[3]) == pytest.approx(unknown.coords[3, ::-1])


def test_spots_have_their_true_diameter(sample):
    spots = made(layers.spots_layer(OpenSection(replace(sample, spot_diameter=13.0))))
    assert spots.size == pytest.approx(13.0)
    assert {str(symbol) for symbol in spots.symbol} == {"disc"}
    assert (spots.border_width == 0).all()


def test_bins_of_a_square_grid_are_squares_without_gaps(sample):
    bins = made(layers.spots_layer(OpenSection(on_grid(sample, 4.0))))
    assert {str(symbol) for symbol in bins.symbol} == {"square"}
    assert bins.size.min() >= 4.0
    assert bins.size.max() < 4.1
    apart = made(layers.spots_layer(OpenSection(on_grid(sample, 4.0, diameter=2.0))))
    assert {str(symbol) for symbol in apart.symbol} == {"disc"}
    assert apart.size == pytest.approx(2.0)


def test_bins_of_a_square_grid_are_pixels_long_before_discs_are(sample, monkeypatch):
    monkeypatch.setattr(raster, "GRID_ABOVE", 1000)
    section = OpenSection(on_grid(sample, 4.0))
    bins = made(layers.spots_layer(section, Coloring("x", sample.coords[:, 0])))
    assert (type(bins).__name__, bins.data.shape) == ("Image", (50, 50, 4))
    assert bins.data.reshape(-1, 4) / 255 == pytest.approx(
        layers.spot_colors(section, Coloring("x", sample.coords[:, 0])), abs=0.003
    )
    square = made(layers._points(section, layers.SPOTS, np.array(layers.CLEAR), None))
    assert bins.extent.world[:, :] == pytest.approx(square.extent.world, abs=2.1)  # napari ends points at their middles
    apart = made(layers.spots_layer(OpenSection(on_grid(sample, 4.0, diameter=2.0))))
    assert type(apart).__name__ == "Points"


def test_domains_are_in_their_colours_and_hidden_ones_are_clear(sample):
    shown = thirds(sample)
    shown.labels[5] = -1
    domains = made(layers.domains_layer(OpenSection(sample), shown, frozenset({1, 99})))
    assert domains.face_color[:3] == pytest.approx(np.array([RED, (0, 1, 0, 0), BLUE]))
    assert domains.face_color[5, 3] == 0


def test_many_spots_are_one_image_and_one_labels_layer(sample, many):
    shown, section = thirds(sample), OpenSection(sample)
    spots, domains = made(layers.spots_layer(section)), made(layers.domains_layer(section, shown, frozenset({1})))
    assert (type(spots).__name__, type(domains).__name__) == ("Image", "Labels")
    numbers = look(section).raster.spots
    assert np.array_equal(domains.data, np.where(numbers < 0, 0, numbers % 3 + 1))
    assert [tuple(domains.colormap.map(value)) for value in range(4)] == [(0, 0, 0, 0), RED, (0, 1, 0, 0), BLUE]
    assert np.array_equal(spots.data[..., 3] > 0, numbers >= 0)


def test_numbers_take_colours_between_their_limits_and_nan_is_grey(sample):
    values = np.full(sample.n_spots, 5.0)
    values[:4] = [np.nan, -7.0, 2.0, 99.0]
    colors = layers.spot_colors(OpenSection(sample), Coloring("Cd3e", values, "gray", (0.0, 4.0)))
    assert colors[:4, 0] == pytest.approx([0.5, 0.0, 0.5, 1.0], abs=0.01)
    assert (colors[:, 3] == 1).all()


@pytest.mark.parametrize("value", [3.0, np.nan])
def test_equal_numbers_can_be_shown(sample, value):
    colors = layers.spot_colors(OpenSection(sample), Coloring("flat", np.full(sample.n_spots, value)))
    assert np.isfinite(colors).all()


def test_mixes_and_categories_take_their_own_colours(sample):
    section = OpenSection(sample)
    mix = np.zeros((sample.n_spots, 3))
    mix[:3] = [[1, 0, 0], [0, 2, 0], [np.nan, 1, 1]]
    assert layers.spot_colors(section, Coloring("mix", mix))[:3] == pytest.approx(
        np.array([RED, GREEN, layers.NO_VALUE])
    )
    codes = np.zeros(sample.n_spots, int)
    codes[:2] = [1, -1]
    kinds = Coloring("layer", codes, colors=("#ff0000", "#0000ff"), names=("L1", "L2"))
    assert layers.spot_colors(section, kinds)[:3] == pytest.approx(np.array([BLUE, layers.NO_VALUE, RED]))


@pytest.mark.parametrize("n_spots", [1000, 10_000])
def test_a_coloring_looks_the_same_on_points_and_raster(sample, monkeypatch, n_spots):
    coloring = Coloring("x", sample.coords[:, 0])
    section = OpenSection(sample)
    monkeypatch.setattr(raster, "RASTER_ABOVE", n_spots)
    spots = made(layers.spots_layer(section, coloring))
    wanted = layers.spot_colors(section, coloring)[77]
    if n_spots == 1000:
        seen = spots.data[look(section).raster.spots == 77] / 255
        assert seen == pytest.approx(np.tile(wanted, (len(seen), 1)), abs=0.003)
    else:
        assert spots.face_color[77] == pytest.approx(wanted)


def test_a_spot_says_its_barcode_its_domain_and_how_sure_that_is(trained):
    section = OpenSection(trained.dataset, trained)
    *_, spots, domains = (made(data) for data in layers.section_layers(section))
    row = 40
    status = domains.get_status(domains.data_to_world(domains.data[row]), world=True)["value"]
    assert f"barcode: {trained.obs_names[row]}" in status
    assert f"domain: {trained.names[trained.labels[row]]}" in status
    assert f"runner-up: {trained.names[trained.partition.runner_up[row]]}" in status
    assert "certainty: " in status
    assert (domains.visible, spots.visible) == (True, False)


def test_a_preview_claims_no_certainty(trained):
    section = OpenSection(trained.dataset, trained)
    preview = Shown(trained.labels, trained.names, trained.palette, epoch=4)
    assert list(layers.domain_features(section, preview)) == ["barcode", "domain"]


def test_a_coloured_spot_says_its_value(sample):
    coloring = Coloring("Cd3e (rna)", np.arange(sample.n_spots) / 4)
    spots = made(layers.spots_layer(OpenSection(sample), coloring))
    assert "Cd3e (rna): 2.5" in spots.get_status(spots.data_to_world(spots.data[10]), world=True)["value"]


def test_the_raster_says_the_domain(sample, many):
    section = OpenSection(sample)
    domains = made(layers.domains_layer(section, thirds(sample)))
    pixel = np.argwhere(look(section).raster.spots == 4)[0]
    status = domains.get_status(domains.data_to_world(pixel), world=True)["value"]
    assert "domain: Medulla" in status
    assert "spots: 833" in status
