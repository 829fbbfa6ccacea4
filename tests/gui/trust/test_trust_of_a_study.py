"""Which domains of a study come back without each of its sections, asked in the window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt
from small_study import trained_study

from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.gui.trust.words import NO_RUN


@pytest.fixture
def panel(qtbot):
    viewer, result = ViewerModel(), trained_study()
    open_section(viewer, result.dataset, result)
    dock = TrustDock(viewer)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    dock.trust.seeds.setValue(1)
    dock.trust.shuffled.setValue(0)
    yield dock.trust
    dock.trust._drop("")


def test_one_section_cannot_be_left_out(qtbot, trained):
    viewer = ViewerModel()
    open_section(viewer, trained.dataset, trained)
    dock = TrustDock(viewer)
    qtbot.addWidget(dock)
    dock.show()
    assert not dock.trust.sections_wanted.isVisible()
    dock.trust.sections_wanted.setChecked(True)
    assert dock.trust.wanted.n_sections == 0


def test_a_study_is_trained_again_without_each_section_and_each_domain_has_its_answer(panel, qtbot):
    assert panel.estimate.text() == NO_RUN
    qtbot.keyClick(panel.sections_wanted, Qt.Key.Key_Space)
    assert panel.estimate.text().startswith("3 runs of the method, about")
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert not panel.sections_wanted.isEnabled()
    qtbot.waitUntil(lambda: panel.job is None, timeout=60_000)
    rows = panel.session.result.provenance["trust"]["sections"]
    assert len(rows) == 3 * 3
    table, without_b = panel.found.sections, rows[3]
    assert table.isVisible()
    heads = [table.horizontalHeaderItem(at).text() for at in range(table.columnCount())]
    assert heads == ["Domain", "a", "b", "c"]
    assert table.item(0, 1).text() == "-"  # the others share no modality without it
    word = "yes" if without_b["comes_back"] > 0.5 else "no"
    assert table.item(0, 2).text() == f"{word} {without_b['comes_back']:.2f}"
    assert "without b" in table.item(0, 2).toolTip()
    assert "a cannot be left out" in panel.found.summary.text()


def test_stop_ends_a_run_without_a_section_and_leaves_the_result_as_it_was(panel, qtbot, monkeypatch):
    from acted_checks import act

    result = panel.session.result
    config = result.config.model_copy(update={"train": result.config.train.model_copy(update={"epochs": 10**6})})
    panel.session.set_result(replace(result, config=config))
    act(monkeypatch, result)
    panel.sections_wanted.setChecked(True)
    panel.start()
    job = panel.job
    qtbot.waitUntil(lambda: job.share > 0, timeout=30_000)
    assert job.text == "without section b"  # the first that can be left out
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.job is None, timeout=30_000)
    assert "trust" not in panel.session.result.provenance
    assert "nothing was changed" in panel.status.text()
