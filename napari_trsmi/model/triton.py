"""Triton, which torch's optimisers import on Linux, beside a graphics driver that has loaded LLVM.

Both bring an LLVM with the same symbols. Mesa's, which draws the window where no vendor's driver does, is there first,
and Triton's library, bound to it, ends the process by a segmentation fault. Loaded with its own symbols before those of
the process, and before anybody imports it, it is not.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path

MAPPED = Path("/proc/self/maps")  # libraries of this process


def load_apart() -> list[Path]:
    """Load Triton's library bound to itself where it would meet another LLVM; return what was loaded."""
    if not sys.platform.startswith("linux") or "triton" in sys.modules or not _has_llvm():
        return []
    found = find_spec("triton")
    folders = [] if found is None else found.submodule_search_locations or []
    libraries = [path for folder in folders for path in Path(folder).glob("_C/libtriton*.so")]
    for path in libraries:
        ctypes.CDLL(str(path), mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
    return libraries


def _has_llvm() -> bool:
    try:
        return "libLLVM" in MAPPED.read_text()
    except OSError:  # a system that does not tell
        return False
