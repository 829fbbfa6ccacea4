import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from napari_trsmi.data.simulate import SimulationSettings, simulate, simulate_dataset
from napari_trsmi.data.simulate.tissue import Tissue, draw_tissue
from napari_trsmi.errors import ConfigError


def library(mdata, modality="rna", section="section1"):
    return mdata[modality].uns["spatial"][section]


def neighbours(coords, k=6):
    return cKDTree(coords).query(coords, k + 1)[1][:, 1:]


# What is in it


def test_the_truth_is_there_with_what_each_modality_can_see(slice_):
    assert slice_.n_obs == 2500
    assert list(slice_.obs["domain"].cat.categories) == [*(f"layer {i}" for i in range(1, 6)), "island 1", "island 2"]
    assert (slice_.obs["domain"].value_counts() >= 50).all()
    assert set(slice_.obs["told_apart_by"]) == {"rna", "adt", "rna+adt"}
    told = slice_.obs.groupby("domain", observed=True)["told_apart_by"].unique().str[0].to_dict()
    assert told["layer 1"] == told["layer 2"] == "rna"
    assert told["layer 3"] == told["layer 4"] == "adt"
    assert told["layer 5"] == "rna+adt"
    assert "layer 3 / layer 4" in slice_["rna"].obs["visible_domain"].cat.categories
    assert "layer 1 / layer 2" in slice_["adt"].obs["visible_domain"].cat.categories


def test_the_settings_are_kept_and_make_the_same_slice_again():
    first = simulate(n_spots=200, n_genes=30, image=60, seed=5)
    again = simulate(SimulationSettings(**json.loads(first.uns["simulation"])))
    for name in first.mod:
        assert (first[name].X != again[name].X).nnz == 0
        assert first[name].var.equals(again[name].var)
        np.testing.assert_array_equal(first[name].obsm["spatial"], again[name].obsm["spatial"])
    np.testing.assert_array_equal(library(first)["images"]["hires"], library(again)["images"]["hires"])
    assert first.obs.equals(again.obs)


def test_another_seed_makes_another_slice():
    first, other = (simulate(n_spots=300, n_genes=30, image=60, seed=seed) for seed in (0, 1))
    assert (first["rna"].X != other["rna"].X).nnz > 0
    assert (first.obs["domain"].to_numpy() != other.obs["domain"].to_numpy()).mean() > 0.1
    assert not np.array_equal(library(first)["images"]["hires"], library(other)["images"]["hires"])


def test_names_look_real_and_no_two_are_alike(three):
    assert three.var_names.is_unique
    assert three.obs_names.is_unique
    assert three.obs_names.str.fullmatch(r"[ACGT]{16}-1").all()
    assert three["atac"].var_names.str.fullmatch(r"chr\d+:\d+-\d+").all()
    assert "CD3" in three["adt"].var_names
    kinds = {name: table.var["feature_types"].unique().tolist() for name, table in three.mod.items()}
    assert kinds == {"rna": ["Gene Expression"], "adt": ["Antibody Capture"], "atac": ["Peaks"]}


def test_one_section_can_be_had_as_a_dataset():
    dataset = simulate_dataset(n_spots=120, n_genes=20, image=80)
    assert dataset.n_spots == 120
    assert {name: m.kind for name, m in dataset.modalities.items()} == {"rna": "rna", "adt": "protein"}
    assert dataset.image.pixels.shape[2] == 3
    assert dataset.microns_per_unit == 0.5
    assert "domain" in dataset.obs
    with pytest.raises(ConfigError, match="n_sections=2"):
        simulate_dataset(n_spots=120, n_sections=2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_spots": 3}, "n_spots: .*50, found 3"),
        ({"dropout": 1.0}, "dropout"),
        ({"modalities": ("rna", "rna")}, "each modality once"),
        ({"modalities": ("protein",)}, "modalities"),
        ({"n_spot": 100}, "no setting n_spot"),
    ],
)
def test_wrong_settings_are_named(wrong, said):
    with pytest.raises(ConfigError, match=said):
        simulate(**wrong)


# Where the spots lie


