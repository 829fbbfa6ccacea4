"""The canvas in a real viewer: what is on it follows the session."""

from __future__ import annotations

import gc
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest
from napari.layers import Layer, Points
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer import layers, raster
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.sessions import session_of


def opened(viewer, section):
    """Put the layers of a section into the viewer and return the session."""
    session = session_of(viewer)
    for data in layers.section_layers(section):
        viewer.add_layer(Layer.create(*data))
    return session


def shown(dataset, n=3, epoch=1):
    colors = tuple(f"#{40 * k % 256:02x}8000" for k in range(n))
    return Shown(np.arange(dataset.n_spots) % n, tuple(str(k + 1) for k in range(n)), colors, epoch)


def roles(viewer):
    return [layer.metadata["trsmi"]["role"] for layer in viewer.layers]


def seen(viewer, section):
    return {
        layer.metadata["trsmi"]["role"]
        for layer in viewer.layers
        if layer.visible and layer.metadata["trsmi"]["section"] is section
    }


@pytest.fixture
def section(sample):
    return OpenSection(sample)


@pytest.fixture
def session(viewer, section):
    return opened(viewer, section)


@pytest.mark.slow
def test_a_section_is_opened_to_fill_the_canvas_with_a_scale_bar(viewer, session, section):
    assert session.section is section
    assert roles(viewer) == ["image", "spots"]
    assert viewer.canvas.overlays.scale_bar.visible
    bottom, right = (np.array(section.dataset.image.pixels.shape[:2]) - 0.5) * viewer.layers[0].scale
    share = np.array([bottom, right]) * viewer.scene.camera.zoom / viewer.canvas.size
    assert share.max() == pytest.approx(0.96, abs=0.02)
    assert viewer.layers.selection.active is viewer.layers["trsmi_slice spots"]


def test_a_section_with_a_result_opens_with_one_domains_layer(viewer, trained):
    section = OpenSection(trained.dataset, trained)
    session = opened(viewer, section)
    assert roles(viewer) == ["image", "spots", "domains"]
    assert seen(viewer, section) == {"image", "domains"}
    assert session.shown.names == trained.names


@pytest.mark.slow
def test_domains_are_drawn_between_the_spots_and_what_lies_above(viewer, session, section):
    viewer.add_points(np.zeros((1, 2)), metadata=layers.mark(section, "boundaries"))
    session.show(shown(section.dataset))
    assert roles(viewer) == ["image", "spots", "domains", "boundaries"]
    domains = session.canvas.layer("domains")
    session.show(shown(section.dataset, n=4))
    assert session.canvas.layer("domains") is domains
    assert domains.face_color[3] == pytest.approx([120 / 255, 128 / 255, 0, 1])
    assert list(domains.features["domain"][:4]) == ["1", "2", "3", "4"]


@pytest.mark.slow
def test_hidden_domains_are_clear_and_stay_so_in_the_next_preview(viewer, session, section):
    session.show(shown(section.dataset))
    session.set_hidden(frozenset({1}))
    alpha = session.canvas.layer("domains").face_color[:, 3]
    assert alpha[:3].tolist() == [1, 0, 1]
    session.show(shown(section.dataset, n=4))
    assert session.canvas.layer("domains").face_color[:4, 3].tolist() == [1, 0, 1, 1]


def test_a_coloring_takes_the_place_of_the_domains_until_it_goes(viewer, session, section):
    session.show(shown(section.dataset))
    assert seen(viewer, section) == {"image", "domains"}
    session.color(Coloring("x", section.dataset.coords[:, 0]))
    spots = session.canvas.layer("spots")
    assert seen(viewer, section) == {"image", "spots"}
    assert len(np.unique(spots.face_color, axis=0)) > 50
    assert viewer.layers.selection.active is spots
    session.show(shown(section.dataset, n=4))
    assert seen(viewer, section) == {"image", "spots"}
    session.color(None)
    assert seen(viewer, section) == {"image", "domains"}
    assert len(np.unique(spots.face_color, axis=0)) == 1


