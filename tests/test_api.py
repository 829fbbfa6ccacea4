"""The whole method from file to domains and back to a file, on a small simulated slice."""

from __future__ import annotations

import hashlib
import json
import random
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from short_run import K, N, finish, settings, small_slice
from sklearn.metrics import adjusted_rand_score

import napari_trsmi as nt
from napari_trsmi.config import Cluster
from napari_trsmi.data.plain import plain
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.stages import prepare


@pytest.fixture(scope="module")
def mdata():
    return small_slice()


@pytest.fixture(scope="module")
def dataset(mdata):
    return from_memory(mdata)


@pytest.fixture(scope="module")
def result(dataset):
    return nt.fit(dataset, settings())


@pytest.fixture
def path(mdata, tmp_path) -> Path:
    with mudata_as_stored():
        mdata.write(tmp_path / "slice.h5mu")
    return tmp_path / "slice.h5mu"


# What may be given, and what comes back


def test_the_result_is_complete_and_in_the_order_of_the_spots(result, dataset):
    assert result.labels.shape == (N,)
    assert set(result.labels) == set(range(K))
    assert result.partition.posterior.shape == (N, K)
    assert ((result.confidence > 0) & (result.confidence <= 1)).all()
    assert result.embedding.shape[0] == N
    assert result.embedding.dtype == np.float32
    np.testing.assert_array_equal(result.obs_names, dataset.obs_names)
    np.testing.assert_array_equal(result.coords, dataset.coords)
    assert list(result.correspondences) == [("rna", "adt")]
    np.testing.assert_allclose(result.correspondences["rna", "adt"].sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(result.modality_weights.sum(axis=1), 1, rtol=1e-4)
    assert len(set(result.colors)) == K
    assert [step.epoch for step in result.history] == [1, 2, 3, 4, 5, 6]
    assert len(result.boundaries) > 0
    assert len(result.boundary_edges) > 0
    assert {"preservation_rna", "preservation_adt"} < set(result.scores)
    assert all(np.isfinite(value) for value in result.scores.values())
    assert result.config == settings()


def test_support_is_found_unless_it_is_turned_off(result, dataset):
    found = nt.fit(dataset, settings(evidence={"support": True}))
    np.testing.assert_array_equal(found.labels, result.labels)
    assert "support" in found.maps
    assert {"support", "effect_rna", "p_adjusted_adt"} <= set(found.boundaries)
    assert "support" not in result.maps
    assert "support" not in result.boundaries


def test_the_domains_are_those_of_the_simulation(result, dataset):
    assert adjusted_rand_score(dataset.obs["domain"], result.labels) > 0.55


def test_a_dataset_a_path_and_an_object_in_memory_give_the_same_domains(result, mdata, path):
    before = path.read_bytes()
    np.testing.assert_array_equal(nt.fit(path, settings()).labels, result.labels)
    np.testing.assert_array_equal(nt.fit(str(path), settings()).labels, result.labels)
    assert path.read_bytes() == before
    with mudata_as_stored():
        given = mdata.copy()
    found = nt.fit(given, settings())
    np.testing.assert_array_equal(found.labels, result.labels)
    np.testing.assert_array_equal(given.obs["trsmi_domain"].astype(int) - 1, result.labels)
    np.testing.assert_array_equal(given.obsm["X_trsmi"], found.embedding)
    assert "trsmi_domain" not in mdata.obs


def test_an_anndata_is_annotated(mdata):
    table = mdata["rna"].copy()
    found = nt.fit(table, settings())
    np.testing.assert_array_equal(table.obs["trsmi_domain"].astype(int) - 1, found.labels)
    assert list(found.dataset.modalities) == ["rna"]
    assert not found.correspondences
    np.testing.assert_allclose(found.modality_weights, 1)


def test_the_same_config_gives_the_same_run(result, dataset):
    again = nt.fit(dataset, nt.Config.from_json(settings().to_json()))
    np.testing.assert_array_equal(again.labels, result.labels)
    np.testing.assert_array_equal(again.embedding, result.embedding)
    np.testing.assert_array_equal(again.partition.posterior, result.partition.posterior)
    assert plain(again.scores) == plain(result.scores)


def test_three_modalities_and_single_ones_run():
    three = nt.simulate(
        n_spots=80, n_domains=3, n_genes=40, n_proteins=10, n_peaks=60, image=0, modalities=("rna", "adt", "atac")
    )
    found = nt.fit(three, settings(cluster={"n_domains": 3}))
    assert found.modality_weights.shape == (80, 3)
    assert len(found.correspondences) == 3
    for name in ("adt", "atac"):
        one = nt.fit(from_memory(three), settings(cluster={"n_domains": 3}, preprocess={"modalities": (name,)}))
        assert list(one.dataset.modalities) == [name]
        assert one.modality_weights.shape == (80, 1)


# Course of a run


def test_stopping_gives_the_result_of_what_was_trained(dataset):
    seen, found = finish(nt.fit_steps(dataset, settings()), None, None, "stop")
    assert [step.epoch for step in seen] == [1, 2, 3]
    assert len(found.history) == 3
    assert found.provenance["stopped"] is True
    assert found.labels.shape == (N,)
    assert set(found.labels) == set(range(K))


def test_a_run_can_be_cancelled_and_started_again(result, dataset):
    steps = nt.fit_steps(dataset, settings())
    next(steps)
    steps.close()
    with pytest.raises(StopIteration):
        next(steps)
    np.testing.assert_array_equal(nt.fit(dataset, settings()).labels, result.labels)


def test_without_epochs_the_input_is_clustered(dataset):
    found = nt.fit(dataset, settings(train={"epochs": 0}))
    assert found.history == ()
    assert set(found.labels) == set(range(K))


def test_a_run_that_broke_off_goes_on_from_its_checkpoint(result, dataset, tmp_path):
    config = settings(train={"checkpoint_every": 2})
    steps = nt.fit_steps(dataset, config, checkpoint=tmp_path / "run.pt")
    for _ in range(5):
        next(steps)
    steps.close()
    seen, found = finish(nt.fit_steps(dataset, config, resume=str(tmp_path / "run.pt")))
    assert [step.epoch for step in seen] == [5, 6]
    assert [step.epoch for step in found.history] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(found.labels, result.labels)


# Clustering again


@pytest.mark.slow
def test_clustering_a_written_result_again_gives_the_same_domains(result, path, tmp_path):
    found = nt.fit(path, settings())
    found.write(tmp_path / "done.h5mu")
    again = nt.recluster(tmp_path / "done.h5mu")
    np.testing.assert_array_equal(again.labels, found.labels)
    np.testing.assert_allclose(again.partition.posterior, found.partition.posterior, atol=1e-5)
    np.testing.assert_array_equal(again.embedding, found.embedding)
    fewer = nt.recluster(tmp_path / "done.h5mu", Cluster(n_domains=2))
    assert set(fewer.labels) == {0, 1}
    kept = nt.recluster(tmp_path / "done.h5mu", Cluster(refinement="off"))
    assert kept.partition.n_domains == K
    with pytest.raises(nt.ConfigError, match="needs 4 prototypes, found none"):
        nt.recluster(tmp_path / "done.h5mu", Cluster(method="prototypes"))


def test_clustering_again_keeps_what_training_left(result, tmp_path):
    written = result.write(tmp_path / "r.h5mu").table
    again = nt.recluster(written)
    assert again.correspondences.keys() == result.correspondences.keys()
    for pair, s in result.correspondences.items():
        assert abs(again.correspondences[pair] - s).max() < 1e-6
    np.testing.assert_allclose(again.modality_weights, result.modality_weights, atol=1e-6)
    assert again.provenance["reclustered_from"] == str(written.absolute())


def test_a_file_without_a_result_cannot_be_clustered_again(path):
    with pytest.raises(nt.DataError, match="Expected a result in"):
        nt.recluster(path)


# What is refused


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"preprocess": {"modalities": ("rna", "lipids")}}, r"modalities among \['adt', 'rna'\], found 'lipids'"),
        ({"preprocess": {"kinds": {"lipids": "protein"}}}, "found 'lipids'"),
        ({"graph": {"k_spatial": 160}}, "k_spatial=160 needs more than 160 spots, found 160"),
        ({"graph": {"k_feature": 500}}, "k_feature=500 needs more than 500 spots, found 160"),
        ({"cluster": {"n_domains": 161}}, "n_domains=161 needs at least as many spots, found 160"),
    ],
    ids=str,
)
def test_settings_that_do_not_fit_the_data_are_explained(dataset, sections, message):
    with pytest.raises(nt.ConfigError, match=message):
        nt.fit(dataset, settings(**sections, train={"epochs": 1}))


