"""What the sweep says of what is typed, and what can then be pressed."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt

from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.sweep import Grid, SweepResult
from napari_trsmi.sweep.runs import Progress, _text


@pytest.fixture
def panel(qtbot, trained):
    viewer = ViewerModel()
    open_section(viewer, trained.dataset, trained)
    dock = TrustDock(viewer)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    dock.tabs.setCurrentIndex(1)
    dock.sweep.dock = dock, viewer  # nothing else keeps them alive
    return dock.sweep


def typed(panel, qtbot, text):
    box = panel.first.values_box
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_Delete)
    qtbot.keyClicks(box, text)


def test_what_is_no_number_is_said_in_plain_words_and_run_waits(panel, qtbot):
    typed(panel, qtbot, "5, abc")
    assert panel.count.text() == "⚠ Domains: Number of domains: Expected a whole number, found 'abc'."
    assert not panel.run_button.isEnabled()
    typed(panel, qtbot, "5, 7")
    assert panel.run_button.isEnabled()


def test_sweeps_that_are_kept_nowhere_are_at_stake_those_of_other_sections_too(panel, trained, tmp_path, monkeypatch):
    name, found = trained.dataset.name, SweepResult("slice", Grid({}), panel.session.config, (), {})
    ended = SimpleNamespace(folder=tmp_path / "first", pictures=None)
    for widget in (panel.strip, panel.chosen):
        monkeypatch.setattr(widget, "set_sweep", lambda *_: None)  # there are no runs to be shown
    panel._passing = {tmp_path / "first", tmp_path / "second"}
    panel.job_of = panel.session.section
    assert panel.at_stake == ""
    panel.folder = ended.folder
    panel._on_done(ended, found)
    assert panel.at_stake == f"The sweep of {name} that is kept nowhere"
    other = OpenSection(replace(trained.dataset, name="other"))
    panel.session.activate(other)
    assert panel.at_stake == f"The sweep of {name} that is kept nowhere"
    panel.folder, panel.job_of = tmp_path / "second", other
    panel._on_done(ended, found)
    assert panel.at_stake.endswith("and The sweep of other that is kept nowhere")
    panel._passing.clear()  # as once they are kept
    assert panel.at_stake == ""


def test_one_worker_is_one():
    class Begun:
        runs, trials = (), (1, 2)

    assert _text(None, Begun(), 1) == "0 of 2 runs done; 1 worker"


def test_how_many_runs_are_done_is_said_once(panel, trained):
    grid = Grid({"cluster.n_domains": (5, 7)}, 1)
    sweep = SweepResult("slice", grid, panel.session.config, grid.trials(panel.session.config), {})
    for n_workers, said in ((0, "Waiting for workers…"), (1, "The first runs go on…")):
        latest = Progress(0, 2, _text(None, sweep, n_workers), None, sweep, n_workers, 1.0)
        panel.job, panel.job_of = SimpleNamespace(latest=latest, stopped=False, drop=lambda: None), panel._section
        panel._show_progress()
        assert panel.progress.text() == "0 of 2 runs"
        assert panel.status.text() == said
    panel.job = None
