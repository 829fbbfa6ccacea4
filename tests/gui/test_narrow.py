"""However long the names that people give, and however much is shown, a dock fits a small window."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from long_names import LONG, SPACED, named, renamed
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QDockWidget,
    QLabel,
    QTabWidget,
    QWidget,
)

from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.form.fold import Fold
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.plain import Label

WIDEST, HIGHEST = 330, 420  # pixels: of a window of 960 x 540, which is a full screen at twice the scale
DOCKS = {
    "train": "TrainDock",
    "color": "ColorDock",
    "boundaries": "BoundariesDock",
    "correct": "CorrectDock",
    "trust": "TrustDock",
    "compare": "CompareDock",
    "ask": "AskDock",
    "regions": "RegionsDock",
    "embedding": "EmbeddingDock",
}


@pytest.fixture(scope="module")
def long_named(trained):
    dataset = renamed(trained.dataset)
    keys = dict(zip(trained.dataset.modalities, dataset.modalities, strict=True))
    pairs = {tuple(keys[name] for name in pair): found for pair, found in trained.correspondences.items()}
    table = trained.boundaries.rename(columns={f"contrast_{old}": f"contrast_{new}" for old, new in keys.items()})
    names = np.array([f"{LONG}-{k}" for k in range(dataset.n_spots)])
    found = replace(
        trained,
        dataset=replace(dataset, obs_names=names, embeddings={LONG: trained.embedding}),
        correspondences=pairs,
        boundaries=table,
    )
    return named(found)


@pytest.fixture(params=DOCKS)
def dock(request, qtbot, long_named):
    viewer = ViewerModel()
    open_section(viewer, long_named.dataset, long_named)
    session = session_of(viewer)
    for entry in session.section.runs:
        session.section.runs.rename(entry, f"run {SPACED}")
    session.runs_changed.emit()
    dock = getattr(import_module(f"napari_trsmi.gui.{request.param}.dock"), DOCKS[request.param])(viewer)
    dock.kept = viewer  # nothing else keeps it alive
    qtbot.addWidget(dock)
    dock.resize(WIDEST, 600)
    dock.show()
    qtbot.waitExposed(dock)
    return dock


def test_no_dock_is_wider_than_a_small_window_allows(dock, qtbot):
    session = session_of(dock.kept)
    session.select_spot(3)
    session.failed.emit(f"Expected a file, found /home/{LONG}/{LONG}/{LONG}.h5mu. Choose another one.")
    session.told.emit(f"Saved in /home/{LONG}/{LONG}/{LONG}.h5mu.")
    for fold in dock.findChildren(Fold):
        fold.open()
    for pages in [None, *dock.findChildren(QTabWidget)]:
        for at in range(1 if pages is None else pages.count()):
            if pages is not None:
                pages.setCurrentIndex(at)
            _settle()
            assert dock.minimumSizeHint().width() <= WIDEST
            assert dock.minimumSizeHint().height() <= HIGHEST
            assert (dock.width(), _cut(dock)) == (WIDEST, [])


def test_a_coloured_section_widens_no_dock(dock, long_named):
    session = session_of(dock.kept)
    for coloring in _colorings(long_named.dataset):
        session.color(coloring)
        _settle()
        assert dock.minimumSizeHint().width() <= WIDEST
        assert dock.minimumSizeHint().height() <= HIGHEST
        assert (dock.width(), _cut(dock)) == (WIDEST, [])


@pytest.mark.slow
def test_the_window_with_all_docks_fits_a_small_screen(viewer, long_named):
    from napari_trsmi.gui.viewer.docks import open_docks

    open_section(viewer, long_named.dataset, long_named)
    open_docks(viewer)
    window = viewer.window._qt_window
    docks = [dock for dock in window.findChildren(QDockWidget) if "(napari-trsmi)" in dock.objectName()]
    assert len(docks) >= 7
    for dock in docks:
        dock.raise_()
        _settle()
        least = dock.minimumSizeHint()
        assert (least.width() <= WIDEST, least.height() <= HIGHEST) == (True, True), (dock.objectName(), least)
    session = session_of(viewer)
    for coloring in (None, *_colorings(long_named.dataset)):
        session.color(coloring)
        window.resize(960, 540)
        _settle()
        assert (window.width(), window.height()) == (960, 540), coloring


@pytest.mark.slow
def test_every_number_has_room_for_its_text(viewer, trained):
    from napari_trsmi.gui.viewer.docks import open_docks

    open_section(viewer, trained.dataset, trained)
    open_docks(viewer)
    window, seen = viewer.window._qt_window, set()
    for fold in window.findChildren(Fold):
        fold.open()
    for dock in window.findChildren(QDockWidget):
        dock.raise_()
        _settle()
        for box in dock.findChildren(QAbstractSpinBox):
            if box.isVisible() and "napari_trsmi" in f"{type(box.parent()).__module__} {type(box).__module__}":
                seen.add(box)
                line = box.lineEdit()
                assert line.width() >= min(line.fontMetrics().horizontalAdvance(box.text()), 30), box.text()
    assert len(seen) > 20


def test_a_long_word_is_broken_over_lines_and_stays_as_it_was_given(qtbot):
    label = Label(f"Saved in {LONG}.")
    label.setWordWrap(True)
    qtbot.addWidget(label)
    label.resize(140, 200)
    label.show()
    assert label.text() == f"Saved in {LONG}."
    assert label.heightForWidth(140) > 2 * label.fontMetrics().height()
    assert label.minimumSizeHint().width() <= 140
    label.setText("short")
    assert QLabel.text(label) == "short"


def _colorings(dataset):
    """Return what may colour the spots: categories, numbers, several together."""
    modality = next(iter(dataset.modalities.values()))
    one, two = (maps.feature_coloring(dataset, modality.name, str(name)) for name in modality.table.var_names[:2])
    both = maps.together([maps.channel(one, "#ff00ff"), maps.channel(two, "#00ff00")])
    return maps.obs_coloring(dataset, SPACED), one, both


def _settle():
    for _ in range(5):
        QApplication.processEvents()


def _cut(dock):
    """Return what is seen in a dock but reaches over the edge of what it lies in, other than what scrolls sideways."""
    found = []
    for area in dock.findChildren(QAbstractScrollArea):
        inside = area.widget() if hasattr(area, "widget") else None
        if isinstance(inside, QWidget) and inside.isVisible() and inside.width() > area.viewport().width():
            found.append(f"{type(inside).__name__}: {inside.width()} of {area.viewport().width()}")
    return found
