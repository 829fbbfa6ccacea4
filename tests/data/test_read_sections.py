"""Several sections opened as one study, and spots that one of several tables lacks."""

from __future__ import annotations

import anndata
import numpy as np
import pytest
from anndata import AnnData, concat

import napari_trsmi as nt
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.readers.several import read_again
from napari_trsmi.data.tables import write_table


@pytest.fixture
def rna(make_table):
    return lambda seed: make_table(60, 80, seed=seed)


@pytest.fixture
def adt(make_table):
    return lambda seed: make_table(60, 20, prefix="protein", mean=20.0, seed=seed)


@pytest.fixture
def files(tmp_path, rna, adt):
    """Files of two sections: RNA and protein of the first, RNA of the second."""
    for name, table in {"rna1": rna(0), "adt1": adt(1), "rna2": rna(2)}.items():
        table.write_h5ad(tmp_path / f"{name}.h5ad")
    return {"s1": [tmp_path / "rna1.h5ad", tmp_path / "adt1.h5ad"], "s2": tmp_path / "rna2.h5ad"}


@pytest.fixture
def all_in_one(rna):
    """One table of two sections whose spots lie over each other, interleaved, with a picture each."""
    table = concat({"b": rna(0), "a": rna(1)}, label="grp", index_unique="-")
    table = table[np.random.default_rng(0).permutation(120)].copy()
    table.uns["spatial"] = {
        name: {
            "images": {"hires": np.full((10, 10, 3), shade, np.uint8)},
            "scalefactors": {"tissue_hires_scalef": 0.1, "spot_diameter_fullres": 5.0},
        }
        for name, shade in (("a", 10), ("b", 200))
    }
    return table


def test_files_of_each_section_become_one_study(files):
    study = nt.read_sections(files)
    assert study.section_names == ("s1", "s2")
    assert list(study.modalities) == ["rna", "adt"]
    assert study.modalities["rna"].measured is None
    np.testing.assert_array_equal(study.modalities["adt"].measured, np.repeat([True, False], 60))
    assert study.obs_names[60] == "s2:spot0-1"
    assert len(study.sources) == len(study.marks) == 3


def test_sections_may_be_objects_or_datasets(rna, adt, make_mudata):
    study = nt.read_sections({1: make_mudata({"rna": rna(0), "adt": adt(1)}), "s2": from_memory(rna(2)), "s3": rna(3)})
    assert study.section_names == ("1", "s2", "s3")


def test_a_column_tells_the_sections_of_a_table_apart(all_in_one):
    study = nt.read_sections(all_in_one, column="grp")
    assert set(study.section_names) == {"a", "b"}
    assert study.column == "grp"
    assert set(study.obs_names) == set(all_in_one.obs_names)
    np.testing.assert_array_equal(all_in_one.obs_names[study.rows[""]], study.obs_names)
    np.testing.assert_array_equal(study.modalities["rna"].table.X.toarray(), all_in_one.X[study.rows[""]].toarray())
    for part in study.parts:
        rows = all_in_one.obs["grp"].to_numpy() == part.name
        np.testing.assert_array_equal(part.coords, all_in_one.obsm["spatial"][rows])
        assert part.image.pixels.max() == {"a": 10, "b": 200}[part.name]
        assert part.spot_diameter == 5.0


def test_without_a_column_all_that_read_would_ask_about_are_sections(all_in_one, tmp_path):
    all_in_one.obs = all_in_one.obs.rename(columns={"grp": "library_id"})
    all_in_one.write_h5ad(tmp_path / "all.h5ad")
    study = nt.read_sections(tmp_path / "all.h5ad")
    assert set(study.section_names) == {"a", "b"}
    np.testing.assert_array_equal(all_in_one.obs_names[study.rows[""]], study.obs_names)
    again = read_again([{"name": n, "paths": [tmp_path / "all.h5ad"], "library": n} for n in study.section_names])
    np.testing.assert_array_equal(again.coords, study.coords)
    np.testing.assert_array_equal(again.rows[""], study.rows[""])


