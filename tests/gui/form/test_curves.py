"""The curves of the schedules beside the settings that shape them."""

from __future__ import annotations

import math

import pytest
from edited_form import number

from napari_trsmi.config import Config
from napari_trsmi.gui.form.config_form import ConfigForm


def test_the_curves_are_those_of_the_schedules():
    from napari_trsmi.gui.form.curves import courses, marks

    config = Config(gate={"start": 0.0, "shape": "linear"}, train={"epochs": 100}, cluster={"start": 0.5})
    found = courses(config, 101)
    assert found["beta"][1][[0, 50, 100]] == pytest.approx([0.5, 0.25, 0.0])
    assert found["tau_c"][0][0] == 50
    assert marks(config) == {"warm-up": 10.0, "prototypes": 50.0}
    off = Config(align={"enabled": False}, diffusion={"enabled": False}, loss={"lam_cluster": 0})
    assert courses(off) == marks(off) == {}
    assert math.isfinite(courses(Config(gate={"start": -5000.0}))["beta"][1][0])


def test_the_curves_appear_with_their_sections_and_follow_the_edits(form):
    assert form._curves is None
    form.folds["graph"].open()
    assert form._curves is None
    form.folds["gate"].open()
    curves = form._curves
    assert curves.isVisible()
    first = curves.plot.listDataItems()[0].yData[0]
    number(form, "gate.start").setValue(-2.0)
    assert first == pytest.approx(1 / (1 + math.exp(-2)))
    assert curves.plot.listDataItems()[0].yData[0] == pytest.approx(1 / (1 + math.exp(2)))
    form.folds["gate"].open(False)
    assert not curves.isVisible()


@pytest.mark.slow
def test_the_curves_follow_the_theme(viewer, qtbot):
    form = ConfigForm()
    viewer.window.add_dock_widget(form, area="right")
    form.folds["gate"].open()
    curves = form._curves
    for theme, dark in (("light", False), ("dark", True)):
        viewer.theme = theme
        qtbot.waitUntil(lambda dark=dark: (curves.plot.backgroundBrush().color().lightness() < 128) == dark)
        pen = curves.plot.listDataItems()[0].opts["pen"].color()
        paper = curves.plot.backgroundBrush().color()
        assert abs(pen.lightness() - paper.lightness()) > 60
