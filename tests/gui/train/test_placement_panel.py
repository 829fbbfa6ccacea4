"""Spots beside the image, and two files of the same spots: offered fixes, driven by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_trsmi.data import placement
from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of
from napari_trsmi.gui.finding.features import COLUMN
from napari_trsmi.gui.finding.last_index import LastIndex
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.join_panel import JoinPanel
from napari_trsmi.gui.train.placement_panel import TURNS, PlacementPanel, turn
from napari_trsmi.gui.viewer import looks, study_picker
from napari_trsmi.gui.viewer.layers import world
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of

PLUGIN = "napari-trsmi"


@pytest.fixture
def model():
    """A viewer without a window."""
    return ViewerModel()


@pytest.fixture
def panel(model, qtbot):
    dock = QWidget()  # the panel decides for itself whether it is seen
    QVBoxLayout(dock).addWidget(panel := PlacementPanel(session_of(model)))
    qtbot.addWidget(dock)
    dock.show()
    panel.dock = dock  # nothing else keeps it alive
    return panel


@pytest.fixture
def upside_down(sample):
    return replace(sample, coords=sample.coords * [1, -1])


def on_image(viewer, role):
    """Where the points of a layer lie in the tissue image, in its pixels."""
    layers = {layer.metadata["trsmi"]["role"]: layer for layer in viewer.layers}
    return np.array([layers["image"].world_to_data(layers[role].data_to_world(point)) for point in layers[role].data])


def test_nothing_is_to_be_seen_where_the_spots_fit(model, panel, sample):
    assert panel.isHidden()
    add(model, OpenSection(sample))
    assert panel.isHidden()


def test_apply_puts_the_spots_onto_the_image(model, panel, sample, upside_down):
    add(model, OpenSection(upside_down))
    assert panel.text.text() == "100% of the spots lie outside the image; flipping y puts 100% inside."
    names = [layer.name for layer in model.layers]
    panel.apply_button.click()
    assert panel.isHidden()
    assert np.allclose(session_of(model).dataset.coords, sample.coords)
    assert np.allclose(on_image(model, "spots"), sample.coords[:, ::-1] * sample.image.scale)
    assert [layer.name for layer in model.layers] == names


def test_a_mirrored_section_within_its_image_is_noticed_and_mended(model, panel, sample):
    width = sample.image.pixels.shape[1] / sample.image.scale
    add(model, OpenSection(replace(sample, coords=[width, 0] + sample.coords * [-1, 1])))
    assert "much better after flipping x" in panel.text.text()
    panel.apply_button.click()
    assert panel.isHidden()
    assert np.allclose(session_of(model).dataset.coords, sample.coords)


def test_a_result_keeps_its_labels_and_moves_along(model, panel, sample, trained, upside_down):
    add(model, OpenSection(upside_down, replace(trained, dataset=upside_down)))
    panel.apply_button.click()
    session = session_of(model)
    assert session.result.dataset is session.dataset
    assert np.array_equal(session.result.labels, trained.labels)
    assert np.allclose(on_image(model, "domains"), sample.coords[:, ::-1] * sample.image.scale)


def test_settings_stay_when_spots_are_placed(model, panel, quick, upside_down):
    add(model, OpenSection(upside_down))
    session_of(model).set_config(quick)
    panel.apply_button.click()
    assert session_of(model).config == quick


def test_ignore_is_remembered_for_the_section(model, panel, sample, upside_down):
    section = add(model, OpenSection(upside_down))
    panel.ignore_button.click()
    assert panel.isHidden()
    add(model, OpenSection(sample))
    session_of(model).activate(section)
    assert panel.isHidden()
    assert np.array_equal(section.dataset.coords, upside_down.coords)


def test_where_nothing_fits_it_says_so_and_offers_turns(model, panel, sample):
    beside = sample.coords + 10 * np.ptp(sample.coords)
    add(model, OpenSection(replace(sample, coords=beside)))
    assert "no flip or scale was found" in panel.text.text()
    assert panel.apply_button.isHidden()
    assert [action.text() for action in panel.turn_button.menu().actions()] == list(TURNS)


def test_a_turn_by_hand_flips_the_spots(model, panel, sample):
    add(model, OpenSection(sample))
    panel.turn_button.menu().actions()[0].trigger()
    width = sample.image.pixels.shape[1] / sample.image.scale
    assert np.allclose(session_of(model).dataset.coords[:, 0], width - sample.coords[:, 0])


@pytest.mark.parametrize(
    "change", [pytest.param("x", marks=pytest.mark.slow), pytest.param("y", marks=pytest.mark.slow), "swap"]
)
def test_a_flip_of_many_spots_works_out_nothing_anew(model, panel, trained, monkeypatch, change):
    monkeypatch.setattr(looks.raster, "RASTER_ABOVE", 50)
    monkeypatch.setattr(looks.raster, "GRID_ABOVE", 50)
    add(model, OpenSection(trained.dataset, trained))
    monkeypatch.setattr(looks, "_look", None)
    turn(session_of(model), change)
    session = session_of(model)
    unit, coords = world(session.dataset)[0], session.dataset.coords
    assert not np.allclose(coords, trained.dataset.coords)
    for spot in (3, 70, 200):
        assert session.canvas.pointing.spot_at(tuple(coords[spot, ::-1] * unit)) == spot


def aside(result):
    """How far strokes are from the middle between their two spots."""
    edges, spots = result.boundary_edges, result.dataset.coords
    ends = (edges[["x0", "y0"]].to_numpy() + edges[["x1", "y1"]].to_numpy()) / 2
    return np.linalg.norm(ends - (spots[edges["i"]] + spots[edges["j"]]) / 2, axis=1)


def middles(result, dataset):
    """How far the places that tables name are from the spots on both sides, and from the strokes of a boundary."""
    edges = result.boundary_edges
    between = (dataset.coords[edges["i"]] + dataset.coords[edges["j"]]) / 2
    strokes = edges.groupby("segment")[["x", "y"]].mean().loc[result.boundaries["segment"]]
    return np.concatenate([edges[["x", "y"]] - between, result.boundaries[["x", "y"]].to_numpy() - strokes])


@pytest.mark.parametrize("change", TURNS.values())
def test_boundaries_turn_with_the_spots_of_a_result_and_stay_in_sight(model, panel, trained, change):
    canvas, session = boundary_canvas_of(model), session_of(model)
    add(model, OpenSection(trained.dataset, trained))
    ends, before = ["x0", "y0", "x1", "y1"], aside(trained)
    last, names = np.array(canvas.layer("boundaries").data)[-1, 0], {layer.name for layer in model.layers}
    for _ in range(2):
        turn(session, change)
        assert {layer.name for layer in model.layers} == names
        kept = [entry.result for entry in session.section.runs]
        assert len(kept) == 1
        assert all(np.allclose(aside(one), before) for one in (session.result, *kept))
        assert all(np.allclose(middles(one, session.dataset), 0.0, atol=1e-3) for one in (session.result, *kept))
        assert canvas.layer("boundaries").visible
        moved = not np.allclose(np.array(canvas.layer("boundaries").data)[-1, 0], last)
        assert moved is (len(session.dataset.placed) == 1)
    assert np.allclose(session.result.boundary_edges[ends], trained.boundary_edges[ends])


def test_a_flip_keeps_the_list_of_features_and_a_new_column_renews_it(sample):
    before, own = OpenSection(sample), LastIndex()
    index = own.of(before, ())
    flipped = OpenSection(placement.apply(sample, placement.turned(sample, "x")))
    assert own.of(flipped, ()) is index
    assert own.of(flipped, ("adt",)) is not index
    changed = replace(sample, obs=sample.obs.assign(mine=1))
    assert "mine" in [one.name for one in own.of(OpenSection(changed), ()).named(COLUMN)]
    assert own.of(None, ()) is None


def test_nothing_can_be_placed_during_a_run(model, panel, upside_down):
    session = session_of(model)
    add(model, OpenSection(upside_down))
    session.run_changed.emit("running")
    assert not panel.apply_button.isEnabled()
    session.run_changed.emit("idle")
    assert panel.apply_button.isEnabled()


@pytest.fixture
def join_panel(viewer, qtbot):
    dock = QWidget()
    QVBoxLayout(dock).addWidget(panel := JoinPanel(session_of(viewer)))
    viewer.window.add_dock_widget(dock)
    return panel


@pytest.fixture
def two_files(tmp_path, make_table):
    paths = [tmp_path / "a_rna.h5ad", tmp_path / "a_adt.h5ad"]
    make_table().write_h5ad(paths[0])
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1).write_h5ad(paths[1])
    return paths


def test_files_opened_one_by_one_can_be_joined(viewer, qtbot, join_panel, two_files):
    viewer.open(two_files, plugin=PLUGIN)
    assert join_panel.text.text() == "a_rna and a_adt measure the same spots."
    join_panel.join_button.click()
    session = session_of(viewer)
    qtbot.waitUntil(lambda: session.dataset.name == "a_rna + a_adt", timeout=20_000)
    assert sorted(session.dataset.modalities) == ["adt", "rna"]
    assert [layer.name for layer in viewer.layers] == ["a_rna + a_adt spots"]
    assert join_panel.isHidden()


@pytest.mark.parametrize("button", ["join_button", "study_button"])
def test_what_was_drawn_and_flipped_goes_along(viewer, qtbot, join_panel, two_files, another, monkeypatch, button):
    study = button == "study_button"
    monkeypatch.setattr(study_picker, "choose", lambda found: ("study", found))
    session, coords = session_of(viewer), []
    for path in two_files:
        viewer.open(path, plugin=PLUGIN)
        turn(session, "x")
        coords.append(session.dataset.coords)
        rim = pd.Categorical.from_codes([0] * 10 + [-1] * (session.dataset.n_spots - 10), ["in"])
        session.annotations.put(f"rim of {path.stem}", rim, {"in": "#123456"})
    if study:
        viewer.open(another, plugin=PLUGIN)
    getattr(join_panel, button).click()
    qtbot.waitUntil(lambda: len(session.dataset.modalities) == 2, timeout=20_000)
    whole = session.dataset.parts[0] if study else session.dataset
    assert np.allclose(whole.coords, coords[0])
    for name in ("rim of a_rna", "rim of a_adt"):
        assert whole.own_columns[name] == {"in": "#123456"}
        assert (session.dataset.obs[name] == "in").sum() == 10
        assert name in session.section.unkept


@pytest.mark.slow
def test_where_a_file_is_gone_the_offer_stays(viewer, qtbot, join_panel, two_files):
    viewer.open(two_files, plugin=PLUGIN)
    content = two_files[0].read_bytes()
    two_files[0].unlink()
    session = session_of(viewer)
    session.failed.disconnect()
    with qtbot.waitSignal(session.failed, timeout=20_000) as told:
        join_panel.join_button.click()
    assert "found nothing. Check the path." in told.args[0]
    qtbot.waitUntil(join_panel.isVisible)
    assert len(viewer.layers) == 2
    two_files[0].write_bytes(content)
    join_panel.join_button.click()
    qtbot.waitUntil(lambda: session.dataset.name == "a_rna + a_adt", timeout=20_000)


@pytest.mark.slow
def test_files_kept_apart_stay_so(viewer, join_panel, two_files):
    viewer.open(two_files, plugin=PLUGIN)
    join_panel.apart_button.click()
    assert join_panel.isHidden()
    assert len(viewer.layers) == 2


@pytest.mark.slow
def test_two_sections_of_the_same_modality_are_not_joined(viewer, join_panel, two_files, tmp_path, make_table):
    make_table(seed=5).write_h5ad(tmp_path / "b_rna.h5ad")
    viewer.open([two_files[0], tmp_path / "b_rna.h5ad"], plugin=PLUGIN)
    assert join_panel.join_button.isHidden()


@pytest.fixture
def another(tmp_path, make_table):
    """RNA of other spots."""
    table = make_table(seed=5)
    table.obs_names = [f"b{k}" for k in range(table.n_obs)]
    table.write_h5ad(tmp_path / "b_rna.h5ad")
    return tmp_path / "b_rna.h5ad"


def test_sections_opened_one_by_one_can_be_made_a_study(viewer, qtbot, join_panel, two_files, another, monkeypatch):
    for path in (*two_files, another):
        viewer.open(path, plugin=PLUGIN)
    assert join_panel.text.text() == "These may be trained together as one study: a_rna, a_adt, b_rna."
    assert join_panel.join_button.isHidden()
    monkeypatch.setattr(study_picker, "choose", lambda found: ("study", found))
    join_panel.study_button.click()
    session = session_of(viewer)
    qtbot.waitUntil(lambda: bool(session.parts.names), timeout=20_000)
    assert session.parts.names == ("a", "b")
    assert list(session.dataset.parts[0].modalities) == ["rna", "adt"]
    assert {layer.metadata["trsmi"]["section"] for layer in viewer.layers} == {session.section}
    assert join_panel.isHidden()


@pytest.mark.slow
def test_sections_kept_apart_are_not_offered_again(viewer, join_panel, two_files, another):
    for path in (two_files[0], another):
        viewer.open(path, plugin=PLUGIN)
    assert not join_panel.isHidden()
    join_panel.apart_button.click()
    session = session_of(viewer)
    session.activate(next(one for one in sections_in(viewer) if one is not session.section))
    assert join_panel.isHidden()
