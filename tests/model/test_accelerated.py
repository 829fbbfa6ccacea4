"""What a device takes over of preparing and cutting, against what the CPU does by itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import small
import torch
from anndata import AnnData
from large_section import CONFIG, JITTERED, SIDE, SPATIAL, TRUTH, K, as_large, measured, prepared  # noqa: F401
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

import napari_trsmi as nt
from napari_trsmi.accelerator import CPU
from napari_trsmi.coherence import coherent_components_and_chance, denoise
from napari_trsmi.config import Preprocess
from napari_trsmi.constraints import RowConstraint
from napari_trsmi.data import components, streamed
from napari_trsmi.data.dataset import Modality
from napari_trsmi.domains import blockwise
from napari_trsmi.domains.clustering import find_domains, rough_labels
from napari_trsmi.domains.features import domain_features
from napari_trsmi.domains.mixture import fit_mixture, posterior_of
from napari_trsmi.domains.rings import ring_components, ring_means, tied_mixture
from napari_trsmi.evidence import supported
from napari_trsmi.evidence.cuts import ways
from napari_trsmi.graphs import neighbour_mean, smooth, spatial_graph
from napari_trsmi.interrupt import Interrupted, interruptible
from napari_trsmi.model import arrays, mixtures, walks
from napari_trsmi.model.accelerated import OnDevice
from napari_trsmi.records import Partition, drain
from napari_trsmi.stages import assemble, cut, prepare

VALUES = measured()
PARTS = tuple(VALUES.values())
BESIDE = np.hstack(PARTS)
NEIGHBOURS = neighbour_mean(SPATIAL)


class Asked(OnDevice):
    """A device that keeps what it was asked."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.asked: set[str] = set()

    def _done(self, what, work, *given):
        self.asked.add(work.__name__)
        return super()._done(what, work, *given)


@pytest.fixture
def there(as_large, monkeypatch) -> Asked:  # noqa: F811
    """The device, for sections above 1,500 spots, some rows of which it takes at a time."""
    as_large()
    monkeypatch.setattr(arrays, "ROWS", 700)
    monkeypatch.setattr(walks, "CANDIDATES", 50_000)
    return Asked(small.DEVICE)


def test_coherent_components_are_those_of_the_cpu(there):
    given = tuple(values + np.float32(3) for values in PARTS)
    here, w, chance = coherent_components_and_chance(given, SPATIAL)
    found, v, luck = coherent_components_and_chance(given, SPATIAL, device=there)
    np.testing.assert_allclose(v, w, atol=1e-5)
    assert luck == pytest.approx(chance, abs=1e-5)
    np.testing.assert_allclose(found, here, atol=1e-4)
    assert there.asked == {"products", "times"}


def test_spots_without_neighbours_are_no_part_of_what_is_around(there):
    lonely = SPATIAL.tolil()
    lonely[:900], lonely[:, :900] = 0, 0
    lonely = lonely.tocsr()
    given = BESIDE + np.float32(3)
    here, found = (coherent_components_and_chance(given, lonely, device=where) for where in (CPU, there))
    np.testing.assert_allclose(found[1], here[1], atol=1e-5)
    assert found[2] == pytest.approx(here[2], abs=1e-5)


def test_columns_are_averaged_as_far_and_as_on_the_cpu(there):
    values = np.column_stack([TRUTH, TRUTH + 3.0 * BESIDE[:, 0], BESIDE[:, 1], np.ones(len(TRUTH))])
    here, reach = denoise(values, SPATIAL)
    found, same = denoise(values, SPATIAL, device=there)
    np.testing.assert_array_equal(same, reach)
    np.testing.assert_allclose(found, here, atol=1e-5)
    assert there.asked == {"moments", "walked"}


def test_what_cannot_be_written_is_read(there):
    values = BESIDE[:, ::2].copy()
    values.setflags(write=False)
    np.testing.assert_allclose(there.times((values,), np.eye(9)), values, atol=1e-6)
    assert there.notes == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_means_over_neighbours_are_those_of_the_cpu(there, dtype):
    values = BESIDE.astype(dtype)
    found = smooth(values, SPATIAL, 3, there)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, smooth(values, SPATIAL, 3), atol=1e-5)


@pytest.mark.parametrize("places", ["lattice", "cells"])
def test_means_over_rings_are_those_of_the_cpu(there, places):
    graph = SPATIAL if places == "lattice" else spatial_graph(JITTERED)
    values = [values.astype(np.float32) for values in np.split(BESIDE, 3, axis=1)]
    found = there.ring_sums(graph, values)
    here = sum(ring_means(own, graph, 3)[:, 6 * hop : 6 * (hop + 1)] for hop, own in enumerate(values, 1))
    np.testing.assert_allclose(found, here, atol=1e-5)


