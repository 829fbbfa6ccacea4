from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.data.readers.kinds import (
    BY_NAMES,
    BY_VALUES,
    guess_kind,
    kind_from_names,
    kind_from_symbols,
    kind_of_feature_type,
)


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
        ("Antibody.Capture", "protein"),
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
        (named("chr1:1,000-2,000", "chr2:9,000-12,000"), "", "chromatin"),
        (named("0", "1").assign(seqnames="chr1", start=[1, 9], end=[5, 12]), "", "chromatin"),
        (named("0", "1").assign(n_cells=3), "", None),
        (named("Gad1", "Sst").assign(chromosome="1", start=[1, 9], end=[5, 12]), "", None),
        (named("CD3", "CD4", types="Antibody Capture"), "rna", "protein"),
        (named("CD3", "CD4"), "adt", "protein"),
        (named("Xkr4", "Sox17"), "spatial_RNA", "rna"),
        (named("a", "b"), "H3K27ac", "chromatin"),
        (named("a", "b"), "spatial_H3K36me3", "chromatin"),
        (named("a", "b"), "CUT&Tag", "chromatin"),
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
    assert guess_kind(make_table(n_features=30, mean=20.0)) == ("protein", BY_VALUES)
    assert guess_kind(make_table(n_features=30, mean=0.1)) == ("rna", BY_VALUES)
    assert guess_kind(make_table(n_features=400, mean=20.0)) == ("rna", BY_VALUES)
    negative = make_table(n_features=30)
    negative.X = negative.X.toarray() - 1
    assert guess_kind(negative)[0] is None


GENES = {
    "mouse": "Gad1 Slc17a7 Sst Pvalb Vip Lamp5 Aqp4 Mbp Plp1 Cldn5 Acta2 Ttr Gfap mt-Nd1",
    "species": "GRCh38_EPCAM hg38_KRT8 mm10___Gad1 VIM_hg38 Sst_mm10",
    "bytes": "b'Gad1' b'Slc17a7' b'Sst' b'Mbp'",
    "human": "CD3E CD4 CD8A MS4A1 CD68 KRT5 MKI67 FOXP3 PTPRC PECAM1 ACTA2 VIM HLA-DRA C1orf112",
}
ANTIBODIES = {
    "codex": "CD3 CD4 CD8 CD20 CD68 PanCK Ki67 DAPI FOXP3 CD45 CD31 aSMA Vimentin PD-1 HLA-DR CD11c CD163",
    "totalseq": "CD4_TotalSeqB CD19_TotalSeqB IgG1_control_TotalSeqB",
    "prefixed": "anti-CD4 anti-CD19 anti-B220",
    "metal tags": "141Pr_CD14 150Nd_CD68 191Ir_DNA1",
}


@pytest.mark.parametrize(
    ("names", "kind"),
    [*((names, "rna") for names in GENES.values()), *((names, "protein") for names in ANTIBODIES.values())],
    ids=[*GENES, *ANTIBODIES],
)
def test_symbols_of_genes_and_names_of_antibodies_are_told_apart(names, kind):
    assert kind_from_symbols(names.split()) == kind


@pytest.mark.parametrize("stem", ["Marker", "M", "f", ""])
def test_numbered_features_have_no_symbols(stem):
    assert kind_from_symbols([f"{stem}{i}" for i in range(5)]) is None


def test_a_dense_panel_of_genes_is_no_panel_of_proteins(make_table):
    names = GENES["mouse"].split()
    table = make_table(n_features=len(names), mean=20.0)
    table.var_names = names
    assert guess_kind(table) == ("rna", BY_NAMES)
