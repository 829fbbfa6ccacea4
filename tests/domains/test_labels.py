import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_trsmi.domains.labels import contacts, encode, one_hot, upper_edges
from napari_trsmi.errors import DataError

CHAIN = sparse.csr_matrix(np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1))  # 0 - 1 - 2 - 3


@pytest.mark.parametrize(
    "labels",
    [
        [3, 3, np.nan, 7],
        ["L1", "L1", None, "WM"],
        ["L1", "L1", "NA", "WM"],
        pd.Categorical(["b", "b", None, "c"], categories=["z", "b", "c"]),
        pd.Series(["b", "b", pd.NA, "c"], index=[9, 8, 7, 7], dtype="string"),
        pd.Series([1, 1, pd.NA, 2], dtype="Int64"),
        np.array([True, True, None, "x"], dtype=object),
    ],
)
def test_missing_labels_of_every_kind_become_minus_one(labels):
    codes, names = encode(labels)
    assert codes.tolist() == [0, 0, -1, 1]
    assert len(names) == 2


def test_codes_follow_the_sorted_labels():
    codes, names = encode(np.array([10, 2, 10]))
    assert codes.tolist() == [1, 0, 1]
    assert names == [2, 10]


def test_unused_categories_are_no_labels():
    assert encode(pd.Categorical(["b"], categories=["a", "b"]))[1] == ["b"]


def test_a_table_of_labels_is_refused():
    with pytest.raises(DataError, match="one label per spot"):
        encode(np.zeros((3, 2)))


def test_contacts_count_edges_between_domains_and_inner_edges_twice():
    assert contacts(np.array([0, 0, 1, -1]), CHAIN).tolist() == [[2, 1], [1, 0]]


def test_missing_labels_have_empty_rows():
    assert one_hot(np.array([1, -1, 0])).toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


def test_each_undirected_edge_is_listed_once():
    i, j = upper_edges(CHAIN)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 3)]
