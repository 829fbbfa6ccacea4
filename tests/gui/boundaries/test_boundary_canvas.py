from __future__ import annotations

from dataclasses import replace

import pytest
from napari.layers import Layer

from napari_trsmi import edits
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.layers import section_layers
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.mark.slow
def test_fewer_boundaries_may_come_while_they_are_hidden(viewer, trained):
    for data in section_layers(OpenSection(trained.dataset, replace(trained))):
        viewer.add_layer(Layer.create(*data))
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Boundaries")
    session = session_of(viewer)
    strokes = session.canvas.layer("boundaries")
    before = len(strokes.data)
    strokes.visible = False
    session.set_result(edits.merge(session.result, [0, 1]))
    assert 0 < len(strokes.data) < before
    strokes.visible = True
