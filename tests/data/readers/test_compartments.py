"""Tables of cells in pictures, as QuPath, inForm and HALO export them, and tables whose cells have no names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import read
from napari_trsmi.data.readers.several import read_sections

N = 64
MARKERS = ["CD3", "CD8", "PanCK", "FOXP3"]
XY = np.column_stack([np.arange(N) % 8, np.arange(N) // 8]) * 10.0 + 5.0
CELLS = np.random.default_rng(0).gamma(2.0, 3.0, (N, len(MARKERS))).round(4)


def table(cells: str, nuclei: str, **beside: object) -> pd.DataFrame:
    """Means over cells, and others over their nuclei."""
    made = pd.DataFrame(CELLS, columns=[cells.format(name) for name in MARKERS]).assign(**beside)
    return made.assign(**{nuclei.format(name): 7.5 for name in MARKERS})


def check(dataset: object, microns: float | None = None) -> None:
    (protein,) = dataset.modalities.values()
    assert (protein.kind, protein.table.var_names.tolist()) == ("protein", MARKERS)
    np.testing.assert_allclose(protein.table.X.toarray(), CELLS, rtol=1e-6)
    np.testing.assert_array_equal(dataset.coords, XY)
    assert dataset.microns_per_unit == microns


@pytest.mark.parametrize(
    ("cells", "nuclei"),
    [
        ("{}: Cell: Mean", "{}: Nucleus: Mean"),
        ("Cell: {} mean", "Nucleus: {} mean"),
        ("{} (Opal 520): Cell: Mean", "{}: Cell: Max"),
        ("Nucleus: {} mean", "Nucleus: {} max"),
        ("{}: Mean", "{}: Std.Dev."),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("named", [True, False])
def test_of_qupath_the_means_over_cells_are_measured(tmp_path, cells, nuclei, encoding, named):
    places = {"Centroid X µm": XY[:, 0], "Centroid Y µm": XY[:, 1], "Nucleus: Area µm^2": 9.0}
    made = table(cells, nuclei, **places)
    made.insert(0, "Image", "a.tif")
    if named:
        made.insert(1, "Object ID", [f"{i:08x}-aaaa" for i in range(N)])
    made.to_csv(tmp_path / "m.tsv", sep="\t", index=False, encoding=encoding)
    dataset = read(tmp_path / "m.tsv")
    check(dataset, microns=1.0)
    assert any("means over each cell" in note for note in dataset.notes)
    assert any("no names" in note for note in dataset.notes) is not named


def test_cells_of_two_pictures_are_two_sections(tmp_path):
    made = table("{}: Cell: Mean", "{}: Nucleus: Mean", **{"Centroid X µm": XY[:, 0], "Centroid Y µm": XY[:, 1]})
    made.insert(0, "Image", np.repeat(["a.tif", "b.tif"], N // 2))
    made.to_csv(tmp_path / "m.csv", index=False)
    assert read_sections(tmp_path / "m.csv", column="Image").section_names == ("a.tif", "b.tif")


def test_of_inform_and_halo_too(tmp_path):
    weighting = "Mean (Normalized Counts, Total Weighting)"
    made = table(f"Entire Cell {{}} (Opal 520) {weighting}", f"Nucleus {{}} (Opal 520) {weighting}")
    made = made.assign(**{"Sample Name": "S1", "Cell ID": np.arange(N) + 1})
    made = made.assign(**{"Cell X Position": XY[:, 0], "Cell Y Position": XY[:, 1]})
    made[made.columns[::-1]].to_csv(tmp_path / "S1_cell_seg_data.txt", sep="\t", index=False)
    (protein,) = read(tmp_path / "S1_cell_seg_data.txt").modalities.values()
    assert sorted(protein.table.var_names) == sorted(MARKERS)
    corners = {"XMin": XY[:, 0] - 4, "XMax": XY[:, 0] + 4, "YMin": XY[:, 1] - 3, "YMax": XY[:, 1] + 3}
    made = table("{} Cell Intensity", "{} Positive Classification", **corners)
    made.insert(0, "Image Location", "a.afi")
    made.insert(1, "Object Id", np.arange(N))
    made.to_csv(tmp_path / "halo.csv", index=False)
    check(read(tmp_path / "halo.csv"))


def test_cells_without_names_lose_no_marker(tmp_path):
    """The first column would tell them apart as names do."""
    made = pd.DataFrame(CELLS, columns=MARKERS).assign(X=XY[:, 0], Y=XY[:, 1])
    for columns in (made.columns, made.columns[[4, 5, 0, 1, 2, 3]]):
        made[columns].to_csv(tmp_path / "t.csv", index=False)
        check(read(tmp_path / "t.csv"))


def test_numbers_of_rows_that_r_calls_x_are_no_places(tmp_path):
    made = pd.DataFrame(CELLS, columns=MARKERS, index=pd.RangeIndex(1, N + 1, name="X"))
    made.assign(x=XY[:, 0], y=XY[:, 1]).to_csv(tmp_path / "t.csv")
    check(read(tmp_path / "t.csv"))
