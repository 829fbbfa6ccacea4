"""Plots of Ask: on the ground of the dock, with letters that can be read, and names that meet no dot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from qtpy.QtGui import QColor

from napari_trsmi.gui.ask.picture import DPI, Picture, _for_screen
from napari_trsmi.gui.ask.volcano import Volcano
from napari_trsmi.gui.viewer.sessions import session_of

INK = "#f0f1f2"


def drawn(width):
    """Return a figure with small letters, a black line and dots."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, 2))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="black", lw=6)
    axes.set_title("small", fontsize=3)
    axes.tick_params(labelsize=3)
    drawn.last = figure
    return figure


def test_a_figure_has_the_ground_of_the_dock_and_letters_to_read(qtbot):
    from matplotlib.text import Text

    picture = Picture(session_of(ViewerModel()), "Dots")
    qtbot.addWidget(picture)
    picture.show_figure(drawn)
    qtbot.waitUntil(lambda: not picture.picture.pixmap().isNull(), timeout=20_000)
    before = picture.picture.pixmap().cacheKey()
    picture.set_text_color(INK)  # drawn anew
    qtbot.waitUntil(lambda: picture.picture.pixmap().cacheKey() != before, timeout=20_000)
    image = picture.picture.pixmap().toImage()
    assert image.pixelColor(1, 1).alpha() == 0
    ratio = image.devicePixelRatio()
    middle = image.pixelColor(int(image.width() * 0.5125), image.height() // 2)  # on the line
    assert (middle.name(), ratio) == (QColor(INK).name(), ratio)
    texts = [text for text in drawn.last.findobj(Text) if text.get_text()]
    assert len(texts) > 5
    assert min(text.get_fontsize() for text in texts) * DPI / 72 >= 9  # pixels
    assert {text.get_color() for text in texts} == {INK}


@pytest.mark.parametrize("height", [130, 160, 400])
def test_names_of_a_volcano_meet_neither_dots_nor_each_other(qtbot, height):
    rng = np.random.default_rng(0)
    effect = rng.normal(0, 1, 200)
    p = 10.0 ** -(30 * np.abs(effect) + rng.random(200))
    order = np.argsort(p)
    names = [f"GENE{k}" for k in range(200)]
    plot = Volcano()
    qtbot.addWidget(plot)
    plot.resize(320, 400)
    plot.show()
    plot.set_table(
        pd.DataFrame(
            {"name": names, "effect": effect[order], "p": p[order], "p_adjusted": p[order], "score": effect[order]}
        )
    )
    plot.resize(320, height)
    qtbot.wait(50)
    box = plot.plot.getPlotItem().vb
    dots = [box.mapViewToScene(pg_point(at)) for at in plot._at]
    rects = [name.mapRectToScene(name.boundingRect()) for name in plot._names]
    assert rects
    assert not any(rect.contains(dot) for rect in rects for dot in dots)
    for k, rect in enumerate(rects):
        assert not any(rect.intersects(other) for other in rects[:k])


def pg_point(at):
    from qtpy.QtCore import QPointF

    return QPointF(*map(float, at))


@pytest.mark.parametrize("n", [2, 6])
def test_what_dots_mean_is_read_whole(trained, n):
    from napari_trsmi.answers.figures import draw_dots
    from napari_trsmi.answers.groups import group_of, rest_of

    dataset = trained.dataset
    features = [("rna", str(name)) for name in dataset.modalities["rna"].table.var_names[:n]]
    a = group_of("domain=island 1", dataset)
    figure = draw_dots(dataset, features, [a, rest_of(a)], 2.8)
    _for_screen(figure, INK)
    figure.canvas.draw()
    label = figure.axes[1].yaxis.label.get_window_extent()
    assert label.y0 >= 0
    assert label.y1 <= figure.bbox.y1
