"""What was found in the dock "Trust": the curve over numbers of domains, and maps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from acted_checks import run, wait
from qtpy.QtCore import Qt

from napari_trsmi.gui.words import duration


@pytest.fixture
def with_curve(panel, trained):
    curve = [{"n_domains": k, "stability": 0.9, "low": 0.8, "high": 1.0} for k in (3, 4, 5, 6)]
    trust = {"curve": curve, "suggested_domains": 5, "modality_agreement": {}}
    panel.session.set_result(replace(trained, provenance={**trained.provenance, "trust": trust}))
    return panel


def test_the_curve_is_asked_for_by_its_range(panel, qtbot, acting):
    panel.curve_wanted.setChecked(True)
    panel.highest.setValue(4)
    run(panel, qtbot, seeds=1, shuffled=0)
    assert panel.estimate.text().startswith("1 run of the method")
    wait(panel, qtbot)
    assert [row["n_domains"] for row in panel.session.result.provenance["trust"]["curve"]] == [2, 3, 4]
    assert panel.found.curve.isVisible()
    assert not panel.found.agreement.isVisible()


@pytest.mark.slow
def test_the_curve_takes_no_run_beside_those_of_the_seeds(panel, qtbot, acting):
    panel.curve_wanted.setChecked(True)
    panel.highest.setValue(3)
    run(panel, qtbot, seeds=3, shuffled=0)
    seconds = sum(panel.session.result.provenance["seconds"].values())
    assert panel.estimate.text() == f"2 runs of the method, about {duration(2 * seconds)}"
    wait(panel, qtbot)
    assert acting == {1: 1, 2: 1}
    assert len(panel.session.result.provenance["trust"]["curve"]) == 2


def test_a_click_on_the_curve_takes_that_number_for_the_next_run(with_curve, qtbot):
    box = with_curve.found.curve.plot.getPlotItem().vb
    qtbot.waitUntil(lambda: box.sceneBoundingRect().width() > 100)
    at = with_curve.found.curve.plot.mapFromScene(box.mapViewToScene(box.viewRect().center().__class__(4.2, 0.9)))
    qtbot.mouseClick(with_curve.found.curve.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: with_curve.session.config.cluster.n_domains == 4)
    assert "4 domains" in with_curve.status.text()


def test_the_curve_can_be_used_by_keyboard(with_curve, qtbot):
    qtbot.keyClick(with_curve.found.curve, Qt.Key.Key_Right)
    qtbot.keyClick(with_curve.found.curve, Qt.Key.Key_Return)
    assert with_curve.session.config.cluster.n_domains == 6
    with_curve.found.use.click()
    assert with_curve.session.config.cluster.n_domains == 5


@pytest.mark.slow
def test_a_map_colours_the_tissue_and_pressed_again_no_longer(panel, qtbot, acting):
    run(panel, qtbot, seeds=2, shuffled=0)
    wait(panel, qtbot)
    panel.found.maps["stability"].click()
    assert panel.session.coloring.title == "Stability"
    panel.found.maps["stability"].click()
    assert panel.session.coloring is None


def test_the_dock_fits_a_narrow_window(with_curve, dock):
    assert dock.minimumSizeHint().width() <= 340
    assert dock.minimumSizeHint().height() <= 700
