"""A section without a picture opens in colours, and its domains take their place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dock_by_hand import ALL, click, idle
from opened_dock import add

from napari_trsmi.gui.finding.maps import feature_coloring
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train import first_look


@pytest.fixture
def bare(alone, trained, quick, qtbot):
    """A section without a picture, once it is coloured."""
    add(alone.viewer, OpenSection(replace(trained.dataset, image=None)))
    alone.session.set_config(quick)
    qtbot.waitUntil(lambda: alone.session.coloring is not None, timeout=10_000)
    return alone


def seen(dock):
    return {layer.metadata["trsmi"]["role"] for layer in dock.viewer.layers if layer.visible}


def test_what_varies_most_colours_it_and_domains_come_after_training(bare, qtbot, gate):
    assert bare.session.coloring.title.endswith("(rna, log1p): varies most")
    assert seen(bare) == {"spots"}
    gate.release(ALL)
    click(qtbot, bare.run_bar.run_button)
    idle(bare, qtbot)
    assert bare.session.coloring is None
    assert seen(bare) == {"domains"}


def test_what_a_person_chose_meanwhile_stays(alone, trained, qtbot):
    dataset = replace(trained.dataset, image=None)
    name, modality = next(iter(dataset.modalities.items()))
    mine = feature_coloring(dataset, name, modality.table.var_names[0])
    add(alone.viewer, OpenSection(dataset))
    alone.session.color(mine)
    qtbot.wait(500)
    assert alone.session.coloring is mine


def test_a_section_with_a_picture_opens_plain(opened, qtbot):
    qtbot.wait(300)
    assert opened.session.coloring is None


def test_a_look_that_fails_is_no_message(monkeypatch, trained):
    def fail(*_):
        raise ValueError("odd values")

    monkeypatch.setattr(first_look, "most_uneven", fail)
    assert first_look.varies_most(trained.dataset) is None
