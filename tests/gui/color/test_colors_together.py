"""Two or three features at once in the dock "Colour by"."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from color_by_hand import opened, type_in
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.finding.features import COLUMN, Feature
from napari_trsmi.gui.finding.maps import feature_coloring
from napari_trsmi.gui.session.state import OpenSection


@pytest.mark.slow
def test_with_two_colours_a_click_fills_the_field_of_its_modality(viewer, sample):
    dock, session = opened(viewer, sample)
    dock._two.setChecked(True)
    assert COLUMN not in {feature.modality for feature in dock._list.features()}
    for name in ("CD8", "GRI1"):
        dock._list.itemClicked.emit(dock._list.findItems(name, Qt.MatchFlag.MatchExactly)[0])
    assert session.coloring.title == "GRI1 (rna, log1p) + CD8 (adt, log1p)"


def test_several_are_shown_together_and_one_can_be_taken_away(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    dock._two.setChecked(True)
    first, second, third = dock._together.fields()
    type_in(qtbot, first, "VIM4")
    type_in(qtbot, second, "CD8")
    assert session.coloring.title == "VIM4 (rna, log1p) + CD8 (adt, log1p)"
    type_in(qtbot, third, "GRI9")
    assert [one.color for one in session.coloring.channels] == ["#ff00ff", "#00ff00", "#00ffff"]
    focus(first, qtbot)
    first.selectAll()
    press(Qt.Key.Key_Delete)
    assert session.coloring.title == "CD8 (adt, log1p) + GRI9 (rna, log1p)"
    dock._two.setChecked(False)
    assert session.coloring is None
    type_in(qtbot, dock._search, "GRI9")
    dock._two.setChecked(True)
    assert session.coloring.title == "CD8 (adt, log1p) + GRI9 (rna, log1p)"
    dock._two.setChecked(False)
    assert session.coloring.title == "GRI9 (rna, log1p)"


@pytest.mark.slow
def test_each_of_several_has_its_colour_and_its_range(viewer, sample, qtbot):
    dock, session = opened(viewer, sample)
    dock._two.setChecked(True)
    channel = dock._together.channels[0]
    type_in(qtbot, channel.search, "VIM4")
    values = feature_coloring(sample, "rna", "VIM4").values
    focus(channel.low, qtbot)
    channel.low.selectAll()
    type_keys("40")
    press(Qt.Key.Key_Return)
    assert session.coloring.channels[0].limits[0] == pytest.approx(np.percentile(values[values > 0], 40))
    channel.ask_color = lambda color: QColor("#ffaa00")
    qtbot.mouseClick(channel.button, Qt.MouseButton.LeftButton)
    full = values >= session.coloring.channels[0].limits[1]
    assert session.coloring.values[full][0] == pytest.approx(np.array([255, 170, 0]) / 255)
    channel.high.setValue(30)
    assert (channel.low.value(), channel.high.value()) == (29, 30)


def test_a_number_half_typed_does_not_bring_features_of_the_section_before(viewer, sample, qtbot):
    """A field that loses the focus takes what was typed, while the next section is already there."""
    dock, session = opened(viewer, sample)
    dock._two.setChecked(True)
    first, second, _ = dock._together.channels
    type_in(qtbot, first.search, "VIM4")
    type_in(qtbot, second.search, "CD8")
    first.low.setKeyboardTracking(False)  # as where a number is not complete yet
    focus(first.low, qtbot)
    first.low.selectAll()
    type_keys("40")
    given = []
    session.coloring_changed.connect(given.append)
    session.activate(OpenSection(replace(sample, name="another")))
    assert first.low.value() == 40
    assert given == [None]
    assert session.coloring is None


@pytest.mark.slow
def test_categories_are_not_shown_together_with_others(viewer, sample):
    dock, session = opened(viewer, sample)
    session.failed.disconnect()
    said = []
    session.failed.connect(said.append)
    dock._two.setChecked(True)
    dock._together.take(Feature(COLUMN, "domain"))
    assert said == ["Expected numbers to show together, found categories in domain. Choose another."]
