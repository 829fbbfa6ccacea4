"""Sweeps in the window: a real Dask cluster makes the runs, the dock shows what came of them."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Event

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from typed_keys import focus, type_keys
from typed_keys import press as press_key

import napari_trsmi as nt
from napari_trsmi import sweep
from napari_trsmi.cli import main
from napari_trsmi.gui.sweep.job import Pictures, SweepJob
from napari_trsmi.gui.sweep.names import setting_label, settings
from napari_trsmi.gui.sweep.row import in_the_form
from napari_trsmi.gui.sweep.strip import columns_of
from napari_trsmi.gui.train.placement_panel import turn
from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.gui.viewer.thumbnails import Thumbnails
from napari_trsmi.sweep import Grid, Outcome, SweepResult
from napari_trsmi.sweep.store import Store


@pytest.fixture(scope="module")
def cluster():
    """Address of a scheduler with one worker, which is a thread of this process."""
    from distributed import LocalCluster

    how = {"processes": False, "dashboard_address": ":0", "protocol": "tcp://", "host": "127.0.0.1"}
    with LocalCluster(n_workers=1, threads_per_worker=1, **how) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def brief(quick):
    return quick.model_copy(update={"train": quick.train.model_copy(update={"epochs": 2})})


def opened(qtbot, result, config):
    viewer = ViewerModel()
    open_section(viewer, result.dataset, result)
    dock = TrustDock(viewer)
    qtbot.addWidget(dock)
    dock.resize(340, 700)
    dock.show()
    dock.tabs.setCurrentIndex(1)
    dock.session.set_config(config)
    dock.sweep.viewer, dock.sweep.dock = viewer, dock  # nothing else keeps them alive
    return dock.sweep


@pytest.fixture
def panel(qtbot, little, brief):
    panel = opened(qtbot, little, brief)
    yield panel
    if panel.job is not None:
        panel.job.drop()


@pytest.fixture
def found(panel, little):
    """Put a sweep of two settings and two seeds into the panel, without running it."""
    grid = Grid({"cluster.n_domains": (3, 7)}, 2)
    trials = grid.trials(panel.session.config)
    runs = {}
    for trial in trials:
        k = trial.config.cluster.n_domains
        labels = (np.arange(len(little.labels)) % k if k == 3 else little.labels).astype(np.int32)
        confidence = np.full(len(labels), 0.5 + k / 20, np.float32)
        runs[trial.key] = Outcome(
            trial.key, trial.config, "", labels, confidence, k, {"PAS": k / 10}, {"epochs": 2}, 1.0
        )
    result = SweepResult("slice", grid, panel.session.config, trials, runs)
    panel._set_sweep(result, Pictures(Thumbnails(little.coords), little.labels, little.palette, little.dataset))
    return result


def press(panel, qtbot, fields, seeds, address):
    (first, *second) = fields.items()
    panel.first.set_field(*first)
    panel.second.set_field(*(second[0] if second else ("", "")))
    panel.seeds.setValue(seeds)
    panel.scheduler.setText(address)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)


@pytest.mark.slow
def test_window_and_command_line_give_the_same_table(qtbot, little, brief, cluster, small_file, tmp_path):
    panel = opened(qtbot, little, brief)
    press(panel, qtbot, {"cluster.n_domains": "3, 4"}, 2, cluster)
    assert not panel.run_button.isEnabled()
    qtbot.waitUntil(lambda: panel.job is None, timeout=120_000)
    assert panel.strip.rowCount() == 2
    assert panel.at_stake.endswith("kept nowhere")  # asked about on closing
    (tmp_path / "run.json").write_text(json.dumps({"config": panel.session.config.model_dump(mode="json")}))
    words = ["--grid", "cluster.n_domains=3,4", "--seeds", "2", "--config", str(tmp_path / "run.json"), "-q"]
    out = tmp_path / "out"
    assert main(["sweep", str(small_file), *words, "--out", str(out), "--scheduler", cluster]) == 0
    for name in ("runs.csv", "settings.csv", "agreement.csv"):
        ours, theirs = (pd.read_csv(folder / name, usecols=lambda c: c != "seconds") for folder in (panel.folder, out))
        pd.testing.assert_frame_equal(ours, theirs)
    assert np.array_equal(*(one.labels(panel.result.table["key"][0]) for one in (panel.result, sweep.load(out))))
    # Kept in a folder and opened again, it is the same sweep.
    panel.ask = lambda *_: tmp_path / "kept"
    panel.keep()
    qtbot.waitUntil(lambda: not panel.at_stake, timeout=10_000)
    before, panel.result = panel.result, None
    panel.open()
    qtbot.waitUntil(lambda: panel.result is not None, timeout=20_000)
    pd.testing.assert_frame_equal(panel.result.settings, before.settings)
    # A click, and the run is a result of the section, with its own settings.
    session, chosen = panel.session, panel.chosen
    panel.strip.choose(1)
    run, shown = chosen.run, session.shown
    qtbot.mouseClick(chosen.keep_button, Qt.MouseButton.LeftButton)
    assert not chosen.keep_button.isEnabled()
    qtbot.waitUntil(lambda: session.result.config == run.config, timeout=30_000)
    assert np.array_equal(session.result.labels, run.labels)
    assert (session.shown.epoch, session.shown.colors) == (None, shown.colors)
    assert session.result.boundaries is not None
    runs = session.section.runs
    assert [entry.name for entry in runs] == ["run 1", "run 2"]
    assert "domains" in runs.differing()[2] or "epochs" in runs.differing()[2]
    assert chosen.keep_button.isEnabled()
    # A second click finds it in the list.
    session.set_result(next(iter(runs)).result)
    qtbot.mouseClick(chosen.keep_button, Qt.MouseButton.LeftButton)
    assert session.result.config == run.config
    assert len(runs) == 2
    # Flipped, the section still takes the runs that were made before.
    turn(session, "y")
    panel.strip.choose(0)
    qtbot.mouseClick(chosen.keep_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.result.config == chosen.run.config, timeout=30_000)
    assert session.result.dataset is session.dataset


def test_a_run_without_embedding_is_one_sentence_and_the_result_stays(panel, found, qtbot, little, monkeypatch):
    monkeypatch.setattr(SweepResult, "check_data", lambda *_: None)
    told = []
    panel.session.failed.disconnect()
    panel.session.failed.connect(told.append)
    panel.strip.choose(0)
    panel.chosen.keep_button.click()
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert told[0].startswith("Expected the embedding of the run cluster.n_domains=3, seed 0, found none")
    assert panel.session.result is little
    assert panel.chosen.keep_button.isEnabled()


@pytest.mark.slow
def test_stop_keeps_what_is_done_and_run_goes_on_with_the_rest(panel, qtbot, cluster):
    press(panel, qtbot, {"cluster.n_domains": "3, 4, 5, 6"}, 1, cluster)
    qtbot.waitUntil(lambda: panel.job.latest is not None and panel.job.latest.done > 0, timeout=60_000)
    panel.stop_button.click()
    qtbot.waitUntil(lambda: panel.job is None, timeout=60_000)
    done = len(panel.result.runs)
    assert 0 < done < 4
    assert "are missing" in panel.status.text()
    panel.run_button.click()
    qtbot.waitUntil(lambda: panel.job is None, timeout=60_000)
    assert len(panel.result.runs) == 4


def test_no_scheduler_is_one_sentence(panel, qtbot, monkeypatch):
    monkeypatch.setattr("napari_trsmi.sweep.cluster._PATIENCE", 1)
    told = []
    panel.session.failed.disconnect()
    panel.session.failed.connect(told.append)
    press(panel, qtbot, {"cluster.n_domains": "3, 4"}, 1, "tcp://127.0.0.1:1")
    qtbot.waitUntil(lambda: panel.job is None, timeout=30_000)
    assert told[0].startswith("Expected a Dask scheduler that answers at tcp://127.0.0.1:1")
    assert panel.status.text() == told[0]


def test_a_click_shows_that_run_and_the_result_comes_back(panel, found, qtbot, little):
    strip = panel.strip
    box = strip.visualItemRect(strip.item(0, 0))
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
    shown = panel.session.shown
    assert (len(shown.names), shown.epoch) == (3, 0)
    assert shown.title == "Sweep run: Number of domains 3, seed 0"
    qtbot.keyClick(strip, Qt.Key.Key_Down)
    assert panel.session.shown.colors == little.palette  # the same domains have the same colours
    panel.chosen.back_button.click()
    assert panel.session.shown.epoch is None
    assert not panel.chosen.back_button.isEnabled()


def test_a_sweep_goes_with_a_section_that_is_flipped(panel, found):
    session, before = panel.session, panel.session.section
    panel.folder, pictures = None, panel.pictures
    panel.job_of = before  # as while one is under way
    turn(session, "x")
    assert session.section is not before
    assert panel.result is found
    assert np.array_equal(panel.pictures.thumbnails.nearest, pictures.thumbnails.nearest[:, ::-1])
    assert panel.job_of is session.section
    panel.strip.choose(0)
    assert session.shown.title == "Sweep run: Number of domains 3, seed 0"
    turn(session, "x")
    assert panel.result is found
    open_section(panel.viewer, before.dataset)
    assert panel.result is None  # another section


def test_the_settings_of_a_run_go_into_the_form(panel, found):
    panel.strip.choose(0)
    panel.chosen.seed.setCurrentIndex(1)
    panel.chosen.seed.activated.emit(1)
    assert "seed 1" in panel.session.shown.title
    panel.chosen.use_button.click()
    assert panel.status.text() == "The settings are in the form."
    config = panel.session.config
    assert (config.cluster.n_domains, config.seed) == (3, 1)
    assert config.train.preview_every == 2
    assert in_the_form(panel.chosen.run.config, config) == config
    panel.strip.choose(1)  # the same seed of another setting
    assert panel.chosen.run.config.seed == 1
    assert panel.session.shown.title == "Sweep run: Number of domains 7, seed 1"


def test_a_sweep_of_other_data_is_not_opened(little, brief, tmp_path):
    grid = Grid({"cluster.n_domains": (3, 7)})
    Store(tmp_path, little.dataset, "of other data", grid, brief)
    with pytest.raises(nt.DataError, match="found one of other data or another version"):
        SweepJob(little.dataset, brief, Grid({}), tmp_path).read()


def test_bright_cells_are_better_whichever_way_a_score_runs(panel, found):
    titles = [score.title for _, score in columns_of(found)]
    pas, confidence = 1 + titles.index("Scattered"), 1 + titles.index("Certain")
    light = lambda row, column: QColor(panel.strip.item(row, column).background().color()).lightnessF()  # noqa: E731
    assert panel.strip.item(0, pas).text() == "0.3"
    assert light(0, pas) > light(1, pas)
    assert light(0, confidence) < light(1, confidence)
    panel.strip.sortItems(pas, Qt.SortOrder.DescendingOrder)
    assert panel.strip.item(0, pas).text() == "0.7"
    panel.strip.choose(0)
    assert panel.strip.currentRow() == 1


def test_a_thumbnail_has_the_colours_of_the_nearest_spots():
    coords = np.array([[0, 0], [10, 0], [0, 10], [10, 10]], float)
    picture = Thumbnails(coords, 20).image(np.array([0, 1, 1, -1]), ["#ff0000", "#0000ff"])
    assert picture[0, 0].tolist() == [255, 0, 0, 255]
    assert picture[0, -1].tolist() == [0, 0, 255, 255]
    assert picture[-1, -1].tolist() == [0, 0, 0, 0]
    assert Thumbnails(np.zeros((1, 2))).image(np.zeros(1, int), ["#00ff00"]).shape == (1, 1, 4)


def test_what_cannot_be_swept_is_said_before_anything_runs(panel):
    panel.first.set_field("cluster.n_domains", "5, 5")
    assert "Expected different values" in panel.count.text()
    panel.run_button.click()
    assert panel.job is None
    panel.first.set_field("cluster.n_domains", "5, 7")
    panel.second.set_field("cluster.n_domains", "9")
    assert "found Domains: Number of domains twice" in panel.count.text()
    panel.second.set_field("align.temperature.end", "0.1, 0.2")
    assert panel.count.text().startswith("12 runs: 4 settings x 3 seeds; about ")


def test_a_setting_is_found_by_a_part_of_its_name(panel, qtbot):
    search = panel.second.search
    focus(search, qtbot)
    type_keys("k_feat")
    assert (search.text(), search.matches[0].name) == ("k_feat", "graph.k_feature")
    press_key(Qt.Key.Key_Return)
    assert (panel.second.name, search.text()) == ("graph.k_feature", "Feature neighbours")
    assert panel.second.values_box.placeholderText() == "values; now 20"


def test_a_setting_is_found_by_the_words_of_the_form(panel, qtbot):
    search = panel.second.search
    focus(search, qtbot)
    type_keys("numb")
    assert (search.text(), search.matches[0].name) == ("numb", "cluster.n_domains")
    press_key(Qt.Key.Key_Down)
    assert search.text() == "numb"
    press_key(Qt.Key.Key_Escape)
    press_key(Qt.Key.Key_Tab)
    assert (panel.second.name, search.text()) == ("", "")  # nothing was taken
    qtbot.mouseClick(panel.second.all_button, Qt.MouseButton.LeftButton)
    assert [spec.name for spec in search.matches] == list(settings())


def test_what_a_sweep_takes_is_said_before_it_runs(panel, little):
    panel.first.set_field("cluster.n_domains", "5, 7")
    took = sum(little.provenance["seconds"].values())
    assert took > 0
    assert "; about " in panel.count.text()
    before = panel.count.text()
    panel.seeds.setValue(50)
    assert panel.count.text().partition("; about ")[2] != before.partition("; about ")[2]
    panel.scheduler.setText("tcp://127.0.0.1:1")
    assert panel.count.text().endswith("of one worker")


def test_every_setting_has_words_of_its_own():
    labels = [setting_label(name) for name in settings()]
    assert len(set(labels)) == len(labels)
    assert not [one for one in labels if "_" in one or "." in one]


def test_every_setting_of_the_list_can_be_swept(brief):
    for name in settings():
        value = brief
        for part in name.split("."):
            value = getattr(value, part)
        Grid({name: (value,)}, 1).trials(brief)


def test_a_sweep_is_out_of_sight_with_another_section_and_comes_back_with_its_own(panel, found, little):
    swept = panel.session.section
    panel.session.activate(type(swept)(replace(little.dataset)))
    assert panel.result is None
    assert panel.strip.rowCount() == 0
    panel.session.activate(swept)
    assert panel.result is found
    assert panel.strip.rowCount() > 0


def test_a_sweep_goes_on_while_another_section_is_looked_at(panel, qtbot, little, monkeypatch, found):
    gate, said = Event(), []
    monkeypatch.setattr(SweepJob, "work", lambda job: (gate.wait(30), found)[1])
    swept = panel.session.section
    panel.session.told.connect(said.append)
    panel.run_button.click()
    panel.session.activate(type(swept)(replace(little.dataset, name="other")))
    assert panel.status.text().startswith(f"The sweep of {swept.dataset.name} goes on")
    assert panel.stop_button.isEnabled()
    gate.set()
    qtbot.waitUntil(lambda: panel.job is None, timeout=20_000)
    assert panel.result is None
    assert said[0].startswith(f"The sweep of {swept.dataset.name} is done.")
    panel.session.activate(swept)
    assert panel.result is found


def test_the_dock_stays_narrow(panel, found):
    assert panel.dock.minimumSizeHint().width() <= 340
    assert panel.dock.minimumSizeHint().height() <= 700
    head = panel.strip.horizontalHeader()
    assert head.sectionSize(0) >= head.fontMetrics().horizontalAdvance("Number of domains") + 8
