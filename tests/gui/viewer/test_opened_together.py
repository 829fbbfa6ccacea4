"""Files that napari gives one by one are opened together, and those kept apart have what was saved in them."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_trsmi.gui.viewer import study_picker
from napari_trsmi.gui.viewer.docks import DOCKS, PLUGIN, docks_of
from napari_trsmi.gui.viewer.opening import open_soon
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of


@pytest.fixture
def two_files(sample, tmp_path):
    """Modalities of one section in a file each."""
    paths = []
    for name, modality in sample.modalities.items():
        table = modality.table.copy()
        table.obsm["spatial"] = sample.coords
        paths.append(str(tmp_path / f"{name}.h5ad"))
        table.write_h5ad(paths[-1])
    return paths


def test_two_modalities_opened_before_any_dock_are_one_section(qtbot, viewer, two_files):
    assert not docks_of(viewer)

    def drop():
        for path in two_files:
            viewer.open(path, plugin=PLUGIN)
            QApplication.processEvents()  # as napari's bar of progress does between two files

    QTimer.singleShot(0, drop)
    qtbot.waitUntil(lambda: bool(docks_of(viewer)) and bool(sections_in(viewer)), timeout=60_000)
    (section,) = sections_in(viewer)
    assert sorted(section.dataset.modalities) == ["adt", "rna"]
    with qtbot.waitSignal(session_of(viewer).section_changed, timeout=60_000):  # what comes later is by itself
        QTimer.singleShot(0, lambda: viewer.open(two_files[0], plugin=PLUGIN))
    assert [list(section.dataset.modalities) for section in sections_in(viewer)][1:] == [["rna"]]
    qtbot.waitUntil(lambda: len(docks_of(viewer)) == len(DOCKS), timeout=20_000)


def test_sections_that_are_kept_apart_keep_their_results(qtbot, viewer, little, tmp_path, make_table, monkeypatch):
    little.write(tmp_path / "a.h5mu")
    make_table().write_h5ad(tmp_path / "b.h5ad")
    monkeypatch.setattr(
        study_picker, "choose", lambda found: ("apart", {f"{name} 1": one for name, one in found.items()})
    )
    session = session_of(viewer)
    open_soon(session, [str(tmp_path / "a.h5mu"), str(tmp_path / "b.h5ad")])
    qtbot.waitUntil(lambda: len(sections_in(viewer)) == 2, timeout=60_000)
    first, second = sections_in(viewer)
    assert [first.dataset.name, second.dataset.name] == ["a 1", "b 1"]
    assert first.path == tmp_path / "a.h5mu"
    assert (first.result.labels == little.labels).all()
    assert first.runs.complete(first.result).dataset.name == "a 1"
    assert second.result is None
    qtbot.waitUntil(lambda: len(docks_of(viewer)) == len(DOCKS), timeout=20_000)
