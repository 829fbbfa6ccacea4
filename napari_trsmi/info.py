"""What a report of a problem needs to say about this machine: versions, platform, devices, window, extras.

Nothing here raises: what cannot be found out says why, because that may be the problem.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Any

from napari_trsmi.versions import DISTRIBUTION, installed

if TYPE_CHECKING:
    from packaging.requirements import Requirement

EXTRAS = ("all", "genesets", "harmony", "leiden", "pyside", "spatialdata", "sweep", "umap")
"""What a person can install beside the base; the other extras are for those who work on the package."""

_LIBRARIES = (
    DISTRIBUTION,
    "anndata",
    "dask",
    "decoupler",
    "distributed",
    "h5py",
    "harmonypy",
    "igraph",
    "magicgui",
    "matplotlib",
    "mudata",
    "napari",
    "npe2",
    "numba",
    "numpy",
    "pandas",
    "pydantic",
    "pyqtgraph",
    "qtpy",
    "scanpy",
    "scikit-learn",
    "scipy",
    "shapely",
    "spatialdata",
    "spatialdata-io",
    "squidpy",
    "superqt",
    "tifffile",
    "torch",
    "torch-geometric",
    "tyro",
    "umap-learn",
    "vispy",
    "zarr",
)
_BINDINGS = ("PyQt6", "PySide6", "PySide6-Essentials", "PyQt5", "PySide2")
_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_API", "QT_OPENGL", "LIBGL_ALWAYS_SOFTWARE")


def collect() -> dict[str, dict[str, Any]]:
    """Return {section: {name: fact}}, ready for JSON; a section that fails holds its ``problem`` instead."""
    sections: dict[str, Callable[[], dict[str, Any]]] = {
        "versions": _versions,
        "platform": _platform,
        "devices": _devices,
        "window": _window,
        "extras": _extras,
    }
    return {name: attempt(section) for name, section in sections.items()}


def attempt(section: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what `section` finds, or the problem it met."""
    try:
        return section()
    except Exception as error:  # such as a library of torch that the system does not load
        return {"problem": f"{type(error).__name__}: {error}"}


def to_text(facts: dict[str, dict[str, Any]]) -> str:
    """Return the facts as lines under the name of their section."""
    lines = []
    for section, entries in facts.items():
        lines += ["", section]
        width = max((len(name) for name in entries), default=0)
        for name, value in entries.items():
            shown = (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)
            lines.append(f"  {name.replace('_', ' '):<{width}}  {shown}".rstrip())
    return "\n".join(lines[1:])


def _versions() -> dict[str, Any]:
    return {"python": platform.python_version(), **installed(_LIBRARIES)}


def _platform() -> dict[str, Any]:
    found = {
        "system": platform.platform(),
        "machine": platform.machine(),
        "python": f"{platform.python_implementation()}, {platform.python_compiler()}",
        "cores": os.cpu_count(),
    }
    if hasattr(os, "sysconf"):  # not on Windows
        found["memory"] = f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
    return found


def _devices() -> dict[str, Any]:
    """Which device ``auto`` takes and why; a training step in small is tried on each that torch names."""
    import torch

    from napari_trsmi.model.devices import accelerators, pick_device
    from napari_trsmi.threads import pick_threads

    there = accelerators()
    picked, left = pick_device("auto")
    if picked.type != "cpu":
        why = "the fastest on which a training step runs right"
    elif there:
        why = "training does not run right on the others"
    else:
        why = "torch finds no other"
    built = {"CUDA": torch.version.cuda, "ROCm": torch.version.hip}
    return {
        "picked": str(picked),
        "why": why,
        **{f"not_{name}": reason for name, reason in left.items()},
        "graphics": [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())],
        "torch_built_for": ", ".join(f"{name} {what}" for name, what in built.items() if what) or "no CUDA, no ROCm",
        "threads": pick_threads(0),
    }


def _window() -> dict[str, Any]:
    """Which Qt bindings are installed and what tells them where to draw; Qt itself is not imported."""
    return {
        "bindings": [f"{name} {found}" for name, found in installed(_BINDINGS).items()],
        **{name: os.environ[name] for name in _SCREEN if name in os.environ},
    }


def _extras() -> dict[str, Any]:
    from packaging.requirements import Requirement

    return {extra: _described(_lacking(Requirement(f"{DISTRIBUTION}[{extra}]"))) for extra in EXTRAS}


def _described(lacking: list[str]) -> str:
    return f"lacks {', '.join(lacking)}" if lacking else "there"


def _lacking(wanted: Requirement) -> list[str]:
    """Return what is missing, or of another version than asked for, of a distribution and of the extras it names."""
    from packaging.requirements import Requirement

    try:
        found, lines = version(wanted.name), requires(wanted.name) or []
    except PackageNotFoundError:
        return [f"{wanted.name}{wanted.specifier}"]
    if not wanted.specifier.contains(found, prereleases=True):
        return [f"{wanted.name}{wanted.specifier} (found {found})"]
    lacking: list[str] = []
    for inner in map(Requirement, lines):
        marker = inner.marker
        asked = marker and any(marker.evaluate({"extra": extra}) for extra in wanted.extras)
        if asked and marker and not marker.evaluate({"extra": ""}):  # the base is there, or nothing would run
            lacking += _lacking(inner)
    return list(dict.fromkeys(lacking))