def test_hexagonal_spots_have_six_neighbours_at_100_micrometres(slice_):
    coords = slice_["rna"].obsm["spatial"]
    distance = cKDTree(coords).query(coords, 8)[0][:, 1:]
    near = (np.abs(distance - 200) < 1e-6).sum(axis=1)  # half a micrometre per pixel
    assert near.max() == np.median(near) == 6
    rows, columns = (slice_["rna"].obs[c].to_numpy() for c in ("array_row", "array_col"))
    assert ((rows + columns) % 2 == 0).all()
    assert np.ptp(coords[:, 0] - 100 * columns) < 1e-6
    assert np.ptp(coords[:, 1] - 200 * np.sqrt(3) / 2 * rows) < 1e-6


def test_square_spots_have_four_neighbours_at_100_micrometres():
    table = simulate(n_spots=400, grid="square", n_genes=10, image=0)["rna"]
    coords = table.obsm["spatial"]
    distance = cKDTree(coords).query(coords, 6)[0][:, 1:]
    near = (np.abs(distance - 200) < 1e-6).sum(axis=1)
    assert near.max() == np.median(near) == 4
    np.testing.assert_allclose(
        np.ptp(coords - 200 * table.obs[["array_col", "array_row"]].to_numpy(), axis=0), 0, atol=1e-6
    )


def test_domains_hang_together(slice_):
    labels = slice_.obs["domain"].cat.codes.to_numpy()
    agreement = labels[neighbours(slice_["rna"].obsm["spatial"])] == labels[:, None]
    assert agreement.mean() > 0.88
    assert (agreement.mean(axis=1) == 0).mean() < 0.005


def test_every_second_boundary_is_gradual():
    settings = SimulationSettings(n_spots=3000, blur=4)
    tissue, spots = draw_tissue(settings, 0)
    shares = tissue.membership(spots.points)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    islands = shares[:, settings.n_layers :].sum(axis=1) > 0.01
    mixed = {b: ((shares[:, b] > 0.1) & (shares[:, b + 1] > 0.1) & ~islands).sum() for b in range(4)}
    assert mixed[0] == mixed[2] == 0
    assert mixed[1] > 50
    assert mixed[3] > 50
    sharp, spots = draw_tissue(SimulationSettings(n_spots=3000, blur=0), 0)
    assert set(np.unique(sharp.membership(spots.points))) == {0.0, 1.0}


# The picture


def test_spots_lie_on_stained_tissue_and_the_glass_is_white(slice_):
    image, factors = library(slice_)["images"]["hires"], library(slice_)["scalefactors"]
    assert image.dtype == np.uint8
    assert max(image.shape) == 800
    x, y = (slice_["rna"].obsm["spatial"] * factors["tissue_hires_scalef"]).T
    assert x.min() > 0
    assert y.min() > 0
    assert x.max() < image.shape[1]
    assert y.max() < image.shape[0]
    tinted = image[y.astype(int), x.astype(int), 1] < 225
    assert tinted.mean() > 0.98
    border = np.concatenate([image[:10].reshape(-1, 3), image[-10:].reshape(-1, 3), image[:, :10].reshape(-1, 3)])
    assert border.min() >= 240


def test_tissue_is_pink_and_purple(slice_):
    image = library(slice_)["images"]["hires"].reshape(-1, 3).astype(int)
    tissue = image[image[:, 1] < 225]
    assert (tissue[:, 1] < tissue[:, [0, 2]].min(axis=1)).mean() > 0.95  # green is what both stains take
    nuclei = tissue[tissue.sum(axis=1) < 380]
    assert 0.02 < len(nuclei) / len(tissue) < 0.5
    assert (nuclei[:, 2] > nuclei[:, 0]).mean() > 0.95  # nuclei lean to blue
    assert (tissue[tissue.sum(axis=1) > 550][:, 0] >= 200).mean() > 0.9  # the rest to red


def test_neighbouring_domains_differ_in_colour(slice_):
    from scipy.ndimage import uniform_filter

    entry = library(slice_)
    smooth = np.dstack([uniform_filter(entry["images"]["hires"][..., c].astype(float), 9) for c in range(3)])
    x, y = (slice_["rna"].obsm["spatial"] * entry["scalefactors"]["tissue_hires_scalef"]).astype(int).T
    labels = slice_.obs["domain"].cat.codes.to_numpy()
    colours = np.array([smooth[y[labels == d], x[labels == d]].mean(axis=0) for d in range(7)])
    for a, b in [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 6), (2, 6), (5, 6)]:
        assert np.linalg.norm(colours[a] - colours[b]) > 8, (a, b)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is not a valid key:SyntaxWarning")  # docrep, when squidpy is imported
