"""Counts of a simulated section: how they are spread, and what tells its domains apart."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_trsmi.data.simulate import SimulationSettings, simulate
from napari_trsmi.data.simulate import counts as counts_module
from napari_trsmi.data.simulate.counts import draw_counts, groups_seen


def log_ratio(table):
    values = np.log1p(table.X.toarray())
    return values - values.mean(axis=1, keepdims=True)


def separability(table, labels, a, b):
    """Share of held-out spots of two domains that logistic regression tells apart, balanced; 0.5 is chance."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    rows = np.isin(labels, [a, b])
    values = log_ratio(table[rows])
    values = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9)
    model = LogisticRegression(C=1e-3, class_weight="balanced", max_iter=300)
    return cross_val_score(model, values, labels[rows] == a, cv=4, scoring="balanced_accuracy").mean()


def test_counts_are_whole_and_over_dispersed(three):
    domain = (three.obs["domain"] == "layer 1").to_numpy()
    for name, table in three.mod.items():
        assert table.X.format == "csr"
        assert table.X.dtype == np.float32
        assert (table.X.data == np.round(table.X.data)).all(), name
        assert table.X.data.min() >= 1
        values = table.X[domain].toarray()
        mean, variance = values.mean(axis=0), values.var(axis=0)
        assert (variance > mean)[mean > 0.5].mean() > 0.95, name


@pytest.mark.parametrize("dispersion", [0.0, 1.0])
def test_without_dropout_and_ambient_noise_counts_are_negative_binomial(dispersion):
    settings = SimulationSettings(dispersion=dispersion, dropout=0, ambient=0)
    membership = np.repeat(np.eye(2, dtype=np.float32), 4000, axis=0)
    profiles = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    rng = np.random.default_rng(1)
    while True:  # programmes touch three features in ten: look for a draw in which they touch none
        state = rng.bit_generator.state
        rng.normal(size=(2, 3))
        if (rng.random((2, 3)) >= 0.3).all():
            rng.bit_generator.state = state
            break
    values = draw_counts(membership, profiles, np.full(8000, 20.0), settings, rng).toarray()
    for spots, profile in ((values[:4000], 20 * profiles[0]), (values[4000:], 20 * profiles[1])):
        np.testing.assert_allclose(spots.mean(axis=0), profile, rtol=0.06)
        np.testing.assert_allclose(spots.var(axis=0), profile + dispersion * profile**2, rtol=0.15)


def test_dropout_adds_zeros():
    plain, dropped = (simulate(n_spots=300, n_genes=200, depth=400, image=0, dropout=p)["rna"] for p in (0, 0.8))
    assert dropped.X.nnz < 0.7 * plain.X.nnz


def test_ambient_noise_makes_domains_alike():
    spread = []
    for ambient in (0, 0.9):
        table = simulate(n_spots=1500, n_genes=100, image=0, ambient=ambient)["rna"]
        values, markers = log_ratio(table), (table.var["marker_of"] == "layer 5").to_numpy()
        there = (table.obs["domain"] == "layer 5").to_numpy()
        spread.append((values[there].mean(axis=0) - values[~there].mean(axis=0))[markers].mean())
    assert 0 < spread[1] < 0.4 * spread[0]


def test_markers_are_higher_where_they_mark(slice_):
    for table in slice_.mod.values():
        values = log_ratio(table)
        for group in table.obs["visible_domain"].cat.categories:
            there = (table.obs["visible_domain"] == group).to_numpy()
            marks = (table.var["marker_of"] == group).to_numpy()
            assert marks.any()
            assert values[there][:, marks].mean() > values[~there][:, marks].mean() + 0.2


@pytest.mark.parametrize("pair", [("layer 1", "layer 2"), ("layer 3", "layer 4"), ("island 1", "island 2")])
def test_a_pair_is_told_apart_by_its_own_modality_and_by_no_other(three, pair):
    labels = three.obs["domain"].astype(str).to_numpy()
    own = three.obs["told_apart_by"][labels == pair[0]].iloc[0]
    for name, table in three.mod.items():
        score = separability(table, labels, *pair)
        if name == own:
            assert score > 0.8, name
        else:
            assert abs(score - 0.5) < 0.08, name


def test_one_modality_alone_sees_all_domains():
    assert groups_seen(SimulationSettings(modalities=("atac",)), "atac").tolist() == list(range(7))


def test_neither_modality_alone_is_enough_and_neighbours_help(slice_):
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_rand_score
    from sklearn.mixture import GaussianMixture

    truth = slice_.obs["domain"].cat.codes.to_numpy()
    coords = slice_["rna"].obsm["spatial"]
    near = cKDTree(coords).query(coords, 7)[1][:, 1:]
    features = {}
    for name, table in slice_.mod.items():
        values = log_ratio(table)
        values = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9)
        components = PCA(29, random_state=0).fit_transform(values)
        features[name] = components / components.std()
    features["both"] = np.hstack(list(features.values()))

    def score(values, hops):
        for _ in range(hops):
            values = (values + values[near].sum(axis=1)) / 7
        values = PCA(20, random_state=0).fit_transform(values)
        mixture = GaussianMixture(7, covariance_type="tied", n_init=5, random_state=0).fit(values / values.std())
        return adjusted_rand_score(truth, mixture.predict(values / values.std()))

    assert 0.35 < score(features["both"], 0) < 0.75
    both = score(features["both"], 2)
    assert 0.85 < both < 0.97
    assert score(features["rna"], 2) < both - 0.1
    assert score(features["adt"], 2) < both - 0.1


def test_counts_are_drawn_in_chunks_that_do_not_grow(monkeypatch):
    class Counting(np.random.Generator):
        drawn: list[int]

        def poisson(self, lam, size=None):
            self.drawn.append(lam.size)
            return super().poisson(lam, size)

    monkeypatch.setattr(counts_module, "_CHUNK", 10_000)
    rng = Counting(np.random.PCG64(0))
    rng.drawn = []
    membership = np.ones((5_001, 1), np.float32)
    values = draw_counts(membership, np.full((1, 20), 0.05), np.ones(5_001), SimulationSettings(), rng)
    assert values.shape == (5_001, 20)
    assert max(rng.drawn) <= 10_000
    assert sum(rng.drawn) == 5_001 * 20
