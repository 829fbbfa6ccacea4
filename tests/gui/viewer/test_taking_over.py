"""A section takes over the domains of another one, from the list of runs and from the hint in Train."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dataset_of_seed import another
from napari.components import ViewerModel
from opened_dock import dock_on, open_section
from qtpy.QtWidgets import QFileDialog
from small_study import small_study

from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.train.dock import TrainDock
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.taking_over import labelled_others
from napari_trsmi.script import as_python


@pytest.fixture
def viewer(little):
    """A section with domains, and on top of it one without, which is the active one."""
    viewer = ViewerModel()
    open_section(viewer, little.dataset, little)
    open_section(viewer, another(little.dataset))
    return viewer


def entries(dock):
    """What the menu offers, by the first words of it; filled as it is when a person opens it."""
    menu = dock.runs.buttons["Add…"].menu()
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if not action.isSeparator()}


def taken(qtbot, session, do):
    with qtbot.waitSignal(session.runs_changed, timeout=120_000):
        do()
    return session.result


def test_the_hint_of_the_train_dock_takes_over_the_domains_of_the_section_that_has_some(qtbot, viewer, little):
    dock = dock_on(qtbot, viewer, TrainDock)
    hint = dock.take_over
    assert hint.isVisible()
    assert f"{little.dataset.name} has 7 domains" in hint.label.text()
    found = taken(qtbot, dock.session, hint.button.click)
    assert found.dataset is dock.session.dataset
    assert found.names == little.names
    assert found.provenance["transferred"]["from"] == [little.dataset.name]
    assert not hint.isVisible()
    assert not dock.problem.isVisible()
    assert not dock.run_bar.out_of_date.isVisible()  # settings are those of a training that there was not
    assert dock.run_bar.run_button.text() == "Run"
    dock.session.activate(next(one for one in dock.data_panel.sections if one.dataset is little.dataset))
    assert not hint.isVisible()


def test_a_result_on_file_gives_its_domains_and_the_script_says_which(qtbot, viewer, little, tmp_path, monkeypatch):
    path = tmp_path / "known.h5mu"
    little.write(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    dock = dock_on(qtbot, viewer, CompareDock)
    found = taken(qtbot, dock.session, entries(dock)["Domains of a saved result…"].trigger)
    assert f"nt.transfer({str(path)!r}, dataset)" in as_python(found)
    told = [dock.runs.model.index(0, at).data() for at in range(dock.runs.model.columnCount())]
    assert any("domains of known" in str(text) for text in told)


def test_the_menu_lists_sections_with_domains_and_not_for_a_study(qtbot, viewer, little):
    dock, session = dock_on(qtbot, viewer, CompareDock), session_of(viewer)
    name = f"Domains of {little.dataset.name} (7)"
    assert entries(dock)[name].isEnabled()
    open_section(viewer, small_study())
    assert labelled_others(session) == []
    assert name not in entries(dock)
    assert not entries(dock)["Domains of a saved result…"].isEnabled()
    assert "study" in entries(dock)["Domains of a saved result…"].toolTip()


def test_domains_of_a_section_without_a_shared_modality_are_not_offered(qtbot, viewer, little):
    session = session_of(viewer)
    other = next(one for one in labelled_others(session))
    renamed = {"peaks": next(iter(little.dataset.modalities.values()))}
    session.section.dataset = replace(session.section.dataset, modalities=renamed)
    assert other not in labelled_others(session)
