"""What this machine lacks to open a window."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys

_LIBRARIES = ("libEGL.so.1", "libxkbcommon-x11.so.0", "libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1")
_PACKAGES = "xvfb libegl1 libgl1-mesa-dri libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1"


def missing() -> str:
    """Return what a window lacks on this machine, or nothing."""
    for module in ("napari", "pyqtgraph", "pytestqt"):
        if importlib.util.find_spec(module) is None:
            return f'{module} is not installed: pip install "napari-trsmi[test-gui]"'
    if sys.platform != "linux":
        return ""
    if not os.environ.get("DISPLAY") and shutil.which("Xvfb") is None:
        return f"no screen and no Xvfb: apt-get install {_PACKAGES}"
    for name in _LIBRARIES:
        try:
            ctypes.CDLL(name)
        except OSError:
            return f"{name} not found: apt-get install {_PACKAGES}"
    return ""
