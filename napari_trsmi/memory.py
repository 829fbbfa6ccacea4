"""How much memory there is."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

_OF_THE_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def machine_memory() -> float:
    """Return the bytes of memory that programs on this machine, or in this container, may take; inf where not known."""
    found = [math.inf]
    with suppress(AttributeError, ValueError, OSError):  # Windows has none of it
        found.append(float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    with suppress(ValueError, OSError):  # "max" where there is no limit
        found.append(float(_OF_THE_CONTAINER.read_text()))
    return min(found)
