from __future__ import annotations

import pytest

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError
from napari_trsmi.sweep import Grid
from napari_trsmi.sweep.cluster import divide

GB = 1024**3


def test_every_combination_meets_every_seed_in_a_fixed_order():
    grid = Grid({"cluster.n_domains": [5, 7], "graph.k_feature": [10, 20]}, seeds=2)
    trials = grid.trials(Config(seed=3))
    found = [(t.config.cluster.n_domains, t.config.graph.k_feature, t.config.seed) for t in trials]
    assert found == [(k, f, s) for k in (5, 7) for f in (10, 20) for s in (3, 4)]
    assert [t.setting for t in trials] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert grid.names[1] == "cluster.n_domains=5, graph.k_feature=20"


def test_a_key_is_the_same_for_the_same_settings_and_data_alone():
    config = Config()
    key = {trial.config.seed: trial.key for trial in Grid({}, seeds=2).trials(config, "data")}
    assert key[0] != key[1]
    assert Grid({"cluster.n_domains": [None, 5]}).trials(config, "data")[0].key == key[0]
    assert Grid({}).trials(config, "other")[0].key != key[0]
    assert Grid({}).trials(Config(train={"epochs": 9}), "data")[0].key != key[0]
    # What a run does not find otherwise: previews, checkpoints, one thread said or unsaid.
    same = Config(threads=1, train={"preview_every": 3, "checkpoint_every": 2})
    assert Grid({}).trials(same, "data")[0].key == key[0]


def test_the_method_alone_is_changed_by_a_grid():
    config = Config(loss={"lam_graph": 0.3}, threads=3)
    (trial,) = Grid({"align.temperature.start": [0.7]}, seeds=(9,)).trials(config)
    changed = trial.config.model_dump()
    assert changed["align"]["temperature"]["start"] == 0.7
    assert (changed["seed"], changed["threads"], changed["loss"]["lam_graph"]) == (9, 3, 0.3)


@pytest.mark.parametrize(
    ("fields", "seeds", "message"),
    [
        ({"cluster.n_domain": [5]}, 1, "Expected the name of a setting, found 'cluster.n_domain'"),
        ({"cluster.n_domains.k": [5]}, 1, "Expected the name of a setting"),
        ({"cluster.n_domains": [5, 0]}, 1, "cluster.n_domains: .* found 0"),
        ({"graph.w_spatial": [0, 1], "graph.w_feature": [0, 1]}, 1, "found both 0"),
        ({"cluster.n_domains": []}, 1, "Expected values of cluster.n_domains, found none"),
        ({"cluster.n_domains": [5, 5]}, 1, "Expected different values of cluster.n_domains, found 5, 5"),
        ({"cluster.n_domains": [5, "5"]}, 1, "Expected values that make a difference"),
        ({"seed": [0, 1]}, 1, "Seeds are given apart"),
        ({"train.preview_every": [0, 1]}, 1, "Expected a setting of the method"),
        ({"a": [1], "b": [1], "c": [1]}, 1, "Expected at most two settings"),
        ({}, 0, "Expected one or more different seeds"),
        ({}, (1, 1), "Expected one or more different seeds"),
    ],
)
def test_a_grid_that_cannot_be_run_is_refused_before_anything_starts(fields, seeds, message):
    with pytest.raises(ConfigError, match=message):
        Grid(fields, seeds).trials(Config())


def test_the_setting_of_a_config_and_its_neighbours_are_found():
    grid = Grid({"cluster.n_domains": [5, 7, None], "graph.k_feature": [10, 20]})
    assert grid.setting_of(Config(cluster={"n_domains": 7})) == 3
    assert grid.setting_of(Config(graph={"k_feature": 10})) == 4
    assert grid.setting_of(Config(graph={"k_feature": 11})) is None
    assert Grid({"train.epochs": [5, 60]}).setting_of(Config(threads=2)) == 1
    assert grid.neighbours(0) == [1, 2]
    assert grid.neighbours(3) == [1, 2, 5]


def test_cores_are_divided_by_the_threads_of_a_run_and_bounded_by_runs_and_memory():
    assert divide(75, 1, cores=16, memory=64 * GB) == 16
    assert divide(75, 1, cores=16, memory=64 * GB, spare_cores=1) == 15
    assert divide(75, 4, cores=16, memory=64 * GB, spare_cores=1) == 3
    assert divide(3, 1, cores=16, memory=64 * GB) == 3
    assert divide(75, 1, cores=16, memory=8 * GB) == 4
    assert divide(75, 8, cores=2, memory=1 * GB, spare_cores=2) == 1
