import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_trsmi.data.simulate import SimulationSettings, simulate, simulate_dataset
from napari_trsmi.data.simulate.cells import draw_compositions, draw_types

CELLS = {
    "n_spots": 1500, "grid": "irregular", "modalities": ("rna",), "n_genes": 40, "depth": 50, "cell_types": 8,
    "n_domains": 5, "mixing": 0.2, "contrast": 2, "image": 0,
}  # fmt: skip


def test_a_domain_is_a_mixture_of_types():
    mdata = simulate(**CELLS)
    assert len(mdata.obs["cell_type"].cat.categories) == 8
    shares = mdata.obs.groupby("domain", observed=True)["cell_type"].value_counts(normalize=True).unstack()
    assert shares.max(axis=1).max() < 0.9
    assert (shares > 0.02).sum(axis=1).min() >= 3
    distance = np.abs(shares.to_numpy()[:, None] - shares.to_numpy()).sum(axis=2) / 2
    assert distance[~np.eye(5, dtype=bool)].min() > 0.25
    assert set(mdata.obs["told_apart_by"]) == {"rna"}


def test_neighbours_are_of_many_types():
    mdata = simulate(**CELLS)
    near = cKDTree(mdata["rna"].obsm["spatial"]).query(mdata["rna"].obsm["spatial"], 7)[1][:, 1:]
    kind, domain = (mdata.obs[name].cat.codes.to_numpy() for name in ("cell_type", "domain"))
    assert (kind[near] == kind[:, None]).mean() < 0.5
    assert (domain[near] == domain[:, None]).mean() > 0.8


def test_features_mark_types():
    mdata = simulate(**CELLS)
    table = mdata["rna"]
    values = np.log1p(table.X.toarray())
    for name in ("type 1", "type 5"):
        marks, there = (table.var["marker_of"] == name).to_numpy(), (mdata.obs["cell_type"] == name).to_numpy()
        assert values[there][:, marks].mean() > 2 * values[~there][:, marks].mean()


def test_few_counts_are_few():
    totals = simulate(**CELLS | {"dropout": 0})["rna"].X.sum(axis=1).A1
    assert 20 < np.median(totals) < 80


@pytest.mark.parametrize(("mixing", "apart"), [(0.0, True), (1.0, False)])
def test_mixing_makes_domains_alike(mixing, apart):
    compositions = draw_compositions(SimulationSettings(cell_types=9, n_domains=6, mixing=mixing))
    np.testing.assert_allclose(compositions.sum(axis=1), 1)
    assert (np.ptp(compositions, axis=0).max() > 0.3) == apart


def test_types_are_drawn_in_their_shares():
    compositions = np.array([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    membership = np.repeat([[1.0, 0.0], [0.0, 1.0]], 3000, axis=0)
    types = draw_types(membership, compositions, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(types[:3000], minlength=3) / 3000, compositions[0], atol=0.03)
    assert (types[3000:] == 2).all()


def test_irregular_places_are_no_lattice_and_as_close_as_cells():
    dataset = simulate_dataset(**CELLS)
    nearest = cKDTree(dataset.coords).query(dataset.coords, 2)[0][:, 1] * dataset.microns_per_unit
    assert nearest.std() > 0.2 * nearest.mean()
    assert 5 < np.median(nearest) < 15
    assert "array_row" not in dataset.modalities["rna"].table.obs
    assert dataset.spot_diameter * dataset.microns_per_unit == 10


def test_a_noise_modality_knows_no_types():
    mdata = simulate(**CELLS | {"modalities": ("rna", "adt"), "noise": ("adt",), "n_proteins": 10, "depth": 600})
    values = np.log1p(mdata["adt"].X.toarray())
    kind = mdata.obs["cell_type"].cat.codes.to_numpy()
    means = np.array([values[kind == k].mean(axis=0) for k in range(8)])
    assert np.ptp(means, axis=0).max() < 0.6
