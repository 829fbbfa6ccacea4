from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from napari_trsmi.config import Config
from napari_trsmi.errors import DataError
from napari_trsmi.sweep import Grid, Outcome, SweepResult, load
from napari_trsmi.sweep.store import Store, fingerprint, identity

GRID = Grid({"cluster.n_domains": [2, 3, None]}, seeds=2)
LABELS = [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]]


def made_up(labels, trial):
    labels = np.array(labels, np.int32)
    return Outcome(
        key=trial.key,
        config=trial.config,
        labels=labels,
        confidence=np.full(6, 0.5 + trial.config.seed / 4, np.float32),
        n_domains=int(labels.max()) + 1,
        scores={"PAS": 0.1 * trial.setting, "preservation_rna": 0.5, "consistency": float("nan")},
        history={"epochs": 3, "losses": {"total": 1.5}},
        seconds=2.0,
    )


@pytest.fixture
def result():
    """Three settings, two seeds each; the last run failed."""
    trials = GRID.trials(Config(), "data")
    found = SweepResult("slice", GRID, Config(), trials)
    for labels, trial in zip(LABELS, trials, strict=False):
        found = found.with_run(made_up(labels, trial))
    return found.with_run(Outcome(trials[5].key, trials[5].config, problem="Expected luck, found none."))


def test_a_row_per_run_says_what_it_found(result):
    table = result.table
    assert table["cluster.n_domains"].tolist() == [2, 2, 3, 3, "unset", "unset"]
    assert table["seed"].tolist() == [0, 1] * 3
    assert table["status"].tolist() == ["done"] * 5 + ["failed"]
    assert table["problem"].tolist()[-1] == "Expected luck, found none."
    assert table["n_domains"].tolist()[:5] == [2, 2, 3, 3, 2]
    assert table["confidence"].tolist()[:2] == [0.5, 0.75]
    assert table.loc[5, ["n_domains", "PAS", "confidence"]].isna().all()
    assert list(table.columns)[-3:] == ["epochs", "loss", "seconds"]


def test_stability_is_the_agreement_of_runs_that_differ_in_their_seed(result):
    settings = result.settings
    expected = adjusted_rand_score(LABELS[0], LABELS[1])
    np.testing.assert_allclose(settings["stability"], [expected, 1.0, np.nan])
    np.testing.assert_allclose(settings["stability_low"], [expected, 1.0, np.nan])
    assert settings["n_runs"].tolist() == [2, 2, 1]
    assert settings["n_failed"].tolist() == [0, 0, 1]
    assert settings["confidence"].tolist() == [0.625, 0.625, 0.5]


def test_settings_agree_as_their_runs_do_on_average(result):
    agreement = result.agreement
    expected = np.mean([adjusted_rand_score(a, b) for a in LABELS[:2] for b in LABELS[2:4]])
    assert agreement.iloc[0, 1] == agreement.iloc[1, 0] == pytest.approx(expected)
    assert agreement.iloc[1, 1] == 1.0
    settings = result.settings
    np.testing.assert_allclose(settings["agreement_base"], agreement.iloc[2])  # the config leaves the number open
    assert settings["agreement_near"][1] == pytest.approx(np.mean([agreement.iloc[1, 0], agreement.iloc[1, 2]]))


