"""The kind of a group is read whole, whatever columns are called."""

from __future__ import annotations

from opened_dock import open_section
from qtpy.QtWidgets import QStyle, QStyleOptionComboBox

from napari_trsmi.gui.viewer.docks import PLUGIN


def offered(box):
    return [box.itemText(k) for k in range(box.count())]


def room(box):
    """Pixels that a name has in its field."""
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    return (
        box.style()
        .subControlRect(QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box)
        .width()
    )


def test_a_column_called_domain_says_so_only_beside_domains(qtbot, trained, dock):
    assert {"Domain", "column domain"} <= set(offered(dock.differ.a.kind))
    dock.session.section.result = None
    group = dock.differ.a
    group.refresh()
    assert "domain" in offered(group.kind)
    assert not any("column" in kind for kind in offered(group.kind))
    group.choose("column domain", chosen := "domain=layer 2")
    assert (group.kind.currentText(), group.where) == ("domain", chosen)
    dock.session.section.result = trained
    group.refresh()
    assert (group.kind.currentText(), group.where) == ("column domain", chosen)  # what was chosen stays


def test_kind_and_value_are_read_whole_in_a_narrow_dock(qtbot, viewer, trained):
    open_section(viewer, trained.dataset, trained)
    _, dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Ask")
    dock.setFixedWidth(330)
    group = dock.differ.a
    group.choose("column domain", "domain=island 1")
    qtbot.wait(100)
    for box in (group.kind, group.value):
        assert box.fontMetrics().horizontalAdvance(box.currentText()) <= room(box), box.currentText()
