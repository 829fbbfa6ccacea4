"""Results of several sections to files and back."""

from __future__ import annotations

import json
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from anndata import concat
from results_by_hand import result_of

import napari_trsmi as nt
from napari_trsmi.data.tables import mudata_as_stored, read_table
from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.graphs import spatial_graph

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]


@pytest.fixture
def rna(make_table):
    return lambda seed: make_table(36, 60, seed=seed)


@pytest.fixture
def adt(make_table):
    return lambda seed: make_table(36, 20, prefix="protein", mean=20.0, seed=seed)


@pytest.fixture
def sections(tmp_path, rna, adt):
    """Two sections in three files: the first has a picture and a known unit, the second no protein."""
    first = rna(0)
    first.uns["spatial"] = {
        "A1": {
            "images": {"hires": np.full((12, 12, 3), 90, np.uint8)},
            "scalefactors": {"tissue_hires_scalef": 0.2, "spot_diameter_fullres": 5.0, "microns_per_pixel": 2.0},
        }
    }
    second = rna(2)
    second.obsm["spatial"] = second.obsm["spatial"] - 30.0  # negative, which no picture reaches
    for name, table in {"rna1": first, "adt1": adt(1)[6:].copy(), "rna2": second}.items():
        table.write_h5ad(tmp_path / f"{name}.h5ad")
    return {"s1": [tmp_path / "rna1.h5ad", tmp_path / "adt1.h5ad"], "s2": tmp_path / "rna2.h5ad"}


def result_on(study):
    """A result by hand with the boundaries of its domains and predicted protein."""
    result = result_of(study, n_domains=6)
    found = find_boundaries(
        result.labels, spatial_graph(study.coords, 8, study.section), study.coords, result.partition.posterior
    )
    predicted = {}
    for name, modality in study.modalities.items():
        if modality.measured is not None:
            values = np.random.default_rng(0).random((study.n_spots, modality.table.n_vars)).astype(np.float32)
            predicted[name] = np.where(modality.measured[:, None], np.nan, values)
    return replace(
        result,
        boundaries=found.segments,
        boundary_edges=found.edges,
        predicted=predicted,
        config=nt.Config(graph={"k_spatial": 8}),
    )


@pytest.fixture
def result(sections):
    return result_on(nt.read_sections(sections))


def assert_restored(back, result):
    study = result.dataset
    assert back.dataset.section_names == study.section_names
    order = pd.MultiIndex.from_arrays([back.sections, back.dataset.obs_names]).get_indexer(
        pd.MultiIndex.from_arrays([result.sections, study.obs_names])
    )
    assert (order >= 0).all()
    np.testing.assert_array_equal(back.labels[order], result.labels)
    np.testing.assert_allclose(back.coords[order], result.coords)
    assert back.dataset.places == study.places
    for name, modality in study.modalities.items():
        other = back.dataset.modalities[name]
        columns = other.table.var_names.get_indexer(modality.table.var_names)
        np.testing.assert_array_equal(other.table.X.toarray()[order][:, columns], modality.table.X.toarray())
        if modality.measured is None:
            assert other.measured is None
        else:
            np.testing.assert_array_equal(other.measured[order], modality.measured)
    for name, values in result.predicted.items():
        np.testing.assert_array_equal(back.predicted[name][order], values)
    assert back.palette == result.palette
    assert len(back.boundaries) == len(result.boundaries)
    for mine, theirs in zip(back.dataset.parts, study.parts, strict=True):
        assert set(mine.obs_names) == set(theirs.obs_names)
        assert mine.microns_per_unit == theirs.microns_per_unit
        assert mine.spot_diameter == theirs.spot_diameter
        assert (mine.image is None) == (theirs.image is None)


@pytest.mark.parametrize("suffix", [".h5mu", pytest.param(".zarr", marks=pytest.mark.slow)])
def test_a_study_of_several_files_is_one_file_that_opens_again(result, tmp_path, suffix):
    written = result.write(tmp_path / f"study{suffix}")
    assert_restored(nt.restore(written.table), result)
    table = read_table(written.table)
    assert {name: mod.n_obs for name, mod in table.mod.items()} == {"rna": 72, "adt": 30}
    assert list(table.obs["trsmi_section"].cat.categories) == ["s1", "s2"]
    second = table["rna"].obs["trsmi_section"].to_numpy() == "s2"
    assert table["rna"].obs["trsmi_barcode"][second].tolist() == result.dataset.parts[1].obs_names.tolist()
    key = "spatial_input" if "spatial_input" in table["rna"].obsm else "spatial"
    np.testing.assert_array_equal(table["rna"].obsm[key][second], result.dataset.parts[1].coords)
    assert np.isfinite(table.obsm["spatial"]).all()
    libraries = table["rna"].uns["spatial"]
    assert set(libraries) == {"s1", "s2"}
    assert libraries["s1"]["images"]["hires"].max() == 90


