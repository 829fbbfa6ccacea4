import gc
from weakref import ref

import numpy as np
import pytest
from around_spots import box, boxed, click, near
from drawn_regions import draw, marked, opened, own, regions
from opened_dock import open_section
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QPushButton
from small_study import trained_study
from typed_keys import focus, press

import napari_trsmi as nt
from napari_trsmi.exchange import read_columns
from napari_trsmi.gui.drawing.pen import Pen
from napari_trsmi.gui.jobs import exporting
from napari_trsmi.gui.viewer.docks import REGIONS, open_dock, open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.restoring import restore


@pytest.fixture
def result(trained):
    return own(trained)


@pytest.fixture
def dock(qtbot, result):
    return opened(qtbot, result)


def test_a_dock_that_is_gone_lets_go_of_its_regions(qtbot, result):
    dock = opened(qtbot, result)
    kept = ref(dock.panel.regions)
    qtbot.wait(0)
    dock.deleteLater()
    del dock
    qtbot.waitUntil(lambda: gc.collect() >= 0 and kept() is None)


def test_a_region_in_a_section_of_a_study_that_is_not_chosen_is_counted_and_can_be_saved(qtbot):
    result = own(trained_study())
    dock = opened(qtbot, result)
    dock.session.parts.choose(0)
    rows = np.flatnonzero(np.asarray(result.sections) == "b")[:9]
    dock.panel.regions.add(rows)
    said = dock.panel.table.model()
    assert said.index(0, 1).data() == "0 of 9"
    assert "9 spots, 0 of them in the chosen section" in said.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert dock.panel.buttons["Colour by it"].isEnabled()
    assert dock.panel.buttons["GeoJSON…"].isEnabled()
    dock.session.parts.choose(1)
    assert said.index(0, 1).data() == "9"


def test_before_anything_is_drawn_the_lasso_is_in_hand(dock):
    assert dock.panel.pen.tool == "lasso"
    assert dock.panel.bar.tools["lasso"].isChecked()
    assert "they become Region 1" in dock.panel.bar.hint.text()
    assert dock.viewer.layers.selection.active.mode == "add_polygon_lasso"


def test_the_tool_is_taken_once_while_the_dock_finds_its_place(viewer, result, qtbot, monkeypatch):
    open_docks(viewer)
    open_section(viewer, result.dataset, result)
    qtbot.wait(100)
    taken, add = [], Pen._add_layer
    monkeypatch.setattr(Pen, "_add_layer", lambda pen: taken.append(1) or add(pen))
    open_dock(viewer, REGIONS)
    qtbot.waitUntil(lambda: len(taken) == 1, timeout=2_000)
    qtbot.wait(100)
    assert taken == [1]


def test_a_lasso_is_a_region_and_the_tissue_shows_it(qtbot, dock, result):
    corners = box(result.dataset, near(result.dataset, 1200))
    draw(qtbot, dock, corners)
    rows = set(boxed(result.dataset, corners))
    assert regions(dock) == {"Region 1": rows}
    assert marked(dock) == {tuple(np.round(at, 3)) for at in result.coords[list(rows), ::-1]}
    assert dock.session.canvas.layer("pen").nshapes == 0
    table = dock.panel.table
    assert [table.model().index(0, at).data() for at in (0, 1)] == ["Region 1", str(len(rows))]
    other = box(result.dataset, near(result.dataset, 100))
    draw(qtbot, dock, other)
    assert regions(dock) == {"Region 1": rows | set(boxed(result.dataset, other))}


def test_the_first_region_is_drawn_in_the_colour_that_it_gets(qtbot, dock, result):
    color = dock.panel.pen.color
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    assert dock.panel.regions.rows[0].color == color


def test_a_brush_takes_the_spots_under_its_width(qtbot, dock, result):
    click(qtbot, dock.panel.bar.tools["brush"])
    dock.panel.bar.slider.setValue(4)
    at = result.coords[near(result.dataset, 1200, 1)[0], ::-1]
    path = at + np.array([[0, 0], [0, 300.0], [100, 300]])
    draw(qtbot, dock, path, "path")
    from napari_trsmi.gui.viewer.looks import look

    reach = 2 * look(dock.session.section).diameter
    points = np.linspace(path[:-1], path[1:], 200).reshape(-1, 2)
    away = np.linalg.norm(result.coords[:, None, ::-1] - points[None], axis=2).min(axis=1)
    (found,) = regions(dock).values()
    assert set(np.flatnonzero(away < 0.97 * reach)) <= found <= set(np.flatnonzero(away < 1.03 * reach))


def test_a_click_on_a_domain_takes_all_of_it(qtbot, dock, result):
    click(qtbot, dock.panel.bar.tools["domain"])
    dock.session.select_spot(7)
    dock.session.select_spot(int(np.flatnonzero(result.labels != result.labels[7])[0]))
    (found,) = regions(dock).values()
    two = {result.labels[7], result.labels[np.flatnonzero(result.labels != result.labels[7])[0]]}
    assert found == set(np.flatnonzero(np.isin(result.labels, list(two))))
    assert dock.session.spot is None


