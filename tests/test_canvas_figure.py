"""A figure of what is seen is as wide as the widest of its keys."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.canvas_figure import Key, View, draw

RAMP = np.linspace(0, 1, 12).reshape(4, 3)


@pytest.mark.parametrize("n", [1, 3])
def test_long_names_in_a_key_are_not_cut_off_beside_a_shorter_one(n: int) -> None:
    names = Key(
        "Domain (spots)", names=("a very long name that a person gave (1,389)", "2 (3)"), colors=("#f00", "#00f")
    )
    ramp = Key("Support", ramp=RAMP, limits=(0.0, 1.0))
    view = View((), (0.0, 10.0, 10.0, 0.0), "#000000", (names, ramp))
    figure = draw([view] * n)
    renderer = figure.canvas.get_renderer()
    saved = figure.get_tightbbox(renderer).x1 * figure.dpi
    for axes in figure.axes:
        for legend in [thing for thing in axes.get_children() if type(thing).__name__ == "Legend"]:
            assert legend.get_window_extent(renderer).x1 <= saved + 1e-6