@pytest.mark.slow
def test_what_was_written_from_a_restored_study_is_the_same_again(result, tmp_path):
    once = nt.restore(result.write(tmp_path / "once.h5mu").table)
    written = once.write(tmp_path / "twice.h5mu")
    assert_restored(nt.restore(written.table), result)
    first, second = (json.loads((tmp_path / f"{name}.run.json").read_text()) for name in ("once", "twice"))
    for key in ("sections", "section_column", "places", "sources", "spots"):
        assert second[key] == first[key]


def test_an_h5ad_holds_zeros_for_what_was_not_measured_and_says_so(result, tmp_path):
    written = result.write(tmp_path / "study.h5ad")
    assert any("zeros where adt was not measured" in note for note in written.notes)
    back = nt.restore(written.table)
    assert back.dataset.section_names == ("s1", "s2")
    assert [list(part.modalities) for part in back.dataset.parts] == [["rna", "adt"], ["rna"]]
    assert not np.isnan(anndata.read_h5ad(written.table).X.data).any()


def one_table(rna):
    table = concat({"b": rna(0), "a": rna(1)}, label="grp", index_unique="-")
    table = table[np.random.default_rng(0).permutation(72)].copy()
    table.layers["mine"] = table.X * 2
    return table


def test_of_one_table_with_a_column_the_output_is_a_copy_row_by_row(rna, tmp_path):
    table = one_table(rna)
    table.write_h5ad(tmp_path / "all.h5ad")
    result = result_on(nt.read_sections(tmp_path / "all.h5ad", column="grp"))
    written = result.write(tmp_path / "out.h5ad")
    copy = anndata.read_h5ad(written.table)
    assert copy.obs_names.tolist() == table.obs_names.tolist()
    assert "mine" in copy.layers
    assert copy.obs["trsmi_section"].tolist() == table.obs["grp"].tolist()
    np.testing.assert_array_equal(
        copy.obs["trsmi_domain"].astype(int).to_numpy()[result.dataset.rows[""]] - 1, result.labels
    )
    np.testing.assert_array_equal(copy.obsm["spatial"], table.obsm["spatial"])
    assert_restored(nt.restore(written.table), result)


def test_of_one_mudata_with_a_column_too(make_mudata, rna, adt, tmp_path):
    both = {
        name: concat({"a": one(0), "b": one(3)}, label="grp", index_unique="-")
        for name, one in (("rna", rna), ("adt", adt))
    }
    both["adt"] = both["adt"][:40][::-1].copy()
    mdata = make_mudata(both)
    with mudata_as_stored():
        mdata.write(tmp_path / "all.h5mu")
    result = result_on(nt.read_sections(tmp_path / "all.h5mu", column="grp"))
    assert result.dataset.modalities["adt"].measured.sum() == 40
    written = result.write(tmp_path / "out.h5mu")
    assert_restored(nt.restore(written.table), result)
    assert read_table(written.table)["adt"].obs_names.tolist() == both["adt"].obs_names.tolist()


def test_tables_beside_it_name_the_section_and_give_its_own_coordinates(result, tmp_path):
    written = result.write(tmp_path / "study.h5mu")
    domains = pd.read_csv(written.domains)
    assert list(domains.columns[:3]) == ["section", "barcode", "domain"]
    second = domains[domains["section"] == "s2"]
    assert second["barcode"].tolist() == result.dataset.parts[1].obs_names.tolist()
    np.testing.assert_allclose(second[["x", "y"]], result.dataset.parts[1].coords)
    boundaries = pd.read_csv(written.boundaries)
    assert boundaries.columns[0] == "section"
    for part in result.dataset.parts:
        own = boundaries[boundaries["section"] == part.name]
        expected = result.of(part.name).boundaries
        assert len(own) == len(expected) > 0
        np.testing.assert_allclose(own[["x", "y", "length"]], expected[["x", "y", "length"]], rtol=1e-5)
        low, high = part.coords.min(axis=0), part.coords.max(axis=0)
        assert ((own[["x", "y"]] >= low) & (own[["x", "y"]] <= high)).to_numpy().all()


def test_a_part_is_written_as_a_result_of_its_own(result, tmp_path):
    written = result.of("s2").write(tmp_path / "s2.h5ad")
    back = nt.restore(written.table)
    assert back.dataset.parts == ()
    np.testing.assert_array_equal(back.labels, result.labels[result.sections == "s2"])
    assert "sections" not in json.loads(written.run.read_text())
    np.testing.assert_array_equal(back.predicted["adt"], result.of("s2").predicted["adt"])
    assert back.modality_weights.shape == (36, 1)


def test_a_contrast_that_no_boundary_of_a_section_has_is_read_back_as_missing(result, tmp_path):
    section = result.dataset.section[result.boundary_edges.groupby("segment")["i"].first().to_numpy()]
    contrast = np.where(section == 0, 0.5, np.nan)
    seen = replace(result, boundaries=result.boundaries.assign(contrast_adt=contrast))
    back = nt.restore(seen.of("s2").write(tmp_path / "s2.h5ad").table)
    assert back.boundaries["contrast_adt"].isna().all()