def test_rings_hold_nobody_twice_and_none_where_there_is_nobody(there):
    apart = SPATIAL[:40, :40].tocsr()
    apart = apart.multiply(np.arange(40)[:, None] // 3 == np.arange(40) // 3).tocsr()  # threes in a row
    apart.eliminate_zeros()
    values = [np.random.default_rng(h).random((40, 2)).astype(np.float32) for h in range(3)]
    here = sum(ring_means(own, apart, 3)[:, 2 * hop : 2 * (hop + 1)] for hop, own in enumerate(values, 1))
    np.testing.assert_allclose(there.ring_sums(apart, values), here, atol=1e-6)
    assert not there.ring_sums(sparse.csr_matrix((40, 40)), values).any()


def test_ring_components_are_those_of_the_cpu(there):
    graph = spatial_graph(JITTERED)
    np.testing.assert_allclose(ring_components(PARTS, graph, device=there), ring_components(PARTS, graph), atol=1e-4)
    assert there.asked == {"ring_sums", "times"}
    np.testing.assert_allclose(
        ring_components(PARTS, graph, 0, device=there), ring_components(PARTS, graph, 0), atol=1e-4
    )


def test_cells_join_the_component_that_they_join_on_the_cpu(there):
    features = ring_components(PARTS, spatial_graph(JITTERED))
    here, found = (tied_mixture(features, K, 1, 0, device=where) for where in (CPU, there))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, here, atol=1e-5)
    assert there.asked == {"log_weights"}


@pytest.mark.parametrize("weights", [TRUTH, np.where(TRUTH == 1, -1, TRUTH), np.eye(K, dtype=np.float32)[TRUTH]])
def test_sums_over_domains_are_those_of_the_cpu(there, weights):
    here, found = (blockwise.domain_sums(weights, PARTS, where) for where in (CPU, there))
    for own, other in zip(found, here, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-9, atol=1e-9)


def test_log_weights_are_those_of_the_cpu(there):
    here, found = (blockwise.gaussians(TRUTH, PARTS, where) for where in (CPU, there))
    np.testing.assert_allclose(found.variance, here.variance, rtol=1e-9)
    fit = blockwise.log_weights(PARTS, here)
    np.testing.assert_allclose(blockwise.log_weights(PARTS, found, there), fit, atol=1e-5)


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("strength", [None, 0.0, 2.0])
def test_mixture_and_field_are_those_of_the_cpu(there, refit, strength):
    here, found = (
        fit_mixture(BESIDE, TRUTH, NEIGHBOURS, strength=strength, refit=refit, device=where) for where in (CPU, there)
    )
    assert found.strength == here.strength
    assert found.posterior.dtype == np.float32
    np.testing.assert_allclose(found.posterior, here.posterior, atol=2e-5)
    assert ("mixture" in there.asked) == refit


def test_what_a_person_said_is_followed_as_on_the_cpu(there):
    said = RowConstraint("belong", np.flatnonzero(TRUTH == 0)[:30], np.flatnonzero(TRUTH == 1)[:200])
    given = {"strength": 1.0, "constraints": [said], "pull": 4.0}
    here, found = (fit_mixture(BESIDE, TRUTH, NEIGHBOURS, **given, device=where) for where in (CPU, there))
    np.testing.assert_allclose(found.posterior, here.posterior, atol=2e-5)


@pytest.mark.parametrize("some_missing", [False, True])
def test_the_posterior_of_what_was_measured_is_that_of_the_cpu(there, some_missing):
    missing = np.zeros(BESIDE.shape, bool)
    missing[:500, :12] = True
    given = missing if some_missing else None
    here, found = (posterior_of(PARTS, TRUTH, K, NEIGHBOURS, 2.0, given, where) for where in (CPU, there))
    np.testing.assert_allclose(found, here, atol=2e-5)


def test_rows_are_sharpened_as_on_the_cpu(there):
    settings = CONFIG.cluster.model_copy(update={"sharpen": 2, "domain_scale": 1})
    here, found = (domain_features(BESIDE, SPATIAL, settings, device=where) for where in (CPU, there))
    np.testing.assert_allclose(found, here, atol=1e-3)
    assert there.asked == {"products", "times", "averaged", "sharpened"}


@pytest.mark.parametrize("context", ["averaged", pytest.param("rings", marks=pytest.mark.slow)])
def test_domains_are_those_of_the_cpu(there, context):
    section = prepared(VALUES, JITTERED) if context == "rings" else prepared(VALUES)
    settings = CONFIG.cluster.model_copy(update={"context": context, "strength": None})
    embedding = np.hstack(list(section.features.values()))
    given = {"n_domains": K, "evidence": PARTS, "inputs": tuple(section.features.values())}
    here, found = (find_domains(embedding, section.spatial, settings, **given, device=where) for where in (CPU, there))
    np.testing.assert_array_equal(found.labels, here.labels)
    np.testing.assert_allclose(found.posterior, here.posterior, atol=1e-3)
    assert adjusted_rand_score(TRUTH, found.labels) > 0.8
    rough = [rough_labels(embedding, section.spatial, settings, n_domains=K, device=where) for where in (CPU, there)]
    np.testing.assert_array_equal(rough[1], rough[0])
    again = find_domains(embedding, section.spatial, settings, **given, device=there)
    np.testing.assert_array_equal(again.posterior, found.posterior)
    assert there.notes == ()


