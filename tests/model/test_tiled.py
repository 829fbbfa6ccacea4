"""Training by tiles: what a tile sees, and the pass over all spots after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import small
import torch
from scipy import sparse
from small import Section, config, finish, numbers, section
from torch.testing import assert_close

from napari_trsmi.config import Constraint
from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.model import streamed
from napari_trsmi.model.network import Output
from napari_trsmi.model.prototypes import assign
from napari_trsmi.model.streamed import Streamed
from napari_trsmi.model.tiled import Tiled
from napari_trsmi.model.training import train
from napari_trsmi.records import Fit, Step
from napari_trsmi.tiles import Tiles, spatial_tiles


def within(graph: sparse.csr_matrix, number: np.ndarray) -> sparse.csr_matrix:
    """Return the edges of a graph that join spots of one tile."""
    entries = graph.tocoo()
    same = number[entries.row] == number[entries.col]
    return sparse.csr_matrix((entries.data[same], (entries.row[same], entries.col[same])), graph.shape)


def in_tiles(one: Section, most: int, **settings) -> Tiled:
    """Return a section in tiles, every weight of its network moved off its start."""
    side = int(np.ceil(np.sqrt(len(one.labels))))
    y, x = np.divmod(np.arange(len(one.labels)), side)
    tiles = Tiles(spatial_tiles(np.column_stack([x, y]).astype(float), most), np.column_stack([x, y]).astype(float))
    graphs = {m: within(graph, tiles.number) for m, graph in one.feature_graphs.items()}
    torch.manual_seed(0)
    made = Tiled(one.features, one.spatial, graphs, config(**settings), small.DEVICE, tiles)
    with torch.no_grad():
        for parameter in made.network.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return made


def passed(made: Tiled, tile: int, fraction: float = 0.3) -> tuple[Output, np.ndarray, int]:
    """Return a pass over a tile, its rows and how many of them are its own."""
    view = made.view(tile)
    assert view.rows is not None
    assert view.core is not None
    with torch.no_grad():
        return made.network(fraction, view=view), view.rows, view.core


@pytest.mark.parametrize(
    "widths",
    [
        {"rna": 5, "adt": 3},
        *(pytest.param(one, marks=pytest.mark.slow) for one in ({"rna": 5}, {"rna": 5, "adt": 3, "atac": 4})),
    ],
)
def test_the_streamed_pass_is_that_over_all_at_once(widths, monkeypatch):
    made = in_tiles(section(150, widths), most=150)
    output, rows, _ = passed(made, 0)
    monkeypatch.setattr(streamed, "BLOCK", 40)
    monkeypatch.setattr(streamed, "COLUMNS", 2)
    monkeypatch.setattr(streamed, "STRONGEST", 1000)
    found = Streamed(made.network, made, 0.3).outcome()
    assert_close(torch.from_numpy(found.embedding[rows]), output.z.cpu(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.shares[rows], numbers(made.network.shares(output.parts)), atol=1e-5)
    pattern = made.view(0).pattern
    assert list(found.correspondences) == list(output.correspondences)
    for pair, values in output.correspondences.items():
        there = pattern.to_scipy(values)
        np.testing.assert_allclose(found.correspondences[pair][rows][:, rows].toarray(), there.toarray(), atol=1e-5)


@pytest.mark.slow
def test_what_the_streamed_pass_does_spot_by_spot_it_does_some_spots_at_a_time(monkeypatch):
    """Each would else hold several arrays of the size of the section beside what it makes."""
    made, most = in_tiles(section(150), most=75), []
    network = made.network
    for parts, name in ((network.encoders, "projected"), (network.refinements, "beside")):
        for part in parts.children():
            stage = getattr(part, name)
            monkeypatch.setattr(part, name, lambda x, *more, stage=stage: most.append(len(x)) or stage(x, *more))
    network.fusion.register_forward_hook(lambda module, given, z: most.append(len(z)))
    monkeypatch.setattr(streamed, "BLOCK", 40)
    Streamed(network, made, 0.3).outcome()
    assert most == [40, 40, 40, 30] * 5


@pytest.mark.slow
def test_the_core_of_a_tile_sees_the_section_as_it_is():
    """Without feature edges all that reaches a spot comes over spatial ones, and the tissue around has them."""
    one = section(400)
    no_edges = {m: sparse.csr_matrix(graph.shape, dtype=np.float32) for m, graph in one.feature_graphs.items()}
    bare = Section(one.features, one.spatial, no_edges, one.labels)
    settings = {"graph": {"w_feature": 0.0}, "diffusion": {"scales": ((2, 0.2),)}}
    made, at_once = in_tiles(bare, most=100, **settings), in_tiles(bare, most=400, **settings)
    expected, order, _ = passed(at_once, 0)
    everywhere = np.empty((400, expected.z.shape[1]), np.float32)
    everywhere[order] = numbers(expected.z)
    for tile in range(4):
        output, rows, core = passed(made, tile)
        assert len(rows) < 400
        np.testing.assert_allclose(numbers(output.z)[:core], everywhere[rows[:core]], rtol=1e-4, atol=1e-4)


def test_the_streamed_pass_costs_no_matrix_of_all_pairs_and_keeps_the_strongest(monkeypatch):
    made = in_tiles(section(150), most=75)
    monkeypatch.setattr(streamed, "STRONGEST", 1000)
    every = Streamed(made.network, made, 0.3).outcome().correspondences["rna", "adt"]
    monkeypatch.setattr(streamed, "STRONGEST", 4)
    found = Streamed(made.network, made, 0.3).outcome().correspondences["rna", "adt"]
    assert np.diff(found.indptr).max() == 4
    for row in range(150):
        np.testing.assert_allclose(np.sort(found[row].data), np.sort(every[row].data)[-4:], rtol=1e-5)


def test_candidates_that_need_all_spots_are_refused():
    with pytest.raises(ConfigError, match=r"align\.candidates='graph' where training goes by tiles, found 'ann'"):
        in_tiles(section(60), 30, align={"candidates": "ann"})


# A run


def run(
    one: Section,
    constraints: tuple[Constraint, ...] = (),
    until: int | None = None,
    resume: bytes | None = None,
    **settings: Any,
) -> tuple[list[Step], Fit]:
    """Return the steps and the fit of a run by tiles of 100 spots."""
    made, chosen = in_tiles(one, 100), config(**settings).model_copy(update={"constraints": constraints})
    return finish(
        train(one.features, one.spatial, made.feature_graphs, chosen, tiles=made.tiles, until=until, resume=resume)
    )


@pytest.fixture(scope="module")
def large():
    return section(400)


def test_every_epoch_is_a_step_on_a_tile(large):
    steps, fit = run(large)
    assert len(steps) == 8
    assert fit.embedding.shape == (400, 8)
    assert steps[-1].n_domains == 3
    assert fit.modality_weights.shape == (400, 2)
    np.testing.assert_allclose(fit.modality_weights.sum(axis=1), 1, rtol=1e-5)
    assert {"reconstruction", "cluster", "graph", "total"} <= set(steps[-1].losses)


def test_domains_are_those_of_training_as_a_whole(large):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    whole = finish(train(*large.parts, config()))[1].embedding
    tiled = run(large)[1].embedding
    labels = [KMeans(3, n_init=3, random_state=0).fit_predict(z) for z in (whole, tiled)]
    assert adjusted_rand_score(*labels) > 0.95


def test_the_same_seed_gives_the_same_embedding_and_a_resumed_run_too(large):
    fit = run(large)[1]
    np.testing.assert_array_equal(run(large)[1].embedding, fit.embedding)
    half = run(large, until=4)[1]
    np.testing.assert_array_equal(run(large, resume=half.state)[1].embedding, fit.embedding)


def test_previews_are_new_where_training_was(large):
    steps, _ = run(large, train={"preview_every": 1, "epochs": 4})
    shown = [step.embedding for step in steps]
    assert all(one is not None and np.isfinite(one).all() for one in shown)
    changed = (shown[1] != shown[0]).any(axis=1)
    assert 0 < changed.sum() <= 100
    assert shown[0] is not shown[1]


@pytest.mark.slow
def test_what_a_person_said_pulls_across_tiles(large):
    """Spots of two corners, in different tiles, are to be one domain."""
    first, second = (np.flatnonzero((large.labels == k) & (np.arange(400) // 20 < 6)) for k in (0, 2))
    spots = np.concatenate([first[:30], second[:12]])
    together = Constraint(kind="together", spots=tuple(spots.astype(str)))
    settings = {"train": {"epochs": 40}, "loss": {"lam_constraint": 5.0}}
    fits = [run(large, constraints, **settings)[1] for constraints in ((), (together,))]
    free, said = (np.bincount(assign(fit.embedding, fit.prototypes)[spots]).max() for fit in fits)
    assert free == 30
    assert said > 38


def test_a_modality_that_spots_lack_is_masked_in_every_tile(large):
    made, has = in_tiles(large, 100), {"adt": np.arange(400) % 2 == 0}
    view = Tiled(large.features, large.spatial, made.feature_graphs, config(), small.DEVICE, made.tiles, has).view(0)
    assert view.rows is not None
    np.testing.assert_array_equal(numbers(view.has["adt"]), has["adt"][view.rows])


def test_a_checkpoint_of_other_tiles_or_of_the_whole_is_refused(large):
    made, half = in_tiles(large, 100), run(large, until=4)[1]
    given = (large.features, large.spatial, made.feature_graphs)
    with pytest.raises(TrainingError, match="a run as a whole, found one of a run by 4 tiles of up to 100 spots"):
        next(train(*given, config(), resume=half.state))
    other = in_tiles(large, 200)
    with pytest.raises(TrainingError, match="by 2 tiles of up to 200 spots, found one of a run by 4 tiles"):
        next(train(*given, config(), tiles=other.tiles, resume=half.state))
    for changed in ({"tiles_per_step": 2}, {"learning_rate": 0.1}):
        with pytest.raises(TrainingError, match="a checkpoint of the same settings"):
            next(train(*given, config(train=changed), tiles=made.tiles, resume=half.state))
