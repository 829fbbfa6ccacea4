"""The kind of a group is read whole, whatever columns are called."""

from __future__ import annotations

from qtpy.QtWidgets import QStyle, QStyleOptionComboBox


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
    assert {"Domain", "domain (column)"} <= set(offered(dock.differ.a.kind))
    dock.session.section.result = None
    group = dock.differ.a
    group.refresh()
    assert "domain" in offered(group.kind)
    assert not any("column" in kind for kind in offered(group.kind))
    group.choose("domain (column)", chosen := "domain=layer 2")
    assert (group.kind.currentText(), group.where) == ("domain", chosen)
    dock.session.section.result = trained
    group.refresh()
    assert (group.kind.currentText(), group.where) == ("domain (column)", chosen)  # what was chosen stays


def test_a_kind_is_read_whole_in_a_narrow_dock(dock, qtbot):
    dock.resize(330, 700)
    group = dock.differ.a
    group.choose("domain (column)", "domain=layer 1")
    qtbot.wait(50)
    assert group.kind.fontMetrics().horizontalAdvance("domain (column)") <= room(group.kind)
