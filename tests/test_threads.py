"""On how many threads a run computes: as many as it is given cores, and only while it is at work."""

from __future__ import annotations

import pytest
from short_run import settings, small_slice
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info, threadpool_limits

from napari_trsmi import graphs, threads
from napari_trsmi.api import fit_steps
from napari_trsmi.evidence import supported
from napari_trsmi.model import training
from napari_trsmi.records import drain
from napari_trsmi.sampling import SAMPLE
from napari_trsmi.stages import cut_again, prepare
from napari_trsmi.threads import kept_within, pick_threads, within


@pytest.mark.parametrize(
    ("cores", "openmp", "taken"), [(8, "", 7), (8, "4", 4), (8, "4,2", 4), (8, "0", 7), (2, "many", 1), (1, "64", 1)]
)
def test_by_default_one_of_the_cores_that_are_given_is_left_to_the_interface(monkeypatch, cores, openmp, taken):
    monkeypatch.setattr("joblib.cpu_count", lambda: cores)
    monkeypatch.setenv("OMP_NUM_THREADS", openmp)
    assert pick_threads(0) == taken
    assert pick_threads(3) == 3


@pytest.fixture
def _three(monkeypatch):
    """Libraries that would take three threads each, and a run that is to take two."""
    assert training  # with which torch's library is there too
    monkeypatch.setattr(threads, "pick_threads", lambda threads: threads or 2)
    with threadpool_limits(3):
        yield


def at_work() -> set[int]:
    return {one["num_threads"] for one in threadpool_info()}


@pytest.mark.usefixtures("_three")
def test_what_a_run_computes_with_keeps_to_its_threads():
    with within(0, 500):
        assert at_work() == {2}
        with within(8, 500):  # never more than there were
            assert at_work() == {2}
    with within(0, SAMPLE + 1):
        assert at_work() == {3}
    assert at_work() == {3}


@pytest.mark.usefixtures("_three")
def test_between_two_steps_threads_are_the_caller_s():
    seen, heard = [], []

    def steps():
        for number in range(2):
            seen.append(at_work())
            heard.append((yield number))
        return "outcome"

    kept = kept_within(steps(), 1, 500)
    assert next(kept) == 0
    assert at_work() == {3}
    assert kept.send("stop") == 1
    with pytest.raises(StopIteration) as end:
        kept.send(None)
    assert (seen, heard, end.value.value) == ([{1}, {1}], ["stop", None], "outcome")


@pytest.mark.usefixtures("_three")
def test_steps_that_nobody_wants_any_more_are_closed():
    closed = []

    def steps():
        try:
            yield 1
        finally:
            closed.append(True)

    kept = kept_within(steps(), 0, 500)
    next(kept)
    kept.close()
    assert closed


@pytest.mark.usefixtures("_three")
def test_preparing_training_cutting_and_support_keep_to_the_threads_of_the_run(monkeypatch):
    seen = {"nearest": set(), "clusters": set()}

    def spied(function, name):
        def spy(*given, **named):
            seen[name] |= at_work()
            return function(*given, **named)

        return spy

    monkeypatch.setattr(graphs, "nearest", spied(graphs.nearest, "nearest"))
    monkeypatch.setattr(KMeans, "fit", spied(KMeans.fit, "clusters"))
    config = settings().model_copy(update={"threads": 2})
    result = drain(fit_steps(small_slice(), config))
    assert seen == {"nearest": {2}, "clusters": {2}}
    seen["clusters"].clear()
    drain(supported(result))
    assert seen["clusters"] == {2}
    cut_again(prepare(result.dataset, config), config, result)
    assert seen == {"nearest": {2}, "clusters": {2}}
    assert at_work() == {3}
