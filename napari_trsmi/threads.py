"""On how many CPU threads a run computes, in torch and in what numpy and scikit-learn compute with."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from napari_trsmi.sampling import is_large

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Said = TypeVar("Said")
Answer = TypeVar("Answer")
Outcome = TypeVar("Outcome")


def pick_threads(threads: int) -> int:
    """Return the number of CPU threads; 0 leaves one core for the interface and for what else the machine does.

    Cores are those that the process may use, by its affinity or by the share that a container or a queue gives it, and
    no more than OMP_NUM_THREADS says: threads without a core of their own wait for each other.

    Examples
    --------
    >>> pick_threads(3)
    3
    """
    from joblib import cpu_count

    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return threads or min(max(1, cpu_count() - 1), int(asked) if asked.isdecimal() and int(asked) else 1024)


@lru_cache(maxsize=1)
def _libraries(_modules: int) -> ThreadpoolController:
    """Return what numpy and scikit-learn compute with, looked for again only after more modules were imported."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def within(threads: int, n_spots: int) -> Iterator[None]:
    """Keep numpy and scikit-learn to the threads of a run inside; of a large section they take what they like.

    On arrays of a few thousand spots several threads gain little on an idle machine, and on a busy one they wait for
    each other for most of the time.

    Parameters
    ----------
    threads
        As in `Config.threads`.
    n_spots
        Of the section.
    """
    if is_large(n_spots):
        yield
        return
    libraries = _libraries(len(sys.modules))
    most: dict[str, int] = {}
    for one in libraries.info():  # blas and openmp; never more than there were
        most[one["user_api"]] = min(most.get(one["user_api"], pick_threads(threads)), one["num_threads"])
    with libraries.limit(limits=most):
        yield


def kept_within(
    steps: Generator[Said, Answer, Outcome], threads: int, n_spots: int
) -> Generator[Said, Answer, Outcome]:
    """Yield from `steps` and return what they return; `within` the threads while they are at work, and only then."""
    try:
        with within(threads, n_spots):
            said = next(steps)
        while True:
            answer = yield said
            with within(threads, n_spots):
                said = steps.send(answer)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    finally:
        steps.close()