@pytest.mark.parametrize("kind", ["rna", "protein", "precomputed"])
def test_components_of_many_spots_are_those_of_the_cpu(there, monkeypatch, kind):
    monkeypatch.setattr(components, "MANY", 1_000)
    monkeypatch.setattr(components, "MOST_COMPONENTS", 100)
    monkeypatch.setattr(streamed, "ROWS", 400)
    rng = np.random.default_rng(0)
    rates = np.exp(rng.normal(size=(K, 30)))[TRUTH]
    counts = sparse.csr_matrix(rng.poisson(rates).astype(np.float32))
    values = counts if kind != "precomputed" else np.hstack([np.log1p(counts.toarray())] * 8)
    modality = Modality(name=kind, kind=kind, table=AnnData(values))
    settings = Preprocess(n_components=6, n_top_genes=200)
    here, found = (components.components(modality, kind, settings, device=where) for where in (CPU, there))
    np.testing.assert_allclose(found, here, atol=1e-3)
    assert there.asked == {"gram", "projected"}


def test_a_value_that_is_stored_twice_counts_twice(there):
    twice = sparse.csr_matrix((np.ones(3, np.float32), [0, 0, 1], [0, 2, 3]), (2, 2))
    total, product = there.gram([twice])
    assert total.tolist() == [2, 1]
    assert product.tolist() == [[4, 0], [0, 1]]


@pytest.mark.slow
def test_other_cuts_are_those_of_the_cpu(there):
    section = prepared(VALUES)
    embedding = np.hstack(list(section.features.values()))
    both = (ways(embedding, replace(section, device=where), CONFIG) for where in (CPU, there))
    for here, found in islice(zip(*both, strict=True), 0, 8, 5):  # averaged, and ring by ring
        assert found.device is there
        labels = [way.cut(K, SPATIAL, 0) for way in (here, found)]
        assert adjusted_rand_score(*labels) > 0.99
    assert {"ring_sums", "sharpened", "walked", "products"} < there.asked


def test_what_evidence_leaves_to_the_cpu_is_told_once(there):
    section = replace(prepared(VALUES), device=there)
    one = Partition(np.zeros(len(TRUTH), int), np.ones((len(TRUTH), 1), np.float32), "mixture")
    result = replace(assemble(section, CONFIG, BESIDE, one), boundaries=None)
    there.notes = ("On the CPU instead of it.",)
    for _ in range(2):
        result = drain(supported(result, section))
    assert result.provenance["notes"] == ["On the CPU instead of it."]


@pytest.mark.slow
def test_a_section_is_made_ready_and_cut_as_on_the_cpu(there, monkeypatch):
    dataset = nt.read(nt.sample_path())
    config = nt.Config(cluster={"n_domains": 7, "n_init": 1}, train={"tile_spots": 1_000, "tile_size": 1_000})
    here = prepare(dataset, config.model_copy(update={"device": "cpu"}))
    assert here.device is CPU
    monkeypatch.setattr("napari_trsmi.model.accelerated.accelerator_of", lambda _name: there)
    found = prepare(dataset, config)
    assert {"moments", "walked", "products", "times"} < there.asked
    assert found.device is there
    for name, values in here.features.items():
        np.testing.assert_allclose(found.features[name], values, atol=2e-3)
        differ = abs(found.feature_graphs[name] - here.feature_graphs[name]) > 1e-3
        assert differ.nnz < 0.01 * here.feature_graphs[name].nnz
    embedding = np.hstack(list(here.features.values()))
    labels = [cut(embedding, one, config, 7, None).labels for one in (here, found)]
    np.testing.assert_array_equal(labels[1], labels[0])
    there.notes = ("On the CPU instead of it.",)
    assert assemble(found, config, embedding, cut(embedding, found, config, 7, None)).provenance["notes"] == [
        *dataset.notes,
        *found.notes,
        "On the CPU instead of it.",
    ]


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("17 GiB"), RuntimeError("CUSPARSE_STATUS_ALLOC_FAILED when\nmore")]
)
def test_what_a_device_has_no_memory_for_is_done_by_the_cpu_and_told(there, monkeypatch, error):
    def full(*_given):
        raise error

    for room in (arrays, mixtures, walks):
        for name in ("times", "products", "moments", "walked", "sums", "log_weights", "settled", "sharpened"):
            if hasattr(room, name):
                monkeypatch.setattr(room, name, full)
    device = OnDevice(small.DEVICE)
    here, found = (
        find_domains(BESIDE, SPATIAL, CONFIG.cluster, n_domains=K, evidence=PARTS, device=where)
        for where in (CPU, device)
    )
    why = "there is not enough memory on it" if isinstance(error, torch.OutOfMemoryError) else str(error)[:33]
    assert f"On the CPU instead of {small.DEVICE}, the field: {why}." in device.notes
    np.testing.assert_array_equal(found.labels, here.labels)
    np.testing.assert_array_equal(found.posterior, here.posterior)


def test_work_on_a_device_is_cancelled(there):
    with interruptible(lambda: True), pytest.raises(Interrupted):
        there.settled(np.zeros((4, 2)), np.full((4, 2), 0.5), NEIGHBOURS[:4, :4], 1.0, 5, 0.0)
