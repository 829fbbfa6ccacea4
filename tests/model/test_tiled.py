"""Training by tiles: what a tile sees, and the pass over all spots after it."""

from __future__ import annotations

import numpy as np
import pytest
import small
import torch
from scipy import sparse
from small import Section, config, numbers, section
from torch.testing import assert_close

from napari_trsmi.errors import ConfigError
from napari_trsmi.model import streamed, tiled
from napari_trsmi.model.network import Output
from napari_trsmi.model.streamed import Streamed
from napari_trsmi.model.tiled import Tiled
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


@pytest.mark.parametrize("widths", [{"rna": 5}, {"rna": 5, "adt": 3}, {"rna": 5, "adt": 3, "atac": 4}])
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