@pytest.mark.slow
def test_new_domains_leave_what_a_person_chose_to_see(viewer, session, section):
    session.show(shown(section.dataset))
    session.canvas.layer("image").visible = session.canvas.layer("domains").visible = False
    session.show(shown(section.dataset, n=4))
    session.set_hidden(frozenset({0}))
    assert seen(viewer, section) == set()


@pytest.mark.slow
def test_domains_of_a_cancelled_first_run_are_gone(viewer, session, section):
    session.show(shown(section.dataset))
    session.show(None)
    assert roles(viewer) == ["image", "spots"]
    assert seen(viewer, section) == {"image", "spots"}


def test_a_second_section_takes_the_place_of_the_first_and_gives_it_back(viewer, session, section):
    session.canvas.layer("image").visible = False
    session.color(Coloring("x", section.dataset.coords[:, 0]))
    second = OpenSection(replace(section.dataset, image=None, microns_per_unit=None))
    opened(viewer, second)
    assert session.section is second
    assert (seen(viewer, section), seen(viewer, second)) == (set(), {"spots"})
    session.activate(section)
    assert (seen(viewer, section), seen(viewer, second)) == ({"spots"}, set())
    assert len(np.unique(session.canvas.layer("spots").face_color, axis=0)) == 1


@pytest.mark.slow
def test_removing_a_section_activates_another_one_and_then_none(viewer, session, section, qtbot):
    first = section
    second = OpenSection(replace(section.dataset, image=None))
    opened(viewer, second)
    session.select_spot(3)
    viewer.layers.remove(session.canvas.layer("spots"))
    assert session.section is first
    qtbot.waitUntil(lambda: roles(viewer) == ["image", "spots"])
    session.select_spot(3)
    viewer.layers.select_all()
    viewer.layers.remove_selected()
    assert session.section is None
    assert len(viewer.layers) == 0


@pytest.mark.slow
def test_sections_come_and_go_without_a_trace(viewer, sample, qtbot):
    kept = []
    for _ in range(3):
        section = OpenSection(replace(sample, image=None))
        session = opened(viewer, section)
        session.show(shown(sample))
        session.color(Coloring("x", sample.coords[:, 0]))
        session.select_spot(5)
        for role in ("spots", "domains"):
            viewer.layers.remove(session.canvas.layer(role))
        qtbot.waitUntil(lambda: len(viewer.layers) == 0)
        assert session.section is None
        kept.append(ref(section))
        del section
    gc.collect()
    assert [section() for section in kept] == [None, None, None]


# Clicks


def canvas_widget(viewer):
    """The widget on which napari draws."""
    found = [w for w in QApplication.allWidgets() if type(w).__name__ == "CanvasBackendDesktop" and w.isVisible()]
    assert len(found) == 1
    return found[0]


def click(viewer, qtbot, place, drag=0):
    """Press and release the mouse over a place (row, column) in the world, `drag` pixels apart."""
    viewer.scene.camera.center = place
    widget = canvas_widget(viewer)
    middle = widget.rect().center()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=middle)
    end = middle + QPoint(drag, 0)
    if drag:
        qtbot.mouseMove(widget, end)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


@pytest.mark.parametrize("n_spots", [1000, 10_000])
def test_a_click_selects_the_spot_under_it(viewer, sample, qtbot, monkeypatch, n_spots):
    monkeypatch.setattr(raster, "RASTER_ABOVE", n_spots)
    session = opened(viewer, OpenSection(sample))
    viewer.scene.camera.zoom = 1.0
    spots = session.canvas.layer("spots")
    unit, _ = layers.world(sample)
    place = sample.coords[1200, ::-1] * unit
    click(viewer, qtbot, place)
    assert session.spot == 1200
    ring = session.canvas.layer("spot")
    assert (type(ring), ring.visible) == (Points, True)
    assert ring.data_to_world(ring.data[0]) == pytest.approx(place)
    assert viewer.layers.selection.active is spots
    click(viewer, qtbot, sample.coords[7, ::-1] * unit)
    assert session.spot == 7
    click(viewer, qtbot, place, drag=50)
    assert session.spot == 7
    click(viewer, qtbot, (-500, -500))
    assert session.spot is None
    assert not ring.visible


