from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from qtpy.QtCore import Qt
from typed_keys import focus, press, type_keys

from napari_trsmi.gui.finding.feature_search import FeatureSearch
from napari_trsmi.gui.finding.features import COLUMN, Feature, FeatureIndex


def test_what_is_typed_stays_and_enter_takes_the_first_match(field, qtbot):
    for typed, letter in (("c", "c"), ("cd", "d"), ("cd3", "3")):
        type_keys(letter)
        assert (field.text(), field.list.isVisible()) == (typed, True)
    assert [f.name for f in field.matches] == ["CD3", "Cd3e", "Acd3"]
    with qtbot.waitSignal(field.picked) as picked:
        press(Qt.Key.Key_Return)
    assert picked.args == [Feature("adt", "CD3")]
    assert (field.text(), field.list.isVisible()) == ("CD3", False)


def test_the_arrow_keys_choose_another_match(field, qtbot):
    picked = []
    field.picked.connect(picked.append)
    type_keys("cd3")
    press(Qt.Key.Key_Down)
    assert field.text() == "cd3"
    press(Qt.Key.Key_Return)
    assert picked == [Feature("rna", "Cd3e")]
    assert not field.list.isVisible()


def test_typing_goes_on_after_an_arrow_key(field):
    type_keys("cd")
    press(Qt.Key.Key_Down)
    type_keys("3e")
    assert field.text() == "cd3e"
    assert [f.name for f in field.matches] == ["Cd3e"]


def test_the_end_of_the_list_leads_back_to_what_was_typed(field):
    picked = []
    field.picked.connect(picked.append)
    type_keys("cd3")
    for _ in range(3):
        press(Qt.Key.Key_Down)
    assert not field.list.currentIndex().isValid()
    press(Qt.Key.Key_Return)
    assert picked == [Feature("adt", "CD3")]


def test_a_click_picks(field, qtbot):
    type_keys("cd3")
    at = field.list.visualRect(field.list.model().index(2, 0)).center()
    with qtbot.waitSignal(field.picked) as picked:
        qtbot.mouseClick(field.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert picked.args == [Feature("rna", "Acd3")]
    assert not field.list.isVisible()


def test_enter_picks_also_after_the_list_was_closed(field, qtbot):
    type_keys("depth")
    press(Qt.Key.Key_Escape)
    assert (field.text(), field.list.isVisible()) == ("depth", False)
    with qtbot.waitSignal(field.picked) as picked:
        press(Qt.Key.Key_Return)
    assert picked.args == [Feature(COLUMN, "depth")]


def test_enter_on_nothing_or_on_an_unknown_name_picks_nothing(field):
    picked = []
    field.picked.connect(picked.append)
    press(Qt.Key.Key_Return)
    type_keys("unknown")
    assert not field.list.isVisible()
    press(Qt.Key.Key_Return)
    assert (picked, field.text()) == ([], "unknown")


def test_the_arrow_key_opens_the_list_of_an_empty_field(field):
    press(Qt.Key.Key_Down)
    assert field.list.isVisible()
    assert len(field.matches) == 5


def test_a_long_name_is_seen_from_its_beginning_and_whole_in_the_tooltip(field):
    field.set_picked(Feature("rna", "A" + 80 * "b"))
    assert field.cursorPosition() == 0
    assert 80 * "b" in field.toolTip()
    assert "type" in field.toolTip()


def test_only_the_chosen_modality_is_searched(field, qtbot):
    field.set_modality("rna")
    type_keys("cd3")
    assert {f.modality for f in field.matches} == {"rna"}


def test_emptying_the_field_tells_so(field, qtbot):
    type_keys("depth")
    press(Qt.Key.Key_Return)
    with qtbot.waitSignal(field.picked) as picked:
        field.selectAll()
        press(Qt.Key.Key_Delete)
    assert picked.args == [None]


@pytest.fixture
def field(qtbot):
    tables = {"rna": ["Acd3", "Cd3e"], "adt": ["CD3", "CD4"]}
    modalities = {n: SimpleNamespace(table=SimpleNamespace(var=pd.DataFrame(index=v))) for n, v in tables.items()}
    index = FeatureIndex(SimpleNamespace(modalities=modalities, obs=pd.DataFrame({"depth": []}), parts=()))
    field = FeatureSearch("Type", "How to type")
    field.set_index(index)
    qtbot.addWidget(field)
    focus(field, qtbot)
    return field
