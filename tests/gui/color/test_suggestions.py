from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.own_columns import put_column
from napari_trsmi.gui.color import suggestions
from napari_trsmi.gui.finding.features import COLUMN, FeatureIndex

SIDE = 12


@pytest.fixture
def made():
    """400 genes alike everywhere but one that is left and one that is right; three proteins; columns."""
    from anndata import AnnData

    y, x = np.mgrid[:SIDE, :SIDE].reshape(2, -1).astype(float)
    rng = np.random.default_rng(0)
    counts = rng.poisson(3.0, (SIDE**2, 400))
    counts[:, 7] = rng.poisson(np.where(x < SIDE / 2, 6.0, 0.2))
    counts[:, 9] = rng.poisson(np.where(x < SIDE / 2, 0.2, 6.0))
    rna = AnnData(sparse.csr_matrix(counts), var=pd.DataFrame(index=[f"g{k}" for k in range(400)]))
    adt = AnnData(rng.poisson(9.0, (SIDE**2, 3)), var=pd.DataFrame(index=["CD3", "CD4", "CD8"]))
    names = np.array([f"s{k}" for k in range(SIDE**2)])
    obs = pd.DataFrame(
        {"row": y, "slide": "A", "barcode": names, "side": np.where(x < 6, "left", "right")}, index=names
    )
    tables = {"rna": Modality("rna", "rna", rna), "adt": Modality("adt", "protein", adt)}
    return Dataset("made", tables, np.column_stack([x, y]), names, obs)


def test_columns_come_first_then_small_modalities_then_the_best_of_large_ones(made):
    groups = suggestions.suggested(made, FeatureIndex(made))
    titles = ["Columns of the file", "adt: all 3", "rna: the 40 most uneven of 400"]
    assert [group.title for group in groups] == titles
    assert [feature.name for feature in groups[1].features] == ["CD3", "CD4", "CD8"]
    assert {feature.name for feature in groups[2].features[:2]} == {"g7", "g9"}


def test_columns_of_ones_own_are_not_said_to_be_of_the_file(made):
    put_column(made, "region", pd.Categorical(np.where(made.obs["row"] < 3, "tumour", None)))
    groups = suggestions.suggested(made, FeatureIndex(made), within=COLUMN)
    listed = {group.title: [feature.name for feature in group.features] for group in groups}
    assert listed == {"Your own columns": ["region"], "Columns of the file": ["side", "row"]}


def test_columns_that_colour_cannot_tell_apart_are_left_out(made):
    assert suggestions.worth_coloring(made) == ["side", "row"]


def test_a_single_region_is_listed_for_other_spots_are_not_in_it(made):
    made.obs["tumour"] = pd.Categorical(np.where(made.obs["row"] < 3, "tumour", None))
    made.obs["dose"] = np.where(made.obs["row"] < 3, 1.5, np.nan)
    assert suggestions.worth_coloring(made) == ["side", "tumour", "row", "dose"]


def test_one_modality_alone_is_listed_further_down(made):
    (group,) = suggestions.suggested(made, FeatureIndex(made), within="rna")
    assert len(group.features) == suggestions.N_BEST_ALONE
    (group,) = suggestions.suggested(made, FeatureIndex(made), within=COLUMN)
    assert {feature.modality for feature in group.features} == {COLUMN}


def test_genes_without_counts_are_not_suggested(made):
    table = made.modalities["rna"].table
    table.X = sparse.csr_matrix(table.shape)
    assert suggestions.most_uneven(made, "rna", 5) == []
