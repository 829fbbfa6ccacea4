"""What draws by hand, and the domains of a large section, is compiled beside the window, before it is needed.

Nothing is imported here that others may be importing: two threads that import the same libraries find them half made.
Whoever imports much in another thread meanwhile waits first, see `wait`.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

logger = logging.getLogger(__name__)

DELAY = 500  # milliseconds after a large section is open: drawing it comes first
LATER = 3000  # milliseconds after any section is open: a person looks at it before drawing
LONGEST = 30.0  # seconds
_STARTED: dict[str, Thread] = {}


def begin() -> None:
    """Compile what draws labels in a thread, once in the life of the program."""
    _begin("labels", make_ready)


def begin_shapes() -> None:
    """Compile what draws by hand in a thread, once in the life of the program: the first time takes seconds."""
    _begin("shapes", lambda: _made_ready(draw_shapes))


def wait() -> None:
    """Wait until it is done, where it has begun; called by each thread that may import torch, see `ask_scipy`."""
    for thread in list(_STARTED.values()):
        thread.join(LONGEST)
    ask_scipy()


def _begin(name: str, make: Callable[[], None]) -> None:
    if name not in _STARTED:
        thread = Thread(target=make, name=f"trsmi-warm-up-{name}", daemon=True)
        thread.start()
        _STARTED[name] = thread  # once it can be waited for


def load_torch() -> None:
    """Load the libraries of torch, before its import does, without holding up the window; called in a thread.

    Python lets no other thread run while an import loads a library, which takes up to two seconds here where the disk
    has to be read. A function that is called through ctypes does. What cannot be loaded so the import loads, or says
    why not; on Windows it always does.
    """
    if os.name != "posix" or "torch" in sys.modules or (found := find_spec("torch")) is None or not found.origin:
        return
    load = ctypes.CDLL(None).dlopen
    load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name, scope in (("libtorch_global_deps", os.RTLD_GLOBAL), ("libtorch_python", os.RTLD_LOCAL)):  # as torch does
        for library in Path(found.origin).parent.glob(f"lib/{name}.*"):
            if not load(os.fsencode(library), os.RTLD_NOW | scope):
                return


def ask_scipy() -> None:
    """Let scipy ask of lists, tuples and arrays whether they are torch's, while there is no torch; it remembers.

    While a thread imports torch, scipy finds the module without its `Tensor`, and whatever the window calls fails.
    """
    import numpy as np
    from scipy.spatial.transform import Rotation  # as napari's camera does

    for quaternion in ([0.0, 0.0, 0.0, 1.0], (0.0, 0.0, 0.0, 1.0), np.array([0.0, 0.0, 0.0, 1.0])):
        Rotation.from_quat(quaternion)


def make_ready() -> None:
    """Let napari compile what draws labels, which takes seconds and would hold up the window at the first domains."""
    _made_ready(draw_labels)


def _made_ready(draw: Callable[[], None]) -> None:
    try:
        draw()
    except Exception:  # whoever draws them says what is wrong
        logger.info("not made ready", exc_info=True)


def draw_labels() -> None:
    """Draw two labels, on no canvas: numba compiles for the type of up to 255 domains."""
    import numpy as np
    from napari.layers import Labels
    from napari.utils.colormaps import DirectLabelColormap

    clear, colored = np.zeros(4), np.ones(4)
    colors = DirectLabelColormap(color_dict={None: clear, 0: clear, 1: colored})
    Labels(np.array([[0, 1], [1, 0]], np.uint8), colormap=colors)


def draw_shapes() -> None:
    """Make a layer of outlines, on no canvas, for which napari lets numba compile all that draws them."""
    from napari.layers import Shapes

    Shapes()
