"""The fields of the dock Trust where there is little room, and where nothing is run."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_trsmi.gui.trust.words import NO_RUN


def test_numbers_of_two_digits_fit_beside_a_scroll_bar(dock, panel, qtbot):
    dock.resize(320, 260)
    qtbot.mouseClick(panel.curve_wanted, Qt.MouseButton.LeftButton, pos=panel.curve_wanted.rect().center())
    panel.curve_wanted.setChecked(True)
    for box in (panel.lowest, panel.highest):
        line = box.lineEdit()
        assert line.width() >= line.fontMetrics().horizontalAdvance("200") + 4


@pytest.mark.slow
def test_without_a_run_no_bar_counts_runs(panel, gate, qtbot):
    panel.seeds.setValue(1)
    panel.shuffled.setValue(0)
    assert panel.estimate.text() == NO_RUN
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert panel.progress.isHidden()
    assert not panel.doing.isHidden()
    qtbot.waitUntil(lambda: panel.job is None, timeout=60_000)


def test_a_number_out_of_bounds_is_said(panel, qtbot):
    panel.seeds.selectAll()
    qtbot.keyClick(panel.seeds, Qt.Key.Key_Delete)
    qtbot.keyClicks(panel.seeds, "99")
    qtbot.keyClick(panel.seeds, Qt.Key.Key_Return)
    assert panel.seeds.value() == 20
    said = [label.text() for label in panel.findChildren(type(panel.bounds)) if label.isVisible()]
    assert said == ["Seeds: at most 20, so 99 became 20."]
