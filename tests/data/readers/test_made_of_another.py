"""Values that were normalised or scaled of a table that is there too are no modality of their own."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.readers import read


@pytest.fixture
def counts(make_table):
    """Counts of spots of different depth."""
    table = make_table(100, 60, mean=2.0)
    depth = np.random.default_rng(1).uniform(0.5, 3.0, (100, 1))
    table.X = table.X.multiply(depth).rint().tocsr().astype(np.float32)
    return table


def normalised(counts):
    table = counts.copy()
    values = counts.X.toarray()
    table.X = np.log1p(1e4 * values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    return table


def scaled(counts):
    table = normalised(counts)
    table.X = ((table.X - table.X.mean(axis=0)) / table.X.std(axis=0)).clip(max=3)
    return table


@pytest.fixture
def opened(tmp_path):
    """What is read of tables in files of their names."""

    def write(**tables):
        for name, table in tables.items():
            table.write_h5ad(tmp_path / f"{name}.h5ad")
        return read([tmp_path / f"{name}.h5ad" for name in tables])

    return write


@pytest.mark.parametrize("made", [normalised, scaled])
@pytest.mark.parametrize("order", ["counts first", "counts last"])
@pytest.mark.parametrize("features", [60, 30])
def test_what_was_made_of_counts_gives_way_to_them(counts, opened, made, order, features):
    tables = {"rna": counts, "rna_made": made(counts)[:, :features].copy()}
    dataset = opened(**(tables if order == "counts first" else dict(reversed(tables.items()))))
    assert list(dataset.modalities) == ["rna"]
    assert any("rna_made holds the values of rna, normalised or scaled: used rna alone" in n for n in dataset.notes)
    assert not any("'rna_made'" in note for note in dataset.notes)
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), counts.X.toarray())


def test_of_logarithms_and_scaled_ones_the_logarithms_are_used(counts, opened):
    assert list(opened(z_rna=scaled(counts), log_rna=normalised(counts)).modalities) == ["log_rna"]


def test_another_measurement_of_the_same_genes_stays(counts, opened, make_table):
    activity = normalised(make_table(100, 60, mean=2.0, seed=9))
    assert list(opened(rna=counts, activity_rna=activity).modalities) == ["rna", "activity_rna"]
