"""The live plot, beside a session without a window."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from acted_training import step
from moved_by_hand import Hand
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor

from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.live_plot import LivePlot


@pytest.fixture
def session(trained):
    session = Session(lambda session, run: Hand())
    session.activate(OpenSection(trained.dataset))
    return session


@pytest.fixture
def plot(session, qtbot):
    plot = LivePlot(session)
    qtbot.addWidget(plot)
    plot.resize(330, 180)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def train(session, trained, n, start=1):
    if session.run is None:
        session.start()
    for epoch in range(start, start + n):
        labels = np.roll(trained.labels, epoch) if epoch % 10 == 0 else None
        churn = 0.1 if epoch > 10 and labels is not None else np.nan
        session.on_step(session.run, step(epoch, 500, labels, churn=churn))


def test_every_term_has_a_curve_and_a_chip_that_hides_it(plot, session, trained):
    train(session, trained, 30)
    plot.draw()
    assert set(plot.curves) == {"total", "reconstruction", "beta", "temperature", "tau_c", "churn"}
    assert np.allclose(plot.curves["reconstruction"].getData()[1], 1 / np.arange(1, 31))
    assert plot.curves["churn"].getData()[0].tolist() == [20, 30]
    assert plot.curves["beta"] in plot.right.addedItems
    assert plot.curves["total"] not in plot.right.addedItems
    plot.chips["total"].click()
    assert not plot.curves["total"].isVisible()
    assert plot.chips["total"].text() == "○ total"


def test_a_term_that_begins_later_begins_at_its_epoch(plot, session):
    session.start()
    session.on_step(session.run, step(1, 9))
    late = step(2, 9)
    session.on_step(session.run, replace(late, losses={**late.losses, "cluster": -1.0}))
    plot.draw()
    assert [values.tolist() for values in plot.curves["cluster"].getData()] == [[2], [-1]]


def test_the_logarithm_leaves_out_what_is_not_positive(plot, session):
    session.start()
    for epoch, loss in enumerate((0.0, 0.1, 0.01), start=1):
        session.on_step(session.run, replace(step(epoch, 9), losses={"graph": loss}))
    plot.log.click()
    x, y = plot.curves["graph"].getData()
    assert x.tolist() == [2, 3]
    assert np.allclose(y, [-1, -2])  # the plot draws logarithms


def test_the_plot_is_drawn_at_most_ten_times_a_second(plot, session, trained, qtbot):
    drawn = []
    plot._throttle.triggered.connect(lambda: drawn.append(time.perf_counter()))
    session.start()
    started = time.perf_counter()
    while time.perf_counter() - started < 0.45:
        train(session, trained, 10, start=len(session.run.steps) + 1)
        qtbot.wait(1)
    assert 2 <= len(drawn) <= 6
    qtbot.waitUntil(lambda: len(plot.curves["total"].getData()[0]) == len(session.run.steps), timeout=1000)


def test_a_click_goes_to_the_nearest_preview_and_the_line_follows(plot, session, trained, qtbot):

    train(session, trained, 40)
    plot.draw()
    qtbot.wait(50)
    assert plot.marker.value() == 40
    place = plot.left.vb.mapViewToScene(_point(plot, 18))
    qtbot.mouseClick(plot.plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.plot.mapFromScene(place))
    assert session.shown.epoch == 20
    assert plot.marker.value() == 20
    assert plot.marker.isVisible()


def _point(plot, epoch):
    from qtpy.QtCore import QPointF

    return QPointF(epoch, plot.left.vb.viewRange()[1][0] * 0.5 + plot.left.vb.viewRange()[1][1] * 0.5)


def test_a_restored_result_shows_its_course_without_previews(plot, session, trained):
    history = tuple(step(epoch, 5) for epoch in range(1, 6))
    session.set_result(replace(trained, history=history))
    assert plot.epochs == [1, 2, 3, 4, 5]
    plot.go_to(3)  # there is nothing to go to
    assert session.shown.epoch is None
    assert plot.marker.value() == 5


def test_cancel_shows_the_course_of_the_result_again(plot, session, trained):
    session.set_result(replace(trained, history=(step(1, 2), step(2, 2))))
    train(session, trained, 5)
    assert len(plot.epochs) == 5
    session.cancel()
    assert plot.epochs == [1, 2]
    session.activate(OpenSection(trained.dataset))
    assert plot.is_empty
    assert plot.curves["total"].getData()[0] is None or not len(plot.curves["total"].getData()[0])


def test_a_loss_that_is_hidden_makes_no_jump_in_the_total(plot, session, qtbot):
    session.start()
    weight = session.run.config.loss.lam_cluster
    for epoch in range(1, 21):
        own = {"reconstruction": 1.0, **({"cluster": 4.0} if epoch > 10 else {})}
        losses = {**own, "total": 1.0 + weight * own.get("cluster", 0.0)}
        session.on_step(session.run, replace(step(epoch, 20), losses=losses))
    plot.draw()
    assert not plot.chips["cluster"].isChecked()
    assert np.allclose(plot.curves["total"].getData()[1], 1.0)
    qtbot.mouseClick(plot.chips["cluster"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: np.allclose(plot.curves["total"].getData()[1][10:], 1.0 + 4.0 * weight), timeout=2_000)


def contrast(one, other):
    def light(color):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(color).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "ratio"), [("light", 4.5), ("dark", 3.5)])
def test_the_names_of_the_curves_can_be_read_on_light_and_on_dark(plot, session, trained, name, ratio):
    train(session, trained, 20)
    plot.draw()
    theme = get_theme(name)
    plot.set_colors(theme.background.as_hex(), theme.text.as_hex())
    for chip in plot.chips.values():
        color = re.search(r"color: (#\w+)", chip.styleSheet())[1]
        assert contrast(color, theme.background.as_hex()) >= ratio, chip.text()


def test_lines_are_as_wide_on_a_fine_screen(plot, session, trained, monkeypatch):
    monkeypatch.setattr(pg.PlotWidget, "devicePixelRatioF", lambda self: 2.0)
    train(session, trained, 20)
    plot.draw()
    assert {curve.opts["pen"].widthF() for curve in plot.curves.values()} == {4.0}  # pixels of the screen
