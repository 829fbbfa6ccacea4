"""Where the parts of a Space Ranger folder may lie, and how they may be called."""

from __future__ import annotations

import numpy as np
import pytest
from visium_by_hand import N_GENES, N_SPOTS, gzipped, positions, write_h5, write_matrix_folder, write_spatial

from napari_trsmi.data.readers import read
from napari_trsmi.errors import ChoiceError, DataError


def flattened(folder):
    """Put all files of a run into one folder."""
    for file in [file for file in folder.rglob("*") if file.is_file() and file.parent != folder]:
        file.rename(folder / file.name)
    for sub in [sub for sub in folder.iterdir() if sub.is_dir()]:
        sub.rmdir()


def prefixed(folder, prefix):
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        file.rename(file.with_name(f"{prefix}{file.name}"))


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("prefix", ["", "GSM1234_S1_", "GSM12-A.", "GSM1_spatial_"])
@pytest.mark.parametrize("form", ["h5", "matrix"])
def test_files_of_public_archives_are_found(tmp_path, counts, flat, prefix, form):
    folder = tmp_path / "GSM1234"
    write_spatial(folder, header=flat)
    write_h5(folder, counts) if form == "h5" else write_matrix_folder(folder, counts, zipped=flat)
    gzipped(folder / "spatial", "*.csv", "*.json", "*.png")
    if flat:
        flattened(folder)
    prefixed(folder, prefix)
    dataset = read(folder)
    assert dataset.n_spots == N_SPOTS
    assert (dataset.image.key, dataset.image.scale) == ("hires", 0.5)
    by_barcode = {row[0]: row for row in positions()}
    expected = [(by_barcode[name][5], by_barcode[name][4]) for name in dataset.obs_names]
    np.testing.assert_allclose(dataset.coords, expected)


def test_folders_with_the_name_of_the_sample_in_front_are_found(tmp_path, counts):
    write_spatial(tmp_path)
    write_matrix_folder(tmp_path, counts)
    (tmp_path / "spatial").rename(tmp_path / "GSM1_S1_spatial")
    (tmp_path / "filtered_feature_bc_matrix").rename(tmp_path / "GSM1_S1_filtered_feature_bc_matrix")
    dataset = read(tmp_path)
    assert (dataset.n_spots, dataset.image.scale) == (N_SPOTS, 0.5)


@pytest.mark.parametrize("part", ["spatial", "filtered_feature_bc_matrix"])
def test_a_run_opens_whichever_of_its_folders_is_given(tmp_path, counts, part):
    write_spatial(tmp_path / "outs")
    write_matrix_folder(tmp_path / "outs", counts)
    given, whole = read(tmp_path / "outs" / part), read(tmp_path / "outs")
    assert given.library == whole.library
    np.testing.assert_array_equal(given.coords, whole.coords)


@pytest.mark.parametrize("mark", [";", "\t"])
@pytest.mark.parametrize("header", [False, True])
def test_positions_saved_anew_by_a_table_program_are_read(tmp_path, counts, mark, header):
    write_spatial(tmp_path, header=header)
    write_h5(tmp_path, counts)
    expected = read(tmp_path).coords
    (path,) = (tmp_path / "spatial").glob("tissue_positions*")
    path.write_text(path.read_text().replace(",", mark))
    np.testing.assert_array_equal(read(tmp_path).coords, expected)


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda text: "", "an empty file"), (lambda text: text.replace(",", "-", 1), "found 5 columns")],
)
def test_positions_of_another_form_are_refused_by_name(tmp_path, counts, change, said):
    write_spatial(tmp_path, header=False)
    write_h5(tmp_path, counts)
    path = tmp_path / "spatial" / "tissue_positions_list.csv"
    path.write_text("\n".join(map(change, path.read_text().splitlines())))
    with pytest.raises(DataError, match=rf"in .*{path.name}, found.*{said.split()[-1]}"):
        read(tmp_path)


