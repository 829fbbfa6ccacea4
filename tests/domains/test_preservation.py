import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.domains.preservation import cross_modal_consistency, neighbour_preservation
from napari_trsmi.errors import DataError

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(300, 5))
NOISE = RNG.normal(size=(300, 5))


def test_the_same_space_keeps_every_neighbour_and_noise_keeps_chance():
    scores = neighbour_preservation(CLOUD, {"rna": 3 * CLOUD, "adt": NOISE}, k=10)
    assert scores["rna"] == 1.0
    assert scores["adt"] == pytest.approx(10 / 299, abs=0.02)


def test_kept_neighbours_are_counted_by_hand():
    line = np.array([[0.0], [1.0], [2.1], [3.3]])
    swapped = np.array([[0.0], [3.3], [2.1], [1.0]])
    # nearest in order: 1 0 1 2 on the line, 3 2 3 0 after the swap
    assert neighbour_preservation(line, {"m": swapped}, k=1)["m"] == 0.0
    # two nearest: {1,2} {0,2} {1,3} {1,2} on the line, {2,3} {2,3} {1,3} {0,2} after
    assert neighbour_preservation(line, {"m": swapped}, k=2)["m"] == pytest.approx((1 + 1 + 2 + 1) / 8)


def test_a_sample_stands_for_all_spots(monkeypatch):
    half = CLOUD + 0.5 * NOISE
    full = neighbour_preservation(half, {"rna": CLOUD})["rna"]
    assert neighbour_preservation(half, {"rna": CLOUD}, n_sample=100, seed=1)["rna"] == pytest.approx(full, abs=0.05)
    monkeypatch.setattr("napari_trsmi.domains.preservation.MAX_REFERENCE", 150)
    assert 0.1 < neighbour_preservation(half, {"rna": CLOUD})["rna"] < 1


def test_the_sample_depends_on_the_seed_alone():
    once, again, other = (neighbour_preservation(NOISE, {"m": CLOUD}, n_sample=20, seed=s) for s in (0, 0, 1))
    assert once == again != other


def test_equal_rows_do_not_count_a_spot_as_its_own_neighbour():
    assert neighbour_preservation(np.zeros((6, 2)), {"m": np.zeros((6, 2))}, k=2)["m"] <= 1.0


def test_too_few_spots_are_refused():
    with pytest.raises(DataError, match="more than 20 spots"):
        neighbour_preservation(CLOUD[:20], {"m": CLOUD[:20]})


LABELS = np.repeat(np.arange(6), 50)
CENTRES = RNG.normal(size=(6, 5)) * 10


def test_domains_present_in_both_modalities_are_consistent():
    scores = cross_modal_consistency(LABELS, {"rna": CENTRES[LABELS] + CLOUD, "adt": CENTRES[LABELS] * 2 + NOISE})
    assert scores["explained_rna"] > 0.95
    assert scores["explained_adt"] > 0.95
    assert scores["consistency"] == scores["arrangement_rna_adt"] > 0.95


def test_domains_of_one_modality_alone_explain_nothing_of_the_other():
    scores = cross_modal_consistency(LABELS, {"rna": CENTRES[LABELS] + CLOUD, "adt": NOISE})
    assert abs(scores["explained_adt"]) < 0.03
    assert abs(scores["consistency"]) < 0.7


def test_explained_share_by_hand():
    # total 2*1 + 2*9 = 20, between domains 4 * 4 = 16, within 4 over n - k = 2; total over n - 1 = 3
    scores = cross_modal_consistency(["a", "a", "b", "b"], {"m": np.array([[1.0], [3.0], [5.0], [7.0]]) - 4})
    assert scores["explained_m"] == pytest.approx(1 - (4 / 2) / (20 / 3))


def test_undefined_scores_are_nan():
    scores = cross_modal_consistency([0, 0, 1, None], {"a": np.zeros((4, 2)), "b": np.eye(4)})
    assert np.isnan(scores["explained_a"])
    assert np.isnan(scores["arrangement_a_b"])
    assert np.isnan(cross_modal_consistency(LABELS, {"rna": CLOUD})["consistency"])


@given(st.permutations(range(6)), st.floats(0.01, 100))
def test_scores_ignore_names_scale_and_order(names, scale):
    features = {"rna": CENTRES[LABELS] + 5 * CLOUD, "adt": CENTRES[LABELS][:, ::-1] + 5 * NOISE}
    order = np.random.default_rng(sum(names[:3])).permutation(300)
    moved = {name: values[order] * scale + 1 for name, values in features.items()}
    scores = cross_modal_consistency(np.array(names)[LABELS][order], moved)
    assert scores == pytest.approx(cross_modal_consistency(LABELS, features), abs=1e-6)