def test_a_click_between_the_spots_of_a_domain_takes_it_too(viewer, qtbot, result):
    open_docks(viewer)
    open_section(viewer, result.dataset, result)
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", REGIONS)
    panel = dock.panel
    qtbot.waitUntil(lambda: panel.pen.tool == "lasso")
    qtbot.wait(500)  # the docks find their places, and the canvas its size
    click(qtbot, panel.bar.tools["domain"])
    assert panel.pen.tool == "domain"
    session, at = session_of(viewer), result.coords
    spot = next(k for k in range(1000, 1500) if len(set(result.labels[near(result.dataset, k, 7)])) == 1)
    beside = at[near(result.dataset, spot, 2)[1]]
    place = (at[spot] + beside)[::-1] / 2 * result.dataset.microns_per_unit
    viewer.scene.camera.zoom = 1.0  # a pixel for a micrometre: spots have gaps
    assert session.canvas.pointing.spot_at(place) is None
    assert panel.pen._claim(place)  # as the canvas asks at a click
    found = panel.regions.values
    assert set(np.flatnonzero(found.codes == 0)) == set(np.flatnonzero(result.labels == result.labels[spot]))


def test_tab_leaves_the_list_of_regions(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    focus(dock.panel.table, qtbot)
    press(Qt.Key.Key_Tab)
    assert dock.panel.buttons["New region"].hasFocus()


def test_erasing_takes_spots_out(qtbot, dock, result):
    corners = box(result.dataset, near(result.dataset, 1200, 40))
    draw(qtbot, dock, corners)
    click(qtbot, dock.panel.bar.erase)
    assert "leave their regions" in dock.panel.bar.hint.text()
    inner = box(result.dataset, near(result.dataset, 1200, 5))
    draw(qtbot, dock, inner)
    assert regions(dock)["Region 1"] == set(boxed(result.dataset, corners)) - set(boxed(result.dataset, inner))


def test_names_are_typed_and_regions_deleted_by_key(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    table = dock.panel.table
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_F2)
    editor = table.findChild(QLineEdit)
    qtbot.keyClicks(editor, "tumour")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: list(regions(dock)) == ["tumour"], timeout=2_000)
    click(qtbot, dock.panel.buttons["New region"])
    assert dock.panel.regions.region == "Region 2"
    table.selectRow(0)
    assert dock.panel.regions.region == "tumour"
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert list(regions(dock)) == ["Region 2"]
    dock.session.deeds.undo()
    assert list(regions(dock)) == ["tumour", "Region 2"]


def test_regions_colour_the_spots_and_follow_what_is_drawn(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    click(qtbot, dock.panel.buttons["Colour by it"])
    first = dock.session.coloring
    assert first.title == "region"
    assert first.colors == (dock.panel.regions.rows[0].color,)
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 100)))
    assert (dock.session.coloring.values >= 0).sum() > (first.values >= 0).sum()
    dock.panel.regions.recolor("Region 1", "#123456")
    assert dock.session.coloring.colors == ("#123456",)
    click(qtbot, dock.panel.buttons["Colour by it"])
    assert dock.session.coloring is None


def test_columns_are_chosen_and_made(qtbot, dock, result, monkeypatch):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("second", True))
    click(qtbot, dock.panel.buttons["New…"])
    assert regions(dock) == {}
    assert dock.panel.columns.currentText() == "second"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (result.dataset.obs.columns[0], True))
    click(qtbot, dock.panel.buttons["New…"])
    assert "Choose another name" in dock.failed[-1]
    dock.panel.columns.setCurrentText("region")
    dock.panel.columns.activated.emit(0)
    assert list(regions(dock)) == ["Region 1"]
    click(qtbot, dock.panel.buttons["Remove"])
    assert dock.session.annotations.names == ("second",)


def test_a_column_that_is_brought_in_is_the_one_that_is_shown(qtbot, dock, result, tmp_path):
    panel, names = dock.panel, result.dataset.obs_names
    panel.regions.add(np.arange(5))
    panel.regions.choose(column="region")
    table = tmp_path / "cells.csv"
    table.write_text("cell_id,group\n" + "".join(f"{name},core\n" for name in names[:9]))
    exporting.bring_in(dock.session, table)
    qtbot.waitUntil(lambda: panel.columns.currentText() == "cells", timeout=20_000)
    assert [(row.name, row.n_spots) for row in panel.regions.rows] == [("core", 9)]


