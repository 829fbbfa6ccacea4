from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi import courses
from napari_trsmi.courses import rim_basis, rim_distance, straight_step, strongest_step, without_step
from napari_trsmi.graphs import spatial_graph

SIDE = 40
Y, X = (grid.ravel().astype(float) for grid in np.mgrid[:SIDE, :SIDE])
COORDS = np.column_stack([X, Y])
NOISE = np.random.default_rng(0).standard_normal((SIDE * SIDE, 3))
BEYOND = 0.8 * X + 0.6 * Y > 27
GRADIENT = np.column_stack([X, Y, X + Y]) / 10
BENT = np.hypot(X - 20, Y + 20) < 42


def jumping(where: np.ndarray, size: float = 4.0) -> np.ndarray:
    return NOISE + size * where[:, None] * np.array([0.6, 0.0, -0.8])


@pytest.mark.parametrize("beside", [0.0, GRADIENT], ids=["nothing", "a gradient"])
def test_a_straight_step_is_found_where_it_lies(beside):
    line = straight_step(jumping(BEYOND) + beside, COORDS)
    assert max((line.side == BEYOND).mean(), (line.side != BEYOND).mean()) > 0.97
    assert line.strength > 1.9
    assert line.shared > 0.9
    assert line.bend < 0.3


@pytest.mark.parametrize(
    "values",
    [NOISE, NOISE + GRADIENT, jumping(BENT), jumping(BEYOND & (Y < 18))],
    ids=["noise", "a gradient", "a bent boundary", "a boundary that ends"],
)
def test_what_is_no_straight_step_over_the_section_is_weak(values):
    assert straight_step(values, COORDS).strength < 1.9


def test_a_step_is_the_same_in_any_unit_and_after_a_turn():
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    plain, turned = straight_step(jumping(BEYOND), COORDS), straight_step(jumping(BEYOND), 55.0 * COORDS @ turn + 7)
    assert turned.strength == pytest.approx(plain.strength, rel=0.05)


def test_the_jump_is_taken_off_and_a_trend_over_the_section_stays():
    jump = 4 * np.array([0.6, 0.0, -0.8])
    line = straight_step(NOISE + 3 * GRADIENT + BEYOND[:, None] * jump, COORDS)
    clean = NOISE + 3 * GRADIENT
    left = without_step(clean + line.side[:, None] * jump, COORDS, line) - clean
    assert np.abs(left[line.side].mean(axis=0) - left[~line.side].mean(axis=0)).max() < 0.3


def test_a_large_section_is_looked_at_on_a_part_of_its_spots(monkeypatch):
    monkeypatch.setattr("napari_trsmi.courses.MOST_SPOTS", 1000)
    line = straight_step(jumping(BEYOND, 6.0), COORDS)
    assert line.side.shape == BEYOND.shape
    assert max((line.side == BEYOND).mean(), (line.side != BEYOND).mean()) > 0.95


def test_a_section_that_is_too_small_has_no_line():
    assert straight_step(NOISE[:30], COORDS[:30]) is None
    assert straight_step(NOISE[:30], np.zeros((30, 2))) is None
    assert strongest_step({"rna": NOISE[:30]}, spatial_graph(COORDS[:30]), COORDS[:30]) == {}


def test_modalities_are_asked_alone_and_together():
    values = {"rna": jumping(BEYOND), "adt": NOISE[:, :2] + GRADIENT[:, :2]}
    lines = strongest_step(values, spatial_graph(COORDS), COORDS)
    assert list(lines) == ["rna", "adt", ""]
    assert lines["rna"].strength > 1.9 > lines["adt"].strength


def test_distance_to_the_rim_is_counted_in_spots_and_past_holes():
    hole = np.hypot(X - 20, Y - 20) < 6
    distance = rim_distance(COORDS[~hole] * 100)
    expected = np.minimum.reduce([X, Y, SIDE - 1 - X, SIDE - 1 - Y])[~hole]
    assert np.corrcoef(distance, expected)[0, 1] > 0.98
    assert distance[expected == 0].max() < 1.5
    basis = rim_basis(COORDS)
    assert basis.shape == (SIDE * SIDE, 3)
    assert ((basis > 0) & (basis <= 1)).all()


def test_a_stray_spot_far_away_costs_no_memory(monkeypatch):
    rng = np.random.default_rng(0)
    coords = np.vstack([rng.random((500, 2)) * 20, [[1e9, 1e9]]])
    looked_at = []
    monkeypatch.setattr(courses, "_best_line", lambda x, row, *given: looked_at.append(int(row.max())))
    courses.straight_step(rng.standard_normal((501, 3)), coords)
    assert max(looked_at, default=0) <= courses.MOST_ROWS