@pytest.mark.filterwarnings("ignore:Writing zarr v2:UserWarning")
@pytest.mark.parametrize("ending", ["h5ad", "zarr"])
def test_a_file_is_read_once_however_many_sections_it_holds(all_in_one, tmp_path, monkeypatch, ending):
    all_in_one.obs = all_in_one.obs.rename(columns={"grp": "library_id"})
    write_table(all_in_one, path := tmp_path / f"all.{ending}", f".{ending}")
    read, count = getattr(anndata, f"read_{ending}"), []
    monkeypatch.setattr(anndata, f"read_{ending}", lambda *args: count.append(args) or read(*args))
    assert len(nt.read_sections(path).parts) == 2
    assert len(count) == 1
    assert [nt.read(path, library=name).n_spots for name in "ab"] == [60, 60]
    assert len(count) == 3


def test_a_section_without_a_modality_in_a_mudata_lacks_it(make_mudata, rna, adt):
    tables = {"rna": concat([rna(0), rna(1)], index_unique="-"), "adt": concat([adt(2), adt(3)], index_unique="-")}
    tables["rna"].obs["sample"] = tables["adt"].obs["sample"] = np.repeat(["s1", "s2"], 60)
    tables["adt"] = tables["adt"][:50].copy()
    study = nt.read_sections(make_mudata(tables), column="sample")
    assert [list(part.modalities) for part in study.parts] == [["rna", "adt"], ["rna"]]
    assert study.modalities["adt"].measured.sum() == 50
    assert (study.rows["adt"] >= 0).sum() == 50
    common = nt.read_sections(make_mudata(tables), column="sample", spots="common")
    assert [part.n_spots for part in common.parts] == [50, 60]
    assert common.parts[0].dropped == {"rna": 10}


def test_a_modality_that_is_all_zeros_in_a_section_was_not_measured_there(rna, adt):
    both = concat([rna(0), adt(1)], axis=1)
    both.var["feature_types"] = ["Gene Expression"] * 80 + ["Antibody Capture"] * 20
    both.obsm["spatial"] = rna(0).obsm["spatial"]
    other = both.copy()
    other.X = other.X.toarray()
    other.X[:, 80:] = 0
    other.X[:, :80] = rna(5).X.toarray()
    table = concat({"s1": both, "s2": other}, label="sample", index_unique="-", merge="same")
    study = nt.read_sections(table, column="sample")
    assert [list(part.modalities) for part in study.parts] == [["rna", "adt"], ["rna"]]


def test_kinds_may_name_modalities_that_some_sections_lack(files):
    study = nt.read_sections(files, kinds={"adt": "rna"})
    assert {name: m.kind for name, m in study.modalities.items()} == {"rna": "rna", "adt": "rna"}
    with pytest.raises(nt.DataError, match=r"modalities among \['rna', 'adt'\], found 'prot'"):
        nt.read_sections(files, kinds={"prot": "protein"})


def test_a_missing_column_is_refused_with_those_that_could_be(all_in_one):
    all_in_one.obs["depth"] = np.random.default_rng(0).random(120)
    with pytest.raises(nt.DataError, match="column 'sample' in obs, found one of 'grp'"):
        nt.read_sections(all_in_one, column="sample")


def test_a_column_that_names_no_sections_is_refused(all_in_one):
    all_in_one.obs["id"] = all_in_one.obs_names
    with pytest.raises(nt.DataError, match="120 values for 120 spots"):
        nt.read_sections(all_in_one, column="id")
    all_in_one.obs["none"] = np.nan
    with pytest.raises(nt.DataError, match="found none"):
        nt.read_sections(all_in_one, column="none")


def test_a_column_whose_values_hold_several_sections_is_refused(all_in_one):
    del all_in_one.uns["spatial"]
    all_in_one.obs["condition"] = np.where(all_in_one.obs_names.str.startswith("spot1"), "treated", "control")
    with pytest.raises(nt.DataError, match=r"several in 'control': '[ab]', '[ab]'"):
        nt.read_sections(
            AnnData(
                all_in_one.X,
                obs=all_in_one.obs.rename(columns={"grp": "sample"}),
                var=all_in_one.var,
                obsm=dict(all_in_one.obsm),
            ),
            column="condition",
        )


