from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from small_dataset import COUNTS, dataset_of

from napari_trsmi.errors import DataError
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.finding.features import COLUMN, Feature, coloring_by


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
def test_counts_are_shown_as_log1p_of_their_share_in_the_spot(make):
    found = maps.feature_coloring(dataset_of(rna=("rna", make(COUNTS))), "rna", "g0")
    assert found.title == "g0 (rna, log1p)"
    np.testing.assert_allclose(found.values, np.log1p([2500, 0, 5000, 0]))


def test_components_are_shown_as_they_are():
    values = np.array([[-2.0, 1], [0.5, 1], [3, 1], [1, 1]])
    found = maps.feature_coloring(dataset_of(pca=("precomputed", values)), "pca", "g0")
    assert found.title == "g0 (pca)"
    assert found.values.tolist() == [-2, 0.5, 3, 1]


def test_of_two_features_with_one_name_the_first_is_shown():
    dataset = dataset_of(pca=("precomputed", COUNTS))
    dataset.modalities["pca"].table.var_names = ["same", "other", "same"]
    assert maps.feature_coloring(dataset, "pca", "same").values.tolist() == [1, 0, 5, 0]


def test_the_colour_map_of_a_rare_gene_reaches_from_zero_to_what_is_high_where_it_is_seen():
    values = np.concatenate([np.zeros(900), np.linspace(1, 2, 100)])
    assert maps.clipped_limits(values) == (0.0, pytest.approx(1.99))


def test_the_colour_map_leaves_out_outliers_at_both_ends():
    values = np.concatenate([[-100.0], np.linspace(5, 6, 998), [100.0, np.nan]])
    low, high = maps.clipped_limits(values)
    assert (low, high) == (pytest.approx(5.01, abs=0.01), pytest.approx(5.99, abs=0.01))


@pytest.mark.parametrize("values", [np.zeros(5), np.full(5, 3.0), np.full(5, np.nan), np.array([0, 0, -1.0])])
def test_the_colour_map_has_a_length_for_any_values(values):
    low, high = maps.clipped_limits(values)
    assert high > low


def test_numbers_of_the_file_get_a_colour_map_and_names_get_colours():
    dataset = dataset_of(rna=("rna", COUNTS))
    dataset.obs["depth"] = pd.array([1, 2, None, 4], dtype="Int64")
    dataset.obs["layer"] = pd.Categorical(["b", None, "a", "b"], categories=["b", "a", "unused"])
    dataset.obs["kept"] = [True, False, True, True]
    dataset.obs["mixed"] = ["x", None, 3, "x"]
    numbers = maps.obs_coloring(dataset, "depth")
    assert numbers.colors == ()
    np.testing.assert_array_equal(numbers.values, [1, 2, np.nan, 4])
    layer = maps.obs_coloring(dataset, "layer")
    assert (layer.names, layer.values.tolist()) == (("b", "a"), [0, -1, 1, 0])
    assert len(set(layer.colors)) == 2
    assert maps.obs_coloring(dataset, "kept").names == ("False", "True")
    assert maps.obs_coloring(dataset, "mixed").values.tolist() == [1, -1, 0, 1]


def test_too_many_categories_are_refused():
    dataset = dataset_of(rna=("rna", np.ones((101, 1))))
    dataset.obs["barcode"] = dataset.obs_names
    with pytest.raises(DataError, match=r"at most 100 categories .* found 101 in barcode"):
        maps.obs_coloring(dataset, "barcode")


@pytest.mark.parametrize("feature", [Feature("rna", "none"), Feature("none", "g0"), Feature(COLUMN, "none")])
def test_what_is_not_there_is_said(feature):
    with pytest.raises(DataError, match="none"):
        coloring_by(dataset_of(rna=("rna", COUNTS)), feature)


def test_colours_of_several_features_add_up():
    counts = np.array([[10.0, 0], [0, 10], [10, 10], [0, 0]])
    dataset = dataset_of(rna=("precomputed", counts), adt=("precomputed", counts))
    one = maps.channel(maps.feature_coloring(dataset, "rna", "g0"), "#ff00ff")
    two = maps.channel(maps.feature_coloring(dataset, "adt", "g1"), "#00ff00")
    found = maps.together([one, two])
    assert found.values.tolist() == [[1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]]
    assert found.title == "g0 (rna) + g1 (adt)"
    assert maps.together([two]).values[:, 0].max() == 0
    three = maps.together([one, two, maps.channel(maps.feature_coloring(dataset, "adt", "g0"), "#0000ff")])
    assert three.values.max() == 1  # what is beyond full stays full


def test_a_channel_is_black_and_full_at_percentiles_of_what_is_not_zero():
    single = maps.Coloring("x", np.array([0.0, 0, 0, 1, 2, 3, 4, 5, np.nan]))
    assert maps.channel(single, "#ffffff").limits == pytest.approx((0, np.percentile([1, 2, 3, 4, 5], 99)))
    narrow = maps.channel(single, "#ffffff", 25, 75)
    assert narrow.limits == (2, 4)
    assert narrow.shares[:8].tolist() == [0, 0, 0, 0, 0, 0.5, 1, 1]
    assert np.isnan(narrow.shares[8])
    assert maps.channel(maps.Coloring("x", np.zeros(3)), "#ffffff").shares.tolist() == [0, 0, 0]
