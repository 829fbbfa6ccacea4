"""Layers of ours that a person removes, renames or copies in the layer list of a real viewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.layers._layer_actions import _duplicate_layer
from opened_dock import add

from napari_trsmi.gui.boundaries.canvas import boundary_canvas_of
from napari_trsmi.gui.session.state import Coloring, OpenSection, Shown
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def section(viewer, trained):
    return add(viewer, OpenSection(trained.dataset, trained))


@pytest.fixture
def session(viewer, section):
    return session_of(viewer)


def remove(viewer, *roles):
    """Remove layers as a person does, by name in the list."""
    session = session_of(viewer)
    for role in roles:
        viewer.layers.remove(session.canvas.layer(role).name)


def seen(viewer):
    return {layer.metadata["trsmi"]["role"] for layer in viewer.layers if layer.visible}


def coloring(section):
    return Coloring("x", section.dataset.coords[:, 0])


@pytest.mark.parametrize(
    "how",
    ["legend", "result", *(pytest.param(how, marks=pytest.mark.slow) for how in ("coloring", "preview", "section"))],
)
def test_removed_domains_come_back_with_what_asks_for_them(viewer, session, section, trained, how):
    remove(viewer, "domains")
    if how == "legend":
        session.set_hidden(frozenset({1}))
    elif how == "coloring":
        session.color(coloring(section))
        session.color(None)
    elif how == "preview":
        session.show(Shown(trained.labels, trained.names, trained.palette, 3))
    elif how == "result":
        session.show_result()
    else:
        add(viewer, OpenSection(replace(trained.dataset, image=None)))
        session.activate(section)
    assert session.canvas.layer("domains").visible
    assert seen(viewer) == {"image", "domains"}
    own = [mark["role"] for layer in viewer.layers if (mark := layer.metadata["trsmi"])["section"] is section]
    assert own == ["image", "spots", "domains"]


def test_all_that_was_removed_is_named_and_comes_back_at_once(viewer, session, section):
    boundary_canvas_of(viewer)
    before = [layer.metadata["trsmi"]["role"] for layer in viewer.layers]
    assert before == ["image", "spots", "domains", "boundaries"]
    remove(viewer, "boundaries", "image", "domains")
    assert session.canvas.removed.names == ["tissue", "domains", "boundaries"]
    session.canvas.removed.bring_back()
    assert [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == before
    assert session.canvas.removed.names == []
    remove(viewer, "spots")
    session.canvas.removed.bring_back()
    assert [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == before
    assert not session.canvas.layer("spots").visible


@pytest.mark.slow
def test_removed_spots_come_back_with_a_coloring(viewer, session, section):
    remove(viewer, "spots")
    session.color(coloring(section))
    assert seen(viewer) == {"image", "spots"}
    assert session.canvas.removed.names == []


@pytest.mark.slow
def test_removed_boundaries_come_back_when_one_is_chosen(viewer, session, section):
    canvas = boundary_canvas_of(viewer)
    remove(viewer, "boundaries")
    canvas.select(0)
    assert {"boundaries", "boundary"} <= seen(viewer)


@pytest.mark.slow
def test_a_renamed_layer_is_still_ours(viewer, session, section):
    layer = session.canvas.layer("domains")
    layer.name = "cortex, second try"
    session.set_hidden(frozenset({0}))
    assert (layer.face_color[section.result.labels == 0, 3] == 0).all()
    assert len(viewer.layers) == 3


@pytest.mark.slow
def test_a_copy_belongs_to_the_person_and_is_seen_with_its_section(viewer, session, section):
    ours = session.canvas.layer("domains")
    viewer.layers.selection = {ours}
    _duplicate_layer(viewer.layers)
    (copy,) = [layer for layer in viewer.layers if layer.metadata["trsmi"]["role"] == "copy"]
    session.set_hidden(frozenset(range(7)))
    assert not ours.face_color[:, 3].any()
    assert copy.face_color[:, 3].all()
    viewer.layers.remove(ours)
    session.set_hidden(frozenset())
    assert session.canvas.layer("domains") is not copy
    add(viewer, OpenSection(replace(section.dataset, image=None)))
    assert not copy.visible
    session.activate(section)
    assert copy.visible


@pytest.mark.slow
def test_a_copy_stays_when_its_section_goes(viewer, session, section, qtbot):
    viewer.layers.selection = {session.canvas.layer("domains")}
    _duplicate_layer(viewer.layers)
    remove(viewer, "image", "spots", "domains")
    qtbot.wait(20)
    assert session.section is None
    assert [layer.metadata.get("trsmi") for layer in viewer.layers] == [None]


@pytest.mark.slow
def test_layers_removed_in_the_middle_of_training_come_back_with_the_next_preview(viewer, session, section, trained):
    rng = np.random.default_rng(0)
    for epoch in range(1, 20):
        session.show(Shown(np.roll(trained.labels, epoch), trained.names, trained.palette, epoch))
        session.color(coloring(section) if epoch % 3 else None)
        role = rng.choice(["spots", "domains", "image"])
        if session.canvas.layer(role) is not None and len(viewer.layers) > 1:
            remove(viewer, role)
        assert session.section is section
    session.color(None)
    session.show_result()
    assert "domains" in seen(viewer)


@pytest.mark.slow
def test_another_section_that_is_drawn_anew_does_not_become_the_active_one(viewer, session, section):
    from napari_trsmi.gui.viewer.outlining import redraw

    other = add(viewer, OpenSection(replace(section.dataset, image=None)))
    redraw(session.canvas, section)
    assert session.section is other
    session.activate(section)
    assert "domains" in seen(viewer)
