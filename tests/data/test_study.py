"""Sections stacked into a study: features matched, places, masks, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from anndata import AnnData

import napari_trsmi as nt
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.study import stack
from napari_trsmi.data.tables import mudata_of
from napari_trsmi.errors import DataError


@pytest.fixture
def section(make_table):
    """Builder of a section: {modality: features}, seed, microns per unit."""

    def build(seed: int = 0, microns: float | None = None, **features: int) -> Dataset:
        tables = {
            name: make_table(25, n, prefix=name, mean=3.0, seed=seed + 10 * i)
            for i, (name, n) in enumerate((features or {"rna": 60}).items())
        }
        first: AnnData = next(iter(tables.values()))
        kinds = {"rna": "rna", "adt": "protein", "atac": "chromatin"}
        return Dataset(
            name="section",
            modalities={name: Modality(name, kinds[name], table) for name, table in tables.items()},
            coords=np.asarray(first.obsm["spatial"], float),
            obs_names=first.obs_names.to_numpy(str),
            obs=first.obs,
            microns_per_unit=microns,
        )

    return build


def renamed(dataset: Dataset, names: list[str], **columns: list[str]) -> Dataset:
    table = dataset.modalities["rna"].table.copy()
    table.var_names = names
    for key, values in columns.items():
        table.var[key] = values
    return replace(dataset, modalities={**dataset.modalities, "rna": Modality("rna", "rna", table)})


def test_sections_lie_side_by_side_at_true_scale(section):
    study = stack({"a": section(0, 1.0), "b": section(1, 0.5)})
    a, b = (study.coords[rows] for rows in study.sections)
    assert np.ptp(a, axis=0) == pytest.approx(2 * np.ptp(b, axis=0))
    assert a[:, 0].max() < b[:, 0].min()
    for part, place, xy in zip(study.parts, study.places, (a, b), strict=True):
        np.testing.assert_allclose(part.coords * place.scale + (place.x, place.y), xy)


def test_what_a_section_lacks_is_masked_and_zero(section):
    study = stack({"a": section(0, rna=60, adt=20), "b": section(1, rna=60)})
    adt = study.modalities["adt"]
    np.testing.assert_array_equal(adt.measured, study.section == 0)
    assert adt.table.X[study.section == 1].sum() == 0
    assert study.modalities["rna"].measured is None


def test_barcodes_carry_their_section_unless_they_are_unique(section):
    study = stack({"a": section(0), "b": section(1)})
    assert list(study.obs_names[[0, 25]]) == ["a:spot0-1", "b:spot0-1"]
    other = section(1)
    other = replace(other, obs_names=np.char.add("x", other.obs_names), obs=other.obs.set_axis("x" + other.obs.index))
    assert stack({"a": section(0), "b": other}, keep_names=True).obs_names[25] == "xspot0-1"


def test_features_are_matched_by_symbol_and_by_identifier_without_version(section):
    symbols = [f"GENE{j}" for j in range(60)]
    identifiers = [f"ENSG{j:011d}" for j in range(60)]
    a = renamed(section(0), [f"{name}.3" for name in identifiers], gene_symbols=symbols)
    for b in (renamed(section(1), symbols[::-1]), renamed(section(1), identifiers[::-1])):
        study = stack({"a": a, "b": b})
        values = study.modalities["rna"].table.X
        own = b.modalities["rna"].table.X
        np.testing.assert_array_equal(values[25:].toarray(), own[:, ::-1].toarray())


def test_features_that_one_lacks_are_left_out_and_told(section):
    a, b = section(0, rna=80), section(1, rna=60)
    study = stack({"a": a, "b": b})
    assert study.modalities["rna"].table.n_vars == 60
    assert any("60 features are common to all sections; left out 20 of a, 0 of b" in note for note in study.notes)


def test_too_few_common_features_are_refused_with_their_numbers(section):
    b = renamed(section(1), [f"rna{j}" for j in range(20)] + [f"other{j}" for j in range(40)])
    with pytest.raises(DataError, match=r"at least 30 features of 'rna'.*found 20 \(a: 60, b: 60\)"):
        stack({"a": section(0), "b": b})


def test_the_same_section_twice_is_refused(section):
    with pytest.raises(DataError, match="found the same one as 'a' and 'b'"):
        stack({"a": section(0), "b": section(0)})


def test_the_same_section_at_other_places_is_refused_too(section):
    moved = section(0, rna=60, adt=20)
    moved = replace(moved, coords=moved.coords * 0.37 + 11.0)
    with pytest.raises(DataError, match="found the same one as 'a' and 'b'"):
        stack({"a": section(0), "b": moved})
    few = {name: modality.table.copy() for name, modality in section(1).modalities.items()}
    few["rna"].X = few["rna"].X.multiply(np.arange(60) == 0).tocsr()  # hardly a count: many spots are alike
    sparse = replace(section(1), modalities={"rna": Modality("rna", "rna", few["rna"])})
    shifted = replace(sparse, coords=sparse.coords + 500.0)
    assert stack({"a": sparse, "b": shifted}).n_spots == 50


def test_islands_without_a_shared_modality_are_named(section):
    with pytest.raises(DataError, match=r"2 groups without any: a \(rna\); b \(adt\)"):
        stack({"a": section(0, rna=60), "b": section(1, adt=20)})


def test_a_modality_of_two_kinds_is_refused(section):
    b = section(1)
    b = replace(b, modalities={"rna": replace(b.modalities["rna"], kind="protein")})
    with pytest.raises(
        DataError, match=r"to be of one kind in all sections, found a: rna, b: protein.*or put the counts"
    ):
        stack({"a": section(0), "b": b})


def test_genes_counted_in_one_section_and_logged_in_another_are_refused(section):
    logged = section(seed=1)
    table = logged.modalities["rna"].table.copy()
    table.X = table.X.log1p()
    logged = replace(logged, modalities={"rna": Modality("rna", "rna", table)})
    with pytest.raises(DataError, match="logarithms in b and none in a"):
        stack({"a": section(), "b": logged})


def test_one_section_is_no_study(section):
    alone = stack({"only": section(0)})
    assert (alone.name, alone.parts, alone.section) == ("only", (), None)


def test_components_of_several_files_are_told_to_be_compared_as_they_are(section):
    from pathlib import Path

    def own(seed: int) -> Dataset:
        made = section(seed)
        table = replace(made.modalities["rna"], kind="precomputed")
        return replace(made, modalities={"rna": table}, sources=(Path(f"{seed}.h5ad"),))

    assert any(
        "components are compared between files as they are" in n for n in stack({"a": own(0), "b": own(1)}).notes
    )


def test_a_section_that_is_part_of_another_is_refused_in_any_order(section):
    whole = section(0)
    rows = np.random.default_rng(0).permutation(25)[:18]
    table = whole.modalities["rna"].table[rows].copy()
    part = replace(
        whole,
        modalities={"rna": Modality("rna", "rna", table)},
        coords=whole.coords[rows],
        obs_names=whole.obs_names[rows],
        obs=whole.obs.iloc[rows],
    )
    with pytest.raises(DataError, match="found the same one as 'part' and 'whole'"):
        stack({"part": part, "whole": whole})


def test_one_modality_under_two_names_is_one_and_told(section):
    b = section(1, rna=60, adt=20)
    proteins = replace(b.modalities["adt"], name="protein")
    b = replace(b, modalities={"rna": b.modalities["rna"], "protein": proteins})
    study = stack({"a": section(0, rna=60, adt=20), "b": b})
    assert list(study.modalities) == ["rna", "adt"]
    assert study.modalities["adt"].measured is None
    assert any("protein of b is taken for the adt of a: they share 20 features" in note for note in study.notes)


def test_integers_that_a_section_lacks_stay_integers(section, tmp_path):
    import napari_trsmi as nt
    from napari_trsmi.compare.labelling import label_columns, labels_of_column
    from napari_trsmi.gui.finding.maps import obs_coloring

    a, b = section(0), section(1)
    a = replace(a, obs=a.obs.assign(cluster=np.arange(25) % 3, share=0.5))
    study = stack({"a": a, "b": b})
    assert study.obs["cluster"].dtype == "Int64"
    assert study.obs["cluster"].dropna().tolist() == a.obs["cluster"].tolist()
    assert study.obs["share"].dtype == float
    assert "cluster" in label_columns(study)
    assert labels_of_column(study, "cluster").names == ("0", "1", "2")
    assert np.array_equal(obs_coloring(study, "cluster").values[:25], a.obs["cluster"].to_numpy(float))
    assert np.isnan(obs_coloring(study, "cluster").values[25:]).all()
    settings = nt.Config(cluster={"n_domains": 2}, train={"epochs": 1}, preprocess={"n_components": 4})
    nt.fit(study, settings).write(tmp_path / "study.h5mu")
    again = nt.restore(tmp_path / "study.h5mu").dataset
    assert labels_of_column(again, "cluster").names == ("0", "1", "2")


def test_a_modality_that_hardly_a_spot_carries_over_is_told(section):
    both = section(0, rna=60, adt=20)
    few = replace(both.modalities["adt"], measured=np.arange(25) < 3)
    both = replace(both, modalities={**both.modalities, "adt": few})
    study = stack({"a": both, "b": section(1, rna=60)})
    assert any("Only 3 spots have adt and another modality" in note for note in study.notes)
    assert not any("Only" in note for note in stack({"a": section(0), "b": section(1)}).notes)


def test_sections_whose_spots_are_in_another_unit_are_drawn_alike_and_told(section):
    far = section(1)
    far = replace(far, coords=far.coords * 300.0)
    study = stack({"a": section(0), "b": far})
    a, b = (np.ptp(study.coords[rows], axis=0) for rows in study.sections)
    assert a == pytest.approx(b)
    np.testing.assert_array_equal(study.parts[1].coords, far.coords)
    assert any("Spots of b lie so much nearer or further" in note for note in study.notes)
    near = replace(far, coords=far.coords / 30.0)
    perhaps = stack({"a": section(0), "b": near})
    assert [place.scale for place in perhaps.places] == [1.0, 1.0]
    assert ["no unit is known" in note for note in perhaps.notes] == [True]
    known = stack({"a": section(0), "b": replace(far, microns_per_unit=0.3)})
    assert [place.scale for place in known.places] == pytest.approx([300.0, 1.0])


def test_proteins_of_another_modality_name_and_another_vendor_are_one_modality(make_table):
    def proteins(seed, form):
        table = make_table(40, 6, mean=20.0, seed=seed)
        table.var_names = [form.format(name) for name in ("CD3", "CD4", "CD8a", "CD19", "CD20", "PanCK")]
        return table

    study = nt.read_sections(
        {
            "a": mudata_of({"rna": make_table(40, 80, seed=1), "adt": proteins(2, "{}")}),
            "b": mudata_of({"rna": make_table(40, 80, seed=3), "prot": proteins(4, "{}_TotalSeqB")}),
        }
    )
    assert {name: one.table.n_vars for name, one in study.modalities.items()} == {"rna": 80, "adt": 6}
    assert any(note.startswith("prot of b is taken for the adt of a: they share 6 features") for note in study.notes)
