"""Two labellings beside each other, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mudata import MuData
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

import napari_trsmi as nt
from napari_trsmi import Config, DataError, edits
from napari_trsmi.compare import (
    SCORES,
    Labelling,
    compare,
    differences,
    label_columns,
    labellings,
    labels_of_column,
    labels_of_embedding,
    labels_of_file,
    labels_of_result,
    matched_colors,
    record,
    with_comparison,
)
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.domains.clustering import find_domains
from napari_trsmi.graphs import spatial_graph

CHAIN = sparse.diags([1.0, 1.0], [-1, 1], shape=(6, 6), format="csr")


def test_the_same_labels_under_other_numbers_agree_fully():
    found = compare(np.array([0, 0, 1, 1, 2, 2]), np.array([2, 2, 0, 0, 1, 1]), CHAIN)
    assert (found.ari, found.boundary_f1, found.boundary_f1_near) == (1.0, 1.0, 1.0)
    assert found.nmi == pytest.approx(1.0)
    assert found.matched.tolist() == [0, 0, 1, 1, 2, 2]
    assert not found.different.any()
    assert found.contingency.tolist() == [[0, 0, 2], [2, 0, 0], [0, 2, 0]]


def test_a_boundary_moved_by_one_spot_agrees_only_nearly():
    found = compare(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1]), CHAIN)
    assert (found.boundary_f1, found.boundary_f1_near) == (0.0, 1.0)
    assert found.different.tolist() == [False, False, True, False, False, False]
    assert found.share_different == pytest.approx(1 / 6)


def test_spots_without_a_label_are_not_counted():
    found = compare(np.array([0, 0, 1, 1, -1, -1]), np.array([1, 1, 0, 0, 0, -1]), CHAIN)
    assert found.ari == 1.0
    assert found.known.tolist() == [True] * 4 + [False] * 2
    assert not found.different.any()
    assert found.boundary_f1 == 1.0
    assert found.matched.tolist() == [0, 0, 1, 1, 1, -1]
    with pytest.raises(DataError, match="found none among 6"):
        compare(np.full(6, -1), np.zeros(6, int), CHAIN)


def test_a_domain_that_is_split_gets_a_number_of_its_own():
    found = compare(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 2]), CHAIN)
    assert found.matched.tolist() == [0, 0, 0, 1, 1, 2]
    assert found.contingency.tolist() == [[3, 0, 0], [0, 2, 1]]


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_scores_do_not_depend_on_the_order_of_the_two(one, other):
    a, b = np.array(one), np.array(other)
    forth, back = compare(a, b, CHAIN), compare(b, a, CHAIN)
    for name in ("ari", "nmi", "boundary_f1", "boundary_f1_near", "share_different"):
        assert getattr(forth, name) == pytest.approx(getattr(back, name))
    assert forth.ari == pytest.approx(adjusted_rand_score(a, b))


def test_matched_domains_have_the_colours_of_the_first_and_others_new_ones():
    a = Labelling("a", np.array([0, 0, 0, 1, 1, 1]), ("1", "2"), ("#111111", "#222222"))
    b = Labelling("b", np.array([1, 1, 1, 0, 0, 2]), ("1", "2", "3"), ("#333333", "#444444", "#555555"))
    colors = matched_colors(a, b, compare(a.labels, b.labels, CHAIN))
    assert colors[:2] == a.colors
    assert len(set(colors)) == 3
    plain = Labelling("column", a.labels, a.names)
    assert matched_colors(plain, b, compare(a.labels, b.labels, CHAIN))[:2] == ("#444444", "#333333")


# Columns and embeddings of the file


@pytest.fixture
def dataset(make_table):
    """Two modalities over 64 spots; embeddings in the whole object and in one modality."""
    rna, adt = make_table(64), make_table(64, 20, prefix="protein", mean=20.0, seed=1)
    rng = np.random.default_rng(0)
    side = np.repeat([0.0, 5.0], 32)[:, None]
    rna.obsm["X_SpatialGlue"] = side + rng.normal(size=(64, 4))
    rna.obsm["counts_kept"] = sparse.csr_matrix(np.eye(64))
    rna.obsm["trsmi_posterior"] = np.ones((64, 3))
    adt.obsm["X_totalVI"] = pd.DataFrame(rng.normal(size=(64, 3)), index=adt.obs_names)
    adt.obsm["X_SpatialGlue"] = rng.normal(size=(64, 4))
    with mudata_as_stored():
        mdata = MuData({"rna": rna, "adt": adt})
    mdata.obsm["X_mofa"] = side + rng.normal(size=(64, 2))
    mdata.obsm["one column"] = side
    mdata.obs["annotation"] = pd.Categorical(
        ["b"] * 30 + ["a"] * 30 + [None] * 4, categories=["b", "a", "c"], ordered=True
    )
    mdata.obs["barcode"] = mdata.obs_names
    mdata.obs["quality"] = rng.normal(size=64)
    mdata.obs["cluster"] = np.repeat([7, 3], 32)
    return from_memory(mdata)


def test_embeddings_are_found_in_the_whole_object_and_its_modalities(dataset):
    assert set(dataset.embeddings) == {"X_mofa", "X_SpatialGlue", "adt:X_SpatialGlue", "X_totalVI"}
    assert dataset.embeddings["X_totalVI"].shape == (64, 3)
    assert dataset.embeddings["X_mofa"].dtype == np.float32


def test_embeddings_are_in_the_order_of_the_spots(make_table):
    one, two = make_table(40), make_table(40, 20, prefix="protein", mean=20.0, seed=1)
    two.obsm["X_other"] = np.column_stack([np.arange(40.0), np.zeros(40)])
    with mudata_as_stored():
        dataset = from_memory(MuData({"rna": one[10:].copy(), "adt": two[::-1].copy()}))
    at = dataset.embeddings["X_other"][:, 0].astype(int)
    assert [f"spot{i}-1" for i in at] == dataset.obs_names.tolist()


def test_a_file_without_embeddings_says_so(make_table):
    plain = from_memory(make_table())
    assert plain.embeddings == {}
    with pytest.raises(DataError, match=r"there is none\), found 'X_mofa'"):
        labels_of_embedding(plain, "X_mofa", Config(), 2)


def test_an_embedding_becomes_domains_by_the_same_clustering(dataset):
    config = Config(cluster={"n_init": 1})
    found = labels_of_embedding(dataset, "X_SpatialGlue", config, 2)
    assert adjusted_rand_score(found.labels, np.repeat([0, 1], 32)) == 1.0
    expected = find_domains(
        dataset.embeddings["X_SpatialGlue"], spatial_graph(dataset.coords, None), config.cluster, n_domains=2
    )
    assert np.array_equal(found.labels, expected.labels)
    assert found.names == ("1", "2")


def test_where_prototypes_are_set_an_embedding_is_cut_by_a_mixture(dataset):
    """Prototypes belong to the network of the run."""
    found, plain = (
        labels_of_embedding(dataset, "X_mofa", Config(cluster={"method": method, "n_init": 1}), 2).labels
        for method in ("prototypes", "mixture")
    )
    assert np.array_equal(found, plain)


def test_an_embedding_with_gaps_is_refused(make_table):
    table = make_table()
    table.obsm["X_gaps"] = np.full((36, 3), np.nan)
    with pytest.raises(DataError, match=r"finite values in obsm\['X_gaps'\], found NaN or infinity for 36 spots"):
        labels_of_embedding(from_memory(table), "X_gaps", Config(), 2)


def test_labels_are_columns_of_few_values(dataset):
    assert set(label_columns(dataset)) == {"annotation", "cluster"}


def test_a_column_keeps_the_order_of_its_categories(dataset):
    found = labels_of_column(dataset, "annotation")
    assert found.names == ("b", "a")
    assert found.labels.tolist() == [0] * 30 + [1] * 30 + [-1] * 4
    assert labels_of_column(dataset, "cluster").names == ("3", "7")
    with pytest.raises(DataError, match="found 'layer'"):
        labels_of_column(dataset, "layer")


def test_a_column_with_a_label_for_nearly_every_spot_is_refused_before_it_fills_the_memory(dataset, monkeypatch):
    monkeypatch.setattr("napari_trsmi.compare.labelling._MOST_COMPARED", dataset.n_spots - 1)
    dataset = replace(dataset, obs=dataset.obs.assign(barcode=dataset.obs_names))
    with pytest.raises(DataError, match="labels in 'barcode'"):
        labels_of_column(dataset, "barcode")


def test_settings_that_do_not_change_the_domains_set_no_runs_apart():
    fast = Config(device="cpu", threads=4, train={"preview_every": 1, "checkpoint_every": 5})
    assert differences([fast, Config()]) == [{}, {}]
    assert differences([Config(graph={"k_feature": 5})]) == [{"graph.k_feature": 5}]
    assert differences([]) == []


# What is kept


def compared(result, other, name="other"):
    """The result with a comparison of its domains with those of another."""
    graph = spatial_graph(result.coords, result.config.graph.k_spatial)
    return with_comparison(result, labels_of_result(other, name), compare(result.labels, other.labels, graph))


@pytest.fixture(scope="module")
def result(fitted):
    """The saved run."""
    return nt.restore(fitted.path)


@pytest.fixture(scope="module")
def fewer(result):
    """The same cut into five domains."""
    return edits.recluster(result, {"n_domains": 5, "n_init": 1})


def test_a_comparison_is_saved_with_the_result_and_read_again(result, fewer, tmp_path):
    named = edits.rename(fewer, 0, "cortex")
    found = compare(result.labels, named.labels, spatial_graph(result.coords, None))
    saved = nt.restore(compared(result, named).write(tmp_path / "again.h5mu").table)
    (kept,) = saved.provenance["comparisons"]
    assert (kept["kind"], kept["name"]) == ("run", "other")
    assert kept["ari"] == adjusted_rand_score(result.labels, named.labels)
    assert {name: kept[name] for name in found.scores} == found.scores
    assert kept["n_different"] == int((found.matched != result.labels).sum())
    assert kept["labels"] == list(named.names)
    assert kept["contingency"] == pd.crosstab(result.labels, named.labels).to_numpy().tolist()
    assert kept["differs"] == {"cluster.n_domains": 5}


def test_the_same_partner_replaces_what_was_known_of_it_and_another_does_not(result, fewer):
    once = compared(result, fewer)
    twice = compared(compared(once, result), fewer, "another")
    assert [one["name"] for one in twice.provenance["comparisons"]] == ["other", "another"]
    assert [one["ari"] for one in twice.provenance["comparisons"]] == [1.0, once.provenance["comparisons"][0]["ari"]]
    assert "comparisons" not in result.provenance


def test_new_domains_drop_comparisons_and_new_names_keep_them(result, fewer):
    once = compared(result, fewer)
    assert edits.rename(once, 0, "cortex").provenance["comparisons"] == once.provenance["comparisons"]
    assert "comparisons" not in edits.merge(once, [0, 1]).provenance
    assert "comparisons" not in edits.recluster(once, {"n_domains": 3, "n_init": 1}).provenance


def test_what_is_kept_does_not_depend_on_which_was_the_first(result, fewer):
    graph = spatial_graph(result.coords, None)
    a, b = labels_of_result(result, "a"), labels_of_result(fewer, "b")
    forth = record(compare(a.labels, b.labels, graph), a, b)
    back = record(compare(b.labels, a.labels, graph), a, b, turned=True)
    assert forth.pop("contingency") == back.pop("contingency")
    scores = forth.keys() & set(SCORES)
    assert {name: forth.pop(name) for name in scores} == pytest.approx({name: back.pop(name) for name in scores})
    assert forth == back


def test_a_large_table_of_labels_is_left_out():
    many = Labelling("many", np.arange(6), tuple(map(str, range(2000))))
    few = Labelling("few", np.array([0, 0, 0, 1, 1, 1]), ("a", "b", "without spots"))
    found = record(compare(few.labels, many.labels, CHAIN), few, many)
    assert found["n_labels"] == 2000
    assert "contingency" not in found
    own = record(compare(few.labels, few.labels, CHAIN), few, few)
    assert own["contingency"] == [[3, 0, 0], [0, 3, 0], [0, 0, 0]]


def test_an_embedding_is_cut_into_as_many_domains_as_what_it_is_beside():
    asked = []

    def cut(key, n):
        asked.append((key, n))
        return Labelling(key, np.zeros(6, int), tuple(map(str, range(n))))

    few = Labelling("few", np.array([0, 0, 0, 1, 1, 1]), ("a", "b"))
    assert labellings("X_mofa", few, cut, 9)[1] is few
    labellings("X_mofa", "X_other", cut, 9)
    assert asked == [("X_mofa", 2), ("X_mofa", 9), ("X_other", 9)]


def test_a_file_of_the_same_spots_is_put_in_their_order_and_one_of_others_refused(result, fitted, make_table):
    from dataclasses import replace

    order = np.random.default_rng(0).permutation(len(result.labels))
    turned = replace(result.dataset, coords=result.coords[order], obs_names=result.obs_names[order])
    found = labels_of_file(turned, fitted.path)
    assert np.array_equal(found.labels, result.labels[order])
    assert (found.kind, found.title) == ("file", str(fitted.path))
    with pytest.raises(DataError, match=r"of the 36 spots of .*, found 400 spots, 0 of them the same"):
        labels_of_file(from_memory(make_table()), fitted.path)
