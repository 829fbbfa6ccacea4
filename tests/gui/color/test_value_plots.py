"""The plots beside the values that colour the spots."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.gui.color.value_plots import DomainPlot


@pytest.mark.parametrize(
    ("means", "n_colors"), [(np.arange(3.0), 3), (np.arange(3.0).reshape(3, 1), 1), (np.arange(6.0).reshape(3, 2), 2)]
)
def test_every_bar_has_a_colour(qtbot, means, n_colors):
    plot = DomainPlot()
    qtbot.addWidget(plot)
    plot.set_means(means, ["#ff0000", "#00ff00", "#0000ff"][:n_colors], ["a", "b", "c"])
    assert len(plot._bars.opts["brushes"]) == means.size
    with qtbot.captureExceptions() as raised:
        plot.grab()
    assert raised == []
