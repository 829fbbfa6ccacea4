from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from napari_trsmi.api import fit
from napari_trsmi.config import Config
from napari_trsmi.data.simulate import hard_settings, simulate_dataset
from napari_trsmi.evidence.technical import Technical, find_in, find_technical
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.stages import prepare

Y, X = (grid.ravel().astype(float) for grid in np.mgrid[:40, :40])
COORDS = np.column_stack([X, Y])
SPATIAL = spatial_graph(COORDS)
RNG = np.random.default_rng(0)
DOMAINS = np.column_stack([np.sin(X / 5) * np.cos(Y / 6), np.cos(X / 4 + 1) * np.sin(Y / 5)]) * 3
CLEAN = {name: np.hstack([DOMAINS, np.zeros((1600, 2))]) + RNG.standard_normal((1600, 4)) for name in ("rna", "adt")}
LOCAL = 5 + 0.2 * RNG.standard_normal(1600)


def found(components, **given):
    return [(one.modality, one.what) for one in find_technical(components, SPATIAL, COORDS, **given)]


def test_nothing_is_told_of_a_clean_section():
    assert found(CLEAN, log_depth={"rna": LOCAL, "adt": LOCAL}, carried={"rna": 1.0, "adt": 0.6}) == []


def test_a_step_is_told_of_the_modality_that_has_it():
    stepped = CLEAN["rna"] + 5 * (X + 0.5 * Y > 28)[:, None] * np.array([0, 0, 0.8, -0.6])
    (one,) = find_technical({"rna": stepped, "adt": CLEAN["adt"]}, SPATIAL, COORDS)
    assert (one.modality, one.what, one.remedy) == ("rna", "step", "step")
    assert one.sentence.startswith("rna jumps along a straight line over the section, at 116 degrees to x")
    assert one.component is not None
    assert "straight line" in one.sentence


@pytest.mark.parametrize(
    ("fall", "what"), [(X / 20, "depth"), (-2 * np.exp(-np.minimum.reduce([X, Y, 39 - X, 39 - Y]) / 5), "rim")]
)
def test_a_fall_of_the_depth_is_told_where_a_component_follows_it(fall, what):
    followed = CLEAN["rna"] + 3 * fall[:, None] * np.array([0, 0, 1, 0])
    assert found({"rna": followed}, log_depth={"rna": LOCAL + fall}) == [("rna", what)]
    assert found({"rna": CLEAN["rna"]}, log_depth={"rna": LOCAL + fall}) == []
    assert found({"rna": followed}, log_depth={"rna": LOCAL}) == []


def test_spots_at_which_a_modality_was_not_measured_are_no_fall_of_its_depth():
    followed = CLEAN["rna"] + 3 * (X / 20)[:, None] * np.array([0, 0, 1, 0])
    assert found({"rna": followed}, log_depth={"rna": np.where(X < 8, LOCAL, 0)}) == [("rna", "depth")]
    assert found({"rna": followed}, log_depth={"rna": np.where(X < 8, LOCAL, np.nan)}) == []
    falls = np.where(X < 30, LOCAL + X / 10, np.nan)
    assert found({"rna": followed}, log_depth={"rna": falls}) == [("rna", "depth")]


def test_of_a_modality_that_some_spots_lack_the_others_tell_the_depth(monkeypatch):
    dataset = simulate_dataset(hard_settings("clean", n_genes=100, n_spots=400))
    west = dataset.coords[:, 0] < np.quantile(dataset.coords[:, 0], 0.2)
    adt = dataset.modalities["adt"]
    table = adt.table.copy()
    table.X = sparse.diags(west.astype(float)) @ sparse.csr_matrix(table.X)
    dataset = replace(dataset, modalities={**dataset.modalities, "adt": replace(adt, table=table, measured=west)})
    prepared = prepare(dataset, Config())
    monkeypatch.setattr("napari_trsmi.evidence.technical.find_technical", lambda *given, **more: given)
    depth = find_in(prepared, Config())[3]
    assert np.isfinite(depth["rna"]).all()
    np.testing.assert_array_equal(np.isfinite(depth["adt"]), west)


def test_depth_that_follows_the_domains_is_not_told():
    assert found(CLEAN, log_depth={"rna": LOCAL + DOMAINS[:, 0]}) == []


def test_a_modality_that_says_nothing_is_told_and_not_asked_for_steps():
    noise = RNG.standard_normal((1600, 4))
    (one,) = find_technical({"rna": CLEAN["rna"], "adt": noise}, SPATIAL, COORDS, carried={"rna": 1.0, "adt": 0.1})
    assert (one.modality, one.what, one.component) == ("adt", "noise", None)
    assert one.sentence.startswith("adt carries little information about the tissue")
    assert one.sentence.endswith("consider leaving it out.")


def test_where_nothing_says_anything_it_is_not_advised_to_leave_all_out():
    noise = {name: RNG.standard_normal((1600, 4)) for name in ("rna", "adt")}
    told = find_technical(noise, SPATIAL, COORDS, carried={"rna": 0.1, "adt": 0.1})
    assert [one.modality for one in told] == ["adt", "rna"]
    assert all(
        one.sentence.endswith("so is all else that was measured: the domains may stand for nothing.") for one in told
    )
    (one,) = find_technical({"rna": noise["rna"]}, SPATIAL, COORDS, carried={"rna": 0.1})
    assert one.sentence.endswith("it is all that was measured: the domains may stand for nothing.")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("clean", []),
        pytest.param("batch_line", ["jumps along a straight line"], marks=pytest.mark.slow),
        pytest.param("rim", ["towards the rim"], marks=pytest.mark.slow),
        ("noise_modality", ["carries little information"]),
    ],
)
def test_what_was_put_into_a_slice_is_told_and_nothing_else(kind, said):
    dataset = simulate_dataset(hard_settings(kind, n_genes=200))
    notes = [one.sentence for one in find_in(prepare(dataset, Config()), Config())]
    assert all(any(words in note for note in notes) for words in said), notes
    assert all(any(words in note for words in said) for note in notes), notes


@pytest.mark.slow
def test_a_boundary_that_only_a_technical_step_draws_has_less_support_than_the_others():
    dataset = simulate_dataset(hard_settings("batch_line", n_genes=200))
    config = Config(cluster={"n_domains": 7, "n_init": 2}, train={"epochs": 3, "preview_every": 0})
    result = fit(dataset, config)
    assert [one["remedy"] for one in result.provenance["technical"]] == ["step"]
    edges, obs = result.boundary_edges, dataset.obs
    i, j = edges["i"].to_numpy(), edges["j"].to_numpy()
    of_domains = obs["domain"].to_numpy()[i] != obs["domain"].to_numpy()[j]
    of_step = (obs["technical"].to_numpy()[i] != obs["technical"].to_numpy()[j]) & ~of_domains
    assert of_step.sum() > 10
    assert edges["support"][of_step].mean() < 0.75 < edges["support"][of_domains].mean()


@pytest.mark.parametrize("what", ["step", "depth", "rim"])
def test_what_no_component_follows_is_a_whole_sentence(what):
    said = Technical("rna and adt", None, what, 2.0, "at 158 degrees to x", "").sentence
    assert said.endswith(", at 158 degrees to x. This is technical more often than not.")
    assert "adt jumps" not in said
    assert "; component 2 follows it. " in Technical("rna", 2, what, 2.0, "at 158 degrees to x", "").sentence
