from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from qtpy.QtCore import Qt

from napari_trsmi.gui.color.feature_search import FeatureSearch
from napari_trsmi.gui.color.features import COLUMN, Feature, FeatureIndex


def test_typing_and_enter_pick_the_best_match(field, qtbot):
    qtbot.keyClicks(field, "cd3")
    assert [f.name for f in field.matches] == ["CD3", "Cd3e", "Acd3"]
    popup = _open_list(field, qtbot)
    with qtbot.waitSignal(field.picked) as picked:
        qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert picked.args == [Feature("adt", "CD3")]
    assert field.text() == "CD3"


def test_the_arrow_keys_choose_another_match(field, qtbot):
    qtbot.keyClicks(field, "cd3")
    popup = _open_list(field, qtbot)
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    picked = []
    field.picked.connect(picked.append)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert picked == [Feature("rna", "Cd3e")]
    assert not popup.isVisible()


def test_a_click_picks(field, qtbot):
    qtbot.keyClicks(field, "cd3")
    popup = _open_list(field, qtbot)
    at = popup.visualRect(popup.model().index(2, 0)).center()
    with qtbot.waitSignal(field.picked) as picked:
        qtbot.mouseClick(popup.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert picked.args == [Feature("rna", "Acd3")]


def test_enter_picks_also_after_the_list_was_closed(field, qtbot):
    qtbot.keyClicks(field, "depth")
    popup = _open_list(field, qtbot)
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    with qtbot.waitSignal(field.picked) as picked:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert picked.args == [Feature(COLUMN, "depth")]


def test_enter_on_nothing_or_on_an_unknown_name_picks_nothing(field, qtbot):
    picked = []
    field.picked.connect(picked.append)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "unknown")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert picked == []


def test_the_arrow_key_opens_the_list_of_an_empty_field(field, qtbot):
    qtbot.keyClick(field, Qt.Key.Key_Down)
    _open_list(field, qtbot)
    assert len(field.matches) == 5


def test_only_the_chosen_modality_is_searched(field, qtbot):
    field.set_modality("rna")
    qtbot.keyClicks(field, "cd3")
    assert {f.modality for f in field.matches} == {"rna"}


def test_emptying_the_field_tells_so(field, qtbot):
    qtbot.keyClicks(field, "depth")
    qtbot.keyClick(_open_list(field, qtbot), Qt.Key.Key_Return)
    with qtbot.waitSignal(field.picked) as picked:
        field.selectAll()
        qtbot.keyClick(field, Qt.Key.Key_Delete)
    assert picked.args == [None]


@pytest.fixture
def field(qtbot):
    tables = {"rna": ["Acd3", "Cd3e"], "adt": ["CD3", "CD4"]}
    modalities = {n: SimpleNamespace(table=SimpleNamespace(var=pd.DataFrame(index=v))) for n, v in tables.items()}
    index = FeatureIndex(SimpleNamespace(modalities=modalities, obs=pd.DataFrame({"depth": []}), parts=()))
    field = FeatureSearch("Type")
    field.set_index(index)
    qtbot.addWidget(field)
    field.show()
    qtbot.waitExposed(field)
    field.setFocus()
    return field


def _open_list(field, qtbot):
    popup = field.completer().popup()
    qtbot.waitUntil(lambda: popup.isVisible() and popup.currentIndex().isValid())
    return popup
