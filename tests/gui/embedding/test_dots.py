from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF

from napari_trsmi.gui.embedding.dots import dots, inside, shape_of
from napari_trsmi.gui.embedding.plot import EmbeddingPlot


def test_a_dot_lies_where_its_point_is_and_the_last_is_on_top():
    places = np.array([[0.5, 0.5], [9.5, 9.5], [0.5, 0.5], [99, 99]])
    found = dots(places, np.array([0, 1, 2, 3]), (0, 10, 0, 10), (10, 10), 1)
    assert found[9, 0] == 2  # rows run down, y runs up
    assert found[0, 9] == 1
    assert (found >= 0).sum() == 2
    assert dots(places, np.array([2, 0]), (0, 10, 0, 10), (10, 10), 1)[9, 0] == 0


def test_dots_at_the_edge_are_cut_and_do_not_come_in_on_the_other_side():
    places = np.array([[-0.5, 5.0], [9.9, 5.0]])
    found = dots(places, np.arange(2), (0, 10, 0, 10), (10, 10), 3)
    assert set(np.unique(found[:, :2])) == {-1, 0}
    assert set(np.unique(found[:, 2:])) == {-1, 1}


def test_dots_are_round():
    assert len(shape_of(1)) == 1
    assert len(shape_of(2)) == 4
    assert len(shape_of(3)) == 9 - 4 + 4
    assert (2, 2) not in shape_of(5)


def test_a_lasso_holds_what_lies_within_it():
    places = np.array([[1.0, 1], [3, 2], [2, 3], [9, 9]])
    triangle = np.array([[0.0, 0], [4, 0], [0, 4]])
    assert inside(places, triangle).tolist() == [True, False, False, False]
    assert not inside(places, triangle[:2]).any()


def test_a_fine_screen_shows_fine_dots(qtbot, monkeypatch):
    plot = EmbeddingPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 300)
    plot.show()
    plot.set_places(np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32))
    qtbot.waitUntil(lambda: (plot.pixels >= 0).any())
    rough = np.array(plot.pixels.shape)
    monkeypatch.setattr(EmbeddingPlot, "devicePixelRatioF", lambda self: 2.0)
    plot._draw_soon()
    qtbot.waitUntil(lambda: plot.pixels.shape != tuple(rough))
    assert np.allclose(plot.pixels.shape, 2 * rough, atol=1)
    for row in range(50):
        place = plot.mapFromScene(plot.plotItem.vb.mapViewToScene(QPointF(*map(float, plot.places[row]))))
        found = plot.point_under(QPointF(place))
        assert found >= 0
        assert np.abs(plot.places[found] - plot.places[row]).max() < 0.15  # itself, or what lies over it


def test_what_is_chosen_before_there_are_points_is_lit_once_they_come(qtbot):
    plot = EmbeddingPlot()
    qtbot.addWidget(plot)
    chosen = np.arange(6) < 2
    plot.choose(chosen)
    plot._draw()  # as its timer does
    plot.set_places(np.random.default_rng(0).uniform(size=(6, 2)))
    assert plot.chosen is chosen
    plot._draw()
    opacity = plot._image.image[..., 3]
    assert set(np.unique(opacity)) == {0, 29, 160}  # nothing, dim and lit
    plot.set_places(np.zeros((4, 2)))
    assert plot.chosen is None
