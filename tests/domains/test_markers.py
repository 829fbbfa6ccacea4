import warnings

import numpy as np
import pytest
from scipy import sparse, stats

from napari_trsmi.domains import markers
from napari_trsmi.domains.markers import COLUMNS, find_markers
from napari_trsmi.errors import ConfigError, DataError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # deprecations inside anndata and scanpy while they are imported
    import anndata
    import scanpy  # noqa: F401

N, D = 90, 12
LABELS = np.repeat([0, 1, 2], 30)


def counts(kind="rna"):
    """Table where domain k has features 4k and 4k + 1 high; sparse for RNA, dense for the others."""
    rng = np.random.default_rng(0)
    means = np.full((3, D), 2.0)
    for k in range(3):
        means[k, [4 * k, 4 * k + 1]] = 12.0
    values = rng.poisson(means[LABELS]).astype(np.float32)
    if kind == "precomputed":
        values = values - values.mean(axis=0)
    table = anndata.AnnData(sparse.csr_matrix(values) if kind == "rna" else values)
    table.var_names = [f"{kind}{f}" for f in range(D)]
    return table


@pytest.mark.parametrize("method", ["auto", "wilcoxon", "t-test", "t-test_overestim_var"])
@pytest.mark.parametrize("kind", ["rna", "chromatin", "protein", "precomputed"])
def test_the_features_that_were_raised_are_found(kind, method):
    found = find_markers(counts(kind), LABELS, kind=kind, n_top=2, method=method)
    assert tuple(found) == COLUMNS
    assert found["domain"].tolist() == [0, 0, 1, 1, 2, 2]
    for k, own in found.groupby("domain"):
        assert set(own["feature"]) == {f"{kind}{4 * k}", f"{kind}{4 * k + 1}"}
    assert (found["pval_adj"] < 1e-4).all()
    assert (found["score"] > 0).all()
    unknown = found[["log2fc", "share_in", "share_out"]].isna()
    assert unknown.all(axis=None) if kind == "precomputed" else not unknown.any(axis=None)


def test_the_table_is_left_as_it_was():
    for kind in ("rna", "protein", "precomputed"):
        table = counts(kind)
        before = table.copy()
        find_markers(table, LABELS, kind=kind)
        assert abs(table.X - before.X).max() == 0
        assert list(table.obs) == list(table.uns) == []
        assert list(table.layers) == list(before.layers)


def test_numbers_of_one_feature_by_hand():
    values = np.array([[8, 2], [9, 1], [0, 10], [1, 9], [0, 10]], np.float32)
    table = anndata.AnnData(sparse.csr_matrix(values), var={"gene": ["a", "b"]})
    top = find_markers(table, np.array([0, 0, 1, 1, 1]), n_top=1).iloc[0]
    assert (top["domain"], top["share_in"]) == (0, 1.0)
    assert top["share_out"] == pytest.approx(1 / 3)
    assert top["log2fc"] == pytest.approx(np.log2((8500 + 1) / (1000 / 3 + 1)), rel=1e-5)
    test = stats.ranksums([8, 9], [0, 1, 0])
    assert top["score"] == pytest.approx(test.statistic, rel=1e-5)
    assert top["pval_adj"] == pytest.approx(test.pvalue, rel=1e-5)  # the other feature has the same


def test_protein_fold_change_is_the_ratio_of_geometric_means():
    values = np.array([[7, 0], [7, 0], [0, 7], [0, 7]], np.float32)  # log1p: log 8 and 0, centred: +-log(8) / 2
    found = find_markers(anndata.AnnData(values), np.array([0, 0, 1, 1]), kind="protein", n_top=1)
    assert found["log2fc"].tolist() == pytest.approx([3.0, 3.0])


def test_dense_and_sparse_counts_give_the_same():
    table = counts()
    dense = anndata.AnnData(table.X.toarray(), var=table.var)
    one, other = find_markers(table, LABELS), find_markers(dense, LABELS)
    assert one["feature"].tolist() == other["feature"].tolist()
    assert one["score"].to_numpy() == pytest.approx(other["score"].to_numpy(), rel=1e-4)


def test_a_domain_of_one_spot_has_no_markers_but_counts_as_outside():
    labels = LABELS.copy()
    labels[-1] = 7
    found = find_markers(counts(), labels, n_top=3)
    assert found["domain"].unique().tolist() == [0, 1, 2]


@pytest.mark.parametrize("labels", [np.zeros(N, int), np.full(N, -1), np.arange(N)], ids=["one", "none", "all single"])
def test_nothing_to_compare_gives_an_empty_table(labels):
    found = find_markers(counts(), labels)
    assert tuple(found) == COLUMNS
    assert len(found) == 0


def test_spots_without_a_domain_are_left_out():
    labels = np.where(np.arange(N) % 30 < 5, -1, LABELS)
    kept = labels >= 0
    assert find_markers(counts(), labels).equals(find_markers(counts()[kept], labels[kept]))


def test_empty_spots_silent_features_and_repeated_names_are_no_trouble():
    table = counts()
    values = table.X.toarray()
    values[:3], values[:, 11] = 0, 0
    table = anndata.AnnData(sparse.csr_matrix(values), var={"symbol": range(D)})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Variable names are not unique", UserWarning)
        table.var_names = ["same"] * D
        found = find_markers(table, LABELS, n_top=2)
    assert found["feature"].tolist() == ["same"] * 6
    assert np.isfinite(found[["score", "log2fc", "pval_adj"]].to_numpy()).all()


def test_more_markers_than_features_gives_all():
    assert len(find_markers(counts(), LABELS, n_top=100)) == 3 * D


def test_large_tables_are_tested_by_t_test(monkeypatch):
    monkeypatch.setattr(markers, "MAX_RANKED", N * D - 1)
    assert find_markers(counts(), LABELS).equals(find_markers(counts(), LABELS, method="t-test_overestim_var"))


def test_unusable_settings_are_refused():
    with pytest.raises(ConfigError, match="found 0"):
        find_markers(counts(), LABELS, n_top=0)
    with pytest.raises(ConfigError, match="found 'magic'"):
        find_markers(counts(), LABELS, method="magic")
    with pytest.raises(DataError, match="table for the 3 spots"):
        find_markers(counts(), np.zeros(3, int))


def test_rna_that_was_logged_before_gives_the_markers_of_its_counts():
    table = counts()
    logged = table.copy()
    logged.X = sparse.csr_matrix(np.log1p(1e4 * table.X.toarray() / table.X.toarray().sum(axis=1, keepdims=True)))
    one, other = (find_markers(each, LABELS, n_top=2) for each in (table, logged))
    assert one["feature"].tolist() == other["feature"].tolist()
    np.testing.assert_allclose(other["log2fc"], one["log2fc"], rtol=1e-4)
