"""Schedules start and end where they should and never turn back."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.config import Gate
from napari_trsmi.model.schedules import cooling, progress, value
from napari_trsmi.settings import Schedule, Shape

SHAPES = get_args(Shape)
moving = st.sampled_from([shape for shape in SHAPES if shape != "constant"])
fractions = st.floats(0, 1)


@given(st.sampled_from(SHAPES), fractions, fractions)
def test_progress_never_falls_and_stays_within_zero_and_one(shape, a, b):
    first, second = progress(shape, min(a, b)), progress(shape, max(a, b))
    assert 0 <= first <= second <= 1


@given(moving, st.floats(0.01, 10), st.floats(0.01, 10))
def test_every_moving_shape_goes_from_start_to_end(shape, start, end):
    schedule = Schedule(start=start, end=end, shape=shape)
    assert value(schedule, 0.0) == pytest.approx(start)
    assert value(schedule, 1.0) == pytest.approx(end)
    assert min(start, end) - 1e-12 <= value(schedule, 0.3) <= max(start, end) + 1e-12


@given(fractions)
def test_a_constant_stays_at_its_start(fraction):
    assert value(Schedule(start=0.3, end=5.0, shape="constant"), fraction) == 0.3


@given(st.sampled_from(SHAPES), st.floats(0, 1), fractions, fractions)
def test_the_gate_only_cools(shape, cool_end, a, b):
    gate = Gate(cool_end=cool_end, shape=shape)
    assert cooling(gate, 0.0) == pytest.approx(1.0)
    assert cooling(gate, 1.0) == pytest.approx(1.0 if shape == "constant" else cool_end)
    assert 1 >= cooling(gate, min(a, b)) >= cooling(gate, max(a, b)) >= cool_end - 1e-12


def test_shapes_at_a_quarter_by_hand():
    assert progress("cosine", 0.25) == pytest.approx((1 - math.sqrt(0.5)) / 2)
    assert progress("linear", 0.25) == 0.25
    assert progress("exponential", 0.25) == pytest.approx((1 - math.exp(-1.25)) / (1 - math.exp(-5)))
    assert progress("step", 0.49) == 0.0
    assert progress("step", 0.5) == 1.0


@given(st.sampled_from(SHAPES))
def test_beyond_the_run_nothing_moves(shape):
    assert progress(shape, -0.5) == progress(shape, 0.0)
    assert progress(shape, 1.5) == progress(shape, 1.0)
