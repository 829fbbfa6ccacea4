import json

import numpy as np
import pytest
from scipy.spatial import cKDTree

from napari_trsmi.data.simulate import SimulationSettings, simulate
from napari_trsmi.data.simulate.counts import only_few_differ
from napari_trsmi.data.simulate.technical import line_effects
from napari_trsmi.errors import ConfigError

SMALL = {"n_spots": 900, "n_genes": 80, "n_proteins": 20, "n_peaks": 60, "image": 0, "dropout": 0}


def slice_(**settings):
    return simulate(**SMALL | settings)


def log_ratio(table, one, other):
    """(D,) log of the mean counts in some spots over those in others."""
    return np.log((table.X[one].mean(axis=0).A1 + 0.05) / (table.X[other].mean(axis=0).A1 + 0.05))


def totals(table):
    return table.X.sum(axis=1).A1


def test_what_is_off_leaves_no_trace():
    plain = slice_()
    assert list(plain.obs.columns) == ["section", "domain", "told_apart_by"]
    assert "gradient" not in plain["rna"].var
    assert "gradient" not in json.loads(plain.uns["simulation"])
    marked = slice_(gradient=1.0)
    kept = json.loads(marked.uns["simulation"])
    assert kept["gradient"] == 1.0
    assert "batch_line" not in kept
    assert SimulationSettings(**kept) == SimulationSettings(**SMALL, gradient=1.0)


def test_technical_courses_move_no_domain():
    plain, all_on = slice_(), slice_(gradient=2, batch_line=0.5, depth_gradient=1, rim=0.5)
    assert plain.obs["domain"].equals(all_on.obs["domain"])
    np.testing.assert_array_equal(plain["rna"].obsm["spatial"], all_on["rna"].obsm["spatial"])


def test_the_batch_line_is_straight_and_crosses_domains():
    mdata = slice_(batch_line=0.5)
    side = (mdata.obs["technical"] == "side 2").to_numpy()
    assert 0.3 < side.mean() < 0.7
    coords = mdata["rna"].obsm["spatial"] - mdata["rna"].obsm["spatial"].mean(axis=0)
    normals = np.column_stack([np.cos(a := np.linspace(0, 2 * np.pi, 3600)), np.sin(a)])
    places = coords @ normals.T
    assert (places[side].min(axis=0) > places[~side].max(axis=0)).any()
    domains_on_both_sides = mdata.obs.groupby("domain", observed=True)["technical"].nunique()
    assert (domains_on_both_sides == 2).sum() >= 3


def test_over_the_batch_line_each_feature_steps_and_the_depth_does_not():
    for strength in (0.0, 0.6):
        mdata = slice_(batch_line=strength, contrast=0, dispersion=0)
        line = mdata.obs["technical"] if strength else slice_(batch_line=0.1).obs["technical"]
        side = (line == "side 2").to_numpy()
        table = mdata["rna"]
        often = table.X.mean(axis=0).A1 > 3
        spread = log_ratio(table, side, ~side)[often].std()
        assert (spread < 0.1) if strength == 0 else (0.4 < spread < 0.8)
        assert abs(np.log(totals(table)[side].mean() / totals(table)[~side].mean())) < 0.06


def test_line_effects_keep_the_sum():
    shares = np.array([0.5, 0.3, 0.2])
    effects = line_effects(SimulationSettings(batch_line=1.0), shares, np.random.default_rng(0))
    assert shares @ np.exp(effects) == pytest.approx(1)
    assert effects.std() > 0.2


@pytest.mark.parametrize("along", ["x", "y", "rim"])
def test_a_gradient_moves_its_features_and_they_mark_no_domain(along):
    mdata = slice_(gradient=2.0, gradient_along=along, gradient_share=0.2, contrast=0)
    place = mdata.obs["gradient"].to_numpy()
    assert (place.min(), place.max()) == (0, 1)
    table = mdata["rna"]
    effect = table.var["gradient"].to_numpy()
    assert (effect != 0).sum() == 16
    assert (table.var["marker_of"][effect != 0] == "").all()
    seen = log_ratio(table, place > 0.75, place < 0.25)
    often = table.X.mean(axis=0).A1 > 3
    assert seen[often & (effect > 0)].min() > 0.5
    assert seen[often & (effect < 0)].max() < -0.5
    assert np.abs(seen[often & (effect == 0)]).max() < 0.5
    x, y = mdata["rna"].obsm["spatial"].T
    middle = np.hypot(x - x.mean(), y - y.mean())
    assert np.corrcoef({"x": x, "y": y, "rim": middle}[along], place)[0, 1] > 0.9


def test_depth_falls_along_a_line_and_its_mean_stays():
    plain, sloped = slice_()["rna"], slice_(depth_gradient=2.0)
    place, table = sloped.obs["depth_gradient"].to_numpy(), sloped["rna"]
    ends = totals(table)[place < 0.2].mean(), totals(table)[place > 0.8].mean()
    assert 3 < ends[0] / ends[1] < 6  # exp(2) from end to end
    assert totals(table).mean() == pytest.approx(totals(plain).mean(), rel=0.1)
    assert np.corrcoef(sloped.obs["depth_factor"], totals(table))[0, 1] > 0.7