def test_a_device_that_is_not_there_is_refused(dataset):
    with pytest.raises(nt.ConfigError, match="Use 'cpu' or 'auto'"):
        nt.fit(dataset, settings().model_copy(update={"device": "abacus"}))


# Where it came from


def test_the_provenance_names_sources_versions_and_times(path):
    provenance = nt.fit(path, settings(train={"epochs": 1})).provenance
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert provenance["sources"] == [{"path": str(path), "sha256": digest}]
    assert {"torch", "numpy", "scanpy", "python"} <= set(provenance["versions"])
    assert provenance["device"] == "cpu"
    assert provenance["stopped"] is False
    assert provenance["devices_tried"] == {}
    assert list(provenance["seconds"]) == ["features and graphs", "training", "domains", "boundaries and scores"]
    assert all(seconds >= 0 for seconds in provenance["seconds"].values())
    assert set(provenance["n_components"]) == {"rna", "adt"}
    assert provenance["neighbours_found"] == {"rna": 1.0, "adt": 1.0}  # few spots are searched exactly
    json.dumps(provenance)


def test_markers_are_named_like_the_domains(result):
    tables = nt.markers(result, n_top=3)
    assert list(tables) == ["rna", "adt"]
    assert set(tables["rna"]["domain"]) <= set(result.names)
    assert (tables["rna"].groupby("domain", observed=True).size() <= 3).all()


