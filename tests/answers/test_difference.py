"""What differs between two groups: by value against scipy and scanpy, planted features, sections, held-out counts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse
from scipy.stats import mannwhitneyu, norm

import napari_trsmi as nt
from napari_trsmi.answers.difference import ALL, DREW, HELD_OUT
from napari_trsmi.answers.ranks import rank_test
from napari_trsmi.answers.values import Values
from napari_trsmi.data.dataset import Dataset, Modality
from napari_trsmi.data.study import stack
from napari_trsmi.domains.boundaries import find_boundaries
from napari_trsmi.domains.markers import log_normalised
from napari_trsmi.errors import DataError
from napari_trsmi.graphs import spatial_graph
from napari_trsmi.records import Partition

SIDE, D = 20, 60
Y, X = np.divmod(np.arange(SIDE**2), SIDE)
LEFT = X < SIDE // 2


def section(seed: int, planted: float = 3.0, kind: str = "rna", name: str = "grid", shift: float = 1.0) -> Dataset:
    """A grid with Poisson counts; the first ten features are higher on the left half."""
    rng = np.random.default_rng(seed)
    mean = np.full((SIDE**2, D), 3.0) * shift
    mean[np.ix_(LEFT, np.arange(10))] *= planted
    counts = sparse.csr_matrix(rng.poisson(mean).astype(np.float32))
    names = np.array([f"{name}{i}" for i in range(SIDE**2)])
    obs = pd.DataFrame({"half": pd.Categorical(np.where(LEFT, "left", "right"))}, index=names)
    table = AnnData(counts, var=pd.DataFrame(index=[f"g{j}" for j in range(D)]))
    return Dataset(name, {"m": Modality("m", kind, table)}, np.column_stack([X, Y]) * 10.0, names, obs)


def with_domains(dataset: Dataset, labels: np.ndarray) -> nt.Result:
    """A result with these domains and the boundaries they make."""
    config = nt.Config(cluster={"n_domains": int(labels.max()) + 1}, preprocess={"n_components": 8})
    posterior = np.eye(labels.max() + 1, dtype=np.float32)[labels]
    graph = spatial_graph(dataset.coords, None, dataset.section)
    found = find_boundaries(labels, graph, dataset.coords, posterior)
    partition = Partition(labels, posterior, "mixture")
    edges, segments = found.edges, found.segments
    return nt.Result(dataset, config, partition, posterior, boundaries=segments, boundary_edges=edges)


@cache
def halves_of_a_section() -> nt.Result:
    """Two domains, the left and the right half."""
    return with_domains(section(0), np.where(LEFT, 0, 1))


@pytest.mark.parametrize("kind", ["rna", "protein"])
@pytest.mark.parametrize("dense", [False, True])
def test_ranks_are_those_of_scipy_with_its_correction_for_ties(kind, dense):
    dataset = section(1, planted=1.3, kind=kind)
    values = Values(dataset.modalities["m"], kind).logs(slice(None))
    values = values.toarray() if dense and sparse.issparse(values) else values
    found = rank_test(values, LEFT)
    full = values.toarray() if sparse.issparse(values) else values
    for j in (0, 15, 30):
        expected = mannwhitneyu(full[LEFT, j], full[~LEFT, j], method="asymptotic")
        assert 0.5 + found.excess[j] / found.pairs == pytest.approx(expected.statistic / found.pairs, abs=1e-6)
        z = max(abs(found.excess[j]) - 0.5, 0) / np.sqrt(found.variance[j])
        assert 2 * norm.sf(z) == pytest.approx(expected.pvalue, rel=1e-3)


def test_ranks_do_not_depend_on_how_many_are_made_at_a_time(monkeypatch):
    values = Values(section(2).modalities["m"], "rna").logs(slice(None))
    edges = (np.arange(SIDE**2 - 1), np.arange(1, SIDE**2))
    whole = rank_test(values, LEFT, edges)
    monkeypatch.setattr("napari_trsmi.answers.ranks._ENTRIES", 500)
    pieces, filled = rank_test(values, LEFT, edges), rank_test(values.toarray(), LEFT, edges)
    for other in (pieces, filled):
        assert np.allclose(whole.excess, other.excess)
        assert np.allclose(whole.variance, other.variance)


@pytest.mark.parametrize("kind", ["rna", "protein", "precomputed"])
def test_values_are_normalised_as_for_the_markers(kind):
    modality = section(3, kind=kind).modalities["m"]
    expected = log_normalised(modality.table.copy(), kind)
    found = Values(modality, kind).logs(slice(None))
    as_array = [part.toarray() if sparse.issparse(part) else part for part in (found, expected)]
    assert np.allclose(*as_array, atol=1e-5)


def test_one_against_the_rest_has_the_fold_changes_and_shares_of_the_markers():
    result = halves_of_a_section()
    found = nt.differ(result, "domain:1", held_out=False).tables["m"].set_index("feature")
    for row in nt.markers(result, n_top=D)["m"].query("domain == '1'").itertuples():
        own = found.loc[row.feature]
        assert own["log2fc"] == pytest.approx(row.log2fc, abs=1e-4)
        assert own["share_a"] == pytest.approx(row.share_in)
        assert own["share_b"] == pytest.approx(row.share_out)


def test_planted_features_come_first_and_swapping_the_groups_turns_signs():
    dataset = section(4)
    one, other = (nt.differ(dataset, *order).tables["m"] for order in ((LEFT, ~LEFT), (~LEFT, LEFT)))
    assert set(one["feature"][:10]) == {f"g{j}" for j in range(10)}
    assert (one["more_in"][:10] == "a").all()
    assert (one["p_adjusted"][:10] < 0.01).all()
    turned = other.set_index("feature").loc[one["feature"]]
    assert np.allclose(one["effect"], -turned["effect"].to_numpy())
    assert np.allclose(one["score"], -turned["score"].to_numpy())
    assert np.allclose(one["auc"], 1 - turned["auc"].to_numpy())
    assert set(one["tested_on"]) == {ALL}


def test_a_patch_of_like_spots_is_not_as_many_observations_as_it_has_spots():
    rng = np.random.default_rng(5)
    dataset = section(5, planted=1.0)
    graph = spatial_graph(dataset.coords) + sparse.identity(SIDE**2)
    field = graph @ graph @ rng.normal(size=(SIDE**2, D))  # neighbours alike, halves not
    smooth = Modality("m", "precomputed", AnnData(field.astype(np.float32)))
    found = nt.differ(replace(dataset, modalities={"m": smooth}), LEFT).tables["m"]
    naive = [mannwhitneyu(column[LEFT], column[~LEFT]).pvalue for column in field.T]
    assert (np.array(naive) < 0.05).mean() > 0.3
    assert (found["p"] < 0.05).mean() < 0.12


def test_groups_that_domains_make_are_tested_on_counts_that_did_not_draw_them():
    result = halves_of_a_section()
    planted = {f"g{j}" for j in range(10)}
    for a, b, least in (("domain:1", "domain:2", 10), ("1", "rest", 10), ("boundary:0:1", "boundary:0:2", 7)):
        table = nt.differ(result, a, b).tables["m"]
        assert set(table["tested_on"]) == {HELD_OUT}
        assert len(planted & set(table["feature"][:10])) >= least  # the sides of a boundary are 40 spots each
    assert set(nt.differ(result, "1", held_out=False).tables["m"]["tested_on"]) == {DREW}
    assert set(nt.differ(result, "half=left").tables["m"]["tested_on"]) == {ALL}


def test_domains_that_are_noise_are_not_found_to_differ():
    """Sorting spots by a gene makes it differ; drawn anew such groups are gone, and p says what it was made of."""
    dataset = section(6, planted=1.0)
    labels = (dataset.modalities["m"].table.X[:, 0].toarray().ravel() > 3).astype(int)
    found = nt.differ(with_domains(dataset, labels), "1", "2")
    assert set(found.tables["m"]["tested_on"]) == {DREW}
    assert any("so it is too small" in note for note in found.notes)


def test_components_have_no_share_and_no_fold_change():
    dataset = section(7, kind="precomputed")
    table = nt.differ(dataset, LEFT).tables["m"]
    assert table[["log2fc", "share_a", "share_b"]].isna().all(axis=None)
    assert table["effect"].notna().all()


def test_spots_that_lack_a_modality_are_left_out_of_it():
    dataset = section(8)
    has = np.ones(SIDE**2, bool)
    has[::2] = False
    partly = replace(dataset.modalities["m"], measured=has)
    found = nt.differ(replace(dataset, modalities={"m": partly}), LEFT).tables["m"]
    expected = nt.differ(dataset, LEFT & has, ~LEFT & has).tables["m"].set_index("feature").loc[found["feature"]]
    assert np.allclose(found["effect"], expected["effect"])
    nothing = replace(dataset.modalities["m"], measured=~LEFT)
    empty = nt.differ(replace(dataset, modalities={"m": nothing}), LEFT)
    assert empty.tables == {}
    assert any("nothing is compared" in note for note in empty.notes)


def test_sections_are_replicates_where_there_are_three():
    parts = {f"s{k}": section(10 + k, name=f"s{k}", shift=1 + k / 4) for k in range(3)}
    found = nt.differ(stack(parts), "half=left", "half=right")
    table = found.tables["m"]
    assert {"effect_s0", "effect_s1", "effect_s2"} <= set(table)
    assert np.allclose(table[["effect_s0", "effect_s1", "effect_s2"]].mean(axis=1), table["effect"])
    alone = nt.differ(parts["s1"], "half=left").tables["m"].set_index("feature").loc[table["feature"]]
    assert np.allclose(table["effect_s1"], alone["effect"], atol=1e-5)
    assert set(table["feature"][:10]) == {f"g{j}" for j in range(10)}
    assert any("3 sections, which p treats as replicates" in note for note in found.notes)


def test_a_batch_between_sections_is_no_difference_between_groups_that_lie_in_all_of_them():
    parts = {f"s{k}": section(20 + k, planted=1.0, name=f"s{k}") for k in range(2)}
    study = stack(parts)
    counts = study.modalities["m"].table.X.toarray()
    counts[study.section == 1, 5] += 9  # the batch
    uneven = LEFT | (np.arange(SIDE**2) % 3 == 0)
    a = np.concatenate([LEFT, uneven])  # more of the second section
    table = AnnData(sparse.csr_matrix(counts), var=study.modalities["m"].table.var)
    study = replace(study, modalities={"m": replace(study.modalities["m"], table=table)})
    found = nt.differ(study, a).tables["m"].set_index("feature")
    assert found.loc["g5", "p"] > 0.01
    assert abs(found.loc["g5", "auc"] - 0.5) < 0.08


def test_sections_of_two_conditions_are_compared_with_each_other():
    parts = {f"s{k}": section(30 + k, planted=1.0, name=f"s{k}") for k in range(6)}
    for k, part in enumerate(parts.values()):
        part.obs["condition"] = "ill" if k < 3 else "well"
    study = stack(parts)
    counts = study.modalities["m"].table.X.toarray()
    counts[study.section < 3, 7] *= 3
    table = AnnData(sparse.csr_matrix(counts), var=study.modalities["m"].table.var)
    study = replace(study, modalities={"m": replace(study.modalities["m"], table=table)})
    found = nt.differ(study, "condition=ill", "condition=well")
    assert found.tables["m"]["feature"][0] == "g7"
    assert any("p treats 6 sections as replicates" in note for note in found.notes)
    two = nt.differ(study, "section:s0", "section:s5")
    assert any("different sections, too few to test over" in note for note in two.notes)


def test_a_sample_of_many_spots_gives_about_the_same(monkeypatch):
    dataset = section(9)
    full = nt.differ(dataset, LEFT).tables["m"].set_index("feature")
    monkeypatch.setattr("napari_trsmi.answers.difference.SAMPLE", 120)
    some = nt.differ(dataset, LEFT).tables["m"].set_index("feature").loc[full.index]
    assert np.allclose(full["effect"], some["effect"])
    assert np.allclose(full["auc"], some["auc"], atol=0.1)
    assert np.abs(some["score"][:10]).mean() < np.abs(full["score"][:10]).mean()


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("domain:9", "rest", "Expected a domain out of 1, 2, found '9'"),
        ("boundary:99:1", "rest", "Expected a boundary from 0 to"),
        ("boundary:0:7", "rest", "Expected the side of 1 or 2 of boundary 0, found '7'"),
        ("section:x", "rest", "Expected a study of several sections"),
        ("half=middle", "rest", "such as left, right, found 'middle'"),
        ("what", "rest", "Expected spots as domain:NAME"),
        (np.zeros(3, bool), "rest", "Expected a mask of 400 spots"),
        ([1000], "rest", "Expected rows from 0 to 399"),
        ("domain:1", "half=left", "no spot that is not also in the other group"),
    ],
)
def test_what_is_no_group_is_refused_in_one_sentence(a, b, said):
    with pytest.raises(DataError, match=said):
        nt.differ(halves_of_a_section(), a, b)


def test_spots_of_both_groups_are_left_out_and_told():
    dataset = section(11)
    b = ~LEFT | (X == 0)
    found = nt.differ(dataset, LEFT, b)
    assert found.a.n_spots == LEFT.sum() - SIDE
    assert found.notes[0] == "20 spots in both groups left out."


def test_tables_of_all_modalities_come_as_one(tmp_path):
    found = nt.differ(halves_of_a_section(), "1")
    whole = found.table()
    assert list(whole.columns[:3]) == ["modality", "feature", "name"]
    assert len(whole) == D