def test_the_rim_is_poor_and_the_middle_is_not():
    mdata = slice_(rim=0.9, rim_width=3)
    coords, table = mdata["rna"].obsm["spatial"], mdata["rna"]
    neighbours = np.array([len(near) for near in cKDTree(coords).query_ball_point(coords, 201)]) - 1
    outermost = (mdata.obs["rim"] > 0.8).to_numpy()
    assert neighbours[outermost].mean() < 5
    assert neighbours[~outermost].mean() > 5.5
    inside = (mdata.obs["rim"] < 0.05).to_numpy()
    assert totals(table)[outermost].mean() < 0.35 * totals(table)[inside].mean()


def test_a_noise_modality_knows_no_domains_and_no_space():
    mdata = slice_(noise=("adt",), rim=0.9, depth_gradient=2, batch_line=1, gradient=3, contrast=3)
    table = mdata["adt"]
    assert (table.var["marker_of"] == "").all()
    assert table.obs["visible_domain"].nunique() == 1
    assert set(mdata.obs["told_apart_by"]) == {"rna"}
    logs = np.log1p(table.X.toarray())
    near = cKDTree(table.obsm["spatial"]).query(table.obsm["spatial"], 7)[1][:, 1:]
    centred = logs - logs.mean(axis=0)
    moran = (centred * centred[near].mean(axis=1)).mean(axis=0) / (centred**2).mean(axis=0)
    assert np.abs(moran).max() < 0.1
    seen = np.log1p(mdata["rna"].X.toarray())
    centred = seen - seen.mean(axis=0)
    assert ((centred * centred[near].mean(axis=1)).mean(axis=0) / (centred**2).mean(axis=0)).max() > 0.3


def test_only_the_named_number_of_features_differs():
    profiles = np.full((3, 40), 1 / 40)
    profiles[1, :5] *= 4
    marked = np.full(40, -1)
    marked[:5] = 1
    made, told = only_few_differ(profiles, marked, 2, 1.0, np.random.default_rng(0))
    ratio = made[0] / made[1]
    np.testing.assert_allclose(np.log(ratio[told] / np.median(ratio)), [2, -2], atol=0.1)
    assert np.ptp(np.delete(ratio, told)) < 1e-12
    np.testing.assert_allclose(made.sum(axis=1)[:2], 1)
    np.testing.assert_array_equal(made[2], profiles[2])
    assert (marked[told] < 0).all()


def test_a_subtle_pair_differs_in_two_genes_of_one_modality():
    mdata = slice_(subtle=2, dispersion=0)
    domain = mdata.obs["domain"].to_numpy()
    one, other = domain == "layer 1", domain == "layer 2"
    table = mdata["rna"]
    told = table.var["marker_of"].isin(["layer 1", "layer 2"]).to_numpy()
    assert told.sum() == 2
    seen = np.abs(log_ratio(table, one, other))
    often = table.X.mean(axis=0).A1 > 1
    assert seen[told].min() > 1
    assert seen[often & ~told].max() < 0.6
    assert np.abs(log_ratio(mdata["adt"], one, other)).max() < 0.6
    assert (mdata.obs["told_apart_by"][one | other] == "rna").all()


def test_lost_spots_leave_gaps_and_the_number_asked_for():
    grid = {"n_spots": 1200, "n_genes": 4, "n_proteins": 2, "image": 0}

    def alone_and_widest(**lost):
        coords = simulate(**grid, **lost)["rna"].obsm["spatial"]
        assert len(coords) == 1200
        inner = coords[np.hypot(*(coords - coords.mean(axis=0)).T) < 1500]
        degree = np.array([len(near) - 1 for near in cKDTree(coords).query_ball_point(inner, 201)])
        axes = [np.arange(*np.percentile(coords[:, i], (20, 80)), 50) for i in (0, 1)]
        places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
        return degree.mean(), cKDTree(coords).query(places)[0].max() / 200

    whole, here_and_there, patches = alone_and_widest(), alone_and_widest(lost=0.3), alone_and_widest(holes=0.3)
    assert whole[0] > 5.6
    assert here_and_there[0] < 0.8 * whole[0]
    assert patches[0] > here_and_there[0]
    assert patches[1] > 2 * here_and_there[1]


def test_courses_are_drawn_for_every_section():
    mdata = slice_(n_spots=200, n_sections=2, batch_line=0.3, rim=0.4)
    assert mdata.obs["technical"].notna().all()
    assert (mdata.obs.groupby("section", observed=True)["technical"].nunique() == 2).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"noise": ("atac",)}, "noise among modalities"),
        ({"noise": ("rna", "adt")}, "no noise"),
        ({"subtle": 2, "n_domains": 2}, "fewer than 3 domains"),
        ({"subtle": 2, "cell_types": 5}, "cell_types"),
        ({"subtle": 500}, "at most 120"),
        ({"cell_types": 1}, "2 and more"),
        ({"rim": 1.0}, "rim"),
        ({"lost": 0.5}, "lost"),
    ],
)
def test_settings_that_do_not_go_together_are_named(wrong, said):
    with pytest.raises(ConfigError, match=said):
        SimulationSettings(**wrong)
