"""Tables that mean other spots by the same barcodes: they are refused where the places of the spots say so."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.errors import DataError


@pytest.fixture
def both(make_table):
    """RNA and protein of the same spots, which are numbered."""
    tables = make_table(), make_table(n_features=20, prefix="protein", mean=20.0, seed=1)
    for table in tables:
        table.obs_names = [str(i) for i in range(table.n_obs)]
    return tables


@pytest.mark.parametrize("rows", [slice(4, None), np.random.default_rng(0).permutation(36)], ids=["fewer", "sorted"])
def test_rows_that_were_numbered_anew_are_refused(both, make_mudata, rows):
    rna, adt = both
    adt = adt[rows].copy()
    adt.obs_names = [str(i) for i in range(adt.n_obs)]
    with pytest.raises(DataError, match=r"the same names .* '\d+' at .* in one and at .* was sorted or numbered anew"):
        from_memory(make_mudata({"rna": rna, "adt": adt}))


def test_places_that_were_turned_or_flipped_are_told_and_no_more(both, make_mudata):
    rna, adt = both
    for turned in (rna.obsm["spatial"][:, ::-1], rna.obsm["spatial"].max(axis=0) - rna.obsm["spatial"]):
        adt.obsm["spatial"] = turned
        dataset = from_memory(make_mudata({"rna": rna, "adt": adt}))
        assert any("differ from those in modality 'rna'" in note for note in dataset.notes)
        np.testing.assert_array_equal(dataset.coords, rna.obsm["spatial"])


@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_two_sections_with_the_barcodes_of_one_slide_are_no_modalities(make_table, tmp_path, shift):
    for seed in (1, 2):
        table = make_table(seed=seed)
        table.obsm["spatial"] = table.obsm["spatial"] * 1.01 + shift if seed == 2 and shift else table.obsm["spatial"]
        table.write_h5ad(tmp_path / f"s{seed}.h5ad")
    paths = [tmp_path / "s1.h5ad", tmp_path / "s2.h5ad"]
    if shift:
        with pytest.raises(
            DataError, match=r"the same features in s1 and s2 .* coordinates that differ: .* two sections"
        ):
            read(paths)
    else:
        assert any("where they are two sections" in note for note in read(paths).notes)