def test_problems_name_the_section(files, all_in_one, tmp_path):
    with pytest.raises(nt.DataError, match=r"^Section 's3': Expected a file"):
        nt.read_sections({**files, "s3": tmp_path / "gone.h5ad"})
    all_in_one.obs["library_id"] = all_in_one.obs["grp"]
    all_in_one.write_h5ad(tmp_path / "all.h5ad")
    with pytest.raises(
        nt.DataError, match=r"Section 's3': expected one section .*, found the libraries '[ab]', '[ab]'"
    ):
        nt.read_sections({**files, "s3": tmp_path / "all.h5ad"})


def test_files_and_a_column_together_are_refused(files):
    with pytest.raises(nt.DataError, match="either files by section or a column"):
        nt.read_sections(files, column="sample")


def test_the_same_section_twice_is_refused(files):
    with pytest.raises(nt.DataError, match="found the same one as 's2' and 's3'"):
        nt.read_sections({**files, "s3": files["s2"]})


def test_what_every_section_says_is_told_once(rna):
    table = concat({"a": rna(0), "b": rna(1)}, label="grp", index_unique="-")
    table.obsm["spatial"] = np.column_stack([table.obsm["spatial"], np.zeros(120)])
    study = nt.read_sections(table, column="grp")
    assert sum("third coordinate" in note for note in study.notes) == 1


def test_spots_that_one_modality_lacks_stay_when_all_are_asked_for(make_mudata, rna, adt):
    first, second = rna(0)[5:].copy(), adt(1)[:50][::-1].copy()
    first.obs["area"], second.obs["area"] = range(5, 60), range(50)[::-1]
    dataset = from_memory(make_mudata({"rna": first, "adt": second}), spots="all")
    assert dataset.n_spots == 60
    assert dataset.dropped == {}
    order = np.array([int(name[4:-2]) for name in dataset.obs_names])
    np.testing.assert_array_equal(dataset.coords, rna(0).obsm["spatial"][order])
    np.testing.assert_array_equal(dataset.obs["area"], order)
    for name, table, has in (("rna", rna(0), order >= 5), ("adt", adt(1), order < 50)):
        modality = dataset.modalities[name]
        np.testing.assert_array_equal(modality.measured, has)
        np.testing.assert_array_equal(modality.table.X.toarray(), table.X.toarray()[order] * has[:, None])
        np.testing.assert_array_equal(dataset.rows[name] >= 0, has)
    assert any("rna was not measured at 5 spots" in note for note in dataset.notes)


def test_components_that_some_spots_lack_are_zeros_there(make_mudata, rna):
    components = AnnData(
        np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32), obs=rna(0).obs.iloc[:40].copy()
    )
    dataset = from_memory(make_mudata({"rna": rna(0), "pcs": components}), kinds={"pcs": "precomputed"}, spots="all")
    assert not dataset.modalities["pcs"].table.X[40:].any()
    assert dataset.modalities["pcs"].measured.sum() == 40


@pytest.mark.parametrize(("factor", "told"), [(1.0, ""), (1.5, ""), (4.7, "4.7 times as far apart as those of s1")])
def test_sections_that_may_be_in_different_units_are_told(rna, factor, told):
    first, second = rna(0), rna(1)
    second.obsm["spatial"] = factor * second.obsm["spatial"]
    study = nt.read_sections({"s1": first, "s2": second})
    notes = [note for note in study.notes if "unit" in note]
    assert told in notes[0] if told else not notes
    assert [place.scale for place in study.places] == [1.0, 1.0]


def test_a_section_in_which_conditions_are_mixed_may_be_opened_and_how_is_said(rna):
    table = rna(0)
    table.obs["condition"] = ["sick", "well"] * 30
    mend = "if it is one section all the same, take 'condition' out of obs"
    with pytest.raises(nt.DataError, match=rf"in this AnnData, .* 'well' in obs\['condition'\].*{mend}"):
        nt.read_sections({"a": table})
    with pytest.raises(nt.DataError, match=mend):
        from_memory(table)
    del table.obs["condition"]
    assert nt.read_sections({"a": table}).n_spots == 60


def test_files_of_a_section_are_named_as_a_person_would(all_in_one, tmp_path):
    all_in_one.write_h5ad(tmp_path / "all.h5ad")
    with pytest.raises(nt.DataError, match=r"expected one section in [^\[(]*all\.h5ad, found"):
        nt.read_sections({"a": [tmp_path / "all.h5ad"]})
