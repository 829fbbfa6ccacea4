"""What long work does is told to those who follow its thread, and to nobody else."""

from __future__ import annotations

from threading import Thread

import napari_trsmi as nt
from napari_trsmi.telling import BOUNDARIES, EMBEDDING, FINDING, NUMBER, PREPARING, heard, tell


def test_only_the_innermost_listener_of_the_own_thread_hears():
    outer, inner = [], []
    with heard(lambda *told: outer.append(told)):
        with heard(lambda *told: inner.append(told)):
            tell("within", 1, 2)
        other = Thread(target=tell, args=("elsewhere",))
        other.start()
        other.join()
        tell("outside")
    tell("nobody")
    assert (inner, outer) == ([("within", 1, 2)], [("outside", 0, 0)])


def test_a_run_tells_its_stages_in_order_and_yields_what_it_did_before(small_file):
    cluster = {"max_domains": 4, "n_init": 1, "emphasis": "even"}  # decided: the number is looked for once
    config = nt.Config(cluster=cluster, train={"epochs": 2}, preprocess={"n_components": 8})
    told, steps = [], nt.fit_steps(nt.read(small_file), config)
    with heard(lambda text, done, total: told.append((text, done, total))):
        epochs = [step.epoch for step in steps]
    assert epochs == [1, 2]
    assert list(dict.fromkeys(text for text, *_ in told)) == [PREPARING, EMBEDDING, NUMBER, FINDING, BOUNDARIES]
    assert [(done, total) for text, done, total in told if text == NUMBER] == [(0, 3), (1, 3), (2, 3), (3, 3)]
