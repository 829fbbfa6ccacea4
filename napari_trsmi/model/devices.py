"""Where training runs, and on how many threads."""

from __future__ import annotations

import os

import torch

from napari_trsmi.errors import ConfigError


def pick_device(name: str) -> torch.device:
    """Return the torch device called `name`; ``"auto"`` takes cuda, then mps, then cpu.

    Raises
    ------
    ConfigError
        The device does not exist here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"Expected a device that torch can use here, found {name!r}. Use 'cpu' or 'auto'.") from error
    return device


def pick_threads(threads: int) -> int:
    """Return the number of CPU threads; 0 leaves one core for the interface."""
    return threads or max(1, (os.cpu_count() or 2) - 1)