def test_more_than_two_seeds_are_compared_pair_by_pair():
    grid = Grid({}, seeds=3)
    trials = grid.trials(Config())
    result = SweepResult("slice", grid, Config(), trials)
    for labels, trial in zip(LABELS, trials, strict=False):
        result = result.with_run(made_up(labels, trial))
    pairs = [adjusted_rand_score(LABELS[a], LABELS[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    row = result.settings.loc[0]
    assert row["stability"] == pytest.approx(np.mean(pairs))
    assert (row["stability_low"], row["stability_high"]) == (min(pairs), max(pairs))
    assert result.notes == ()


def test_what_is_not_known_is_said():
    grid = Grid({"cluster.n_domains": [2, 3]})
    trials = grid.trials(Config())
    result = SweepResult("slice", grid, Config(), trials).with_run(made_up(LABELS[0], trials[0]))
    assert result.settings[["stability", "agreement_base", "agreement_near"]].isna().all(axis=None)
    assert result.settings["n_domains"].isna().tolist() == [False, True]
    notes = " ".join(result.notes)
    for said in ("1 of 2 runs are missing", "Stability is not known", "Agreement with the starting settings"):
        assert said in notes


def test_labels_are_given_by_key(result):
    keys = [trial.key for trial in result.trials]
    assert result.labels(keys[0]).tolist() == LABELS[0]
    with pytest.raises(DataError, match=r"found .*: Expected luck"):
        result.labels(keys[5])
    with pytest.raises(DataError, match="not done"):
        result.labels("nothing")


def test_tables_are_written(result, tmp_path):
    runs, settings, agreement = map(pd.read_csv, result.to_csv(tmp_path))
    assert runs["key"].tolist() == result.table["key"].tolist()
    np.testing.assert_allclose(settings["stability"], result.settings["stability"], rtol=1e-5)
    np.testing.assert_allclose(agreement.iloc[:, 1:], result.agreement, rtol=1e-5)
    assert agreement["setting"].tolist() == list(GRID.names)


def test_a_sweep_is_read_back_from_its_folder(dataset, tmp_path):
    mark = fingerprint(dataset)
    store = Store(tmp_path / "new" / "sweep", dataset, mark, GRID, Config())
    result = SweepResult(dataset.name, GRID, Config(), GRID.trials(Config(), identity(mark)))
    for labels, trial in zip(LABELS, result.trials, strict=False):
        store.write(made_up(labels, trial))
        result = result.with_run(made_up(labels, trial))
    failed = Outcome(result.trials[5].key, result.trials[5].config, problem="Expected luck, found none.")
    store.write(failed)
    again = load(store.folder)
    pd.testing.assert_frame_equal(again.table, result.with_run(failed).table)
    pd.testing.assert_frame_equal(again.settings, result.with_run(failed).settings)
    assert again.runs[result.trials[0].key].labels.dtype == np.int32


def test_a_sweep_of_another_version_is_read_back_and_not_mixed_with_this_one(dataset, tmp_path, monkeypatch):
    mark = fingerprint(dataset)
    old = GRID.trials(Config(), identity(mark, "0.0.1"))[0]
    with monkeypatch.context() as then:
        then.setattr("napari_trsmi.__version__", "0.0.1")
        Store(tmp_path, dataset, mark, GRID, Config()).write(made_up(LABELS[0], old))
    assert list(load(tmp_path).runs) == [old.key]
    assert old.key not in {trial.key for trial in GRID.trials(Config(), identity(mark))}


def test_a_damaged_run_counts_as_none(dataset, tmp_path):
    mark = fingerprint(dataset)
    store = Store(tmp_path, dataset, mark, GRID, Config())
    trial = GRID.trials(Config(), identity(mark))[0]
    store.write(made_up(LABELS[0], trial))
    path = tmp_path / f"{trial.key}.npz"
    assert store.read(trial.key) is not None
    path.write_bytes(path.read_bytes()[:-40])
    assert store.read(trial.key) is None
    assert load(tmp_path).runs == {}


def test_a_folder_of_other_data_or_other_files_is_refused(dataset, tmp_path):
    Store(tmp_path / "sweep", dataset, "these", GRID, Config())
    with pytest.raises(DataError, match="found one with a sweep of other data"):
        Store(tmp_path / "sweep", dataset, "those", GRID, Config())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    with pytest.raises(DataError, match="Expected an empty folder or one of an earlier sweep"):
        Store(tmp_path / "mine", dataset, "these", GRID, Config())
    with pytest.raises(DataError, match="found a file"):
        Store(tmp_path / "mine" / "thesis.tex", dataset, "these", GRID, Config())
    with pytest.raises(DataError, match="earlier sweep"):
        load(tmp_path / "nothing")


def test_a_fingerprint_changes_with_what_a_run_sees_and_with_nothing_else(make_mudata, section, dataset):
    import napari_trsmi as nt
    from napari_trsmi.data.readers import from_memory

    def mark(change=lambda mdata: None):
        mdata = make_mudata()
        change(mdata)
        return fingerprint(from_memory(mdata))

    def value(mdata):
        mdata["rna"].X[0, 0] += 1

    def place(mdata):
        for table in mdata.mod.values():
            table.obsm["spatial"] = table.obsm["spatial"] + [[1.0, 0.0]]

    def note(mdata):
        mdata["rna"].obs["seen"] = "yes"

    assert mark() == mark() == mark(note)
    assert len({mark(), mark(value), mark(place)}) == 3
    assert fingerprint(nt.read(section)) == fingerprint(dataset)
