"""What a partition derives from its posterior."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_trsmi.records import Checkpoints, Fit, Partition, Step, drain

POSTERIOR = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.0, 1.0, 0.0]], np.float32)
PARTITION = Partition(np.array([0, 1, 1]), POSTERIOR, "mixture", 2.0)


def test_confidence_and_runner_up_by_hand():
    np.testing.assert_allclose(PARTITION.confidence, [0.7, 0.3, 1.0])
    np.testing.assert_array_equal(PARTITION.runner_up, [1, 2, 0])  # a spot's own domain is never its runner-up
    assert PARTITION.n_domains == 3


def test_entropy_by_hand():
    first = -(0.7 * np.log(0.7) + 0.2 * np.log(0.2) + 0.1 * np.log(0.1)) / np.log(3)
    np.testing.assert_allclose(PARTITION.entropy[[0, 2]], [first, 0.0], atol=1e-6)
    assert PARTITION.entropy.dtype == np.float32


def test_a_single_domain_has_no_runner_up_and_no_entropy():
    one = Partition(np.zeros(4, int), np.ones((4, 1), np.float32), "mixture")
    np.testing.assert_array_equal(one.runner_up, -1)
    np.testing.assert_array_equal(one.entropy, 0.0)
    np.testing.assert_array_equal(one.confidence, 1.0)


@given(st.integers(1, 30), st.integers(2, 8), st.integers(0, 99))
def test_entropy_lies_between_zero_and_one_and_the_runner_up_is_the_second_best(n, k, seed):
    posterior = np.random.default_rng(seed).dirichlet(np.full(k, 0.5), n).astype(np.float32)
    partition = Partition(posterior.argmax(axis=1), posterior, "mixture")
    assert ((partition.entropy >= 0) & (partition.entropy <= 1 + 1e-6)).all()
    np.testing.assert_array_equal(partition.runner_up, posterior.argsort(axis=1)[:, -2])
    np.testing.assert_array_equal(partition.posterior, posterior)
    even = Partition(np.zeros(n, int), np.full((n, k), 1 / k, np.float32), "mixture")
    np.testing.assert_allclose(even.entropy, 1.0, rtol=1e-5)


def test_states_are_kept_evenly_as_far_as_there_is_room():
    states = Checkpoints(budget=5)
    for epoch in range(2, 41, 2):
        states.add(epoch, bytes([epoch]))
    assert len(states.epochs) == 5
    assert (states.epochs[0], states.epochs[-1]) == (2, 40)
    assert max(np.diff(states.epochs)) <= 2 * 38 / 4
    assert states.before(1) is None
    assert states.before(41) == bytes([40])
    assert states.before(states.epochs[1] + 1) == bytes([states.epochs[1]])


def test_a_state_that_is_too_large_is_not_kept_and_later_ones_need_not_be_made():
    states = Checkpoints(budget=5)
    states.add(1, b"1234")
    states.add(2, b"12345")
    assert states.epochs == [2]  # there is room for the newest
    states.add(3, b"123456")
    assert (states.epochs, states.budget) == ([], 0)


def test_records_cross_a_process_and_cannot_be_changed():
    step = Step(1, 5, {"total": 0.5}, 0.9, 0.2, 0.5)
    assert np.isnan(step.churn)
    fit = Fit(np.ones((2, 3)), np.ones((1, 3)), {}, np.ones((2, 1)), ("rna",), history=(step,))
    again = pickle.loads(pickle.dumps(fit))
    assert again.history[0].losses == step.losses
    with pytest.raises(AttributeError):
        step.epoch = 2


def _steps(closed):
    try:
        for number in range(5):
            if (yield number) == "stop":
                return f"stopped at {number}"
        return "whole"
    finally:
        closed.append(True)


def test_a_generator_is_drained_to_what_it_returns_or_stopped_where_that_is_asked():
    assert drain(_steps([])) == "whole"
    heard = []
    assert drain(_steps([]), lambda step: heard.append(step) or ("stop" if step == 2 else None)) == "stopped at 2"
    assert heard == [0, 1, 2]


def test_a_generator_is_closed_where_what_hears_of_its_steps_fails():
    closed = []
    with pytest.raises(KeyError):
        drain(_steps(closed), lambda step: {}[step])
    assert closed