def test_places_that_a_person_chose_are_kept(result, tmp_path):
    study = result.dataset
    places = (study.places[0], study.places[1]._replace(x=study.places[1].x + 500.0))
    coords = study.coords + np.where(study.section[:, None] == 1, [500.0, 0.0], 0.0)
    moved = result_on(replace(study, places=places, coords=coords))
    assert_restored(nt.restore(moved.write(tmp_path / "moved.h5mu").table), moved)


def test_a_record_with_senseless_places_is_refused(result, tmp_path):
    written = result.write(tmp_path / "study.h5ad")
    table = anndata.read_h5ad(written.table)
    table.uns["trsmi"] = json.dumps(json.loads(table.uns["trsmi"]) | {"places": [[1.0, "a", 0.0]]})
    table.write_h5ad(written.table)
    with pytest.raises(nt.DataError, match=r"places\.0\.1"):
        nt.restore(written.table)


def test_an_object_in_memory_is_annotated_with_sections(rna):
    table = one_table(rna)
    result = result_on(nt.read_sections(table, column="grp"))
    keys = result.annotate(table)
    assert 'obs["trsmi_section"]' in keys
    assert table.obs["trsmi_section"].tolist() == table.obs["grp"].tolist()


def test_a_section_with_spots_that_one_modality_lacks_is_read_back_with_them(tmp_path, sections):
    result = result_of(nt.read(sections["s1"], spots="all"))
    written = result.write(tmp_path / "one.h5mu")
    assert read_table(written.table)["adt"].n_obs == 30
    back = nt.restore(written.table)
    assert back.dataset.n_spots == 36
    assert back.dataset.modalities["adt"].measured.sum() == 30


@pytest.mark.slow
def test_regions_of_a_spatialdata_are_sections_and_its_copy_opens_again(tmp_path, make_table):
    pytest.importorskip("spatialdata", reason="the optional spatialdata library is not installed")
    from stores_by_hand import annotating, circles, quiet_libraries, read_store, write_store

    table, grid = make_table(72, 60), make_table(36).obsm["spatial"]
    with quiet_libraries():
        table.obs_names = [str(i) for i in range(36)] * 2
        table = annotating(table, ["a"] * 36 + ["b"] * 36, np.tile(np.arange(36), 2))
    path = write_store(tmp_path / "s.zarr", shapes={"a": circles(grid), "b": circles(grid + 500)}, tables={"t": table})
    result = result_on(nt.read_sections(path))
    assert result.dataset.section_names == ("a", "b")
    assert result.dataset.obs_names[36].startswith("b:")  # names repeat
    written = result.write(tmp_path / "out.zarr")
    assert_restored(nt.restore(written.table), result)
    assert read_store(written.table)["t"].obs["trsmi_section"].tolist() == ["a"] * 36 + ["b"] * 36


def test_an_input_of_several_is_never_replaced(sections, tmp_path):
    result = result_of(nt.read_sections(sections))
    before = (tmp_path / "rna2.h5ad").read_bytes()
    with pytest.raises(nt.DataError, match="an output that is none of the 3 inputs"):
        result.write(tmp_path / "rna2.h5ad")
    assert (tmp_path / "rna2.h5ad").read_bytes() == before


def test_a_part_takes_no_place_of_an_input_that_holds_more(tmp_path, rna):
    from napari_trsmi.data.split import part_paths

    both = concat([rna(0), rna(1)], index_unique="_")
    both.obs["sample"] = np.repeat(["all", "b"], 36)
    both.write_h5ad(tmp_path / "all.h5ad")
    study = nt.read_sections(tmp_path / "all.h5ad", column="sample")
    with pytest.raises(nt.DataError, match="section 'all' would take the place of"):
        part_paths(study, tmp_path, ".h5ad")
    assert part_paths(study, tmp_path / "parts", ".h5ad")["all"] == tmp_path / "parts" / "all.h5ad"


def test_sections_whose_files_would_be_one_are_named(tmp_path, rna):
    from napari_trsmi.data.split import part_paths

    study = nt.read_sections({"a/b": rna(0), "a_b": rna(1)})
    with pytest.raises(nt.DataError, match="'a/b' and 'a_b' would both be"):
        part_paths(study, tmp_path, ".h5ad")


@pytest.mark.parametrize("other", ["S1", "s1 "])
def test_sections_whose_names_some_systems_take_for_one_are_refused_too(tmp_path, rna, other):
    from napari_trsmi.data.split import part_paths

    study = nt.read_sections({"s1": rna(0), other: rna(1)})
    with pytest.raises(nt.DataError, match=f"'s1' and '{other}' would both be"):
        part_paths(study, tmp_path, ".h5ad")
