"""Several files as sections and studies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from small_study import small_study

from napari_trsmi.api import read
from napari_trsmi.errors import DataError
from napari_trsmi.gui.viewer.library_picker import LibraryPicker
from napari_trsmi.gui.viewer.reader import open_sections
from napari_trsmi.gui.viewer.studies import joined, same_spots, sections_in_files, with_more
from napari_trsmi.gui.viewer.study_picker import StudyPicker


def protein(make_table, **more):
    return make_table(n_features=20, prefix="protein", mean=20.0, **more)


def written(table, path, names=None, shift=0.0):
    """Write a table with other barcodes and places, and return where."""
    if names:
        table.obs_names = [f"{names}{k}" for k in range(table.n_obs)]
    table.obsm["spatial"] = table.obsm["spatial"] + shift
    table.write_h5ad(path)
    return str(path)


@pytest.fixture
def four_files(tmp_path, make_table):
    """RNA and protein of one section, RNA of a second, protein of a third."""
    return [
        written(make_table(), tmp_path / "s1_rna.h5ad"),
        written(protein(make_table, seed=1), tmp_path / "s1_adt.h5ad"),
        written(make_table(seed=2), tmp_path / "s2_rna.h5ad", "b"),
        written(protein(make_table, seed=3), tmp_path / "s3_adt.h5ad", "c"),
    ]


def test_files_are_told_apart_by_their_barcodes(four_files):
    found = sections_in_files(four_files)
    assert {name: sorted(one.modalities) for name, one in found.items()} == {
        "s1": ["adt", "rna"],
        "s2": ["rna"],
        "s3": ["adt"],
    }


def test_files_over_the_same_spots_are_one_section(four_files):
    assert list(sections_in_files(four_files[:2])) == ["s1_rna + s1_adt"]


def test_slides_with_the_same_barcodes_are_told_apart_by_where_spots_lie(tmp_path, make_table):
    paths = [
        written(make_table(), tmp_path / "one.h5ad"),
        written(make_table(seed=1), tmp_path / "two.h5ad", shift=500.0),
    ]
    assert list(sections_in_files(paths)) == ["one", "two"]


def test_sections_that_number_their_spots_alike_on_the_same_grid_are_a_study(tmp_path, make_table):
    order = np.random.default_rng(0).permutation(36)

    def moved(table):
        table.obsm["spatial"] = table.obsm["spatial"][order]
        return table

    paths = [
        written(make_table(), tmp_path / "s1_rna.h5ad"),
        written(protein(make_table, seed=1), tmp_path / "s1_adt.h5ad"),
        written(moved(protein(make_table, seed=3)), tmp_path / "s3_adt.h5ad"),
    ]
    assert {name: sorted(one.modalities) for name, one in sections_in_files(paths).items()} == {
        "s1": ["adt", "rna"],
        "s3": ["adt"],
    }
    with pytest.raises(DataError, match="sorted or numbered anew"):  # one section as likely as two
        sections_in_files([paths[0], paths[2]])


def test_open_datasets_over_the_same_spots_are_read_as_one(four_files):
    alone = [read(path) for path in four_files[:3]]
    assert same_spots(alone[0], alone[1])
    assert not same_spots(alone[0], alone[2])
    found = joined(alone)
    assert [len(one.modalities) for one in found.values()] == [2, 1]
    assert found["s2"] is alone[2]


def test_sections_in_files_of_one_name_are_called_after_their_folders(tmp_path, make_table):
    paths = []
    for number, day in enumerate(("day 1", "day 2")):
        (tmp_path / day).mkdir()
        paths.append(written(make_table(seed=number), tmp_path / day / "cells.h5ad", f"{number}-"))
    assert list(sections_in_files(paths)) == ["day 1", "day 2"]
    assert list(sections_in_files([*paths, written(make_table(seed=2), tmp_path / "day 2.h5ad", "2-")])) == [
        "cells",
        "cells 2",
        "day 2",
    ]


def test_a_script_opens_several_sections_as_a_study(four_files):
    (section,) = open_sections(four_files)
    assert section.dataset.section_names == ("s1", "s2", "s3")


def test_names_and_order_are_a_persons(qtbot):
    picker = StudyPicker({part.name: part for part in small_study().parts})
    qtbot.addWidget(picker)
    picker.sections.insertItem(0, picker.sections.takeItem(2))
    picker.sections.item(1).setText("healthy")
    picker.sections.item(2).setText(" ")
    picker.study_button.click()
    assert picker.answer == "study"
    assert picker.order() == {"c": "c", "healthy": "a", "b": "b"}


def test_a_section_is_added_to_a_section_and_to_a_study():
    one, two, three = small_study().parts
    study = with_more(replace(one, name="s1_rna"), {"s1": two})
    assert study.section_names == ("s1", "s1 2")
    larger = with_more(study, {"c": three})
    assert larger.section_names == ("s1", "s1 2", "c")
    assert np.array_equal(larger.coords[: study.n_spots], study.coords)


def test_the_same_section_is_not_added_twice():
    one = small_study().parts[0]
    with pytest.raises(DataError, match="different sections"):
        with_more(one, {"again": one})


def test_a_long_name_is_cut_and_said_whole_in_its_tooltip(qtbot):
    long = "Patient_0042_left_kidney_biopsy_2024_visium_replicate_number_7"
    for picker in (StudyPicker({long: small_study().parts[0]}), LibraryPicker([long, "right"])):
        qtbot.addWidget(picker)
        picker.resize(300, 300)
        picker.show()
        rows = picker.sections
        assert rows.visualItemRect(rows.item(0)).right() <= rows.viewport().width()
        assert rows.textElideMode() == Qt.TextElideMode.ElideMiddle
        assert long in rows.item(0).toolTip()
        assert rows.item(0).text() == long


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("s1_rna", "s1_adt", "s2_rna", "s2_adt"), {"s1": ["adt", "rna"], "s2": ["adt", "rna"]}),
        (("s1_rna", "s2_adt", "s2_rna"), {"s1": ["rna"], "s2": ["adt", "rna"]}),
    ],
)
def test_slides_of_one_grid_and_the_same_barcodes_are_told_apart_by_their_genes_and_names(
    tmp_path, make_table, names, expected
):
    paths = [
        written(
            (make_table if "rna" in name else lambda **more: protein(make_table, **more))(seed=seed),
            tmp_path / f"{name}.h5ad",
        )
        for seed, name in enumerate(names)
    ]
    found = sections_in_files(paths)
    assert {name: sorted(one.modalities) for name, one in found.items()} == expected
    assert all(path.stem.startswith(name) for name, one in found.items() for path in one.sources)


def test_slides_of_the_same_barcodes_are_apart_also_where_conditions_are_mixed_in_one(tmp_path, make_table):
    def slide(name, seed, conditions, *, numbered_anew=False, **more):
        table = make_table(seed=seed, **more)
        order = np.random.default_rng(seed).permutation(36) if numbered_anew else np.arange(36)
        table.obsm["spatial"] = table.obsm["spatial"][order] + 500.0 * numbered_anew
        table.obs["condition"] = np.array(conditions)[order]
        return written(table, tmp_path / f"{name}.h5ad")

    halves = ["sick"] * 18 + ["well"] * 18  # one beside the other, on its own tissue
    paths = [
        slide("s1", 0, ["well"] * 36),
        slide("s2", 1, halves, numbered_anew=True, n_features=20, prefix="protein", mean=20.0),
    ]
    assert list(sections_in_files(paths)) == ["s1", "s2"]


def test_a_picture_beside_several_sections_is_not_said_to_be_alone(four_files, tmp_path):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "he.tif", np.full((40, 60, 3), 200, np.uint8))
    with pytest.raises(DataError, match=r"one section beside the picture he\.tif, found s1, s2, s3\. Open each"):
        sections_in_files([*four_files, tmp_path / "he.tif"])
