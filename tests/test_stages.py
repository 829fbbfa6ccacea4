"""The stages between file and result: what the network sees, and what the posterior is taken from."""

from __future__ import annotations

import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi.data.preprocess import denoised_features, measured_features
from napari_trsmi.data.readers import from_memory
from napari_trsmi.domains.mixture import posterior_of
from napari_trsmi.graphs import neighbour_mean, spatial_graph
from napari_trsmi.stages import cut, prepare


@pytest.fixture(scope="module")
def dataset():
    return from_memory(nt.simulate(n_spots=100, n_domains=3, n_genes=60, n_proteins=12, image=0))


def config(**preprocess) -> nt.Config:
    cluster = {"n_init": 1, "method": "kmeans", "refinement": "potts"}
    return nt.Config(preprocess=preprocess, graph={"k_spatial": 6, "k_feature": 8}, cluster=cluster)


def test_the_network_sees_denoised_features_and_keeps_the_measured_ones(dataset):
    section = prepare(dataset, config(denoise=True))
    spatial = spatial_graph(dataset.coords, 6)
    assert (section.spatial != spatial).nnz == 0
    measured = measured_features(dataset, config().preprocess, spatial)
    denoised = denoised_features(measured, spatial)
    for m in ("rna", "adt"):
        np.testing.assert_array_equal(section.measured[m], measured[m])
        np.testing.assert_array_equal(section.features[m], denoised[m])
        assert not np.allclose(measured[m], denoised[m], atol=0.1)
        assert section.feature_graphs[m].shape == (100, 100)


def test_without_denoising_both_are_the_same(dataset):
    section = prepare(dataset, config(denoise=False))
    assert section.features is section.measured


def test_the_posterior_is_that_of_the_measured_features(dataset):
    section = prepare(dataset, config(denoise=True))
    found = cut(np.hstack(list(section.features.values())), section, config(), 3, None)
    evidence = np.hstack(list(section.measured.values()))
    expected = posterior_of(evidence, found.labels, 3, neighbour_mean(section.spatial), found.strength)
    np.testing.assert_allclose(found.posterior, expected, atol=1e-5)


@pytest.mark.slow
def test_a_study_goes_by_sections_from_fewer_spots_on():
    from napari_trsmi.data.simulate import simulate_study

    study = simulate_study(n_sections=3, n_spots=100, n_genes=60, n_proteins=12)
    few = nt.Config(
        study={"tile_spots": 250}, train={"epochs": 4}, cluster={"n_domains": 3}, evidence={"support": False}
    )
    tiles = prepare(study, few).tiles
    assert tiles is not None
    assert len(np.unique(tiles.number)) == 3
    assert all(len(np.unique(tiles.number[rows])) == 1 for rows in study.sections)
    assert prepare(study, nt.Config()).tiles is None
    assert prepare(study.parts[0], few).tiles is None  # a section by itself asks for train.tile_spots
    result = nt.fit(study, few)
    assert len(np.unique(result.labels)) == 3
    as_before = few.model_copy(update={"study": few.study.model_copy(update={"tile_spots": 20_000})})
    with pytest.raises(nt.ConfigError, match=r"or train\.tile_spots \(of a study study\.tile_spots\) above"):
        nt.fit(study, few.model_copy(update={"align": nt.Config(align={"candidates": "dense"}).align}))
    assert prepare(study, as_before).tiles is None


def test_a_section_of_more_spots_than_a_tile_holds_is_in_tiles():
    dataset = from_memory(nt.simulate(n_spots=160, n_domains=3, n_genes=60, n_proteins=12, image=0))
    tiled = config().model_copy(update={"train": nt.Config(train={"tile_spots": 100}).train})
    section = prepare(dataset, tiled)
    assert section.tiles is not None
    assert np.bincount(section.tiles.number).tolist() == [80, 80]
    for graph in section.feature_graphs.values():
        ends = graph.tocoo()
        assert (section.tiles.number[ends.row] == section.tiles.number[ends.col]).all()
    assert prepare(dataset, config()).tiles is None
    wide = tiled.model_copy(update={"graph": tiled.graph.model_copy(update={"k_feature": 100})})
    with pytest.raises(nt.ConfigError, match=r"graph\.k_feature=100 needs tiles of more spots, found at most 100"):
        prepare(dataset, wide)
