"""Wall time, CPU time and peak memory of a fresh process."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cost:
    """What a process cost, interpreter start and imports included, and the JSON on its last line of output.

    Attributes
    ----------
    wall_s, cpu_s
        Seconds; CPU seconds are summed over the threads.
    peak_mb
        Peak resident memory in MiB.
    found
        What the process printed.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    found: dict[str, Any]


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end and return its cost.

    The kernel counts the memory of the process that starts another one towards the new one's peak, so the caller must
    be small: it may not have loaded torch or data itself.
    """
    started = time.perf_counter()
    process = subprocess.Popen(list(command), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}.\n{output}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, megabytes(usage.ru_maxrss), json.loads(output.splitlines()[-1]))


def peak_mb() -> float:
    """Return the peak resident memory of this process in MiB, since `forget_peak` where that is possible."""
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="utf-8"))
        if found:
            return int(found[1]) / 2**10
    return megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def forget_peak() -> None:
    """Have `peak_mb` count from now on; without effect outside Linux."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def megabytes(max_rss: int) -> float:
    """Return MiB from what `getrusage` calls maxrss: kilobytes, on macOS bytes."""
    return max_rss / (2**20 if sys.platform == "darwin" else 2**10)
