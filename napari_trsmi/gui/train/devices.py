"""Devices that training can run on, known once torch is loaded: loading it takes seconds, a list is not worth them."""

from __future__ import annotations

import sys

from napari_trsmi.memory import machine_memory


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


def memory_of(name: str) -> float:
    """Return the bytes of memory of the device called `name`, of this machine where that is not known yet."""
    if not name.startswith("cuda") or not _loaded():
        return machine_memory()
    import torch

    from napari_trsmi.model import devices

    device = torch.device(name)
    there = torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    return devices.memory_of(device) if there else machine_memory()


def _loaded() -> bool:
    """Return whether training is loaded to the end, also while another thread is at it."""
    return hasattr(sys.modules.get("napari_trsmi.model.training"), "train")
