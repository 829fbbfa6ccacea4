"""Values that do not lie in X, under the names that programs give them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from napari_trsmi.data.readers import from_memory
from napari_trsmi.errors import DataError


def only(dataset):
    (modality,) = dataset.modalities.values()
    return modality


@pytest.fixture
def counts(make_table):
    return make_table()


def logged(counts):
    table = counts.copy()
    table.X = counts.X.log1p() * 1.1
    return table


@pytest.mark.parametrize(
    "key",
    ["Counts", "rawcounts", "X_counts", "umi", "UMI_counts", "raw_data", "count_data", "original_counts", "counts_raw"],
)
def test_counts_are_found_in_a_layer_whatever_it_is_called(counts, key):
    table = logged(counts)
    table.layers[key] = counts.X.copy()
    dataset = from_memory(table)
    np.testing.assert_array_equal(only(dataset).table.X.toarray(), counts.X.toarray())
    assert any(f"used layers['{key}']" in note for note in dataset.notes)


def test_a_layer_that_says_nothing_of_counts_is_left_alone(counts):
    table = logged(counts)
    table.layers["spliced"] = counts.X.copy()
    assert any("holds no counts" in note for note in from_memory(table).notes)


def spliced(counts, table):
    """The table with its counts dealt to the layers of velocyto."""
    part = counts.copy()
    part.X.data = np.random.default_rng(1).binomial(part.X.data.astype(int), 0.7).astype(np.float32)
    table.layers["spliced"], table.layers["unspliced"] = part.X, (counts.X - part.X).tocsr()
    return table


@pytest.mark.parametrize("whole", ["logged", "zeros", "nothing"])
def test_spliced_and_unspliced_counts_are_the_counts_together(counts, whole):
    table = spliced(counts, logged(counts))
    if whole != "logged":
        table.X = counts.X * 0 if whole == "zeros" else None
    dataset = from_memory(table)
    np.testing.assert_array_equal(only(dataset).table.X.toarray(), counts.X.toarray())
    assert any("used layers['spliced'] + layers['unspliced']." in note for note in dataset.notes)


def test_counts_elsewhere_go_before_spliced_and_unspliced_ones(counts):
    more = counts.copy()
    more.X = (counts.X * 2).tocsr()
    dataset = from_memory(spliced(counts, more.copy()))
    np.testing.assert_array_equal(only(dataset).table.X.toarray(), more.X.toarray())
    table = spliced(counts, logged(counts))
    table.layers["counts"] = more.X
    np.testing.assert_array_equal(only(from_memory(table)).table.X.toarray(), more.X.toarray())
    table = spliced(counts, logged(counts))
    table.layers["spliced"] = table.layers["spliced"] * 0.3  # normalised too
    assert any("holds no counts" in note for note in from_memory(table).notes)


def test_an_x_of_zeros_gives_way_to_the_counts_beside_it(counts):
    table = counts.copy()
    table.X = counts.X * 0
    with pytest.raises(DataError, match="found only zeros"):
        from_memory(table)
    table.layers["counts"] = counts.X.copy()
    np.testing.assert_array_equal(only(from_memory(table)).table.X.toarray(), counts.X.toarray())


@pytest.mark.parametrize("where", ["raw", "logcounts", "data", "normalized"])
def test_of_a_scaled_table_of_genes_what_it_was_made_from_is_taken(counts, where):
    table = logged(counts)
    table.var_names = [f"ENSG{i:011d}" for i in range(table.n_vars)]
    values = table.X.toarray()
    if where == "raw":
        table.raw = table.copy()
    else:
        table.layers[where] = table.X.copy()
    table.X = (values - values.mean(axis=0)) / (values.std(axis=0) + 0.1)
    dataset = from_memory(table)
    assert only(dataset).kind == "rna"
    np.testing.assert_allclose(only(dataset).table.X.toarray(), values, rtol=1e-6)
    assert any("was scaled to a mean of 0: used" in note and "look logged" in note for note in dataset.notes)


def in_raw(counts, own, other, **columns):
    """Logarithms of some genes, called `own`, and the counts of all in raw, called `other`."""
    table, raw = logged(counts), counts.copy()
    table.var_names, raw.var_names = own, other
    table.var = table.var.assign(**{key: value for key, value in columns.items() if key == "gene_ids"})
    raw.var = raw.var.assign(**{key: value for key, value in columns.items() if key != "gene_ids"})
    table.raw = raw
    return table


def test_counts_in_raw_are_found_by_other_names_of_the_genes(counts):
    symbols = [f"Sym{i}" for i in range(counts.n_vars)]
    ids = [f"ENSG{i:011d}" for i in range(counts.n_vars)]
    chromosomes = ["chr1"] * (counts.n_vars - 1) + ["chrM"]
    for table in (
        in_raw(counts, symbols, ids, gene_ids=ids, chromosome=chromosomes),
        in_raw(counts, symbols, ids, symbol=symbols),
    ):
        some = table[:, ::-2].copy()
        dataset = from_memory(some)
        np.testing.assert_array_equal(only(dataset).table.X.toarray(), counts.X.toarray()[:, ::-2])
        assert list(only(dataset).table.var_names) == symbols[::-2]
        assert any("used those in raw." in note for note in dataset.notes)


def test_counts_in_raw_whose_genes_are_only_numbered_are_in_the_order_of_x(counts):
    table = in_raw(counts, counts.var_names, [str(i) for i in range(counts.n_vars)])
    dataset = from_memory(table)
    np.testing.assert_array_equal(only(dataset).table.X.toarray(), counts.X.toarray())
    assert any("those in raw, in the order of X for they are numbered there" in note for note in dataset.notes)
    assert not any("raw" in note for note in from_memory(table[:, ::2].copy()).notes)  # nobody knows which


def test_counts_that_are_missing_in_places_are_told(counts):
    table = logged(counts)
    table.layers["counts"] = counts.X.toarray()
    table.layers["counts"][:18] = 0
    assert any("layers['counts'] has nothing at 18 spots at which X has" in note for note in from_memory(table).notes)
    table.layers["counts"][0, 0] = np.nan
    notes = from_memory(table).notes
    assert any("layers['counts'] was not used, for it holds NaN or infinity" in note for note in notes)
    table.layers["counts"] = counts.X.copy()
    assert not any("at which X has" in note for note in from_memory(table).notes)


@pytest.mark.parametrize("keys", [("ADT_clr", "ADT_raw"), ("protein_expression", "protein_counts")])
def test_of_proteins_in_obsm_the_counts_are_used(counts, keys):
    columns = ["CD3", "CD68", "PanCK", "HLA-DR"]
    values = np.random.default_rng(0).poisson(9.0, (counts.n_obs, 4)).astype(float)
    for key, some in zip(keys, (np.log1p(values), values), strict=True):
        counts.obsm[key] = pd.DataFrame(some, index=counts.obs_names, columns=columns)
    np.testing.assert_array_equal(from_memory(counts).modalities["adt"].table.X.toarray(), values)


@pytest.mark.parametrize(("kind", "key"), [("rna", "data"), ("rna", "logcounts"), ("protein", "data")])
def test_where_there_is_no_x_a_layer_of_normalised_values_is_taken(counts, kind, key):
    names = ["CD3", "CD8", "PanCK", "Ki67"] if kind == "protein" else counts.var_names
    values = logged(counts).X[:, : len(names)]
    table = AnnData(obs=counts.obs, var=pd.DataFrame(index=names), layers={key: values}, obsm=dict(counts.obsm))
    dataset = from_memory(table)
    assert only(dataset).kind == kind
    np.testing.assert_allclose(only(dataset).table.X.toarray(), values.toarray())
    assert any(f"There is no X: used layers['{key}']" in note for note in dataset.notes)


def test_features_in_raw_alone_are_told_where_they_are(counts):
    table = AnnData(obs=counts.obs, obsm=dict(counts.obsm))
    table.raw = counts
    with pytest.raises(DataError, match=rf"found {counts.n_vars} in raw alone.*raw\.to_adata"):
        from_memory(table)
