"""A Xenium folder in a window: the tissue in its resolutions, and cells that get their outlines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xenium_by_hand as by_hand
from napari.layers import Image, Labels, Points

from napari_trsmi.data.readers import read
from napari_trsmi.gui.session.state import OpenSection, Shown
from napari_trsmi.gui.viewer import layers, raster
from napari_trsmi.gui.viewer.looks import look
from napari_trsmi.gui.viewer.outlining import OutlineJob
from napari_trsmi.gui.viewer.reader import get_reader
from napari_trsmi.gui.viewer.sections import put_in_place
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return by_hand.write_folder(tmp_path_factory.mktemp("xenium") / "region")


def wait_for_outlines(qtbot, session):
    qtbot.waitUntil(lambda: look(session.section).raster is not None and not session.busy.sign, timeout=20_000)


def test_the_folder_and_its_manifest_are_ours(folder, tmp_path):
    assert get_reader(str(folder)) is get_reader(str(folder / "experiment.xenium")) is not None
    (tmp_path / "other").mkdir()
    assert get_reader(str(tmp_path / "other")) is None
    assert get_reader(str(tmp_path / "missing")) is None
    assert get_reader([str(folder), "he.ome.tif"]) is not None
    assert get_reader("he.ome.tif") is None


def test_the_tissue_has_a_layer_for_each_stain_in_its_resolutions(folder):
    section = OpenSection(read(folder))
    stains = layers.image_layers(section)
    assert [settings["name"] for _, settings, _ in stains] == ["dapi", "stain"]
    for number, (data, settings, kind) in enumerate(stains):
        assert kind == "image"
        assert [level.shape for level in data] == [(600, 640), (300, 320), (150, 160)]
        assert settings["scale"] == pytest.approx((by_hand.PIXEL, by_hand.PIXEL))
        low, high = settings["contrast_limits"]
        assert (low, high) == pytest.approx(np.percentile(by_hand.stain(number)[::4, ::4], (0.1, 99.8)))


def test_a_tissue_whose_files_are_gone_is_shown_small(folder):
    dataset = read(folder)
    gone = replace(dataset.image, pyramid=replace(dataset.image.pyramid, paths=(folder / "gone.tif",)))
    ((data, settings, _),) = layers.image_layers(OpenSection(replace(dataset, image=gone)))
    assert data is gone.pixels
    assert settings["scale"] == pytest.approx((by_hand.PIXEL, by_hand.PIXEL))


@pytest.mark.slow
def test_cells_are_discs_first_and_then_have_outlines(viewer, folder, qtbot):
    session = session_of(viewer)
    put_in_place(session, section := OpenSection(read(folder)), [])
    assert isinstance(session.canvas.layer("spots"), Points)
    shown = Shown(np.arange(by_hand.N_CELLS) % 3, ("a", "b", "c"), ("#ff0000", "#00ff00", "#0000ff"))
    session.show(shown)
    wait_for_outlines(qtbot, session)
    spots, domains = session.canvas.layer("spots"), session.canvas.layer("domains")
    assert (type(spots), type(domains)) == (Image, Labels)
    assert [layer.name for layer in viewer.layers] == ["dapi", "stain", "region spots", "region domains"]
    assert (spots.visible, domains.visible) == (False, True)
    assert session.section is section
    x, y = by_hand.places()[40]
    assert session.canvas.pointing.spot_at((y + 3.9, x)) == 40
    assert session.canvas.pointing.spot_at((y + 4.2, x)) is None
    assert domains.get_value((y, x), world=True) == 40 % 3 + 1


@pytest.mark.slow
def test_many_cells_are_drawn_as_far_as_they_are_seen(viewer, folder, qtbot, monkeypatch):
    monkeypatch.setattr(raster, "MAX_SIDE", 100)
    monkeypatch.setattr("napari_trsmi.gui.viewer.cells.MAX_SIDE", 100)
    monkeypatch.setattr(raster, "CANVAS", 60)
    session = session_of(viewer)
    put_in_place(session, OpenSection(read(folder)), [])
    wait_for_outlines(qtbot, session)
    labels = np.arange(by_hand.N_CELLS) % 3
    session.show(Shown(labels, ("a", "b", "c"), ("#ff0000", "#00ff00", "#0000ff")))
    domains, (x, y) = session.canvas.layer("domains"), by_hand.places()[40]
    assert domains.multiscale
    assert session.canvas.layer("spots").multiscale
    place = tuple(np.round(domains.world_to_data((y, x))).astype(int))
    assert domains.data[0][place] == 40 % 3 + 1
    session.show(Shown((labels + 1) % 3, ("a", "b", "c"), ("#ff0000", "#00ff00", "#0000ff"), epoch=2))
    assert domains.data[0][place] == 41 % 3 + 1
    assert session.canvas.layer("domains") is domains
    session.set_hidden(frozenset({0}))
    assert session.canvas.pointing.spot_at((y, x)) == 40


def test_outlines_of_a_section_that_is_gone_are_given_up(folder):
    job = OutlineJob(OpenSection(read(folder)))
    job.drop()
    assert job.work() is None


def test_cells_that_a_person_moved_have_no_outlines(folder):
    from napari_trsmi.data.placement import apply, turned

    dataset = read(folder)
    assert apply(dataset, turned(dataset, "x")).outlines is None
