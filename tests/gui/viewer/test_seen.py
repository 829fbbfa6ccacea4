"""Figures of what the canvas shows, compared with the canvas by value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from opened_dock import open_section
from small_study import small_study

from napari_trsmi.canvas_figure import Marks, Pixels, Strokes, View, Words, draw, save
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.session.state import Shown
from napari_trsmi.gui.viewer import raster
from napari_trsmi.gui.viewer.captions import key_of
from napari_trsmi.gui.viewer.seen import views_of
from napari_trsmi.gui.viewer.sessions import session_of

DPI = 100


def opened(viewer, dataset, qtbot, result=None):
    """Open a section, wait until the canvas has its size, and look closer at a part of it."""
    open_section(viewer, dataset, result)
    session = session_of(viewer)
    viewer.canvas.overlays.scale_bar.visible = False
    qtbot.wait(50)
    viewer.scene.camera.zoom *= 1.7
    centre = np.array(viewer.scene.camera.center)
    centre[-2:] += np.array([30, -50]) / viewer.scene.camera.zoom
    viewer.scene.camera.center = tuple(centre)
    qtbot.wait(50)
    return session


def canvas_and_figure(viewer, session):
    """Return the pixels (H, W, 3) of the canvas, those of the figure at the same size, and the view."""
    canvas = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    (view,), left_out = views_of(session)
    assert left_out == []
    height, width = canvas.shape[:2]
    figure = draw([replace(view, keys=(), caption="", scale="")], width=width / DPI)
    figure.set_dpi(DPI)
    figure.set_size_inches(width / DPI, height / DPI)
    (axes,) = figure.axes
    axes.set_position((0, 0, 1, 1))
    figure.canvas.draw()
    return canvas, np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int), view


def centres(view, coords, shape):
    """Return rows and columns of the pixels that (N, 2) places (x, y) of the world lie in, those well inside."""
    left, right, bottom, top = view.extent
    columns = (coords[:, 0] - left) / (right - left) * shape[1]
    rows = (coords[:, 1] - top) / (bottom - top) * shape[0]
    inside = (columns > 9) & (columns < shape[1] - 9) & (rows > 9) & (rows < shape[0] - 9)
    assert inside.sum() > 50
    return rows[inside].astype(int), columns[inside].astype(int)


def unit(dataset):
    return dataset.microns_per_unit or 1.0


@pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_domains_have_the_colours_and_the_places_of_the_canvas(viewer, trained, qtbot, monkeypatch, many):
    if many:
        monkeypatch.setattr(raster, "RASTER_ABOVE", 1000)
    session = opened(viewer, trained.dataset, qtbot, trained)
    session.set_hidden(frozenset({0}))
    canvas, figure, view = canvas_and_figure(viewer, session)
    seen = trained.coords[trained.labels > 0] * unit(trained.dataset)
    rows, columns = centres(view, seen, canvas.shape)
    assert np.abs(canvas[rows, columns] - figure[rows, columns]).max() <= 2
    assert np.abs(canvas - figure).mean() < 6  # the tissue between them is smoothed by the canvas alone
    assert {type(thing) for thing in view.things} == ({Pixels} if many else {Pixels, Marks})
    assert len(view.keys[0].names) == trained.partition.n_domains - 1
    assert f"{trained.partition.n_domains} domains, 1 hidden" in view.caption


def test_a_gene_has_the_colours_of_the_canvas_and_a_ramp(viewer, sample, qtbot):
    session = opened(viewer, sample, qtbot)
    session.color(maps.feature_coloring(sample, "rna", "VIM4"))
    qtbot.wait(50)
    canvas, figure, view = canvas_and_figure(viewer, session)
    rows, columns = centres(view, sample.coords * unit(sample), canvas.shape)
    assert np.abs(canvas[rows, columns] - figure[rows, columns]).max() <= 2
    assert view.keys[0].limits == session.coloring.limits
    assert "VIM4" in view.caption


@pytest.mark.slow
def test_bins_of_a_square_grid_are_drawn_one_by_one(viewer, sample, qtbot, monkeypatch):
    monkeypatch.setattr(raster, "GRID_ABOVE", 1000)
    rows, columns = np.divmod(np.arange(sample.n_spots), 50)
    dataset = replace(sample, coords=np.column_stack([columns, rows]) * 4.0, spot_diameter=None, image=None)
    session = opened(viewer, dataset, qtbot)
    session.show(Shown(np.arange(sample.n_spots) % 3, tuple("abc"), ("#ff0000", "#00ff00", "#0000ff")))
    qtbot.wait(50)
    canvas, figure, view = canvas_and_figure(viewer, session)
    (marks,) = view.things
    assert marks.square
    rows, columns = centres(view, dataset.coords * unit(dataset), canvas.shape)
    assert np.abs(canvas[rows, columns] - figure[rows, columns]).max() <= 3


@pytest.mark.slow
def test_sections_of_a_study_have_their_names(viewer, qtbot):
    study = small_study()
    open_section(viewer, study)
    (view,), _ = views_of(session_of(viewer))
    (words,) = (thing for thing in view.things if isinstance(thing, Words))
    assert list(words.texts) == ["a", "b", "c"]


@pytest.mark.slow
def test_what_a_figure_cannot_show_is_named(viewer, sample):
    open_section(viewer, sample)
    viewer.add_image(np.zeros((4, 4)), name="turned", rotate=20)
    assert views_of(session_of(viewer))[1] == ["turned"]


def test_features_together_and_categories_are_explained(sample):
    channels = [maps.channel(maps.feature_coloring(sample, "rna", name), "#ff00ff") for name in ("VIM4", "GRI9")]
    key = key_of(maps.together(channels))
    assert list(key.colors) == ["#ff00ff", "#ff00ff"]
    assert key.names[0].startswith("VIM4 (rna, log1p)  0 to ")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_panel_has_letters_and_captions(tmp_path, suffix):
    marks = Marks(np.array([[1.0, 1.0]]), np.array([1.0]), np.array([[1.0, 0, 0, 1]]))
    strokes = Strokes(np.array([[[0.0, 0.0], [1.0, 1.0]]]), np.array([[0.0, 0, 0, 1]]), 0.1)
    view = View((marks, strokes), (0.0, 4.0, 3.0, 0.0), "#000000", (), "made: spots", "um")
    path = save([view, view, view], tmp_path / f"panel{suffix}")
    assert path.stat().st_size > 1000
    figure = draw([view, view, view])
    axes = [one for one in figure.axes if one.get_title(loc="left")]
    assert [one.get_title(loc="left") for one in axes] == ["a", "b", "c"]
    boxes = [one.get_position() for one in axes]
    assert boxes[1].x0 > boxes[0].x1
    assert boxes[2].y1 < boxes[0].y0
    assert figure.findobj(lambda artist: getattr(artist, "get_text", str)() == "made: spots")


@pytest.mark.parametrize(("n", "vectors"), [(10, True), (20_000, False)])
def test_few_spots_are_vectors_and_many_a_picture(tmp_path, n, vectors):
    rng = np.random.default_rng(0)
    marks = Marks(rng.uniform(0, 4, (n, 2)), np.full(n, 0.1), np.tile([1.0, 0, 0, 1], (n, 1)))
    text = save([View((marks,), (0.0, 4.0, 4.0, 0.0), "#000000")], tmp_path / "x.svg").read_text()
    assert ("<image" in text) != vectors
