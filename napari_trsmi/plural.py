"""Numbers of things as a person reads them."""

from __future__ import annotations


def many(n: int, thing: str, things: str = "") -> str:
    """Return a number of things.

    Parameters
    ----------
    thing, things
        What one is called, and several where that is more than an "s" behind it.

    Examples
    --------
    >>> many(1, "spot"), many(2500, "spot"), many(2, "boundary", "boundaries")
    ('1 spot', '2,500 spots', '2 boundaries')
    """
    return f"{n:,} {thing if n == 1 else things or f'{thing}s'}"
