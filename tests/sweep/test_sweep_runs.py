"""Sweeps on real Dask: processes of their own, and a scheduler with two workers that was there before."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pandas as pd
import psutil
import pytest
from distributed import Client

import napari_trsmi as nt
from napari_trsmi import sweep
from napari_trsmi.errors import ConfigError, DataError
from napari_trsmi.sweep import cluster as cluster_module

GRID = sweep.Grid({"cluster.n_domains": [3, 4]}, seeds=2)


@pytest.fixture(scope="module")
def done(cluster, dataset, quick, finish, tmp_path_factory):
    """A sweep on two workers: what it returned, its reports, its folder."""
    folder = tmp_path_factory.mktemp("done") / "sweep"
    result, reports = finish(sweep.run(dataset, quick, GRID, folder=folder, scheduler=cluster.address))
    return result, reports, folder


def same(first, second):
    """Two sweeps found the same, however long it took them."""
    pd.testing.assert_frame_equal(*(found.table.drop(columns="seconds") for found in (first, second)))
    for key in first.runs:
        np.testing.assert_array_equal(first.labels(key), second.labels(key))
        np.testing.assert_array_equal(first.runs[key].confidence, second.runs[key].confidence)


def test_every_run_finds_what_fit_finds_with_its_settings(done, dataset):
    result, _, _ = done
    assert result.table["status"].tolist() == ["done"] * 4
    for trial in result.trials:
        alone = nt.fit(dataset, trial.config)
        run = result.runs[trial.key]
        np.testing.assert_array_equal(run.labels, alone.labels)
        np.testing.assert_array_equal(run.confidence, alone.confidence)
        assert run.scores == alone.scores
        assert run.history["losses"] == alone.history[-1].losses


def test_a_run_becomes_the_result_that_fit_finds_without_training(done, dataset, tmp_path, monkeypatch):
    _, _, folder = done
    swept = sweep.load(folder)
    trial = swept.trials[2]
    alone = nt.fit(dataset, trial.config)
    monkeypatch.setattr("napari_trsmi.model.training.train", None)
    result = swept.result_of(trial.key, dataset)
    np.testing.assert_array_equal(result.labels, alone.labels)
    np.testing.assert_array_equal(result.embedding, alone.embedding)
    np.testing.assert_array_equal(result.partition.posterior, alone.partition.posterior)
    np.testing.assert_array_equal(result.modality_weights, alone.modality_weights)
    pd.testing.assert_frame_equal(result.boundaries, alone.boundaries)
    assert result.partition.strength == alone.partition.strength
    assert (result.config, result.scores, result.colors) == (trial.config, alone.scores, alone.colors)
    saved = nt.restore(result.write(tmp_path / "kept.h5mu").table)
    np.testing.assert_array_equal(saved.labels, alone.labels)
    assert saved.provenance["sweep"] == {"run": trial.key}


def test_embeddings_are_on_file_and_not_in_memory(done, cluster, dataset, quick, finish):
    result, reports, _ = done
    assert all(run.details is None for run in result.runs.values())
    assert all(report.run is None or report.run.details is None for report in reports)
    in_memory, _ = finish(sweep.run(dataset, quick, sweep.Grid({}), scheduler=cluster.address))
    (key,) = in_memory.runs
    np.testing.assert_array_equal(in_memory.result_of(key, dataset).labels, in_memory.labels(key))


def test_a_result_is_not_made_of_other_data_or_without_an_embedding(done, dataset, tmp_path):
    from dataclasses import replace

    _, _, folder = done
    copied = shutil.copytree(folder, tmp_path / "copy")
    swept = sweep.load(copied)
    key = swept.trials[0].key
    moved = replace(dataset, coords=dataset.coords[::-1].copy())
    with pytest.raises(DataError, match="found one of other data or another version"):
        swept.result_of(key, moved)
    with np.load(copied / f"{key}.npz") as found:
        as_before = {name: found[name] for name in ("labels", "confidence", "about")}
    np.savez_compressed(copied / f"{key}.npz", **as_before)
    with pytest.raises(DataError, match=r"Expected the embedding of the run cluster.n_domains=3, seed 0, found none"):
        sweep.load(copied).result_of(key, dataset)
    with pytest.raises(DataError, match="Expected a run that is done"):
        swept.result_of("nothing", dataset)


@pytest.mark.slow
def test_the_runs_do_not_depend_on_the_workers_or_their_number(done, section, quick, finish):
    result, reports = finish(sweep.run(section, quick, GRID, n_workers=1))
    assert {report.n_workers for report in reports} == {1}
    same(result, done[0])


def test_it_is_told_how_far_a_sweep_is(done):
    result, reports, _ = done
    assert (reports[0].done, reports[0].total, reports[0].run, reports[0].n_workers) == (0, 4, None, 2)
    told = [report for report in reports if report.run is not None]
    assert [report.done for report in told] == [1, 2, 3, 4]
    assert {report.run.key for report in told} == set(result.runs)
    assert [len(report.so_far.runs) for report in told] == [1, 2, 3, 4]
    assert told[-1].text.startswith("Run 4 of 4, cluster.n_domains=")
    seeds = [report.run.config.seed for report in told]
    assert sorted(seeds[:2]) <= [0, 1]  # every setting is seen once before any is seen twice, but for one in flight


def test_runs_that_are_there_are_not_made_again(done, dataset, quick, finish):
    result, _, folder = done
    times = {path: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    assert len(times) == 4
    # Nobody answers at this address: nobody is asked.
    again, reports = finish(sweep.run(dataset, quick, GRID, folder=folder, scheduler="tcp://127.0.0.1:1"))
    assert reports == []
    same(again, result)
    same(sweep.load(folder), result)
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.npz")} == times
    assert len(pd.read_csv(folder / "settings.csv")) == 2


def test_a_sweep_that_was_stopped_goes_on_where_it_ended(cluster, done, dataset, quick, finish, tmp_path):
    steps = sweep.run(dataset, quick, GRID, folder=tmp_path, scheduler=cluster.address)
    while (next(steps)).run is None:
        pass
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    stopped = end.value.value
    assert 1 <= len(stopped.runs) < 4
    assert len(list(tmp_path.glob("*.npz"))) == len(stopped.runs)
    assert stopped.table["status"].value_counts()["missing"] == 4 - len(stopped.runs)
    assert (tmp_path / "settings.csv").exists()
    result, reports = finish(sweep.run(dataset, quick, GRID, folder=tmp_path, scheduler=cluster.address))
    assert reports[0].done == len(stopped.runs)
    assert sum(report.run is not None for report in reports) == 4 - len(stopped.runs)
    same(result, done[0])


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_costs_only_its_own_run(cluster, dataset, quick, finish, tmp_path):
    config = quick.model_copy(update={"train": quick.train.model_copy(update={"epochs": 150})})
    steps = sweep.run(dataset, config, GRID, folder=tmp_path, scheduler=cluster.address)
    next(steps)

    def executing(dask_worker):
        keys = (str(task.key) for task in dask_worker.state.executing)
        return {(os.getpid(), key) for key in keys if key.startswith("fit_one")}

    with Client(cluster.address, set_as_default=False) as client:
        before, lasting = set(), set()
        while not lasting:  # until a run is seen twice, half a second apart
            under_way = set().union(*client.run(executing).values())
            lasting, before = before & under_way, under_way
            next(steps)
    pid, _ = lasting.pop()
    cluster.kill(pid)
    result, reports = finish(steps)
    assert min(report.n_workers for report in reports) == 1
    assert result.table["status"].tolist() == ["done"] * 4
    assert len(list(tmp_path.glob("*.npz"))) == 4
    trial = result.trials[0]
    np.testing.assert_array_equal(result.labels(trial.key), nt.fit(dataset, trial.config).labels)
    cluster.start_worker()


def test_a_setting_that_fails_is_told_and_tried_again_next_time(cluster, dataset, quick, finish, tmp_path):
    grid = sweep.Grid({"cluster.n_domains": [3, 101]})
    for _ in range(2):
        result, reports = finish(sweep.run(dataset, quick, grid, folder=tmp_path, scheduler=cluster.address))
        assert result.table["status"].tolist() == ["done", "failed"]
        assert result.table["problem"][1] == "n_domains=101 needs at least as many spots, found 100. Lower it."
        assert any("failed. n_domains=101 needs" in report.text for report in reports)
        assert "1 of 2 runs failed." in result.notes
    assert sweep.load(tmp_path).table["status"].tolist() == ["done", "failed"]
    assert reports[0].done == 1


@pytest.mark.slow
def test_data_that_workers_cannot_read_are_sent_to_them(cluster, done, section, quick, finish, tmp_path):
    moved = tmp_path / "slice.h5mu"
    shutil.copy(section, moved)
    dataset = nt.read(moved)
    moved.unlink()
    result, _ = finish(sweep.run(dataset, quick, GRID, scheduler=cluster.address))
    same(result, done[0])


def test_a_file_that_has_changed_since_is_not_what_a_run_sees(cluster, dataset, section, quick, finish, tmp_path):
    from dataclasses import replace

    halved = replace(dataset, coords=dataset.coords[::-1].copy())
    result, _ = finish(sweep.run(halved, quick, sweep.Grid({}), scheduler=cluster.address))
    (run,) = result.runs.values()
    np.testing.assert_array_equal(run.labels, nt.fit(halved, run.config).labels)
    assert (run.labels != nt.fit(dataset, run.config).labels).any()


def test_data_in_memory_are_swept_too(cluster, quick, finish, make_mudata):
    result, _ = finish(sweep.run(make_mudata(), quick, sweep.Grid({"train.epochs": [1, 2]}), scheduler=cluster.address))
    assert result.table["status"].tolist() == ["done"] * 2
    assert result.table["epochs"].tolist() == [1, 2]


@pytest.mark.slow
def test_closing_a_sweep_ends_its_processes(dataset, quick):
    def workers():
        children = psutil.Process().children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    before = workers()
    steps = sweep.run(dataset, quick, GRID, n_workers=2)
    while next(steps).n_workers < 2:
        pass
    assert len(workers()) == len(before) + 2
    steps.close()
    assert workers() == before


def test_what_cannot_be_started_is_told_in_a_sentence(dataset, quick, monkeypatch):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.5)
    with pytest.raises(DataError, match=r"Expected a Dask scheduler that answers at tcp://127.0.0.1:1, found none"):
        next(sweep.run(dataset, quick, GRID, scheduler="tcp://127.0.0.1:1"))
    with pytest.raises(ConfigError, match="Expected either a scheduler or a number of local workers"):
        next(sweep.run(dataset, quick, GRID, scheduler="tcp://127.0.0.1:1", n_workers=2))
    with pytest.raises(ConfigError, match="Expected at least 1 worker, found 0"):
        next(sweep.run(dataset, quick, GRID, n_workers=0))


def test_a_scheduler_that_goes_away_is_told_in_a_sentence(lonely_scheduler, dataset, quick, finish):
    steps = sweep.run(dataset, quick, GRID, scheduler=lonely_scheduler.address)
    assert [next(steps).text for _ in range(2)] == ["0 of 4 runs done; waiting for workers"] * 2
    lonely_scheduler.scheduler.kill()
    with pytest.raises(DataError, match="Expected the Dask scheduler to stay, found it gone"):
        finish(steps)


def test_workers_that_die_again_and_again_are_told_in_a_sentence():
    from distributed.scheduler import KilledWorker

    from napari_trsmi.sweep.runs import _problem

    error = KilledWorker("fit_one-1", last_worker=None, allowed_failures=3)
    assert "several died under it, mostly for want of memory" in _problem(error)
    assert "found ValueError: no luck." in _problem(ValueError("no luck\nat all"))
