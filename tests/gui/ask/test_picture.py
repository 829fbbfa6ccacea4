"""A figure in the dock Ask is as wide as there is room, also where its tab was never in front or changes."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QTabWidget, QWidget

from napari_trsmi.gui.ask.picture import DRAWING, Picture
from napari_trsmi.gui.viewer.sessions import session_of


def drawn(width):
    """Return an empty figure of so many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, 2))
    FigureCanvasAgg(figure)
    return figure


@pytest.mark.parametrize("width", [300, 700])
def test_a_figure_has_the_width_of_its_tab(qtbot, width):
    viewer = ViewerModel()
    tabs = QTabWidget()
    qtbot.addWidget(tabs)
    picture = Picture(session_of(viewer), "Dots")
    for page in (QWidget(), picture):
        tabs.addTab(page, "")
    tabs.currentChanged.connect(lambda _: picture.show_figure(drawn))
    tabs.resize(width, 400)
    tabs.show()
    tabs.setCurrentIndex(1)
    fits = lambda: 0.8 * picture.width() < picture.picture.pixmap().width() <= picture.viewport().width()  # noqa: E731
    qtbot.waitUntil(fits, timeout=20_000)
    tabs.resize(width + 200, 400)
    qtbot.waitUntil(lambda: picture.width() > width and fits(), timeout=20_000)


def test_it_says_that_it_draws_until_there_is_a_figure(qtbot):
    picture = Picture(session_of(ViewerModel()), "Dots")
    qtbot.addWidget(picture)
    picture.show_figure(drawn)
    assert picture.picture.text() == DRAWING
    qtbot.waitUntil(lambda: not picture.picture.pixmap().isNull(), timeout=20_000)
    picture.show_figure(drawn)
    assert not picture.picture.pixmap().isNull()
    qtbot.waitUntil(lambda: picture._job is None, timeout=20_000)
