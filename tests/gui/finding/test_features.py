from __future__ import annotations

from small_dataset import COUNTS, dataset_of

from napari_trsmi.gui.finding import features
from napari_trsmi.gui.finding.features import COLUMN, Feature, FeatureIndex


def test_the_best_match_comes_first():
    names = ["XCd3", "Cd3eap", "Cd3e", "cD3", "Cd4"]
    assert [names[k] for k in features.search(names, " CD3 ")] == ["cD3", "Cd3e", "Cd3eap", "XCd3"]
    assert features.search(names, "nothing") == []
    assert features.search(names, "", n=2) == [0, 1]


def test_the_index_finds_features_of_all_modalities_and_columns_or_of_one():
    dataset = dataset_of(rna=("rna", COUNTS), adt=("protein", COUNTS[:, :1]))
    dataset.obs["g0_note"] = 1.0
    index = FeatureIndex(dataset)
    assert index.modalities == ("rna", "adt", COLUMN)
    assert index.search("G0") == [Feature("rna", "g0"), Feature("adt", "g0"), Feature(COLUMN, "g0_note")]
    assert index.search("g", "adt") == [Feature("adt", "g0")]


def test_a_gene_is_found_by_symbol_and_by_identifier_and_its_title_is_the_symbol():
    dataset = dataset_of(rna=("rna", COUNTS))
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


def test_a_word_of_the_modality_after_the_name_finds_what_was_predicted():
    dataset = dataset_of(rna=("rna", COUNTS), adt=("protein", COUNTS[:, :1]))
    index = FeatureIndex(dataset, predicted=("adt",))
    assert [found.modality for found in index.search("g0 pre")] == ["adt, predicted"]
    assert [found.modality for found in index.search("g0 adt")] == ["adt", "adt, predicted"]
    assert index.search("g0 nothing") == index.search("pre") == index.search("nothing g0") == []