def test_without_a_result_there_are_regions_but_no_domains_to_click(qtbot, result, tmp_path, monkeypatch):
    dock = opened(qtbot, result, with_result=False)
    assert not dock.panel.bar.tools["domain"].isEnabled()
    assert "train first" in dock.panel.bar.tools["domain"].toolTip()
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    path = tmp_path / "x.geojson"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    click(qtbot, dock.panel.buttons["GeoJSON…"])
    qtbot.waitUntil(lambda: dock.told != [], timeout=20_000)
    (column,) = read_columns(nt.read(nt.sample_path()), path)
    assert set(np.flatnonzero(column.values.codes >= 0)) == regions(dock)["Region 1"]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    click(qtbot, dock.panel.buttons["Bring in…"])
    qtbot.waitUntil(lambda: len(dock.told) == 2, timeout=20_000)
    assert f"names {len(regions(dock)['Region 1'])} of 2,500 spots" in dock.told[-1]
    assert dock.session.annotations.names == ("region", "region 2")
    assert dock.session.deeds.last == "bringing in x.geojson"


def test_regions_are_saved_with_the_result_and_come_back(qtbot, dock, result, tmp_path):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    dock.panel.regions.rename("Region 1", "tumour")
    dock.session.result.write(tmp_path / "x.h5mu")
    again = opened(qtbot, restore(tmp_path / "x.h5mu"))
    assert regions(again) == regions(dock)
    assert again.panel.regions.rows == dock.panel.regions.rows
    assert again.panel.pen.tool == ""
    assert marked(again) == marked(dock)


def test_another_dock_in_front_takes_marks_and_tool_away_until_it_is_back(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    dock.hide()
    assert dock.panel.pen.tool == ""
    assert marked(dock) == set()
    dock.show()
    assert len(marked(dock)) == len(regions(dock)["Region 1"])


def test_another_section_has_none_and_nothing_stays_of_what_was_drawn(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    first = dock.session.section
    open_section(dock.viewer, own(result).dataset)
    assert regions(dock) == {}
    qtbot.waitUntil(lambda: not [layer for layer in dock.viewer.layers if "regions" in layer.name], timeout=2_000)
    dock.session.activate(first)
    assert list(regions(dock)) == ["Region 1"]
    qtbot.waitUntil(lambda: marked(dock) != set(), timeout=2_000)


def test_the_dock_is_no_wider_than_330_pixels(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    dock.panel.regions.rename("Region 1", "a name of more than fifty letters that goes on and on and on")
    assert dock.minimumSizeHint().width() <= 330


@pytest.mark.slow
def test_regions_by_real_mouse_and_keys_in_a_window_take_four_clicks_to_a_file(
    qtbot, viewer, result, tmp_path, monkeypatch
):
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, result.dataset)
    train = next(dock for name, dock in viewer.window.dock_widgets.items() if "Train" in name)
    window = train.window()
    window.resize(1280, 800)
    qtbot.waitExposed(window)
    clicks = 0
    button = next(one for one in train.findChildren(QPushButton) if one.text() == "Regions…")
    click(qtbot, button)  # 1: the dock, with the lasso in hand
    clicks += 1
    session = session_of(viewer)
    dock = next(dock for name, dock in viewer.window.dock_widgets.items() if "Regions" in name)
    dock = dock if hasattr(dock, "panel") else dock.widget()
    qtbot.waitUntil(lambda: dock.panel.pen.tool == "lasso", timeout=5_000)
    canvas = viewer.window._qt_viewer.canvas.native
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    for x, y in ((60, 0), (60, 60), (0, 60), (-60, 60), (-60, 0)):
        qtbot.mouseMove(canvas, middle + QPoint(x, y))
        qtbot.wait(30)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(-60, 0))  # 2: one drag
    clicks += 1
    qtbot.waitUntil(lambda: session.annotations.names == ("region",), timeout=5_000)
    path = tmp_path / "lasso.geojson"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))  # 4: Save in the dialog
    click(qtbot, dock.panel.buttons["GeoJSON…"])  # 3
    clicks += 2
    qtbot.waitUntil(path.exists, timeout=20_000)
    qtbot.waitUntil(lambda: not session.busy.sign, timeout=20_000)
    assert clicks == 4
    (column,) = read_columns(nt.read(nt.sample_path()), path)
    assert (column.values.codes >= 0).sum() == dock.panel.regions.rows[0].n_spots > 20


def test_the_name_of_the_column_is_read_in_the_narrowest_dock(qtbot, dock, result):
    draw(qtbot, dock, box(result.dataset, near(result.dataset, 1200)))
    dock.resize(dock.minimumSizeHint())
    field = dock.panel.columns
    assert field.currentText() == "region"
    qtbot.waitUntil(lambda: field.width() >= field.fontMetrics().horizontalAdvance("region") + 26)
    assert dock.minimumSizeHint().width() <= 330


def test_a_layer_that_is_added_meanwhile_leaves_the_tool_in_hand(qtbot, dock, result):
    dock.session.select_spot(3)  # a ring around it
    qtbot.wait(50)
    assert dock.panel.pen.tool == "lasso"
    assert dock.viewer.layers.selection.active is dock.session.canvas.layer("pen")
