"""The dock that questions a result: what is asked, what is found, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from threading import Semaphore

import pytest
from acted_checks import act, run, wait
from acted_support import with_acted_support
from napari.components import ViewerModel
from opened_dock import dock_alone, open_section
from qtpy.QtCore import Qt

from napari_trsmi import edits
from napari_trsmi.gui.boundaries.table import BoundaryModel
from napari_trsmi.gui.finding.maps import result_maps
from napari_trsmi.gui.jobs.worker import sentence
from napari_trsmi.gui.session.undoing import replace_result
from napari_trsmi.gui.train.placement_panel import turn
from napari_trsmi.gui.trust import job
from napari_trsmi.gui.trust import panel as trust_panel
from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.gui.trust.job import TrustJob, Wanted
from napari_trsmi.gui.trust.words import ABOUT, ELSEWHERE, NO_RESULT
from napari_trsmi.reviews import same_segments


@pytest.fixture
def told(panel):
    told = []
    panel.session.failed.disconnect()
    panel.session.failed.connect(told.append)
    return told


def test_without_section_and_without_result_it_says_what_to_do_next(qtbot, trained):
    viewer = ViewerModel()
    dock = TrustDock(viewer)
    qtbot.addWidget(dock)
    dock.show()
    assert dock.stack.currentWidget() is dock.empty
    assert "Open a section" in dock.empty.text()
    open_section(viewer, trained.dataset)
    assert dock.trust.about.text() == dock.trust.nothing.text() == trust_panel.NO_RESULT
    assert dock.trust.nothing.button.text() == "Run"
    assert not dock.trust.nothing.isHidden()
    assert not dock.trust.run_button.isVisible()
    dock.session.set_result(trained)
    assert dock.trust.run_button.isEnabled()


def test_what_is_found_is_in_the_result_its_maps_and_the_table_of_boundaries(panel, qtbot, acting, trained):
    run(panel, qtbot, seeds=3, shuffled=1)
    assert not panel.run_button.isEnabled()
    wait(panel, qtbot)
    result = panel.session.result
    assert result.partition is trained.partition
    assert {"Stability", "Modalities agreeing"} <= set(result_maps(result))
    assert result_maps(result)["Stability"].limits == (0, 1)
    assert {"stability", "by_chance"} <= set(result.boundaries)
    assert "Fresh measurements and seeds: mean ARI 1.00 over 3 runs" in panel.found.summary.text()
    assert "within gradients of depth and position" in panel.found.summary.text()
    assert panel.found.agreement.values.shape == (3, 3)
    assert acting == {0: 1, 1: 1, 2: 1}  # shuffled tissue has the seed of the result
    model = BoundaryModel()
    model.set_result(result)
    assert {"Stable", "Chance"} <= {column.title for column in model.columns}
    assert model.text(0, "stability") == f"{result.boundaries['stability'][0]:.2f}"


@pytest.mark.slow
def test_the_runs_differ_by_seed_alone_and_shuffling_keeps_nothing_where_a_person_says_so(panel, qtbot, acting):
    assert (panel.wanted.perturb, panel.wanted.keep) == (True, "gradients")
    panel.perturb.click()
    panel.keep.setCurrentIndex(panel.keep.findText("nothing"))
    run(panel, qtbot, seeds=2, shuffled=1)
    assert not panel.perturb.isEnabled()
    wait(panel, qtbot)
    trust = panel.session.result.provenance["trust"]
    assert (trust["perturbed"], trust["kept"]) == (False, "nothing")
    assert panel.found.summary.text().startswith("Seeds: mean ARI 1.00 over 2 runs")


def test_only_what_has_runs_can_be_set(panel):
    assert panel.perturb.isEnabled()
    assert panel.keep.isEnabled()
    panel.seeds.setValue(1)
    panel.shuffled.setValue(0)
    assert not panel.perturb.isEnabled()
    assert not panel.keep.isEnabled()
    panel.curve_wanted.setChecked(True)
    assert panel.perturb.isEnabled()


def test_progress_counts_runs_and_tells_what_is_left(panel, qtbot, gate):
    run(panel, qtbot, seeds=3, shuffled=1)
    gate.release(6 + 3)
    qtbot.waitUntil(lambda: panel.progress.value() > 334, timeout=10_000)
    assert panel.progress.text().startswith("1 of 3 runs, ")
    assert panel.progress.text().endswith(" left")
    assert panel.progress.value() < 667
    qtbot.waitUntil(lambda: panel.doing.words.endswith("epoch 3 of 6"), timeout=10_000)
    assert (panel.doing.value(), panel.doing.maximum()) == (3, 6)


def test_after_the_last_epoch_of_a_run_its_own_bar_says_what_is_done(panel, qtbot, monkeypatch, trained):
    telling = Semaphore(1)
    act(monkeypatch, trained, telling=telling)
    run(panel, qtbot, seeds=2, shuffled=0)
    qtbot.waitUntil(lambda: "Estimating the number of domains: 5 of 14" in panel.doing.words, timeout=10_000)
    assert panel.doing.isVisible()
    telling.release(9999)


def test_stop_keeps_the_checks_that_are_complete(panel, qtbot, gate):
    run(panel, qtbot, seeds=2, shuffled=2)
    gate.release(6 + 2)
    qtbot.waitUntil(lambda: panel.job.done == 1 and panel.job.share > 0.2, timeout=10_000)
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    assert "Stopping" in panel.status.text()
    gate.release()
    wait(panel, qtbot)
    assert panel.status.text() == "Stopped; the checks that were complete are kept."
    assert "stability" in panel.session.result.maps
    assert "by_chance" not in panel.session.result.boundaries


def test_stop_before_any_check_is_complete_changes_nothing(panel, qtbot, gate, trained):
    run(panel, qtbot)
    gate.release(2)
    qtbot.waitUntil(lambda: panel.job.share > 0, timeout=10_000)
    thread = panel.job.thread
    panel.stop_button.click()
    gate.release()  # the epoch that goes on
    wait(panel, qtbot)
    assert thread.ended.is_set()
    assert panel.session.result is trained
    assert "nothing was changed" in panel.status.text()
    assert panel.run_button.isEnabled()


@pytest.mark.slow
def test_what_was_found_of_a_result_that_was_replaced_is_dropped(panel, qtbot, gate, trained):
    run(panel, qtbot)
    job = panel.job
    other = edits.recluster(trained, {"n_domains": 4})
    panel.session.set_result(other)
    assert panel.status.text() == trust_panel.REPLACED
    gate.release(99)
    qtbot.waitUntil(job.thread.ended.is_set, timeout=10_000)
    qtbot.wait(50)  # what the thread has sent arrives
    assert panel.session.result is other


@pytest.mark.slow
def test_checks_go_on_while_another_section_is_looked_at_and_come_to_their_own(
    panel, viewer_model, qtbot, gate, trained, told
):
    session, said = panel.session, []
    checked = session.section
    session.told.connect(said.append)
    run(panel, qtbot, seeds=2, shuffled=0)
    open_section(viewer_model, replace(trained.dataset, name="other"))
    assert session.dataset.name == "other"
    assert panel.about.text() == ELSEWHERE.format(checked.dataset.name)
    assert panel.stop_button.isVisible()
    assert panel.stop_button.isEnabled()
    gate.release(99)
    wait(panel, qtbot)
    assert session.result is None
    assert "stability" in checked.result.maps
    assert said == [f"The checks of {checked.dataset.name} are done."]
    assert panel.about.text() == NO_RESULT
    session.activate(checked)
    assert panel.found.isVisible()
    assert told == []


@pytest.mark.slow
def test_checks_of_a_section_that_has_other_domains_by_now_are_dropped(panel, viewer_model, qtbot, gate, trained):
    session = panel.session
    checked = session.section
    run(panel, qtbot, seeds=2, shuffled=0)
    open_section(viewer_model, replace(trained.dataset, name="other"))
    other = edits.recluster(trained, {"n_domains": 4})
    replace_result(session, checked, other)
    gate.release(99)
    wait(panel, qtbot)
    assert checked.result is other
    assert panel.status.text() == trust_panel.REPLACED


def test_what_is_found_comes_to_a_section_that_is_flipped_meanwhile(panel, qtbot, gate, told, monkeypatch):
    session, before, rows = panel.session, panel.session.section, []
    monkeypatch.setattr(job, "same_segments", lambda *tables: rows.append(same_segments(*tables)) or rows[-1])
    run(panel, qtbot, seeds=2, shuffled=0)
    turn(session, "x")
    assert session.section is not before
    assert panel.about.text() == ABOUT
    gate.release(99)
    wait(panel, qtbot)
    assert "stability" in session.result.maps
    assert rows[-1].tolist() == list(range(len(session.result.boundaries)))
    assert session.result.dataset is session.dataset
    assert told == []


@pytest.mark.slow
def test_edits_made_meanwhile_are_kept(panel, qtbot, gate, trained):
    run(panel, qtbot, seeds=2, shuffled=0)
    panel.session.set_result(edits.rename(trained, 0, "cortex"))
    gate.release(99)
    wait(panel, qtbot)
    assert panel.session.result.names[0] == "cortex"
    assert "stability" in panel.session.result.maps


@pytest.mark.slow
def test_support_that_came_meanwhile_leaves_each_boundary_what_was_found_of_it(panel, qtbot, gate, trained):
    run(panel, qtbot, seeds=2, shuffled=1)
    supported = with_acted_support(trained)
    panel.session.refine(supported)
    gate.release(99)
    wait(panel, qtbot)
    found = panel.session.result.boundaries
    assert {"support", "stability", "by_chance"} <= set(found)
    alone = TrustJob(trained, Wanted(2, 1)).work().boundaries
    key = ["domain_a", "domain_b", "x", "y"]
    both = found.merge(alone, on=key, suffixes=("", "_alone"))
    assert len(both) == len(found)
    assert (both["by_chance"] == both["by_chance_alone"]).all()
    assert found["confidence"].tolist() != alone["confidence"].tolist()  # they are ranked anew


def test_training_that_is_started_meanwhile_gets_its_turn_after_the_run_under_way(panel, qtbot, gate, quick, trained):
    session = panel.session
    session.set_config(quick)
    run(panel, qtbot, seeds=5, shuffled=0)
    job = panel.job
    gate.release(2)
    qtbot.waitUntil(lambda: job.share > 0, timeout=10_000)
    session.start()
    assert not panel.run_button.isEnabled()
    gate.release(4)  # the rest of the run under way
    qtbot.waitUntil(lambda: job.done == 1, timeout=10_000)
    gate.release(5)
    qtbot.waitUntil(lambda: len(session.run.steps) == 5, timeout=5_000)
    assert (job.done, job.share) == (1, 0)  # the checks wait now
    gate.release()
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert session.result is not trained


def test_an_error_is_told_and_the_result_stays(panel, qtbot, told, monkeypatch, trained):
    act(monkeypatch, trained, error=RuntimeError("shape mismatch"))
    run(panel, qtbot)
    wait(panel, qtbot)
    assert told == [
        sentence(RuntimeError("shape mismatch")),
    ]
    assert panel.session.result is trained
    assert panel.run_button.isEnabled()


@pytest.mark.slow
def test_the_map_is_in_the_boundaries_dock_too(qtbot, acting, trained):
    dock = dock_alone(qtbot, trained)
    dock.session.set_result(TrustJob(trained, Wanted(2, 0)).work())
    assert "Stability" in dock.maps.buttons
    assert dock.boundaries.table.boundaries.column("stability") > 0


@pytest.mark.slow
def test_closing_the_window_ends_the_checks_and_leaves_nothing(viewer, qtbot, gate, trained):
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Trust")
    open_section(viewer, trained.dataset, trained)
    run(dock.trust, qtbot)
    job = dock.trust.job
    gate.release(2)
    qtbot.waitUntil(lambda: job.share > 0, timeout=10_000)
    viewer.close()
    qtbot.waitUntil(lambda: job.dropped, timeout=5_000)
    gate.release(2)
    assert job.thread.ended.wait(timeout=5)
    qtbot.wait(50)
