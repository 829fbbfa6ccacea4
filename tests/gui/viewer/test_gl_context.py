"""Layers that are removed while they are hidden, and the graphics that go with them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opened_dock import add
from qtpy.QtGui import QOpenGLContext
from qtpy.QtOpenGLWidgets import QOpenGLWidget

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.docks import open_docks

# Where OpenGL is computed, napari 0.9.2 alone ends here with a segmentation fault.
HIDDEN_ONE_REMOVED = """
import os, sys
import napari, numpy as np
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from napari_trsmi.gui.viewer.gl_context import CanvasContext

viewer = napari.Viewer()
window = next(one for one in QApplication.topLevelWidgets() if one.isVisible())
CanvasContext(window, viewer)
places = np.random.default_rng(0).random((1296, 2)) * 100
for n in (1296, 1049, 1296):
    for layer in viewer.layers:
        layer.visible = False
    viewer.add_points(places[:n], size=2)
    QTest.qWait(100)
viewer.layers.remove(viewer.layers[1])
QTest.qWait(100)
viewer.window.resize(1000, 700)
QTest.qWait(200)
print("still there", flush=True)
os._exit(0)
"""


@pytest.mark.slow
def test_a_hidden_layer_can_be_removed_where_opengl_is_computed(viewer):
    done = subprocess.run([sys.executable, "-c", HIDDEN_ONE_REMOVED], capture_output=True, text=True, timeout=300)
    assert "still there" in done.stdout, (done.returncode, done.stderr[-2000:])


def test_the_canvas_is_where_the_graphics_of_a_layer_are_deleted(viewer, trained, qtbot):
    open_docks(viewer)
    add(viewer, OpenSection(trained.dataset, trained))
    canvas = viewer.window._qt_window.findChild(QOpenGLWidget)
    qtbot.waitUntil(canvas.isValid)
    canvas.doneCurrent()
    current = []
    viewer.layers.events.removed.connect(lambda _: current.append(QOpenGLContext.currentContext()))
    viewer.layers.remove(viewer.layers[0])
    assert current == [canvas.context()]
