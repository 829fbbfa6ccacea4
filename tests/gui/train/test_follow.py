"""Previews are seen while a section trains, and what coloured the spots before comes back."""

from __future__ import annotations

import pytest
from acted_support import with_acted_support
from dock_by_hand import ALL, click, idle
from qtpy.QtCore import Qt

from napari_trsmi.gui.finding.maps import feature_coloring, result_maps
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def gene(opened):
    modality, found = next(iter(opened.session.dataset.modalities.items()))
    coloring = feature_coloring(opened.session.dataset, modality, found.table.var_names[0])
    opened.session.color(coloring)
    return coloring


def seen(dock):
    """Roles of the layers that are drawn."""
    return {layer.metadata["trsmi"]["role"] for layer in dock.viewer.layers if layer.visible} - {"image"}


def preview(dock, qtbot, gate, n=2):
    gate.release(2)
    qtbot.waitUntil(lambda: len(dock.session.run.previews) == n // 2, timeout=5_000)


def press(qtbot, switch):
    switch.setFocus()
    qtbot.keyClick(switch, Qt.Key.Key_Space)


def test_previews_are_drawn_over_a_gene_that_comes_back_when_training_ends(opened, qtbot, gate, gene):
    follow = opened.run_bar.follow
    assert follow.isHidden()
    click(qtbot, opened.run_bar.run_button)
    assert follow.isVisible()
    assert follow.isChecked()
    assert opened.session.coloring is gene  # until there is something to see in its place
    preview(opened, qtbot, gate)
    assert seen(opened) == {"domains"}
    gate.release(ALL)
    idle(opened, qtbot)
    assert opened.session.coloring is gene
    assert seen(opened) == {"spots"}
    assert follow.isHidden()
    assert opened.run_bar.estimate.isVisible()


def test_with_the_switch_off_the_gene_stays_and_the_switch_brings_it_back(opened, qtbot, gate, gene):
    follow = opened.run_bar.follow
    click(qtbot, opened.run_bar.run_button)
    preview(opened, qtbot, gate)
    press(qtbot, follow)
    assert opened.session.coloring is gene
    preview(opened, qtbot, gate, 4)
    assert seen(opened) == {"spots"}
    press(qtbot, follow)
    assert seen(opened) == {"domains"}
    press(qtbot, follow)
    gate.release(ALL)
    idle(opened, qtbot)
    click(qtbot, opened.run_bar.run_button)
    assert not follow.isChecked()  # as it was left


def test_who_colours_the_spots_meanwhile_sees_that(opened, qtbot, gate, gene):
    opened.session.color(None)
    click(qtbot, opened.run_bar.run_button)
    preview(opened, qtbot, gate)
    opened.session.color(gene)
    assert not opened.run_bar.follow.isChecked()
    preview(opened, qtbot, gate, 4)
    assert opened.session.coloring is gene
    gate.release(ALL)
    idle(opened, qtbot)
    assert opened.session.coloring is gene
    click(qtbot, opened.run_bar.run_button)
    assert opened.run_bar.follow.isChecked()


def test_a_map_comes_back_as_that_of_the_new_result(opened, qtbot, gate, trained):
    opened.session.set_result(trained)
    old = result_maps(trained)["Entropy"]
    opened.session.color(old)
    gate.release(ALL)
    click(qtbot, opened.run_bar.run_button)
    idle(opened, qtbot)
    assert opened.session.coloring.title == "Entropy"
    assert opened.session.coloring is not old


def test_cancelling_brings_back_what_was_seen(opened, qtbot, gate, gene):
    click(qtbot, opened.run_bar.run_button)
    preview(opened, qtbot, gate)
    click(qtbot, opened.run_bar.controls.cancel)
    assert opened.session.coloring is gene
    assert seen(opened) == {"spots"}


def test_the_map_of_support_comes_back_once_the_new_result_has_it(opened, qtbot, gate, trained):
    session = opened.session
    session.set_result(with_acted_support(trained))
    session.color(result_maps(session.result)["Support"])
    click(qtbot, opened.run_bar.run_button)
    preview(opened, qtbot, gate)
    gate.release(ALL)
    idle(opened, qtbot)
    assert session.coloring is None  # there is none yet
    session.set_result(with_acted_support(session.result))
    assert session.coloring is not None
    assert session.coloring.title == "Support"


def test_a_gene_of_another_section_that_came_meanwhile_does_not_come_back(opened, qtbot, gate, gene):
    """Events are handled while a preview is drawn, so that another section may be there before its end is heard of."""
    follow, session = opened.run_bar.follow, opened.session
    click(qtbot, opened.run_bar.run_button)
    preview(opened, qtbot, gate)
    first, other = session.section, OpenSection(session.dataset)
    session.section = other
    follow._on_run("idle")
    assert session.coloring is None
    session.section = first
    gate.release(ALL)
    idle(opened, qtbot)
