"""How much memory there is."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_GROUPS_OF_THE_PROGRAM = Path("/proc/self/cgroup")


def machine_memory() -> float:
    """Return the bytes of memory that this program may take; inf where not known.

    What a container, a queue such as Slurm or the shell (`ulimit -v`) leaves of the machine's.
    """
    found = [math.inf, _of_the_shell()]
    with suppress(AttributeError, ValueError, OSError):  # Windows has none of it
        found.append(float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    for file in _limits():
        with suppress(ValueError, OSError):  # "max" where there is no limit
            found.append(float(file.read_text()))
    return min(found)


def _limits() -> list[Path]:
    """Files with the limits of the groups that the program is in, which may be absent.

    A container may see a path that is only there outside of it: its own limit is that of the topmost group.
    """
    found = [_GROUPS / "memory.max", _GROUPS / "memory" / "memory.limit_in_bytes"]
    with suppress(ValueError, OSError):
        for line in _GROUPS_OF_THE_PROGRAM.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds and "memory" not in kinds.split(","):
                continue
            top, name = (_GROUPS / "memory", "memory.limit_in_bytes") if kinds else (_GROUPS, "memory.max")
            own = top / path.lstrip("/")
            found += [group / name for group in (own, *own.parents) if group.is_relative_to(top)]
    return found


def _of_the_shell() -> float:
    """Return the bytes that the shell lets the program address."""
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        return math.inf if most == resource.RLIM_INFINITY else float(most)
    return math.inf
