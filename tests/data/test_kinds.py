from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.data.readers.kinds import guess_kind, kind_from_names, kind_of_feature_type


def named(*features: str, types: str | None = None) -> pd.DataFrame:
    var = pd.DataFrame(index=list(features))
    return var if types is None else var.assign(feature_types=types)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Gene Expression", "rna"),
        ("Antibody Capture", "protein"),
        ("Peaks", "chromatin"),
        ("Chromatin Accessibility", "chromatin"),
        ("Multiplexing Capture", None),
    ],
)
def test_feature_types_of_cell_ranger_are_known(text, kind):
    assert kind_of_feature_type(text) == kind


@pytest.mark.parametrize(
    ("var", "name", "kind"),
    [
        (named("PC_1", "PC_2", "PC_3"), "rna", "precomputed"),
        (named("LSI_1", "LSI_2"), "atac", "precomputed"),
        (named("chr1:100-200", "chr1:900-1200", "chrX:5-80"), "rna", "chromatin"),
        (named("chr1-100-200", "chr2-900-1200"), "", "chromatin"),
        (named("CD3", "CD4", types="Antibody Capture"), "rna", "protein"),
        (named("CD3", "CD4"), "adt", "protein"),
        (named("Xkr4", "Sox17"), "spatial_RNA", "rna"),
        (named("a", "b"), "H3K27ac", "chromatin"),
        (named("protein000", "protein001"), "", "protein"),
        (named("ATAC_feat_0", "ATAC_feat_1"), "second", "chromatin"),
        (named("ENSG00000187608", "ENSMUSG00000051951"), "", "rna"),
        (named("a", "b"), "x", None),
    ],
)
def test_names_give_the_kind_away(var, name, kind):
    assert kind_from_names(var, name) == kind


def test_the_hint_counts_only_when_nothing_else_speaks():
    assert kind_from_names(named("a", "b"), "", "slice_adt") == "protein"
    assert kind_from_names(named("a", "b"), "rna", "slice_adt") == "rna"


def test_a_name_with_two_kinds_says_nothing():
    assert kind_from_names(named("a", "b"), "rna_and_atac") is None


@given(st.lists(st.text(min_size=1), min_size=1, unique=True), st.text())
def test_any_names_are_judged_without_an_error(features, name):
    assert kind_from_names(named(*features), name) in {"rna", "protein", "chromatin", "precomputed", None}


def test_few_dense_features_are_taken_for_proteins_and_many_for_genes(make_table):
    assert guess_kind(make_table(n_features=30, mean=20.0)) == "protein"
    assert guess_kind(make_table(n_features=30, mean=0.1)) == "rna"
    assert guess_kind(make_table(n_features=400, mean=20.0)) == "rna"
    negative = make_table(n_features=30)
    negative.X = negative.X.toarray() - 1
    assert guess_kind(negative) is None
