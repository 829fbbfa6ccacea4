"""Files as they are published: what is in them, and what others that come with them tell."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from anndata import AnnData
from visium_by_hand import N_SPOTS, barcodes, gzipped, positions, write_h5, write_matrix_folder, write_spatial

from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.errors import DataError


@pytest.fixture
def where():
    """{barcode: (x, y)} of the spots under tissue."""
    return {row[0]: (row[5], row[4]) for row in positions() if row[1]}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("matrix", ["h5", "folder"])
def test_a_list_of_positions_goes_with_a_matrix_that_lies_elsewhere(tmp_path, counts, where, matrix, header, zipped):
    (tmp_path / "counts").mkdir()
    if matrix == "h5":
        write_h5(tmp_path / "counts", counts)
        given = tmp_path / "counts" / "filtered_feature_bc_matrix.h5"
    else:
        write_matrix_folder(tmp_path / "counts", counts)
        given = tmp_path / "counts" / "filtered_feature_bc_matrix"
    write_spatial(tmp_path / "rest", header=header)
    if zipped:
        gzipped(tmp_path / "rest", "*.csv")
    (listed,) = (tmp_path / "rest" / "spatial").glob("tissue_positions*")
    for paths in ([given, listed], [listed, given]):
        dataset = read(paths)
        assert dataset.obs_names.tolist() == barcodes()
        np.testing.assert_array_equal(dataset.coords, [where[name] for name in dataset.obs_names])
        assert dataset.modalities["rna"].table.n_vars == 30
        assert dataset.microns_per_unit is not None


def test_a_list_of_positions_alone_leads_to_its_folder(tmp_path):
    write_spatial(tmp_path)
    with pytest.raises(DataError, match="Choose its folder"):
        read(tmp_path / "spatial" / "tissue_positions.csv")


def test_a_folder_of_a_matrix_goes_with_a_file_that_tells_the_places(tmp_path, counts, make_table):
    write_matrix_folder(tmp_path, counts)
    places = make_table(N_SPOTS, 12, prefix="protein", mean=20.0)
    places.obs_names = barcodes()
    places[::-1].write_h5ad(tmp_path / "adt.h5ad")
    with pytest.raises(DataError, match="Expected tissue_positions"):
        read(tmp_path / "filtered_feature_bc_matrix")
    dataset = read([tmp_path / "filtered_feature_bc_matrix", tmp_path / "adt.h5ad"])
    np.testing.assert_array_equal(dataset.coords, places[dataset.obs_names].obsm["spatial"])
    np.testing.assert_array_equal(dataset.modalities["rna"].table.X.toarray(), counts[:, :30])


@pytest.mark.parametrize(
    "text",
    ["name,x,y\n{}", "cell\tn\tCenterX_global_px\tCenterY_global_px\n{}", "x;y\n{}", "id,cluster,X,Y\n{}"],
    ids=["x and y", "CosMx", "no name of names", "beside text"],
)
def test_a_text_of_coordinates_tells_the_places_of_spots_of_any_name(tmp_path, make_table, text):
    table = make_table(60, 80)
    xy, _ = table.obsm.pop("spatial"), table.write_h5ad(tmp_path / "counts.h5ad")
    header = text.splitlines()[0]
    mark, more = next(one for one in "\t;," if one in header), "a" if "cluster" in header else "1"
    between = [more] if header.count(mark) > 2 else []
    lines = [mark.join([name, *between, *map(str, at)]) for name, at in zip(table.obs_names, xy, strict=True)]
    (tmp_path / "places.txt").write_text(text.format("\n".join(reversed(lines))))
    dataset = read([tmp_path / "counts.h5ad", tmp_path / "places.txt"])
    np.testing.assert_allclose(dataset.coords, xy)


@pytest.mark.parametrize("theirs", ["{}", "s1_{}-1", "{}-1_2"])
def test_places_are_met_without_a_suffix(tmp_path, make_table, theirs):
    table = make_table(60, 80)
    table.obs_names = [f"{name}-1" for name in barcodes()]
    xy, _ = table.obsm.pop("spatial"), table.write_h5ad(tmp_path / "counts.h5ad")
    rows = [f"{theirs.format(name)},{x},{y}" for name, (x, y) in zip(barcodes(), xy, strict=True)]
    (tmp_path / "places.csv").write_text("barcode,x,y\n" + "\n".join(rows))
    dataset = read([tmp_path / "counts.h5ad", tmp_path / "places.csv"])
    np.testing.assert_allclose(dataset.coords, xy)
    assert any("were matched without it" in note for note in dataset.notes)


def test_places_of_another_sample_are_refused(tmp_path, make_table):
    table = make_table(60, 80)
    del table.obsm["spatial"]
    table.write_h5ad(tmp_path / "counts.h5ad")
    rows = [f"ACGTACGTAC{'ACGT'[n % 4]}{'ACGT'[n // 4 % 4]}{'ACGT'[n // 16]},{n},{n % 7}" for n in range(60)]
    (tmp_path / "places.csv").write_text("barcode,x,y\n" + "\n".join(rows))
    with pytest.raises(DataError, match="found only those of others, such as 'ACGTACGTACAAA'"):
        read([tmp_path / "counts.h5ad", tmp_path / "places.csv"])


def test_arrays_of_a_simulation_are_told_what_they_need(tmp_path):
    with h5py.File(tmp_path / "Mouse_Brain.h5", "w") as file:
        file["X_RNA"], file["Pos"] = np.zeros((5, 4)), np.zeros((5, 2))
    with pytest.raises(DataError, match="Make an AnnData of it first"):
        read(tmp_path / "Mouse_Brain.h5")


@pytest.mark.parametrize("name", ["CD{}-A00{:02}", "A00{1:02}-CD{0}", "CD{}_A00{:02}"])
def test_numbers_of_the_vendor_make_antibodies(make_table, name):
    table = make_table(60, 30, mean=20.0)
    marks = ["CD3", "CD4", "CD19", "HLA-DR", "IgM", "EpCAM"]
    table.var_names = [name.format(10 + i, i).replace("CD1", marks[i % 6] + ".1") for i in range(30)]
    assert from_memory(table).modalities["adt"].kind == "protein"


@pytest.mark.parametrize("types", ["Antibody-derived tags", "PROTEIN_TAG", "Proteins", "ADTs"])
def test_types_of_features_are_known_in_the_plural(make_table, types):
    table = make_table(60, 50)
    table.var["feature_types"] = ["Gene Expression"] * 40 + [types] * 10
    dataset = from_memory(table)
    assert {name: one.table.n_vars for name, one in dataset.modalities.items()} == {"rna": 40, "adt": 10}


@pytest.mark.parametrize(("n_features", "kind"), [(40, "protein"), (400, "rna")])
def test_metabolites_are_called_by_their_name(tmp_path, make_table, n_features, kind):
    table, other = make_table(60, 80), make_table(60, n_features, mean=20.0, seed=1)
    other.X = other.X.toarray() * np.float32(1.37)
    other.var_names = [f"{100 + 1.7 * number:.4f}" for number in range(n_features)]
    table.write_h5ad(tmp_path / "rna.h5ad")
    other.write_h5ad(tmp_path / "brain_metabolites.h5ad")
    dataset = read([tmp_path / "rna.h5ad", tmp_path / "brain_metabolites.h5ad"])
    assert {name: one.kind for name, one in dataset.modalities.items()} == {"rna": "rna", "brain_metabolites": kind}
    assert list(read(tmp_path / "brain_metabolites.h5ad").modalities) == ["brain_metabolites"]


def test_what_has_no_features_is_left_out_beside_what_has(tmp_path, make_mudata, make_table):
    receptors = AnnData(obs=make_table().obs.assign(chain="TRA"))
    receptors.obsm["chain_indices"] = np.zeros((receptors.n_obs, 2))
    with mudata_as_stored():
        make_mudata({"gex": make_table(), "airr": receptors}).write(tmp_path / "a.h5mu")
    dataset = read(tmp_path / "a.h5mu")
    assert list(dataset.modalities) == ["gex"]
    assert "Left out airr: no features of it were measured." in dataset.notes
    with pytest.raises(DataError, match="Expected features in modality 'airr', found none"):
        read(tmp_path / "a.h5mu", modalities=["gex", "airr"])


def test_antibodies_among_genes_without_types_are_told(make_table):
    table = make_table(60, 80)
    assert not any("antibodies" in note for note in from_memory(table).notes)
    table.var_names = [*table.var_names[:70], *(f"CD{number}_TotalSeqB" for number in range(3, 13))]
    dataset = from_memory(table)
    assert dataset.modalities["rna"].table.n_vars == 80
    assert any("10 features among the genes are called as antibodies are" in note for note in dataset.notes)
    table.var["feature_types"] = ["Gene Expression"] * 70 + ["Antibody Capture"] * 10
    assert not any("antibodies" in note for note in from_memory(table).notes)


@pytest.mark.parametrize(
    "name", ["mouse_IgG1k.1", "Rat.IgG2b", "IgG2a_isotype_ctrl", "Hashtag1", "HTO_B0251", "rat_IgG2a"]
)
def test_controls_and_hashtags_among_proteins_are_told(make_mudata, make_table, name):
    adt = make_table(60, 20, prefix="protein", mean=20.0)
    adt.var_names = ["IgM", "IgD", "IgG", "CD4", name, *adt.var_names[5:]]
    dataset = from_memory(make_mudata({"rna": make_table(60, 80), "adt": adt}))
    (note,) = [note for note in dataset.notes if "control" in note]
    assert note.startswith(f"adt: the proteins include 1 control or hashtag, such as {name!r}")
    assert dataset.modalities["adt"].table.n_vars == 20


def test_counts_that_were_corrected_to_fractions_are_told(make_table):
    table = make_table(60, 80)
    table.layers["counts"] = table.X.toarray() * 0.9
    table.X = np.log1p(table.X.toarray())
    notes = from_memory(table, kinds={"rna": "rna"}).notes
    assert any("layers['counts'] was not used, for it holds fractions" in note for note in notes)
    table.layers["counts"] = np.rint(table.layers["counts"])
    assert not any("fractions" in note for note in from_memory(table, kinds={"rna": "rna"}).notes)
