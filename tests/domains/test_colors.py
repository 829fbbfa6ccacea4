import re

import numpy as np
import pytest
from scipy import sparse

from napari_trsmi.domains.colors import PALETTE, color_distances, domain_colors, palette
from napari_trsmi.errors import DataError


def ring(n):
    """One spot per domain, each touching the next."""
    return sparse.csr_matrix(np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1))


@pytest.mark.parametrize("n", [5, 9, 20, 30])
def test_domains_that_touch_differ_more_than_the_palette_as_it_comes(n):
    touching = np.nonzero(ring(n).toarray())
    dealt = color_distances(domain_colors(np.arange(n), ring(n)))[touching].min()
    assert dealt >= color_distances(PALETTE[:n])[touching].min()
    assert dealt > 18


def test_colours_are_distinct_and_repeatable():
    colours = domain_colors(np.arange(20), ring(20))
    assert len(set(colours)) == 20
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
    assert colours == domain_colors(np.arange(20), ring(20))


@pytest.mark.parametrize("n", [len(PALETTE) + 1, 60, 120])
def test_more_domains_than_the_palette_has_get_colours_that_are_still_told_apart(n):
    colours = palette(n)
    assert colours[: len(PALETTE)] == PALETTE
    assert palette(n + 10)[:n] == colours
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
    assert color_distances(colours)[~np.eye(n, dtype=bool)].min() > 3
    assert color_distances(("#ffffff", "#000000", *colours))[:2, 2:].min() > 8


def test_no_colour_is_lost_on_white_black_or_the_purple_of_stained_tissue():
    backgrounds = ("#ffffff", "#000000", "#705276", "#d6b8dc")  # tissue as it is dimmed on black and on white
    assert color_distances((*backgrounds, *PALETTE))[:2, 4:].min() > 9
    assert color_distances((*backgrounds, *PALETTE[:10]))[:4, 4:].min() > 8


def test_ten_domains_are_told_apart_by_colour_blind_eyes():
    apart = color_distances(PALETTE[:10])
    assert apart[~np.eye(10, dtype=bool)].min() > 13


def test_no_domain_has_the_magenta_of_weak_boundaries():
    assert color_distances(("#ff0099", *PALETTE[:10]))[0, 1:].min() > 11


def test_red_and_green_of_one_lightness_are_alike_to_colour_blind_eyes():
    assert color_distances(("#b26060", "#7f7f50"))[0, 1] < 10 < 20 < color_distances(("#000000", "#ffffff"))[0, 1]


def test_domains_that_touch_nothing_still_get_colours():
    assert domain_colors(np.array([0, 0, -1]), sparse.csr_matrix((3, 3)), n=4) == PALETTE[:4]


def test_too_few_colours_are_refused():
    with pytest.raises(DataError, match="at least 3 colours"):
        domain_colors(np.arange(3), ring(3), n=2)
