"""Devices that training can run on, known once torch is loaded: loading it takes seconds, a list is not worth them."""

from __future__ import annotations

import sys


def device_names() -> list[str]:
    """Return the devices to choose from; only auto and cpu as long as torch is not loaded."""
    if not _loaded():
        return ["auto", "cpu"]
    from napari_trsmi.model import devices

    return devices.device_names()


def loaded_device(name: str) -> str:
    """Return the device that `name` stands for, or "" where auto cannot be resolved yet: without trying it out."""
    if name != "auto":
        return name
    if not _loaded():
        return ""
    from napari_trsmi.model import devices

    return devices.known_device(name)


def _loaded() -> bool:
    """Return whether training is loaded to the end, also while another thread is at it."""
    return hasattr(sys.modules.get("napari_trsmi.model.training"), "train")
