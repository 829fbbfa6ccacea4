"""A study on the canvas: sections side by side, each with its image and name, all spots in one layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import add
from small_study import small_study

from napari_trsmi.data.dataset import TissueImage
from napari_trsmi.data.study import stack
from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer import layers, looks, raster
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.side_by_side import cut_out


@pytest.fixture
def study():
    return OpenSection(small_study())


@pytest.fixture
def viewer_alone():
    return ViewerModel()


def shown_of(dataset):
    return Shown(np.arange(dataset.n_spots) % 3, ("1", "2", "3"), ("#ff0000", "#00ff00", "#0000ff"))


def test_a_study_opens_with_an_image_for_each_section_that_has_one_names_and_all_spots(study):
    made = layers.section_layers(study)
    assert [one["name"] for _, one, _ in made] == ["a tissue", "c tissue", "study names", "study spots"]
    assert len(made[-1][0]) == study.dataset.n_spots


def test_an_image_lies_where_its_section_does(study):
    dataset = study.dataset
    image = layers.image_layers(study)[1]
    unit, _ = layers.world(dataset)
    spot = dataset.sections[2][7]
    rows, columns = cut_out(dataset, 2)
    own = dataset.parts[2].coords[7] * dataset.parts[2].image.scale - (columns.start, rows.start)  # pixels, x and y
    at = np.array(image[1]["translate"]) + own[::-1] * image[1]["scale"]
    assert at == pytest.approx(dataset.coords[spot, ::-1] * unit)


def test_an_image_ends_before_the_next_section(study):
    dataset = study.dataset
    wide = replace(dataset.parts[0], image=TissueImage(np.zeros((1300, 1300, 3), np.uint8), 0.05))
    found = OpenSection(stack({"wide": replace(wide, coords=wide.coords + 20_000), "next": dataset.parts[1]}))
    (pixels, settings, _), *_ = layers.image_layers(found)
    unit, _ = layers.world(found.dataset)
    ends = (settings["translate"][1] + pixels.shape[1] * settings["scale"][1]) / unit
    first, second = (found.dataset.coords[rows, 0] for rows in found.dataset.sections)
    assert first.max() < ends < second.min()


def test_names_stand_above_their_sections(study):
    corners, settings, _ = layers.names_layer(study)
    for corner, rows in zip(corners, study.dataset.sections, strict=True):
        low = study.dataset.coords[rows].min(axis=0)
        assert corner[0] < low[1]
        assert corner[1] <= low[0]
    assert settings["features"]["section"].tolist() == ["a", "b", "c"]


def test_spots_of_sections_with_another_unit_are_drawn_at_true_size():
    one, other, _ = small_study().parts
    fine = stack(
        {
            "one": replace(one, microns_per_unit=1.0, spot_diameter=10.0),
            "other": replace(other, microns_per_unit=0.5, spot_diameter=10.0),
        }
    )
    found = look(OpenSection(fine))
    assert found.sizes[[0, -1]].tolist() == [10.0, 5.0]


def test_hidden_sections_are_gone_and_come_back(viewer_alone, study):
    session = session_of(viewer_alone)
    add(viewer_alone, study)
    session.show(shown_of(study.dataset))
    domains, spots = (session.canvas.layer(role) for role in ("domains", "spots"))
    session.parts.hide(frozenset({0}))
    for layer in (domains, spots):
        assert np.array_equal(layer.face_color[:, 3] > 0, study.dataset.section != 0)
    assert [layer.visible for layer in viewer_alone.layers if "tissue" in layer.name] == [False, True]
    assert session.canvas.layer("names").text.values.tolist() == ["", "b", "c"]
    unit, _ = layers.world(study.dataset)
    at = study.dataset.coords[:, ::-1] * unit
    assert session.canvas.pointing.spot_at(at[3]) is None
    assert session.canvas.pointing.spot_at(at[-1]) == study.dataset.n_spots - 1
    session.parts.hide(frozenset())
    assert (domains.face_color[:, 3] > 0).all()
    assert session.canvas.layer("names").text.values.tolist() == ["a", "b", "c"]


def test_hidden_sections_are_clear_in_a_raster(viewer_alone, study, monkeypatch):
    monkeypatch.setattr(raster, "RASTER_ABOVE", 10)
    monkeypatch.setattr(raster, "MAX_SIDE", 200)
    session = session_of(viewer_alone)
    add(viewer_alone, study)
    session.show(shown_of(study.dataset))
    session.color(Coloring("x", study.dataset.coords[:, 0]))
    session.parts.hide(frozenset({1}))
    numbers = look(study).raster.spots
    gone = (numbers >= 0) & (study.dataset.section[numbers] == 1)
    assert gone.any()
    labels, spots = (session.canvas.layer(role).data for role in ("domains", "spots"))
    assert not labels[gone].any()
    assert not spots[gone].any()
    assert labels[(numbers >= 0) & ~gone].all()


def test_another_section_in_front_keeps_what_was_hidden(viewer_alone, study):
    session = session_of(viewer_alone)
    add(viewer_alone, study)
    session.parts.hide(frozenset({2}))
    add(viewer_alone, OpenSection(small_study().parts[0]))
    assert session.parts.names == ()
    assert session.parts.hidden == frozenset()
    session.activate(study)
    assert session.parts.hidden == {2}
    assert [layer.visible for layer in viewer_alone.layers if "tissue" in layer.name][:2] == [True, False]


@pytest.mark.slow
def test_squares_need_a_grid_in_every_section():
    grid = np.stack(np.meshgrid(np.arange(11.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    parts = [
        replace(part, coords=grid[: part.n_spots] if k else part.coords)
        for k, part in enumerate(small_study(110).parts)
    ]
    study = OpenSection(stack({part.name: part for part in parts}))
    assert not look(study).square
    same = OpenSection(stack({part.name: replace(part, coords=grid) for part in parts}))
    assert look(same).square
    assert looks.look(same).diameter == 1.0
