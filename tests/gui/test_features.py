from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.errors import DataError
from napari_trsmi.gui import features
from napari_trsmi.gui.features import COLUMN, Feature, FeatureIndex
from napari_trsmi.gui.state import Coloring, Shown

COUNTS = np.array([[1.0, 0, 3], [0, 0, 4], [5, 0, 5], [0, 0, 0]])


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
def test_counts_are_shown_as_log1p_of_their_share_in_the_spot(make):
    found = features.feature_coloring(_dataset(rna=("rna", make(COUNTS))), "rna", "g0")
    assert found.title == "g0 (rna, log1p)"
    np.testing.assert_allclose(found.values, np.log1p([2500, 0, 5000, 0]))


def test_components_are_shown_as_they_are():
    values = np.array([[-2.0, 1], [0.5, 1], [3, 1], [1, 1]])
    found = features.feature_coloring(_dataset(pca=("precomputed", values)), "pca", "g0")
    assert found.title == "g0 (pca)"
    assert found.values.tolist() == [-2, 0.5, 3, 1]


def test_of_two_features_with_one_name_the_first_is_shown():
    dataset = _dataset(pca=("precomputed", COUNTS))
    dataset.modalities["pca"].table.var_names = ["same", "other", "same"]
    assert features.feature_coloring(dataset, "pca", "same").values.tolist() == [1, 0, 5, 0]


def test_the_colour_map_of_a_rare_gene_reaches_from_zero_to_what_is_high_where_it_is_seen():
    values = np.concatenate([np.zeros(900), np.linspace(1, 2, 100)])
    assert features.clipped_limits(values) == (0.0, pytest.approx(1.99))


def test_the_colour_map_leaves_out_outliers_at_both_ends():
    values = np.concatenate([[-100.0], np.linspace(5, 6, 998), [100.0, np.nan]])
    low, high = features.clipped_limits(values)
    assert (low, high) == (pytest.approx(5.01, abs=0.01), pytest.approx(5.99, abs=0.01))


@pytest.mark.parametrize("values", [np.zeros(5), np.full(5, 3.0), np.full(5, np.nan), np.array([0, 0, -1.0])])
def test_the_colour_map_has_a_length_for_any_values(values):
    low, high = features.clipped_limits(values)
    assert high > low


def test_numbers_of_the_file_get_a_colour_map_and_names_get_colours():
    dataset = _dataset(rna=("rna", COUNTS))
    dataset.obs["depth"] = pd.array([1, 2, None, 4], dtype="Int64")
    dataset.obs["layer"] = pd.Categorical(["b", None, "a", "b"], categories=["b", "a", "unused"])
    dataset.obs["kept"] = [True, False, True, True]
    dataset.obs["mixed"] = ["x", None, 3, "x"]
    numbers = features.obs_coloring(dataset, "depth")
    assert numbers.colors == ()
    np.testing.assert_array_equal(numbers.values, [1, 2, np.nan, 4])
    layer = features.obs_coloring(dataset, "layer")
    assert (layer.names, layer.values.tolist()) == (("b", "a"), [0, -1, 1, 0])
    assert len(set(layer.colors)) == 2
    assert features.obs_coloring(dataset, "kept").names == ("False", "True")
    assert features.obs_coloring(dataset, "mixed").values.tolist() == [1, -1, 0, 1]


def test_too_many_categories_are_refused():
    dataset = _dataset(rna=("rna", np.ones((101, 1))))
    dataset.obs["barcode"] = dataset.obs_names
    with pytest.raises(DataError, match=r"at most 100 categories .* found 101 in barcode"):
        features.obs_coloring(dataset, "barcode")


@pytest.mark.parametrize("feature", [Feature("rna", "none"), Feature("none", "g0"), Feature(COLUMN, "none")])
def test_what_is_not_there_is_said(feature):
    with pytest.raises(DataError, match="none"):
        features.coloring_by(_dataset(rna=("rna", COUNTS)), feature)


def test_a_mix_is_red_where_the_first_is_high_and_green_where_the_second_is():
    counts = np.array([[10.0, 0], [0, 10], [0, 0], [0, 0]])
    dataset = _dataset(rna=("rna", counts), adt=("protein", counts))
    found = features.mix(dataset, red=("rna", "g0"), green=("adt", "g1"))
    assert found.values.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert found.title == "Red g0 (rna, log1p), green g1 (adt, log1p)"
    assert features.mix(dataset, green=("adt", "g1")).values[:, 0].max() == 0


