"""The key in the legend: what colours the spots."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_trsmi.gui.legend.color_key import NARROWEST
from napari_trsmi.gui.session.state import Channel, Coloring


def test_the_key_shows_what_colours_the_spots(legend, session, sample):
    key, n = legend.key, sample.n_spots
    session.color(Coloring("Cd3e (rna)", np.linspace(0, 5, n), limits=(0.5, 4.0)))
    assert [label.text() for label in (key.title, key.low, key.high)] == ["Cd3e (rna)", "0.5", "4"]
    strip = key.strip.pixmap().toImage()
    ends = [strip.pixelColor(x, 0).getRgb()[:3] for x in (0, strip.width() - 1)]
    np.testing.assert_allclose(ends, [(0x44, 0x01, 0x54), (0xFD, 0xE7, 0x25)], atol=4)  # viridis
    parts = (Channel("CD3", "#ff00ff", np.zeros(n), (0, 2.5)), Channel("CD4", "#00ff00", np.zeros(n), (0, 3)))
    session.color(Coloring("CD3 + CD4", np.zeros((n, 3)), channels=parts))
    chips = key.categories.model()
    assert key.title.text() == "Colours add up"
    assert [chips.index(k, 0).data() for k in range(2)] == ["CD3  0 to 2.5", "CD4  0 to 3"]
    icons = [chips.index(k, 0).data(Qt.ItemDataRole.DecorationRole).pixmap(8).toImage() for k in range(2)]
    assert [icon.pixelColor(4, 4).name() for icon in icons] == ["#ff00ff", "#00ff00"]
    session.color(Coloring("cell type", np.arange(n) % 2, colors=("#111111", "#222222"), names=("B", "T")))
    assert key.categories.isVisible()
    assert [key.categories.model().index(k, 0).data() for k in range(2)] == ["B", "T"]
    assert not key.strip.isVisible()
    legend.setStyleSheet("QLabel { padding: 5px }")  # as napari's does
    session.color(Coloring("A and B", np.arange(n) % 2, colors=("#111111", "#222222"), names=("A", "B")))
    assert key.title.heightForWidth(key.title.minimumWidth()) == key.title.heightForWidth(1000)  # one line
    session.color(Coloring("Runner-up", np.zeros(n, int), colors=session.shown.colors, names=session.shown.names))
    assert not key.categories.isVisible()
    assert "colours of the domains" in key.title.text()


def test_a_long_title_takes_the_room_that_a_wide_canvas_has(legend, session, sample):
    key, name = legend.key, "an antibody of a long name (clone RPA-T8, conjugated) (adt, log1p)"
    session.color(Coloring(name, np.linspace(0, 5, sample.n_spots)))
    for width in (1200, 600, 420, 1200):
        key.resize(width, key.height())
        assert key.title.minimumWidth() <= max(130, width - NARROWEST)
    assert key.title.heightForWidth(key.title.minimumWidth()) == key.title.heightForWidth(5000)  # one line


def test_names_and_ranges_of_features_shown_together_have_all_the_room_beside_the_title(legend, session, sample):
    key, n = legend.key, sample.n_spots
    names = ("GRI1 (rna, log1p)", "CD16 (adt, log1p)", "My set (mean z of 2 genes of rna)")
    parts = tuple(Channel(name, "#ff00ff", np.zeros(n), (-3.45, 1.35)) for name in names)
    legend.resize(600, legend.height())
    session.color(Coloring("together", np.zeros((n, 3)), channels=parts))
    key.layout().activate()
    key.categories.fit()
    view = key.categories.viewport().rect()
    for row in range(3):
        assert view.contains(key.categories.visualRect(key.categories.model().index(row, 0)))
