from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from opened_dock import dock_alone, layer

from napari_trsmi import edits
from napari_trsmi.gui.boundaries.layers import LINES, WEAK

SPOT = 1234


@pytest.fixture
def dock(qtbot, trained):
    """The dock with a spot clicked."""
    dock = dock_alone(qtbot, trained)
    dock.session.select_spot(SPOT)
    return dock


def test_before_a_click_the_panel_says_to_click(qtbot, trained):
    dock = dock_alone(qtbot, trained)
    assert not dock.spot.hint.isHidden()
    assert dock.spot.details.isHidden()


def test_a_clicked_spot_tells_its_barcode_domain_and_posterior(dock, trained):
    panel = dock.spot
    assert trained.obs_names[SPOT] in panel.barcode.text()
    assert f"Domain {trained.names[trained.labels[SPOT]]}" in panel.domain.text()
    best = np.sort(trained.partition.posterior[SPOT])[::-1][:3]
    assert [bar.value() for _, bar, _ in panel.bars] == [round(1000 * float(p)) for p in best]
    assert "nearest neighbours" in panel.facts.text()
    assert "What was measured at the spot itself speaks for" in panel.facts.text()
    assert f"rna {trained.modality_weights[SPOT, 0]:.0%}" in panel.facts.text()


def test_a_name_with_angle_brackets_is_read_as_it_is(dock, trained):
    from qtpy.QtGui import QTextDocument

    dock.session.set_result(edits.rename(trained, int(trained.labels[SPOT]), "tract <1>"))
    for label in (dock.spot.domain, dock.spot.bars[0][0]):
        document = QTextDocument()
        document.setHtml(label.text())
        assert document.toPlainText().endswith("tract <1>")


def test_correspondences_are_drawn_when_they_are_asked_for_in_a_colour_of_their_own(dock, trained):
    assert layer(dock.viewer, "correspondences") is None
    dock.spot.wanted.click()
    lines = layer(dock.viewer, "correspondences")
    assert np.allclose(lines.edge_color[:, :3], LINES)
    assert not np.allclose(LINES, WEAK)
    dock.spot.wanted.click()
    assert not lines.visible
    assert dock.spot.pair.isHidden()


def test_lines_lead_to_the_correspondences_of_the_spot(dock, trained):
    dock.spot.wanted.click()
    row = trained.correspondences["rna", "adt"][SPOT]
    lines = layer(dock.viewer, "correspondences")
    assert len(lines.data) == (row.indices != SPOT).sum()
    assert "goes best with" in dock.spot.weights.toolTip()
    dock.session.select_spot(3)
    assert np.allclose(lines.data[:, 0], trained.coords[3, ::-1])
    dock.spot.lines.click()
    assert not lines.visible
    dock.spot.lines.click()
    assert lines.visible
    dock.session.select_spot(None)
    assert not lines.visible


def test_the_row_of_a_spot_colours_all_spots_and_follows_the_clicks(dock, trained):
    dock.spot.wanted.click()
    dock.spot.color.click()
    row = trained.correspondences["rna", "adt"][SPOT]
    values = dock.session.coloring.values
    assert np.allclose(values[row.indices], row.data)
    assert np.isfinite(values).sum() == row.nnz
    dock.session.select_spot(3)
    assert trained.obs_names[3] in dock.session.coloring.title
    assert dock.spot.color.isChecked()
    dock.spot.color.click()
    assert dock.session.coloring is None


def test_a_result_without_correspondences_says_so(dock, trained):
    dock.spot.wanted.click()
    dock.session.set_result(replace(trained, correspondences={}))
    assert "There are none" in dock.spot.weights.text()
    assert dock.spot.pair.isHidden()
    assert not layer(dock.viewer, "correspondences").visible
