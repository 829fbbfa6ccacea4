"""Two runs in the dock that compares them."""

from __future__ import annotations

from dataclasses import replace

from opened_dock import open_section

from napari_trsmi.gui.viewer.sessions import session_of


def fill(viewer, trained, fewer, embeddings=None):
    """Open the section with two runs, the one with fewer domains shown."""
    dataset = replace(trained.dataset, embeddings=embeddings or {})
    open_section(viewer, dataset, replace(trained, dataset=dataset))
    session_of(viewer).set_result(replace(fewer, dataset=dataset))


def choose(qtbot, dock, which, text):
    """Pick an entry of a box as a person does, and wait for the comparison."""
    box, panel = getattr(dock.comparison, which), dock.comparison
    at = box.findText(text)
    assert at >= 0, [box.itemText(k) for k in range(box.count())]
    before = panel.pair
    box.setCurrentIndex(at)
    box.activated.emit(at)
    qtbot.waitUntil(lambda: panel.pair is not before, timeout=60_000)
