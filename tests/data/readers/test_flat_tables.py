"""CosMx and MERSCOPE as publications give them: counts and cells as text, no pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_trsmi.data.readers import platforms, read
from napari_trsmi.errors import ChoiceError, DataError

N, GENES = 40, [f"Gene{j}" for j in range(12)]


@pytest.fixture
def counts():
    return np.random.default_rng(0).poisson(3.0, (N, len(GENES)))


@pytest.fixture
def xy():
    return np.stack(np.divmod(np.arange(N), 8), axis=1) * 10.0 + 5.0


def write_cosmx(folder, counts, xy, ending=".csv", sample="Run1_"):
    """Two fields of view side by side; the counts begin with what lies in no cell, and come in another order."""
    ids = pd.DataFrame({"fov": 1 + (xy[:, 0] > 25), "cell_ID": np.arange(N) + 1})
    table = pd.DataFrame(counts, columns=GENES).assign(NegPrb1=1, SystemControl3=2)
    table = pd.concat([ids, table], axis=1)[::-1]
    nowhere = table.iloc[:1].assign(cell_ID=0)
    pd.concat([nowhere, table]).to_csv(folder / f"{sample}exprMat_file{ending}", index=False)
    places = {"CenterX_local_px": xy[:, 0] % 25, "CenterY_local_px": xy[:, 1]}
    places |= {"CenterX_global_px": xy[:, 0], "CenterY_global_px": xy[:, 1], "Area": 9}
    ids.assign(**places).to_csv(folder / f"{sample}metadata_file{ending}", index=False)


def write_merscope(folder, counts, xy, before="", after=""):
    ids = pd.Index([f"{2**60 + i}" for i in range(N)], name="cell")
    table = pd.DataFrame(counts, columns=GENES, index=ids).assign(**{"Blank-1": 0})
    table.to_csv(folder / f"{before}cell_by_gene{after}.csv")
    places = pd.DataFrame({"fov": 0, "center_x": xy[:, 0], "center_y": xy[:, 1]}, index=ids.rename("EntityID"))
    places[::-1].to_csv(folder / f"{before}cell_metadata{after}.csv")


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_cosmx_without_pictures_gives_counts_and_global_places(tmp_path, counts, xy, ending):
    write_cosmx(tmp_path, counts, xy, ending)
    dataset = read(tmp_path)
    order = np.argsort([int(name.split("_")[1]) for name in dataset.obs_names])
    np.testing.assert_array_equal(dataset.coords[order], xy)
    (modality,) = dataset.modalities.values()
    assert list(modality.table.var_names) == GENES
    np.testing.assert_array_equal(modality.table.X.toarray()[order], counts)
    for words in ("without pictures and outlines", "Left out 1 rows", "Left out 2 controls"):
        assert any(words in note for note in dataset.notes)


@pytest.mark.parametrize(("before", "after"), [("", ""), ("brain_", "_S1R1")])
def test_merscope_without_pictures_gives_counts_and_micrometres(tmp_path, counts, xy, before, after):
    write_merscope(tmp_path, counts, xy, before, after)
    dataset = read(tmp_path)
    np.testing.assert_array_equal(dataset.coords, xy)
    (modality,) = dataset.modalities.values()
    np.testing.assert_array_equal(modality.table.X.toarray(), counts)
    assert dataset.microns_per_unit == 1.0
    assert dataset.obs_names[0] == str(2**60)


def test_without_the_package_it_is_told_what_pictures_need(tmp_path, counts, xy, monkeypatch):
    monkeypatch.setattr(platforms, "find_spec", lambda _: None)
    write_merscope(tmp_path, counts, xy)
    assert any("pip install 'napari-trsmi[spatialdata]'" in note for note in read(tmp_path).notes)


def test_several_slides_in_one_folder_are_a_choice(tmp_path, counts, xy):
    write_merscope(tmp_path, counts, xy, after="_S1")
    write_merscope(tmp_path, counts + 1, xy, after="_S2")
    with pytest.raises(ChoiceError) as caught:
        read(tmp_path)
    assert caught.value.names == ("S1", "S2")
    (modality,) = read(tmp_path, library="S2").modalities.values()
    np.testing.assert_array_equal(modality.table.X.toarray(), counts + 1)
    with pytest.raises(DataError, match="found 'S3'"):
        read(tmp_path, library="S3")


def test_tables_of_different_sections_are_refused(tmp_path, counts, xy):
    write_merscope(tmp_path, counts, xy)
    path = tmp_path / "cell_metadata.csv"
    path.write_text(path.read_text().replace(str(2**60)[:6], "9"))
    with pytest.raises(DataError, match="found none of them"):
        read(tmp_path)


@pytest.mark.parametrize("write", [write_cosmx, write_merscope])
def test_one_of_the_tables_leads_to_their_folder(tmp_path, counts, xy, write):
    write(tmp_path, counts, xy)
    with pytest.raises(DataError, match=r"a part of one.*Choose its folder") as caught:
        read(min(tmp_path.iterdir()))
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("write", [write_cosmx, write_merscope])
def test_both_tables_are_the_section_wherever_they_lie(tmp_path, counts, xy, write):
    """Their cells have numbers that begin anew in each field of view."""
    write(tmp_path, counts, xy)
    whole, pair = read(tmp_path), read(sorted(tmp_path.iterdir()))
    assert pair.obs_names.tolist() == whole.obs_names.tolist()
    np.testing.assert_array_equal(pair.coords, whole.coords)
    assert pair.microns_per_unit == whole.microns_per_unit


def test_cells_that_cosmx_names_once_more_are_no_counts(tmp_path, counts, xy):
    write_cosmx(tmp_path, counts, xy)
    path = tmp_path / "Run1_exprMat_file.csv"
    pd.read_csv(path).assign(cell_id="c_1_1_1").to_csv(path, index=False)
    (modality,) = read(tmp_path).modalities.values()
    assert list(modality.table.var_names) == GENES


def test_a_table_that_opens_by_itself_does_so_in_such_a_folder(tmp_path, make_table):
    make_table().write_h5ad(tmp_path / "a_anndata.h5ad")
    (tmp_path / "a_cluster_assignment.txt").write_text("")
    assert platforms.platform_of(tmp_path).name == "Curio Seeker"
    assert read(tmp_path / "a_anndata.h5ad").n_spots == 36
