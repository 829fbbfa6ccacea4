"""A whole number that may be left to a word, typed by a person."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_trsmi.gui.widgets.whole_number import BoundLine, WholeNumber


@pytest.fixture
def box(qtbot):
    made = WholeNumber(0, 200, "auto", "How many")
    made.setValue(7)
    qtbot.addWidget(made)
    made.show()
    return made


def typed(qtbot, box, text):
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_Delete)
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    return box.value(), box.text()


@pytest.mark.parametrize("text", ["auto", "AUTO", "a", "", "0"])
def test_the_word_is_typed_begun_or_what_is_left_of_an_empty_field(qtbot, box, text):
    assert typed(qtbot, box, text) == (0, "auto")


@pytest.mark.parametrize(("text", "number"), [("12", 12), ("200", 200), ("x9", 9)])
def test_a_number_is_typed_as_ever(qtbot, box, text, number):
    assert typed(qtbot, box, text) == (number, str(number))


@pytest.mark.parametrize(
    ("text", "number", "told"), [("500", 200, "at most 200, so 500 became 200."), ("99999999999", 200, "at most 200")]
)
def test_a_number_out_of_bounds_becomes_the_nearest_and_it_is_said(qtbot, box, text, number, told):
    line = BoundLine(Domains=box)
    qtbot.addWidget(line)
    assert typed(qtbot, box, text) == (number, str(number))
    assert line.isVisible()
    assert line.text().startswith(f"Domains: {told}")
    assert typed(qtbot, box, "12") == (12, "12")
    assert line.isHidden()


def test_a_number_below_the_lowest_is_said_where_no_word_stands_for_it(qtbot):
    box = WholeNumber(2, 9, "", "How many")
    qtbot.addWidget(box)
    box.show()
    told = []
    box.bounded.connect(told.append)
    assert typed(qtbot, box, "1") == (2, "2")
    assert told == ["at least 2, so 1 became 2."]


def test_a_number_without_a_word_takes_none(qtbot):
    box = WholeNumber(2, 9, "", "How many")
    qtbot.addWidget(box)
    box.setValue(5)
    assert typed(qtbot, box, "") == (5, "5")


def test_a_change_is_told_once_when_it_is_typed(qtbot, box):
    told = []
    box.valueChanged.connect(told.append)
    typed(qtbot, box, "12")
    assert told == [12]