def test_several_samples_in_one_folder_are_a_choice(tmp_path, counts):
    for name, shift in (("GSM1_A", 0), ("GSM2_B", 1)):
        part = tmp_path / name
        write_spatial(part)
        write_h5(part, counts + shift)
        flattened(part)
        prefixed(part, f"{name}_")
        for file in part.iterdir():
            file.rename(tmp_path / file.name)
        part.rmdir()
    (tmp_path / "GSM2_B_scalefactors_json.json").unlink()
    for file in list(tmp_path.iterdir()):
        (tmp_path / f"._{file.name}").write_bytes(b"\0\5")  # as macOS leaves them
    with pytest.raises(ChoiceError) as caught:
        read(tmp_path)
    assert caught.value.names == ("GSM1_A", "GSM2_B")
    first, second = (read(tmp_path, library=name) for name in caught.value.names)
    assert first.image is not None
    assert second.image is None, "took the scale factors of another sample"
    assert second.library == "GSM2_B"
    assert (second.modalities["rna"].table.X - first.modalities["rna"].table.X).sum() == N_SPOTS * N_GENES
    with pytest.raises(DataError, match="Expected one of the sections"):
        read(tmp_path, library="GSM3")


@pytest.mark.parametrize("level", ["run", "outs", "binned_outputs"])
def test_bin_sizes_are_a_choice_from_every_folder_above_them(tmp_path, counts, level):
    bins = tmp_path / "run" / "outs" / "binned_outputs"
    for size in ("square_002um", "square_008um"):
        write_spatial(bins / size)
        write_h5(bins / size, counts)
    (tmp_path / "run" / "outs" / "spatial").mkdir()
    path = {"run": bins.parent.parent, "outs": bins.parent, "binned_outputs": bins}[level]
    with pytest.raises(ChoiceError) as caught:
        read(path)
    assert caught.value.names == ("square_002um", "square_008um")
    assert read(path, library="square_008um").library == "square_008um"


def test_one_run_in_a_folder_of_runs_needs_no_choice(tmp_path, counts):
    write_spatial(tmp_path / "section1" / "outs")
    write_h5(tmp_path / "section1" / "outs", counts)
    (tmp_path / "notes").mkdir()
    assert read(tmp_path).n_spots == N_SPOTS


@pytest.mark.parametrize("where", ["outs", "elsewhere", "h5ad"])
def test_the_matrix_alone_stands_for_its_folder(tmp_path, counts, where):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    matrix = tmp_path / "filtered_feature_bc_matrix.h5"
    if where == "outs":
        dataset = read(matrix)
        assert dataset.n_spots == N_SPOTS
        assert any("took the folder" in note for note in dataset.notes)
        return
    (tmp_path / "alone").mkdir()
    matrix = matrix.rename(tmp_path / "alone" / ("m.h5ad" if where == "h5ad" else matrix.name))
    with pytest.raises(DataError, match="Give the folder"):
        read(matrix)


@pytest.mark.parametrize("name", ["spatial/tissue_positions.csv", "spatial/scalefactors_json.json"])
def test_a_part_of_a_folder_leads_to_the_folder(tmp_path, counts, name):
    write_spatial(tmp_path)
    write_h5(tmp_path, counts)
    with pytest.raises(DataError, match=r"Choose its folder") as caught:
        read(tmp_path / name)
    assert read(str(caught.value).rpartition("folder, ")[2].removesuffix(".")).n_spots == N_SPOTS


def test_archives_that_were_not_unpacked_are_named(tmp_path):
    write_spatial(tmp_path)
    (tmp_path / "filtered_feature_bc_matrix.tar.gz").write_bytes(b"")
    with pytest.raises(DataError, match=r"Unpack filtered_feature_bc_matrix\.tar\.gz"):
        read(tmp_path)


def test_matrices_of_two_modalities_of_one_sample_are_one_section(tmp_path, counts):
    """Archives keep genes and antibodies of a sample side by side, with one list of positions."""
    write_spatial(tmp_path)
    flattened(tmp_path)
    prefixed(tmp_path, "GSM1_S1_")
    for name, shift in (("GSM1_S1_RNA", 0), ("GSM1_S1_ADT", 1)):
        part = tmp_path / name
        part.mkdir()
        write_matrix_folder(part, counts + shift)
        flattened(part)
        prefixed(part, f"{name}_")
        for file in part.iterdir():
            file.rename(tmp_path / file.name)
        part.rmdir()
    dataset = read(tmp_path)
    assert (dataset.n_spots, dataset.library, len(dataset.modalities)) == (N_SPOTS, "GSM1_S1", 2)
    assert dataset.image is not None
    sums = sorted(one.table.X.sum() for one in dataset.modalities.values())
    assert sums[1] - sums[0] == N_SPOTS * N_GENES
