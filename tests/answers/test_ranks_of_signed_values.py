import numpy as np
from scipy import sparse

from napari_trsmi.answers import ranks


def test_signed_values_are_ranked_alike_sparse_and_whole_and_in_bounded_pieces(monkeypatch):
    rng = np.random.default_rng(0)
    values = np.where(rng.random((60, 40)) < 0.1, rng.normal(size=(60, 40)), 0.0)
    in_a = rng.random(60) < 0.4
    whole = ranks.rank_test(values, in_a)
    monkeypatch.setattr(ranks, "_ENTRIES", 180)
    seen, dense = [], ranks._dense_ranks
    monkeypatch.setattr(ranks, "_dense_ranks", lambda part: seen.append(part.size) or dense(part))
    pieces = ranks.rank_test(sparse.csr_matrix(values), in_a)
    assert np.allclose(pieces.excess, whole.excess)
    assert np.allclose(pieces.variance, whole.variance)
    assert max(seen) <= 180
