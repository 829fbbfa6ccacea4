from __future__ import annotations

import numpy as np
import pytest
from small_dataset import COUNTS, dataset_of

from napari_trsmi.errors import DataError
from napari_trsmi.gui.color import gene_sets
from napari_trsmi.gui.finding.maps import feature_coloring


def test_a_score_is_the_mean_of_z_scores():
    dataset = dataset_of(rna=("rna", COUNTS))
    one, two = (feature_coloring(dataset, "rna", name).values for name in ("g0", "g2"))
    wanted = ((one - one.mean()) / one.std() + (two - two.mean()) / two.std()) / 2
    found = gene_sets.score(dataset, "rna", "Both", ["G0", "g2", "gone"])
    assert found.values == pytest.approx(wanted)
    assert found.title == "Both (mean z of 2 genes of rna)"


def test_a_gene_that_never_varies_counts_as_zero():
    dataset = dataset_of(rna=("rna", COUNTS))
    assert gene_sets.score(dataset, "rna", "x", ["g1"]).values.tolist() == [0, 0, 0, 0]


def test_more_genes_than_fit_at_once_give_the_same_score(monkeypatch):
    table = np.random.default_rng(0).poisson(2.0, (30, 9)).astype(float)
    dataset, genes = dataset_of(rna=("rna", table)), [f"g{k}" for k in range(9)]
    whole = gene_sets.score(dataset, "rna", "x", genes).values
    monkeypatch.setattr(gene_sets, "GENES_AT_ONCE", 2)
    assert gene_sets.score(dataset, "rna", "x", genes).values == pytest.approx(whole)


def test_genes_are_found_by_symbol_whatever_the_case_and_the_missing_are_named():
    dataset = dataset_of(rna=("rna", COUNTS))
    dataset.modalities["rna"].table.var["gene_symbols"] = ["CD3D", "CD3E", "CD8A"]
    assert gene_sets.find(dataset, "rna", ["cd8a", "G0", "cd3d", "XYZ"]) == ([2, 0], ["XYZ"])
    with pytest.raises(DataError, match="Expected genes of rna, found XYZ"):
        gene_sets.score(dataset, "rna", "x", ["XYZ"])
