"""What several docks say in the same words."""

from __future__ import annotations

SESSION = ".trsmi.json"  # ending of a session file
NO_SECTION = "Open a section first: drop a file on the window, or File > Open Sample > napari-trsmi."


def duration(seconds: float) -> str:
    """Return a time as a person says it.

    Examples
    --------
    >>> duration(4.2), duration(95), duration(9000)
    ('4 s', '2 min', '2.5 h')
    """
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
