"""What takes long the first time is made ready beside the window, once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib import reload
from threading import current_thread

import pytest
from opened_dock import open_section

from napari_trsmi.gui.jobs import warm_up
from napari_trsmi.gui.jobs.warm_up import begin_shapes
from napari_trsmi.gui.viewer import looks


def test_it_is_begun_once_and_does_not_hold_up_the_window(monkeypatch):
    begun = []
    monkeypatch.undo()
    again = reload(warm_up)
    monkeypatch.setattr(again, "make_ready", lambda: begun.append(1))
    again.begin()
    again.begin()
    again.wait()
    assert begun == [1]
    again._STARTED.clear()


@pytest.mark.slow
def test_what_draws_by_hand_is_compiled_beside_the_window_once_a_section_is_open(viewer, qtbot, trained, monkeypatch):
    made = []
    monkeypatch.setattr("napari.layers.Shapes", lambda: made.append(current_thread().name))
    monkeypatch.setattr(warm_up, "begin_shapes", begin_shapes)
    monkeypatch.setattr(warm_up, "LATER", 0)
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, trained.dataset)
    qtbot.waitUntil(lambda: made == ["trsmi-warm-up-shapes"])
    open_section(viewer, replace(trained.dataset))
    qtbot.wait(50)
    warm_up.wait()
    assert len(made) == 1
    warm_up._STARTED.clear()


@pytest.mark.slow
def test_labels_are_drawn_without_a_canvas(qapp):
    warm_up.draw_labels()


def test_what_fails_is_no_matter(monkeypatch):
    def fail():
        raise ImportError("numba")

    monkeypatch.setattr(warm_up, "draw_labels", fail)
    warm_up.make_ready()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only there a process says what it has loaded")
def test_the_libraries_of_torch_are_loaded_before_its_import_and_it_works_then():
    program = """if True:
    import sys
    from napari_trsmi.gui.jobs import warm_up
    warm_up.load_torch()
    print("libtorch_python" in open("/proc/self/maps").read(), "torch" in sys.modules)
    import torch
    print(float(torch.ones(3).sum()), warm_up.load_torch())
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "3.0", "None"]


def test_without_torch_nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(warm_up, "find_spec", lambda name: None)
    monkeypatch.setattr(warm_up, "ctypes", None)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    warm_up.load_torch()


@pytest.mark.slow
def test_it_is_begun_for_each_section_that_is_drawn_as_pixels(viewer, qtbot, trained, monkeypatch):
    monkeypatch.setattr(looks.raster, "RASTER_ABOVE", 50)
    monkeypatch.setattr(looks.raster, "GRID_ABOVE", 50)
    monkeypatch.setattr(warm_up, "DELAY", 0)
    begun = []
    monkeypatch.setattr(warm_up, "begin", lambda: begun.append(1))
    viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    open_section(viewer, trained.dataset)
    qtbot.waitUntil(lambda: bool(begun))


def test_while_torch_is_half_imported_scipy_still_answers_the_window():
    script = """
import sys
from types import ModuleType
import numpy as np
from scipy.spatial.transform import Rotation
from napari_trsmi.gui.jobs import warm_up

warm_up.wait()  # as each thread does before
sys.modules["torch"] = ModuleType("torch")  # as it is while a thread imports it
for quaternion in ([0.0, 0.6, 0.0, 0.8], (0.0, 0.6, 0.0, 0.8), np.array([0.0, 0.6, 0.0, 0.8])):
    Rotation.from_quat(quaternion).as_matrix()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
