import numpy as np
import pytest

from napari_trsmi.domains.contrast import boundary_contrast

RNG = np.random.default_rng(0)


def line_of_two(n):
    """n spots of domain 0, n of domain 1, one boundary edge between them."""
    return np.repeat([0, 1], n), np.array([n - 1]), np.array([n]), np.array([0])


def test_contrast_by_hand():
    labels, i, j, segment = line_of_two(3)
    values = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])[:, None]  # standard deviation 1 within each
    edges, segments = boundary_contrast(values, labels, i, j, segment, 1)
    assert edges.tolist() == segments.tolist() == pytest.approx([8.0])  # from 2 to 10


def test_a_segment_compares_distinct_spots():
    labels = np.array([0, 0, 1, 1])
    values = np.array([0.0, 2.0, 10.0, 12.0])[:, None]  # pooled standard deviation sqrt(2)
    # spot 1 touches both 2 and 3, spot 0 touches 2: sides {0, 1} and {2, 3}
    _, segments = boundary_contrast(values, labels, np.array([1, 1, 0]), np.array([2, 3, 2]), np.zeros(3, int), 1)
    assert segments.tolist() == pytest.approx([10 / np.sqrt(2)])


def test_contrast_ignores_rotation_shift_and_scale():
    labels, i, j, segment = line_of_two(20)
    values = RNG.normal(size=(40, 4)) + 3 * labels[:, None]
    rotation = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    before = boundary_contrast(values, labels, i, j, segment, 1)[0]
    assert boundary_contrast(7 * values @ rotation + 100, labels, i, j, segment, 1)[0] == pytest.approx(before)


def test_few_spots_in_noise_show_no_contrast():
    labels = np.repeat([0, 1], 2000)
    i, j = np.arange(500), np.arange(2000, 2500)
    segment = np.arange(500) // 3  # three spots a side
    noise = RNG.normal(size=(4000, 50))
    _, segments = boundary_contrast(noise, labels, i, j, segment, 167)
    assert abs(segments.mean()) < 0.4
    signal = noise + 2 * labels[:, None] / np.sqrt(50)
    assert boundary_contrast(signal, labels, i, j, segment, 167)[1].mean() == pytest.approx(2, abs=0.3)


def test_a_boundary_the_wrong_way_round_is_negative():
    labels, i, j, segment = line_of_two(10)
    values = RNG.normal(size=(20, 1)) + 10 * labels[:, None]
    values[[9, 10]] = values[[10, 9]]
    assert boundary_contrast(values, labels, i, j, segment, 1)[0][0] < 0


@pytest.mark.parametrize("values", [np.zeros((4, 2)), np.array([[0.0, 0], [0, 0], [1, 1], [1, 1]])])
def test_contrast_without_spread_is_unknown(values):
    labels, i, j, segment = line_of_two(2)
    edges, segments = boundary_contrast(values, labels, i, j, segment, 1)
    assert np.isnan(edges).all()
    assert np.isnan(segments).all()


def test_two_domains_of_one_spot_have_unknown_contrast():
    labels, i, j, segment = line_of_two(1)
    assert np.isnan(boundary_contrast(np.array([[0.0], [1.0]]), labels, i, j, segment, 1)[0]).all()
