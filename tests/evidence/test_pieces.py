"""Pieces of tissue that share no domain are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from napari_trsmi.api import fit
from napari_trsmi.config import Config
from napari_trsmi.data.simulate import hard_settings, simulate_dataset
from napari_trsmi.evidence.pieces import apart_notes
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.summary import technical

Y, X = (grid.ravel().astype(float) for grid in np.mgrid[:12, :12])
PIECE = np.column_stack([X, Y])
TWO = spatial_graph(np.vstack([PIECE, PIECE + 40]))
LAYERS = (X // 4).astype(int)


def test_pieces_of_which_each_has_its_own_domains_are_told():
    (said,) = apart_notes(np.concatenate([LAYERS, LAYERS + 3]), TWO)
    assert said.startswith("The section lies in 2 pieces, and no domain is in more than one")
    assert "train them as a study" in said


def test_pieces_that_share_a_domain_are_not_told():
    assert apart_notes(np.concatenate([LAYERS, LAYERS]), TWO) == []
    assert apart_notes(np.concatenate([LAYERS, LAYERS + 2]), TWO) == []


def test_a_piece_of_one_domain_is_a_kind_of_tissue():
    assert apart_notes(np.concatenate([LAYERS, np.full(144, 3)]), TWO) == []


def test_one_piece_and_crumbs_are_not_told():
    assert apart_notes(LAYERS, spatial_graph(PIECE)) == []
    crumb = PIECE[:20]
    assert (
        apart_notes(np.concatenate([LAYERS, X[:20].astype(int) + 3]), spatial_graph(np.vstack([PIECE, crumb + 40])))
        == []
    )


def test_a_run_tells_of_pieces_that_a_batch_keeps_apart():
    whole = simulate_dataset(hard_settings("clean", n_genes=100, n_spots=400, n_domains=3, modalities=("rna",)))
    rng, rna = np.random.default_rng(0), whole.modalities["rna"]
    north = whole.coords[:, 1] > np.median(whole.coords[:, 1])
    coords = whole.coords + north[:, None] * 10 * np.ptp(whole.coords, axis=0)
    table = rna.table.copy()
    kept = np.where(north[:, None], rng.uniform(0.1, 1.0, table.n_vars), rng.uniform(0.1, 1.0, table.n_vars))
    table.X = sparse.csr_matrix(rng.binomial(table.X.toarray().astype(int), kept).astype(np.float32))
    pieces = replace(whole, coords=coords, modalities={"rna": replace(rna, table=table)})
    config = Config(cluster={"n_domains": 6, "n_init": 2}, train={"epochs": 2, "preview_every": 0})
    assert any("2 pieces" in one for one in technical(fit(pieces, config)))
    assert not any("pieces" in one for one in technical(fit(whole, config)))
