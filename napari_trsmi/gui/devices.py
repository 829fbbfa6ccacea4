"""Devices that training can run on, known once torch is loaded: loading it takes seconds, a list is not worth them."""

from __future__ import annotations

import sys
from typing import Any


def device_names() -> list[str]:
    """Return the devices to choose from; only auto and cpu as long as torch is not loaded."""
    torch = _torch()
    if torch is None:
        return ["auto", "cpu"]
    cuda = [f"cuda:{k}" for k in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ["auto", "cpu", *cuda, *mps]


def loaded_device(name: str) -> str:
    """Return the device that `name` stands for, or "" where auto cannot be resolved yet."""
    if name != "auto":
        return name
    torch = _torch()
    if torch is None:
        return ""
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def _torch() -> Any | None:
    """Return torch where it is loaded to the end, also while another thread is at it."""
    training = sys.modules.get("napari_trsmi.model.training")
    return sys.modules["torch"] if hasattr(training, "train") else None
