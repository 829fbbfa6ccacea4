"""The tab Across: profiles of the chosen boundary, named features, figure and table."""

from __future__ import annotations

import pandas as pd
import pytest
from opened_dock import dock_alone
from qtpy.QtCore import Qt
from typed_keys import focus, press, type_keys

from napari_trsmi.evidence.across import profile_across


@pytest.fixture
def across(trained, qtbot):
    """The tab in front, the carriers of two boundaries known."""
    dock = dock_alone(qtbot, trained)
    dock.markers.find = lambda: None
    names = {name: modality.table.var_names for name, modality in trained.dataset.modalities.items()}
    known = pd.DataFrame({"modality": ["rna", "adt"], "feature": [names["rna"][3], names["adt"][1]]})
    dock.carriers.tables = {0: known, 1: known.iloc[:1]}
    dock.tabs.setCurrentWidget(dock.across)
    dock.across.dock = dock
    return dock.across


def measured(qtbot, across, segment):
    qtbot.waitUntil(lambda: across.table is not None and across.table["segment"].iloc[0] == segment, timeout=20_000)
    return across.table


def test_without_a_boundary_the_tab_says_what_to_do(across):
    assert "Choose a boundary" in across.note.text()
    assert not across.save_button.isEnabled()


def test_the_carriers_of_the_chosen_boundary_are_followed(across, qtbot, trained):
    across.session.select_boundary(0)
    table = measured(qtbot, across, 0)
    names = {name: modality.table.var_names for name, modality in trained.dataset.modalities.items()}
    expected = profile_across(trained, 0, {"rna": [names["rna"][3]], "adt": [names["adt"][1]]})
    pd.testing.assert_frame_equal(table, expected)
    assert set(across.plots.plots) == {"rna", "adt", "confidence"}
    across.session.select_boundary(1)
    measured(qtbot, across, 1)
    assert set(across.plots.plots) == {"rna", "confidence"}
    assert "Nothing differs in adt." in across.note.text()
    across.dock.carriers.tables[2] = across.dock.carriers.tables[0].iloc[:0]
    across.session.select_boundary(2)
    measured(qtbot, across, 2)
    assert across.note.text().startswith("No feature differs across it")


def test_features_are_found_by_a_part_of_their_names_and_added_until_the_carriers_are_wanted_again(
    across, qtbot, trained
):
    across.session.select_boundary(0)
    measured(qtbot, across, 0)
    focus(across.search, qtbot)
    for modality in ("adt", "rna"):
        part = str(trained.dataset.modalities[modality].table.var_names[5])[:-1].lower()
        type_keys(part)
        assert across.search.list.isVisible()
        assert all(one.modality in ("rna", "adt") for one in across.search.matches)  # no columns
        wanted = across.search.matches[1]
        press(Qt.Key.Key_Down)
        press(Qt.Key.Key_Return)
        assert across.search.text() == ""
        qtbot.waitUntil(
            lambda wanted=wanted: across.table is not None and wanted.name in set(across.table["feature"]),
            timeout=20_000,
        )
    assert sum(len(own) for own in across.own.values()) == 2
    assert across.search.hasFocus()
    across.default.click()
    qtbot.waitUntil(lambda: "rna" in set(across.table["modality"]), timeout=20_000)
    assert across.own == {}


def test_profiles_are_saved_as_a_figure_and_as_a_table(across, qtbot, tmp_path):
    across.session.select_boundary(0)
    table = measured(qtbot, across, 0)
    for name in ("p.svg", "p.csv"):
        across.ask = lambda parent, suggested, name=name: tmp_path / name
        across.save_button.click()
    assert "micrometres" not in (tmp_path / "p.svg").read_text()
    saved = pd.read_csv(tmp_path / "p.csv")
    assert saved.columns.tolist() == table.columns.tolist()
    assert len(saved) == len(table)


def test_bands_and_units_are_those_that_are_chosen(across, qtbot):
    across.session.select_boundary(0)
    measured(qtbot, across, 0)
    item = across.plots.plots["rna"].getPlotItem()
    assert "hops" in item.getAxis("bottom").labelText
    across.unit.setCurrentIndex(1)
    across.band.setCurrentIndex(1)
    assert "micrometres" in item.getAxis("bottom").labelText
    x, y = item.listDataItems()[-1].getData()
    part = across.table[across.table["modality"] == "rna"]
    assert x.tolist() == part["distance_um"].tolist()
    assert y.tolist() == part["mean"].tolist()


def test_what_stands_below_a_plot_is_not_cut_and_each_plot_says_what_it_shows(across, qtbot):
    across.session.select_boundary(0)
    measured(qtbot, across, 0)
    qtbot.wait(50)
    for plot in across.plots.plots.values():
        words = plot.getPlotItem().getAxis("bottom").label
        assert words.mapRectToScene(words.boundingRect()).bottom() <= plot.height()
    assert "counts" in across.plots.plots["rna"].toolTip()
    assert "Support:" in across.plots.plots["confidence"].toolTip()
    assert "the step from a spot to one beside it" in across.unit.toolTip()