def test_markers_are_called_by_their_symbol_where_the_file_has_identifiers(result):
    table = result.dataset.modalities["rna"].table.copy()
    symbols = [f"GENE{k}" for k in range(table.n_vars)]
    table.var["gene_symbols"] = symbols
    rna = replace(result.dataset.modalities["rna"], table=table)
    known = replace(result.dataset, modalities={**result.dataset.modalities, "rna": rna})
    found = nt.markers(replace(result, dataset=known), n_top=3)
    called = dict(zip(table.var_names, symbols, strict=True))
    assert found["rna"]["name"].tolist() == [called[feature] for feature in found["rna"]["feature"]]
    assert (found["adt"]["name"] == found["adt"]["feature"]).all()


def test_preparing_leaves_only_the_modalities_in_use(dataset):
    section = prepare(dataset, settings(preprocess={"modalities": ("adt",)}))
    assert list(section.features) == list(section.feature_graphs) == list(section.dataset.modalities) == ["adt"]
    assert list(dataset.modalities) == ["rna", "adt"]
    assert section.spatial.shape == section.feature_graphs["adt"].shape == (N, N)


# Real and simulated sections with default settings, the number of domains given


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "bound"), [("sim_rna_adt.h5mu", 0.97), ("sim_rna_atac_adt.h5mu", 0.99)], ids=["two", "three modalities"]
)
def test_the_default_settings_find_the_simulated_domains(shared_data, name, bound):
    dataset = nt.read(shared_data / name)
    found = nt.fit(dataset, nt.Config(cluster={"n_domains": 5}, evidence={"support": False}, device="cpu"))
    assert adjusted_rand_score(dataset.obs["gt"], found.labels) >= bound


# What a call leaves behind


def surroundings() -> tuple:
    """What a call could leave changed in the process."""
    import torch

    return (
        torch.get_num_threads(),
        torch.get_rng_state().tolist(),
        torch.are_deterministic_algorithms_enabled(),
        repr(np.random.get_state()),  # noqa: NPY002
        random.getstate(),
        list(warnings.filters),
        np.geterr(),
    )


def test_a_call_leaves_random_numbers_threads_and_warnings_as_they_were(dataset):
    nt.fit(dataset, settings(train={"epochs": 1}))  # imports have set up what they set up
    before = surroundings()
    steps = nt.fit_steps(dataset, settings(train={"epochs": 4}).model_copy(update={"threads": 2}))
    for _ in range(3):
        next(steps)
        assert surroundings() == before
    steps.close()
    assert surroundings() == before
    nt.fit(dataset, settings(train={"epochs": 2}))
    assert surroundings() == before


def test_devices_that_were_left_are_told_and_recorded(dataset, monkeypatch):
    from napari_trsmi.model import devices

    monkeypatch.setattr(devices, "accelerators", lambda: ["mps"])
    monkeypatch.setattr(devices, "_PROBED", {"mps": "no sparse tensors"})
    config = settings(train={"epochs": 2}).model_copy(update={"device": "auto"})
    result = nt.fit(dataset, config)
    assert result.provenance["device"] == "cpu"
    assert result.provenance["devices_tried"] == {"mps": "no sparse tensors"}
    assert "Training does not run on mps: no sparse tensors." in result.provenance["notes"]
    with pytest.raises(nt.ConfigError, match="no sparse tensors"):
        nt.fit(dataset, config.model_copy(update={"device": "mps"}))
