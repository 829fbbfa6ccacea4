"""What long work is just doing, for whoever follows it; the outcome does not change by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local

Hear = Callable[[str, int, int], None]
# What a run does before, between and after its epochs.
PREPARING, EMBEDDING, NUMBER = (
    "Preparing features and graphs",
    "Embedding all spots",
    "Estimating the number of domains",
)
FINDING, BOUNDARIES = "Finding domains", "Finding boundaries and scores"
SUPPORT, EFFECTS = "Measuring support", "Measuring effects across boundaries"
UNFOLDING = "Working out the UMAP"
_THREAD = local()  # who hears of the work in each thread


@contextmanager
def heard(hear: Hear) -> Iterator[None]:
    """Let `hear` know of every `tell` of what is done inside, in this thread.

    Parameters
    ----------
    hear
        Gets what is being done, and how many of how many parts are done; 0 of 0 where nobody can say.

    Examples
    --------
    >>> with heard(print):
    ...     tell("Measuring support", 2, 22)
    Measuring support 2 22
    """
    before = getattr(_THREAD, "hear", None)
    _THREAD.hear = hear
    try:
        yield
    finally:
        _THREAD.hear = before


def tell(text: str, done: int = 0, total: int = 0) -> None:
    """Tell what is being done from now on, to whoever follows this thread. Costs nothing where nobody does."""
    hear = getattr(_THREAD, "hear", None)
    if hear is not None:
        hear(text, done, total)