def test_spots_that_are_small_have_no_gaps_to_click_into(session, section):
    unit, _ = layers.world(section.dataset)
    at = section.dataset.coords[:, ::-1] * unit
    near = np.argsort(np.hypot(*(at - at[1200]).T))[1]
    session.canvas.viewer.scene.camera.zoom = 8 / np.hypot(*(at[near] - at[1200]))  # 8 pixels from spot to spot
    assert session.canvas.pointing.spot_at(0.55 * at[1200] + 0.45 * at[near]) == 1200
    assert session.canvas.pointing.spot_at(0.45 * at[1200] + 0.55 * at[near]) == near
    assert session.canvas.pointing.spot_at(at.min(axis=0) - 200) is None


@pytest.mark.slow
def test_between_spots_there_is_nothing_to_click(session, section):
    session.canvas.viewer.scene.camera.zoom = 1.0
    unit, _ = layers.world(section.dataset)
    row, column = section.dataset.coords[9, ::-1] * unit
    reach = section.dataset.spot_diameter / 2 * unit
    assert session.canvas.pointing.spot_at((row + 0.98 * reach, column)) == 9
    assert session.canvas.pointing.spot_at((row + 1.02 * reach, column)) is None


# Many spots


@pytest.mark.slow
def test_the_raster_follows_domains_hidden_ones_and_colorings(viewer, section, monkeypatch):
    monkeypatch.setattr(raster, "RASTER_ABOVE", 1000)
    session, dataset = opened(viewer, section), section.dataset
    numbers = look(section).raster.spots
    session.show(shown(dataset))
    domains, spots = session.canvas.layer("domains"), session.canvas.layer("spots")
    for n in (4, 300, 5):
        session.show(shown(dataset, n=n))
        assert np.array_equal(domains.data, np.where(numbers < 0, 0, numbers % n + 1))
        assert list(domains.features["domain"]) == [str(k + 1) for k in range(n)]
    session.set_hidden(frozenset({2}))
    assert [domains.colormap.map(value)[3] for value in range(6)] == [0, 1, 1, 0, 1, 1]
    session.color(Coloring("x", dataset.coords[:, 0], "gray"))
    red = spots.data[..., 0].astype(float)
    x = np.where(numbers < 0, 0, dataset.coords[numbers, 0])
    assert np.corrcoef(red[numbers >= 0], x[numbers >= 0])[0, 1] > 0.999
    assert seen(viewer, section) == {"image", "spots"}


@pytest.mark.slow
def test_a_raster_with_a_result_opens_and_comes_back_while_napari_shows_3d(viewer, trained, monkeypatch):
    monkeypatch.setattr(raster, "RASTER_ABOVE", 1000)
    viewer.dims.ndisplay = 3
    section = OpenSection(trained.dataset, trained)
    session = opened(viewer, section)
    assert seen(viewer, section) == {"image", "domains"}
    viewer.layers.remove(session.canvas.layer("spots"))
    session.canvas.removed.bring_back()
    assert roles(viewer) == ["image", "spots", "domains"]
    assert seen(viewer, section) == {"image", "domains"}


@pytest.mark.slow
def test_a_canvas_without_its_viewer_hears_nothing(viewer, session, section):
    session.canvas._viewer = lambda: None
    session.show(shown(section.dataset))
    session.color(Coloring("x", section.dataset.coords[:, 0]))
    session.select_spot(3)


@pytest.mark.slow
def test_the_tissue_steps_back_once_when_domains_appear_and_then_belongs_to_the_person(viewer, session, section):
    tissue = session.canvas.layer("image")
    assert tissue.opacity == 1
    session.show(shown(section.dataset))
    assert tissue.opacity == layers.DIMMED
    tissue.opacity = 0.9
    session.show(shown(section.dataset, epoch=2))
    session.color(Coloring("x", np.arange(section.dataset.n_spots, dtype=float)))
    assert tissue.opacity == 0.9
