"""Names, colours, merged domains and reviews; and that files keep them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi import edits, reviews
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.stages import prepare

N, K = 160, 4
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]
CONFIG = nt.Config(
    graph={"k_feature": 8},
    cluster={"n_domains": K, "n_init": 2},
    train={"epochs": 3},
    evidence={"support": False},
    device="cpu",
    threads=1,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    mdata = nt.simulate(n_spots=N, n_domains=K, n_genes=80, n_proteins=15, contrast=2.0, image=0, seed=2)
    path = tmp_path_factory.mktemp("edits")
    with mudata_as_stored():
        mdata.write(path / "slice.h5mu")
    mdata["rna"].write_h5ad(path / "slice.h5ad")
    return path


@pytest.fixture(scope="module")
def result(folder):
    return nt.fit(nt.read(folder / "slice.h5mu"), CONFIG)


def test_a_domain_gets_a_name_by_number_or_by_name(result):
    named = edits.rename(edits.rename(result, 2, " Cortex "), "1", "Hilus")
    assert named.names == ("Hilus", "2", "Cortex", "4")
    assert result.names == ("1", "2", "3", "4")
    assert named.provenance["edits"] == [
        {"edit": "rename", "domain": "3", "name": "Cortex"},
        {"edit": "rename", "domain": "1", "name": "Hilus"},
    ]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda r: edits.rename(r, 0, "  "), "Expected a name for domain 1"),
        (lambda r: edits.rename(r, 0, "nan"), "Expected a name for domain 1"),
        (lambda r: edits.rename(r, 0, "2"), "no other domain has"),
        (lambda r: edits.rename(r, 4, "x"), "Expected a domain among 1, 2, 3, 4, found 4"),
        (lambda r: edits.rename(r, "Cortex", "x"), "found 'Cortex'"),
        (lambda r: edits.recolor(r, 0, "red"), "Expected a colour"),
        (lambda r: edits.merge(r, [1, "2"]), "two domains or more"),
        (lambda r: edits.review(r, 0, "perhaps"), "keep, doubt, reject"),
        (lambda r: edits.review(r, 999, "keep"), "found 999"),
    ],
)
def test_an_edit_that_cannot_be_is_one_sentence(result, edit, sentence):
    with pytest.raises(nt.DataError, match=sentence):
        edit(result)


def test_a_result_takes_only_different_names_one_per_domain(result):
    from dataclasses import replace

    for names in (("a", "b", "c"), ("a", "a", "b", "c"), ("a", "", "b", "c")):
        with pytest.raises(nt.DataError, match="different names"):
            replace(result, domain_names=names)


def test_a_domain_gets_a_colour(result):
    colored = edits.recolor(result, "2", "#ABCDEF")
    assert colored.palette == (result.palette[0], "#abcdef", *result.palette[2:])


def test_merging_joins_labels_and_posterior_and_numbers_by_size(result):
    merged = edits.merge(result, ["4", 2, 2])
    into_three = np.isin(result.labels, [2, 3])
    new = set(merged.labels[into_three])
    assert len(new) == 1
    k = new.pop()
    assert (merged.labels == k).sum() == into_three.sum()
    sizes = np.bincount(merged.labels)
    assert (np.diff(sizes) <= 0).all()
    assert merged.names[k] == "3"
    assert merged.palette[k] == result.palette[2]
    assert set(merged.names) == {"1", "2", "3"}
    for name in "12":
        before, after = result.names.index(name), merged.names.index(name)
        np.testing.assert_array_equal(merged.labels == after, result.labels == before)
        np.testing.assert_array_equal(merged.partition.posterior[:, after], result.partition.posterior[:, before])
        assert merged.palette[after] == result.palette[before]
    posterior = result.partition.posterior
    np.testing.assert_allclose(merged.partition.posterior[:, k], posterior[:, 2] + posterior[:, 3], rtol=1e-6)
    assert merged.history == result.history
    assert merged.correspondences is result.correspondences
    assert merged.boundaries["domain_b"].max() < 3
    assert merged.boundary_edges["domain_b"].max() < 3
    assert merged.provenance["edits"] == [{"edit": "merge", "domains": ["3", "4"]}]
    assert merged.scores != result.scores


def test_domains_are_merged_into_the_one_that_is_named(result):
    largest, smallest = result.names[0], result.names[-1]
    merged = edits.merge(result, [largest, smallest], into=smallest)
    assert largest not in merged.names
    assert merged.palette[merged.names.index(smallest)] == result.palette[-1]
    again = edits.merge(result, **{k: v for k, v in merged.provenance["edits"][-1].items() if k != "edit"})
    assert again.names == merged.names
    np.testing.assert_array_equal(again.labels, edits.merge(result, [0, len(result.names) - 1]).labels)


def test_merging_with_the_prepared_section_is_the_same(result):
    section = prepare(result.dataset, result.config)
    one, two = edits.merge(result, [0, 1]), edits.merge(result, [0, 1], section)
    np.testing.assert_array_equal(one.labels, two.labels)
    pd.testing.assert_frame_equal(one.boundaries, two.boundaries)


def test_all_domains_can_be_merged_into_one(result):
    merged = edits.merge(result, range(K))
    assert merged.partition.n_domains == 1
    assert len(merged.boundaries) == 0


def test_a_review_is_kept_by_the_result_and_by_boundaries_that_a_merge_leaves(result):
    pair = result.boundaries[["domain_a", "domain_b"]].to_numpy()
    untouched = int(np.flatnonzero((pair == [0, 1]).all(axis=1))[0])
    reviewed = edits.review(result, untouched, "doubt", "torn tissue")
    assert reviewed.boundaries.loc[untouched, ["review", "note"]].tolist() == ["doubt", "torn tissue"]
    assert (reviewed.boundaries["review"] != "").sum() == 1
    assert "review" not in result.boundaries
    merged = edits.merge(reviewed, [2, 3])
    (row,) = np.flatnonzero(merged.boundaries["review"] == "doubt")
    assert merged.boundaries.loc[row, "note"] == "torn tissue"
    assert merged.boundaries.loc[row, "n_edges"] == result.boundaries.loc[untouched, "n_edges"]


def test_a_boundary_reviewed_twice_in_a_row_is_one_edit(result):
    once = edits.review(edits.review(result, 1, "doubt", "to"), 1, "doubt", "torn")
    assert [edit["note"] for edit in once.provenance["edits"]] == ["torn"]


def assert_restored(back, result):
    assert back.names == result.names
    assert back.palette == result.palette
    assert back.config == result.config
    assert back.scores == pytest.approx(result.scores)
    assert back.partition.method == result.partition.method
    assert back.provenance["edits"] == result.provenance["edits"]
    assert [step.epoch for step in back.history] == [step.epoch for step in result.history]
    assert [step.losses for step in back.history] == [step.losses for step in result.history]
    np.testing.assert_array_equal(back.labels, result.labels)
    np.testing.assert_array_equal(back.partition.posterior, result.partition.posterior)
    np.testing.assert_array_equal(back.embedding, result.embedding)
    np.testing.assert_array_equal(back.modality_weights, result.modality_weights)
    np.testing.assert_array_equal(back.coords, result.coords)
    assert set(back.correspondences) == set(result.correspondences)
    pd.testing.assert_frame_equal(back.boundaries, result.boundaries)
    columns = ["i", "j", "domain_a", "domain_b", "segment", "confidence", "x", "y", "x0", "y0", "x1", "y1"]
    pd.testing.assert_frame_equal(back.boundary_edges[columns], result.boundary_edges[columns])


@pytest.mark.parametrize("suffix", [".h5mu", ".h5ad", pytest.param(".zarr", marks=pytest.mark.slow)])
def test_a_written_result_is_restored_whole(result, folder, tmp_path, suffix):
    source = nt.fit(nt.read(folder / "slice.h5ad"), CONFIG) if suffix == ".h5ad" else result
    edited = edits.merge(edits.rename(source, 0, "Cortex"), [2, 3])
    edited = edits.review(edits.recolor(edited, 1, "#123456"), 1, "reject", "no such line")
    edited.write(tmp_path / f"out{suffix}")
    back = nt.restore(tmp_path / f"out{suffix}")
    assert_restored(back, edited)
    back = edits.rename(back, "Cortex", "Cortex, deep")  # and what is changed afterwards reaches the next file
    back.write(tmp_path / f"again{suffix}")
    assert_restored(nt.restore(tmp_path / f"again{suffix}"), back)
    record = json.loads((tmp_path / "again.run.json").read_text())
    assert record["domains"] == list(back.names)
    assert record["n_domains"] == 3
    assert record["sources"][0]["path"] == str(source.dataset.sources[0])


@pytest.mark.slow
def test_a_result_with_places_below_zero_is_restored_whole(folder, tmp_path):
    import mudata

    with mudata_as_stored():
        mdata = mudata.read_h5mu(folder / "slice.h5mu")
        for name in mdata.mod:
            mdata[name].uns.pop("spatial", None)
            mdata[name].obsm["spatial"] = mdata[name].obsm["spatial"] - mdata[name].obsm["spatial"].mean(axis=0)
        mdata.write(tmp_path / "centred.h5mu")
    found = edits.review(nt.fit(nt.read(tmp_path / "centred.h5mu"), CONFIG), 1, "doubt", "torn")
    found.write(tmp_path / "out.h5mu")
    back = nt.restore(tmp_path / "out.h5mu")
    assert_restored(back, found)
    back.write(tmp_path / "again.h5mu")
    assert_restored(nt.restore(tmp_path / "again.h5mu"), back)


def test_names_reach_every_file(result, tmp_path):
    named = edits.rename(result, 0, "Cortex")
    written = named.write(tmp_path / "out.h5mu")
    assert "Cortex" in set(pd.read_csv(written.domains, dtype=str)["domain"])
    assert "Cortex" in set(pd.read_csv(written.boundaries, dtype=str)["domain_a"])
    assert "Cortex" in json.loads(written.run.read_text())["domains"]
    assert "Cortex" in nt.save_figure(named, tmp_path / "x.svg").read_text()
    assert "Cortex" in set(nt.markers(named)["rna"]["domain"])


def test_boundaries_in_another_order_keep_the_numbers_that_are_known(result):
    from napari_trsmi.domains.boundaries import Boundaries

    n = len(result.boundaries)
    known = result.boundaries[::-1].reset_index(drop=True).assign(segment=range(n))
    segments, edges = reviews.known_segments(Boundaries(result.boundary_edges, result.boundaries), known)
    pd.testing.assert_frame_equal(segments, known)
    for s in range(n):
        before = result.boundary_edges[result.boundary_edges["segment"] == n - 1 - s]
        assert sorted(edges.loc[edges["segment"] == s, "i"]) == sorted(before["i"])


def test_boundaries_found_otherwise_keep_the_reviews_that_still_hold(result):
    from napari_trsmi.domains.boundaries import Boundaries

    reviewed = edits.review(result, 1, "keep").boundaries
    found = Boundaries(result.boundary_edges, result.boundaries.drop(index=0).reset_index(drop=True))
    segments, edges = reviews.known_segments(found, reviewed)
    assert edges is result.boundary_edges
    assert segments["review"].tolist() == ["keep", *[""] * (len(segments) - 1)]


@pytest.mark.slow
def test_a_file_without_posterior_cannot_be_restored(result, tmp_path):
    import mudata

    result.write(tmp_path / "out.h5mu")
    with mudata_as_stored():
        mdata = mudata.read_h5mu(tmp_path / "out.h5mu")
        del mdata.obsm["trsmi_posterior"]
        mdata.write(tmp_path / "out.h5mu")
    with pytest.raises(nt.DataError, match="trsmi_posterior"):
        nt.restore(tmp_path / "out.h5mu")


@pytest.mark.slow
def test_a_section_in_memory_is_restored_from_the_file_it_was_written_to(result, folder, tmp_path):
    import mudata

    with mudata_as_stored():
        memory = from_memory(mudata.read_h5mu(folder / "slice.h5mu"))
    found = nt.fit(memory, CONFIG)
    found.write(tmp_path / "out.h5mu")
    np.testing.assert_array_equal(nt.restore(tmp_path / "out.h5mu").labels, found.labels)


# Cut again


def test_a_result_is_cut_again_at_another_number_of_domains_without_training(result):
    fewer = edits.recluster(result, nt.Config(cluster={"n_domains": 2, "n_init": 2}).cluster)
    assert fewer.partition.n_domains == 2
    assert fewer.embedding is result.embedding
    assert fewer.correspondences is result.correspondences
    assert fewer.history == result.history
    assert fewer.boundaries["domain_b"].max() == 1
    assert fewer.config.cluster.n_domains == 2
    same = edits.recluster(result, {"n_init": 2})
    assert same.partition.n_domains == K
    with pytest.raises(nt.ConfigError, match="needs 4 prototypes, found none"):
        edits.recluster(result, {"method": "prototypes"})


def test_cutting_again_is_what_a_saved_result_gives(result, tmp_path):
    result.write(tmp_path / "a.h5mu")
    cluster = nt.Config(cluster={"n_domains": 3, "n_init": 2, "domain_scale": 1}).cluster
    from_file = nt.recluster(tmp_path / "a.h5mu", cluster)
    np.testing.assert_array_equal(edits.recluster(result, cluster).labels, from_file.labels)


def test_domains_cut_again_keep_the_colours_of_those_they_match(result):
    fewer = edits.recluster(result, {"n_domains": 3})
    for k in range(3):
        before = result.labels[fewer.labels == k]
        matched = {result.palette[b] for b in np.unique(before)}
        assert fewer.palette[k] in matched


def test_what_was_found_about_other_domains_does_not_outlive_them(result):
    trusted = replace(result, provenance={**result.provenance, "trust": {"stability": 0.9}})
    assert "trust" in edits.rename(trusted, 0, "cortex").provenance
    assert "trust" not in edits.merge(trusted, [0, 1]).provenance
    assert "trust" not in edits.recluster(trusted, {"n_domains": 2}).provenance
