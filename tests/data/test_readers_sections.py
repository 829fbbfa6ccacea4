"""Tables that hold several sections: asked which, wherever nothing else keeps them apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import from_memory, read
from napari_trsmi.data.readers.several import read_sections
from napari_trsmi.errors import ChoiceError, DataError

IMAGE = np.full((40, 60, 3), 200, np.uint8)


def library(**factors):
    return {"images": {"hires": IMAGE}, "scalefactors": {"tissue_hires_scalef": 0.5, **factors}}


@pytest.fixture
def stacked(make_table):
    """72 spots: two sections at the same 36 places, not told apart yet."""
    table = make_table(n_spots=72)
    table.obsm["spatial"] = np.tile(make_table().obsm["spatial"], (2, 1))
    return table


def parts(table, first, second):
    return np.repeat(np.array([first, second]), table.n_obs // 2)


def asked(table, **options):
    with pytest.raises(ChoiceError) as caught:
        from_memory(table, **options)
    return caught.value


@pytest.mark.parametrize("column", ["batch", "sample_id", "slide", "fov", "section", "orig.ident", "donor"])
@pytest.mark.parametrize(
    ("values", "names"),
    [(("s1", "s2"), ("s1", "s2")), ((1, 2), ("1", "2")), ((1.0, 2.0), ("1", "2"))],
    ids=["text", "int", "float"],
)
def test_sections_over_each_other_are_asked_for_and_each_name_opens_one(stacked, column, values, names):
    stacked.obs[column] = parts(stacked, *values)
    error = asked(stacked)
    assert error.names == names
    assert f"obs['{column}']" in str(error)
    for name in names:
        dataset = from_memory(stacked, library=name)
        assert (dataset.n_spots, dataset.library) == (36, name)
        assert dataset.obs_names.tolist() == stacked.obs_names[parts(stacked, *names) == name].tolist()


@pytest.mark.parametrize(("ends", "names"), [("AB", ("A", "B")), ("12", ("section1", "section2"))])
def test_sections_that_barcodes_alone_tell_apart_are_asked_for_or_read_as_a_study(stacked, ends, names, tmp_path):
    stacked.obs_names = [f"{cell}-{section}" for section in ends for cell in range(36)]
    error = asked(stacked)
    assert error.names == names
    assert "--section-column barcodes" in str(error)
    assert from_memory(stacked, library=names[1]).obs_names.tolist() == [f"{cell}-{ends[1]}" for cell in range(36)]
    assert read_sections(stacked, column="barcodes").section_names == names
    stacked.write_h5ad(tmp_path / "stacked.h5ad")
    assert read_sections(tmp_path / "stacked.h5ad").section_names == names  # "All as one study" of the window
    stacked.obsm["spatial"][36:, 0] += 100.0
    assert from_memory(stacked).n_spots == 72  # side by side they are one


def test_stacked_sections_of_the_same_barcodes_are_told_what_to_do(stacked):
    stacked.obs_names = [f"spot{cell}-1" for _ in range(2) for cell in range(36)]
    notes = from_memory(stacked).notes
    assert any("stacked: keep one, or name the section of each spot in a column of obs" in note for note in notes)
    assert any("36 that occur more than once" in note and "--section-column sample" in note for note in notes)
    with pytest.raises(DataError, match=r"as 'AAAC-s1' and 'AAAC-s2' do, found 'spot0-1' .* Add a column to obs"):
        read_sections(stacked, column="barcodes")
    stacked.obs["sample"] = parts(stacked, "s1", "s2")
    assert read_sections(stacked, column="sample").section_names == ("s1", "s2")


def test_categories_and_missing_values_are_asked_like_text(stacked):
    stacked.obs["batch"] = pd.Categorical([None, *parts(stacked, "s1", "s2")[1:]])
    assert asked(stacked).names == ("s1", "s2")
    assert from_memory(stacked, library="s1").n_spots == 35


@pytest.mark.parametrize("column", ["cell_type", "leiden", "cluster", "annotation"])
def test_annotations_of_cells_are_never_asked_about(stacked, column):
    stacked.obs[column] = parts(stacked, "a", "b")
    dataset = from_memory(stacked)
    assert dataset.n_spots == 72
    assert any("same place" in note for note in dataset.notes)


@pytest.mark.parametrize("column", ["batch", "fov"])
def test_parts_that_lie_side_by_side_open_as_one_and_one_may_be_chosen(stacked, column):
    stacked.obs[column] = parts(stacked, "s1", "s2")
    stacked.obsm["spatial"][36:] += (60.0, 0.0)
    whole = from_memory(stacked)
    assert (whole.n_spots, whole.library, whole.notes) == (72, None, ())
    assert from_memory(stacked, library="s2").n_spots == 36


def test_fields_of_view_with_pictures_open_as_one_section_without(stacked):
    stacked.obs["fov"] = parts(stacked, 1, 2)
    stacked.obsm["spatial"][36:] += (60.0, 0.0)
    stacked.uns["spatial"] = {"1": library(), "2": library()}
    whole = from_memory(stacked)
    assert (whole.n_spots, whole.image) == (72, None)
    assert any("pictures of the libraries 1, 2" in note for note in whole.notes)
    assert from_memory(stacked, library="2").image is not None


def test_the_column_that_keeps_all_apart_is_asked_about(stacked):
    stacked.obs["batch"] = parts(stacked, "a", "b")
    stacked.obs["fov"] = np.tile(np.repeat([1, 2], 18), 2)  # halves of the plane, in both
    assert asked(stacked).names == ("a", "b")


def test_a_column_with_a_blank_in_its_name_can_be_given_as_it_is_told(stacked):
    stacked.obs["Donor ID"] = parts(stacked, "a", "b")
    assert "(--section-column 'Donor ID')" in str(asked(stacked))


def test_two_columns_that_keep_all_apart_together_are_asked_about_at_once(make_table):
    table = make_table(n_spots=144)
    table.obsm["spatial"] = np.tile(make_table().obsm["spatial"], (4, 1))
    table.obs["slide"], table.obs["fov"] = np.repeat(["a", "b"], 72), np.tile(np.repeat([1, 2], 36), 2)
    error = asked(table)
    assert error.names == ("a, 1", "a, 2", "b, 1", "b, 2")
    assert from_memory(table, library="b, 1").obs_names.tolist() == table.obs_names[72:108].tolist()
    assert asked(table, library="b").names == ("b, 1", "b, 2")


def test_libraries_named_otherwise_in_a_column_bring_their_picture(stacked):
    stacked.obs["sample"] = parts(stacked, "sA1", "sA2")
    stacked.uns["spatial"] = {"A1": library(), "A2": library(spot_diameter_fullres=8.0)}
    assert asked(stacked).names == ("sA1", "sA2")
    for name in ("sA2", "A2"):
        dataset = from_memory(stacked, library=name)
        assert (dataset.n_spots, dataset.spot_diameter) == (36, 8.0)
        assert any("'A2'" in note and "'sA2'" in note for note in dataset.notes)


def test_libraries_that_no_column_names_bring_no_picture_to_a_section(stacked):
    stacked.obs["sample"] = parts(stacked, "healthy", "tumour")
    stacked.uns["spatial"] = {"A1": library(), "A2": library()}
    dataset = from_memory(stacked, library="tumour")
    assert (dataset.n_spots, dataset.image) == (36, None)
    assert any("A1, A2" in note for note in dataset.notes)


def test_clusters_with_the_numbers_of_libraries_do_not_split_the_spots(make_table):
    table = make_table()
    table.obs["cluster"] = np.arange(36) % 2
    table.uns["spatial"] = {"0": library(), "1": library()}
    assert from_memory(table).n_spots == 36


@pytest.mark.parametrize("missing", [None, np.nan, "nan"])
def test_spots_without_a_library_are_left_out_and_counted(make_table, missing):
    table = make_table()
    table.obs["library_id"] = pd.Series([missing] * 5 + ["x"] * 31, dtype=object, index=table.obs_names)
    table.uns["spatial"] = {"x": library()}
    dataset = from_memory(table)
    assert (dataset.n_spots, dataset.library) == (31, "x")
    assert dataset.image is not None
    assert any("5 spots" in note and "library_id" in note for note in dataset.notes)


def test_planes_over_each_other_are_asked_for(stacked):
    stacked.obsm["spatial"] = np.column_stack([stacked.obsm["spatial"], parts(stacked, 0.0, 10.0)])
    error = asked(stacked)
    assert error.names == ("z=0", "z=10")
    assert "third coordinate" in str(error)
    dataset = from_memory(stacked, library="z=10")
    assert dataset.obs_names.tolist() == stacked.obs_names[36:].tolist()


def test_a_third_coordinate_of_one_layer_is_told(make_table):
    table = make_table()
    table.obsm["spatial"] = np.column_stack([table.obsm["spatial"], np.arange(36) // 12])
    dataset = from_memory(table)
    assert dataset.coords.shape == (36, 2)
    assert any("third coordinate" in note for note in dataset.notes)


def test_a_name_that_no_section_has_is_refused_with_those_there_are(stacked):
    stacked.obs["batch"] = parts(stacked, "s1", "s2")
    with pytest.raises(DataError, match=r"\['s1', 's2'\], found 's3'"):
        from_memory(stacked, library="s3")


def test_a_long_list_of_sections_is_cut_in_the_sentence(make_table):
    table = make_table(n_spots=150)
    table.obsm["spatial"] = np.tile(make_table(n_spots=5).obsm["spatial"], (30, 1))
    table.obs["sample"] = np.repeat([f"s{i}" for i in range(30)], 5)
    error = asked(table)
    assert len(error.names) == 30
    assert "and 10 more" in str(error)


def test_a_saved_choice_opens_again(tmp_path, stacked):
    stacked.obs["batch"] = pd.Categorical(parts(stacked, "s1", "s2"))
    stacked.write_h5ad(tmp_path / "a.h5ad")
    dataset = read(tmp_path / "a.h5ad", library="s2")
    np.testing.assert_array_equal(dataset.rows[""], np.arange(36, 72))


def test_a_result_on_a_chosen_part_is_restored_on_that_part(tmp_path, stacked):
    import napari_trsmi as nt

    stacked.obs["fov"] = parts(stacked, 1, 2)
    stacked.obsm["spatial"][36:] += (60.0, 0.0)
    stacked.write_h5ad(tmp_path / "a.h5ad")
    config = nt.Config(cluster={"n_domains": 2, "n_init": 1}, train={"epochs": 1}, preprocess={"min_spots": 1})
    nt.fit(nt.read(tmp_path / "a.h5ad", library="2"), config).write(tmp_path / "b.h5ad")
    assert nt.restore(tmp_path / "b.h5ad").dataset.obs_names.tolist() == stacked.obs_names[36:].tolist()
