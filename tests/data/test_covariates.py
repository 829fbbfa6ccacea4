from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from results_by_hand import dataset_of

from napari_trsmi.config import Config, Preprocess
from napari_trsmi.data.covariates import columns_of, log_depth, without
from napari_trsmi.data.preprocess import measured_features
from napari_trsmi.errors import ConfigError
from napari_trsmi.graphs import spatial_graph

N = 400
RNG = np.random.default_rng(0)


@pytest.fixture
def dataset(make_table):
    rna, adt = make_table(N, 60, mean=3.0), make_table(N, 12, prefix="p", mean=20.0, seed=1)
    found = dataset_of({"rna": rna, "adt": adt})
    obs = found.obs.assign(
        dose=RNG.normal(size=N),
        batch=pd.Categorical(RNG.choice(["a", "b", "c"], N)),
        word=RNG.choice(["x", "y"], N),
        flag=RNG.random(N) > 0.5,
        whole=pd.array(RNG.integers(0, 9, N), dtype="Int64"),
        gap=np.where(np.arange(N) == 3, np.nan, 1.0),
        missing=pd.Categorical([None, *["a", "b"] * 200][:N]),
        endless=np.where(np.arange(N) == 3, np.inf, 1.0),
        same=1.0,
        one=pd.Categorical(["a"] * N),
        names=found.obs_names,
    )
    return replace(found, obs=obs)


def measured(dataset, *covariates, coherent=False):
    settings = Preprocess(covariates=covariates, n_components=8, coherent=coherent)
    return measured_features(dataset, settings, spatial_graph(dataset.coords))


@pytest.mark.parametrize("name", ["dose", "batch", "word", "flag", "whole", "log_depth", "rim", "step"])
def test_nothing_of_a_covariate_is_left_in_the_components(dataset, name):
    if name in ("log_depth", "rim", "step"):
        column = log_depth(dataset.modalities["rna"], "rna")[:, None]
    else:
        column = columns_of(dataset, name)
    for values in measured(dataset, name).values():
        assert np.isfinite(values).all()
        assert values.shape[0] == N
    if name not in ("rim", "step"):
        left = measured(dataset, name)["rna"]
        centred = column - column.mean(axis=0)
        assert np.abs(centred.T @ left).max() < 1e-2 * np.sqrt(N)
    assert not np.allclose(measured(dataset, name)["rna"], measured(dataset)["rna"])


def test_categories_are_one_column_each_but_the_first(dataset):
    np.testing.assert_array_equal(
        columns_of(dataset, "batch"), np.column_stack([dataset.obs["batch"] == c for c in "bc"]).astype(float)
    )


def test_without_is_what_least_squares_leaves():
    values, covariates = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 2)) * [1e200, 1e-200]
    design = np.column_stack([np.ones(N), covariates / [1e200, 1e-200]])
    expected = values - design @ np.linalg.lstsq(design, values, rcond=None)[0] + values.mean(axis=0)
    np.testing.assert_allclose(without(values, covariates), expected, atol=1e-10)
    np.testing.assert_allclose(without(values, np.hstack([covariates, covariates])), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", r"among \['log_depth', 'rim', 'step', 'dose'.*found 'nowhere'"),
        ("gap", "a value for every spot.*found 1 missing"),
        ("missing", "a value for every spot"),
        ("endless", "finite values"),
        ("same", "values that vary"),
        ("one", "values that vary"),
        ("names", "at most 41 categories"),
    ],
)
def test_a_column_that_cannot_be_used_is_refused_in_one_sentence(dataset, name, said):
    with pytest.raises(ConfigError, match=said):
        measured(dataset, name)


def test_components_have_no_depth(dataset):
    settings = Preprocess(covariates=("log_depth",), kinds={"rna": "precomputed", "adt": "precomputed"})
    with pytest.raises(ConfigError, match="totals that vary"):
        measured_features(dataset, settings)
    mixed = Preprocess(covariates=("log_depth",), kinds={"adt": "precomputed"}, n_components=8)
    plain = Preprocess(kinds={"adt": "precomputed"}, n_components=8)
    some, none = measured_features(dataset, mixed), measured_features(dataset, plain)
    np.testing.assert_array_equal(some["adt"], none["adt"])
    assert not np.allclose(some["rna"], none["rna"])


def test_covariates_that_explain_everything_are_refused(dataset):
    column = dataset.modalities["adt"].table.X[:, 0].toarray().ravel()
    table = dataset.modalities["adt"].table[:, [0]].copy()
    dataset = replace(
        dataset, obs=dataset.obs.assign(own=column), modalities={"adt": replace(dataset.modalities["adt"], table=table)}
    )
    with pytest.raises(ConfigError, match="they explain all of it"):
        measured_features(dataset, Preprocess(covariates=("own",), kinds={"adt": "precomputed"}))


def test_covariates_survive_json_and_come_as_a_tuple():
    config = Config(preprocess={"covariates": ["batch", "log_depth"]})
    assert config.preprocess.covariates == ("batch", "log_depth")
    assert Config.from_json(config.to_json()) == config
