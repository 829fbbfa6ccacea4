from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers.splits import (
    barcode_split,
    matched,
    plane_split,
    section_splits,
    speaks_of_sections,
    split_by,
)


@pytest.mark.parametrize(
    "name",
    [
        "batch",
        "sample_id",
        "SampleID",
        "slide",
        "slide_ID_numeric",
        "fov",
        "FOV",
        "orig.ident",
        "Bregma",
        "imageid",
        "donor_id",
        "brain_section_label",
        "section_number",
        "roi",
        "puck_id",
        "replicate",
        "library_name",
        "adt:batch",
    ],
)
def test_columns_named_after_sections_are_known(name):
    assert speaks_of_sections(name)


@pytest.mark.parametrize(
    "name",
    [
        "cell_type",
        "cluster",
        "leiden",
        "annotation",
        "sample_type",
        "n_counts",
        "batch_score",
        "region",
        "domain",
        "cell_id",
        "id",
    ],
)
def test_annotations_of_cells_are_no_sections(name):
    assert not speaks_of_sections(name)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 1],
        [1.0, 2.0, 1.0],
        ["1", "2", "1"],
        ["1.0", "2.0", "1.0"],
        [b"1", b"2", b"1"],
        pd.Categorical([1, 2, 1]),
        pd.array(["1", "2", "1"], dtype="string"),
        pd.array([1, 2, 1], dtype="Int64"),
    ],
)
def test_numbers_and_text_are_the_same_names(values):
    split = split_by("fov", pd.Series(values))
    assert split.names == ("1", "2")
    assert split.part.tolist() == [0, 1, 0]


@pytest.mark.parametrize("missing", [None, np.nan, "nan", "", "NA"])
def test_missing_values_are_no_part(missing):
    split = split_by("library_id", pd.Series(["x", missing, "x"], dtype=object))
    assert (split.names, split.part.tolist()) == (("x",), [0, -1, 0])


def test_columns_that_tell_spots_apart_are_no_splits():
    obs = pd.DataFrame({"sample": ["a"] * 20 + ["b"] * 20, "slide": "one", "image": [str(i) for i in range(40)]})
    assert [split.column for split in section_splits(obs)] == ["sample"]


@pytest.mark.parametrize(
    ("names", "libraries", "expected"),
    [
        (["A", "B"], ["B", "A"], {"A": "A", "B": "B"}),
        (["a1", "a2"], ["A-1", "A-2"], {"a1": "A-1", "a2": "A-2"}),
        (
            ["1", "2", "12"],
            ["library_1", "library_2", "library_12"],
            {"1": "library_1", "2": "library_2", "12": "library_12"},
        ),
        (["01", "2"], ["1", "2"], {"01": "1", "2": "2"}),
        (["sA1", "sA2"], ["A1", "A2"], {"sA1": "A1", "sA2": "A2"}),
        (["A1"], ["slide_A1", "old_A1"], {}),
        (["healthy", "tumour"], ["A1", "A2"], {}),
    ],
)
def test_names_of_parts_are_matched_to_libraries_one_to_one(names, libraries, expected):
    assert matched(names, libraries) == expected


def test_planes_are_the_few_values_of_z():
    split = plane_split(np.array([0.0, 10.0, np.nan] * 4))
    assert (split.names, split.part[:3].tolist()) == (("z=0", "z=10"), [0, 1, -1])
    assert plane_split(np.random.default_rng(0).random(100)) is None
    assert plane_split(np.zeros(10)) is None
    assert plane_split(None) is None


BARCODES = ["".join("ACGT"[(n >> 2 * place) & 3] for place in range(8)) for n in range(30)]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{barcode}-{section}", ("section1", "section2")),
        ("{barcode}-1_{section}", ("section1", "section2")),
        ("{barcode}-1-s{section}", ("s1", "s2")),
        ("liver{section}_1_{barcode}-1", ("liver1", "liver2")),
        ("s{section}_{barcode}-1", ("s1", "s2")),
        ("case_{section}_{barcode}", ("case_1", "case_2")),
        ("{number}-{section}", ("section1", "section2")),
        ("s{section}:{number}", ("s1", "s2")),
    ],
)
def test_barcodes_of_joined_files_name_the_sections(pattern, names):
    made = [pattern.format(barcode=one, section=s, number=n) for s in (1, 2) for n, one in enumerate(BARCODES)]
    split = barcode_split(pd.Index(made))
    assert split.names == names
    assert split.part.tolist() == [0] * 30 + [1] * 30


def test_sections_of_several_joins_are_numbered_alike():
    made = [f"{one}-1-{section}" for section in ("0-0", "1-0", "1") for one in BARCODES]
    assert barcode_split(pd.Index(made)).names == ("section0-0", "section1-0", "section1")


@pytest.mark.parametrize(
    "made",
    [
        [f"{one}-1" for one in BARCODES],
        [f"{one}-{1 + n % 2}" for n, one in enumerate(BARCODES)],  # two runs of one section: no barcode is twice
        [f"{x}_{y}" for x in range(12) for y in range(12)],
        [f"{x}x{y}" for x in range(12) for y in range(12)],
        [*BARCODES, *(f"{one} (2)" for one in BARCODES)],
    ],
)
def test_barcodes_of_one_section_name_none(made):
    assert barcode_split(pd.Index(made)) is None