@pytest.mark.filterwarnings("ignore:The set_bad function:PendingDeprecationWarning")  # squidpy's own call
def test_squidpy_draws_it_as_it_is(slice_):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import squidpy

    for name, table in slice_.mod.items():
        figure, axes = plt.subplots()
        squidpy.pl.spatial_scatter(table, color="domain", ax=axes)
        assert axes.images, name
        plt.close(figure)


# Sections


def test_sections_share_their_layers_and_differ_by_batch():
    mdata = simulate(n_spots=500, n_sections=3, n_genes=300, image=60, batch=0.8, contrast=0)
    assert mdata.obs["section"].value_counts().to_dict() == {"section1": 500, "section2": 500, "section3": 500}
    assert mdata.obs_names.is_unique
    assert set(mdata["adt"].uns["spatial"]) == {"section1", "section2", "section3"}
    pictures = [library(mdata, section=f"section{s}")["images"]["hires"] for s in (1, 2)]
    assert not np.array_equal(*pictures)
    per_section = mdata.obs.groupby("section", observed=True)["domain"].nunique()
    assert (per_section == 7).all()

    def shift(mdata):
        section = mdata.obs["section"].to_numpy()
        first, second = (mdata["rna"].X[section == s].mean(axis=0).A1 for s in ("section1", "section2"))
        common = (first > 0.5) & (second > 0.5)
        return np.log(second[common] / first[common]).std()

    assert 0.6 < shift(mdata) < 1.0
    same = simulate(n_spots=500, n_sections=2, n_genes=300, image=0, batch=0, contrast=0)
    assert shift(same) < 0.25


# Any number of spots


def test_cost_grows_with_the_number_of_spots_and_no_faster(monkeypatch):
    asked = []
    for name in ("level", "membership"):
        plain = getattr(Tissue, name)
        monkeypatch.setattr(Tissue, name, lambda self, points, f=plain: (asked.append(len(points)), f(self, points))[1])
    work = []
    for n in (2_000, 20_000):
        asked.clear()
        simulate(n_spots=n, n_genes=3, n_proteins=2, image=0)
        work.append(sum(asked))
    assert work[1] < 10.5 * work[0]
    asked.clear()
    simulate(n_spots=100, n_genes=3, n_proteins=2, image=50)
    small = sum(asked)
    asked.clear()
    simulate(n_spots=100, n_genes=3, n_proteins=2, image=100)
    assert sum(asked) - small < 2 * 100**2  # the picture costs what its pixels cost


@pytest.mark.slow
def test_a_hundred_thousand_spots_are_a_matter_of_seconds():
    mdata = simulate(n_spots=100_000, n_genes=50, n_proteins=20)
    assert mdata.n_obs == 100_000
    assert mdata.obs_names.is_unique
    labels = mdata.obs["domain"].cat.codes.to_numpy()
    agreement = labels[neighbours(mdata["rna"].obsm["spatial"])] == labels[:, None]
    assert agreement.mean() > 0.97


@settings(max_examples=15, deadline=None)
@given(
    n_spots=st.integers(50, 400),
    grid=st.sampled_from(["hexagonal", "square", "irregular"]),
    lost=st.floats(0, 0.4),
    holes=st.floats(0, 0.4),
    n_domains=st.integers(1, 15),
    modalities=st.lists(st.sampled_from(["rna", "adt", "atac"]), min_size=1, max_size=3, unique=True),
    blur=st.floats(0, 5),
    seed=st.integers(0, 2**31),
)
def test_any_settings_give_as_many_spots_as_asked(n_spots, grid, lost, holes, n_domains, modalities, blur, seed):
    mdata = simulate(
        n_spots=n_spots, grid=grid, lost=lost, holes=holes, n_domains=n_domains,
        modalities=modalities, blur=blur, seed=seed, n_genes=12, n_proteins=5, n_peaks=15, image=0,
    )  # fmt: skip
    assert mdata.n_obs == n_spots
    assert list(mdata.mod) == modalities
    assert len(mdata.obs["domain"].cat.categories) == n_domains
    assert mdata.obs["domain"].notna().all()
    for table in mdata.mod.values():
        assert np.isfinite(table.X.data).all()
        assert len(np.unique(table.obsm["spatial"], axis=0)) == n_spots
        assert table.obsm["spatial"].min() > 0