def test_the_best_match_comes_first():
    names = ["XCd3", "Cd3eap", "Cd3e", "cD3", "Cd4"]
    assert [names[k] for k in features.search(names, " CD3 ")] == ["cD3", "Cd3e", "Cd3eap", "XCd3"]
    assert features.search(names, "nothing") == []
    assert features.search(names, "", n=2) == [0, 1]


def test_the_index_finds_features_of_all_modalities_and_columns_or_of_one():
    dataset = _dataset(rna=("rna", COUNTS), adt=("protein", COUNTS[:, :1]))
    dataset.obs["g0_note"] = 1.0
    index = FeatureIndex(dataset)
    assert index.modalities == ("rna", "adt", COLUMN)
    assert index.search("G0") == [Feature("rna", "g0"), Feature("adt", "g0"), Feature(COLUMN, "g0_note")]
    assert index.search("g", "adt") == [Feature("adt", "g0")]


def test_a_gene_is_found_by_symbol_and_by_identifier_and_its_title_is_the_symbol():
    dataset = _dataset(rna=("rna", COUNTS))
    table = dataset.modalities["rna"].table
    table.var_names = ["ENSG1", "ENSG2", "ENSG3"]
    table.var["feature_name"] = ["CD3E", "CD4", "ENSG3"]
    index = FeatureIndex(dataset)
    for text in ("cd3e", "ensg1"):
        (found,) = index.search(text)
        assert (found.name, found.label, found.others) == ("ENSG1", "CD3E", "ENSG1")
    assert [found.name for found in index.search("ensg")] == ["ENSG3", "ENSG1", "ENSG2"]
    assert features.coloring_by(dataset, found).title == "CD3E (rna, log1p)"
    assert [found.label for found in index.named("rna", ["ENSG2", "ENSG1"])] == ["CD4", "CD3E"]


def test_the_mean_of_a_group_leaves_out_what_is_unknown():
    found = features.means(np.array([1.0, 3, np.nan, 5]), np.array([0, 0, 0, -1]), 2)
    assert found[0] == 2
    assert np.isnan(found[1])


SHOWN = Shown(np.array([0, 0, 1, 1]), ("Cortex", "2"), ("#000000", "#ffffff"))


def test_a_gene_is_summed_up_by_its_share_of_spots_and_its_domain():
    gene = Coloring("gene", np.array([0.0, 0, 3, 0]))
    assert features.summary(gene) == "Above zero in 25% of the spots."
    assert features.summary(gene, SHOWN) == "Above zero in 25% of the spots; highest in domain 2."


def test_components_are_summed_up_by_their_range():
    component = Coloring("PC_1", np.array([2.0, 1, -1, np.nan]))
    assert features.summary(component, SHOWN) == "From -1 to 2; highest in domain Cortex."
    assert features.summary(Coloring("none", np.full(4, np.nan)), SHOWN) == "No spot has a value."


def test_categories_are_summed_up_by_the_largest():
    layer = Coloring("layer", np.array([1, 1, 0, -1]), colors=("#000000", "#ffffff"), names=("a", "b"))
    assert features.summary(layer, SHOWN) == "2 categories; the largest is b with 50% of the spots."


def test_a_mix_is_summed_up_by_where_both_are_high():
    mixed = Coloring("mix", np.array([[1.0, 0, 0], [0.9, 0, 0], [0, 1, 0], [1, 1, 0]]))
    text = "Both are high in 25% of the spots. Red is highest in domain Cortex, green in domain 2."
    assert features.summary(mixed, SHOWN) == text


def _dataset(**tables):
    from anndata import AnnData

    modalities = {}
    for name, (kind, x) in tables.items():
        var = pd.DataFrame(index=[f"g{k}" for k in range(x.shape[1])])
        modalities[name] = Modality(name, kind, AnnData(x, var=var))
        n = x.shape[0]
    names = np.array([f"s{k}" for k in range(n)])
    return Dataset("made", modalities, np.zeros((n, 2)), names, pd.DataFrame(index=names))
