from __future__ import annotations

import pandas as pd
import pytest

from napari_trsmi.data import feature_names

IDS = ["ENSG1", "ENSG2", "ENSG3", "ENSG4"]


@pytest.mark.parametrize("column", ["feature_name", "gene_symbols", "Gene_Name"])
def test_genes_known_by_identifiers_are_shown_by_their_symbols(column):
    var = pd.DataFrame({column: pd.Categorical(["CD3E", None, "TBCE", "TBCE"])}, index=IDS)
    assert feature_names.labels(var) == ["CD3E", "ENSG2", "TBCE ENSG3", "TBCE ENSG4"]
    assert feature_names.other_names(var) == ["ENSG1", "", "", ""]
    assert feature_names.label(var, "ENSG1") == "CD3E"
    assert feature_names.label(var, "gone") == "gone"


def test_genes_known_by_symbols_are_found_by_their_identifiers_too():
    var = pd.DataFrame({"gene_ids": IDS[:2], "genome": "GRCh38"}, index=["CD3E", "TBCE"])
    assert feature_names.labels(var) == ["CD3E", "TBCE"]
    assert feature_names.other_names(var) == ["ENSG1", "ENSG2"]


def test_names_that_are_no_text_are_no_error():
    var = pd.DataFrame({1: [2, 3]}, index=[10, 11])
    assert feature_names.labels(var) == ["10", "11"]
    assert feature_names.other_names(var) == ["", ""]
