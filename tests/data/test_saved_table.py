"""Results that somebody changed in their file: refused in a sentence, or read with what can be replaced replaced."""

from __future__ import annotations

import json

import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse

import napari_trsmi as nt
from napari_trsmi.data.saved import read_result
from napari_trsmi.data.saved_table import result_in

N = 60


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A result in an h5ad file, as a table, without training."""
    from napari_trsmi.data.readers import from_memory
    from napari_trsmi.data.result import Result
    from napari_trsmi.records import Partition

    rng = np.random.default_rng(0)
    table = AnnData(rng.poisson(3.0, (N, 300)).astype("float32"))
    table.obsm["spatial"] = np.argwhere(np.ones((6, 10))).astype(float)
    labels = np.arange(N) % 3
    posterior = np.full((N, 3), 0.1, np.float32)
    posterior[np.arange(N), labels] = 0.8
    partition = Partition(labels, posterior, "mixture")
    embedding = rng.normal(size=(N, 4)).astype("float32")
    result = Result(from_memory(table), nt.Config(), partition, embedding, state=b"state")
    result.annotate(table)
    return table


@pytest.fixture
def table(written):
    return written.copy()


def read(table, tmp_path):
    path = tmp_path / "changed.h5ad"
    table.write_h5ad(path)
    return read_result(path)


def test_an_unchanged_result_is_read_without_a_word(table, tmp_path):
    found = read(table, tmp_path)
    assert found.notes == ()
    assert found.labels.tolist() == [k % 3 for k in range(N)]
    assert found.state == b"state"


def test_an_embedding_is_read_without_a_second_copy(table, tmp_path):
    found = result_in(table, tmp_path)
    assert np.shares_memory(found["embedding"], table.obsm["X_trsmi"])
    fewer = table[::2].copy()
    assert np.array_equal(result_in(fewer, tmp_path)["embedding"], table.obsm["X_trsmi"][::2])


@pytest.mark.parametrize(
    ("holder", "key", "value"),
    [
        ("obs", "trsmi_confidence", np.full(N, -1.0)),
        ("obs", "trsmi_confidence", np.full(N, np.nan)),
        ("obs", "trsmi_confidence", np.full(N, "text")),
        ("obs", "trsmi_entropy", np.full(N, 1e30)),
        ("obs", "trsmi_runner_up", np.full(N, "nowhere")),
        ("obsm", "trsmi_posterior", np.full((N, 3), np.nan)),
        ("obsm", "trsmi_posterior", np.zeros((N, 3))),
        ("obsm", "trsmi_posterior", np.full((N, 2), 0.5)),
        ("obsm", "X_trsmi", np.full((N, 4), np.inf)),
        ("obsm", "X_trsmi", np.full((N, 4), 1e30)),
        ("uns", "trsmi", "{"),
        ("uns", "trsmi", 3),
        ("uns", "trsmi", ""),
        ("uns", "trsmi_state", "text"),
        ("obsm", "X_trsmi", sparse.csr_matrix((N, 10**9))),
    ],
)
def test_a_part_that_cannot_be_is_refused_in_a_sentence(table, tmp_path, holder, key, value):
    getattr(table, holder)[key] = value
    with pytest.raises(nt.DataError, match=r"^Expected .* found "):
        read(table, tmp_path)


@pytest.mark.parametrize("boundaries", [3, [], {"x": [1]}, {"domain_a": [0], "domain_b": []}, {"domain_a": "text"}])
def test_boundaries_that_cannot_be_are_refused_in_a_sentence(table, tmp_path, boundaries):
    table.uns["trsmi"] = json.dumps({**json.loads(table.uns["trsmi"]), "boundaries": boundaries})
    with pytest.raises(nt.DataError, match=r"^Expected .*boundaries"):
        read(table, tmp_path)


@pytest.mark.parametrize("colors", [None, ["red"], ["#zz0000"] * 3, ["#ffaa00"] * 9])
def test_colours_of_no_use_are_replaced_and_told(table, tmp_path, colors):
    del table.uns["trsmi_domain_colors"]
    if colors:
        table.uns["trsmi_domain_colors"] = np.array(colors, dtype=object)
    found = read(table, tmp_path)
    assert len(set(found.colors)) == 3
    assert "the domains have others" in found.notes[0]


def test_a_domain_whose_spots_were_taken_away_keeps_its_number(table, tmp_path):
    found = read(table[table.obs["trsmi_domain"] != "1"].copy(), tmp_path)
    assert found.names == ("1", "2", "3")
    assert set(found.labels.tolist()) == {1, 2}
    assert found.posterior.shape == (40, 3)


def test_colours_of_domains_whose_spots_were_taken_away_stay(table, tmp_path):
    few = table[table.obs["trsmi_domain"] != "1"].copy()
    colors = tuple(table.uns["trsmi_domain_colors"])
    few.uns["trsmi_domain_colors"] = np.array(colors[1:], dtype=object)  # as scanpy does
    found = read(few, tmp_path)
    assert (found.colors, found.notes) == (colors, ())


@pytest.mark.parametrize(
    "names", [{"1": "Zeta", "2": "Alpha", "3": "Mid"}, {"1": "Cortex", "2": "2", "3": "3"}, {"1": 1, "2": 2, "3": 3}]
)
@pytest.mark.parametrize("in_order", [True, False])
def test_domains_may_be_renamed_outside(table, tmp_path, names, in_order):
    table.obs["trsmi_domain"] = (
        table.obs["trsmi_domain"].cat.rename_categories(names)
        if in_order
        else table.obs["trsmi_domain"].astype(object).map(names).astype("category")
    )
    if names["1"] == 1:
        table.obs["trsmi_domain"] = table.obs["trsmi_domain"].astype(int)
    found = read(table, tmp_path)
    assert found.names == tuple(map(str, names.values()))
    assert found.labels.tolist() == [k % 3 for k in range(N)]
    assert set(found.runner_up) <= {0, 1, 2}


def test_spots_whose_names_repeat_are_restored_by_their_rows(table, tmp_path):
    path = tmp_path / "twice.h5ad"
    table.obs_names = [f"spot{k % 7}" for k in range(N)]
    table.write_h5ad(path)
    result = nt.restore(path)
    assert len(set(result.obs_names)) == N
    assert result.labels.tolist() == [k % 3 for k in range(N)]
