"""Several processes that train one network, as ``torchrun`` starts them: each sees its own tiles of every step."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed

from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.model.devices import pick_device


@dataclass(frozen=True)
class Ranks:
    """The processes of a run.

    Attributes
    ----------
    own
        Number of this one; 0 writes.
    count
        How many there are.
    """

    own: int = 0
    count: int = 1

    def averaged(self, parameters: Iterable[Tensor]) -> None:
        """Put the mean over the processes in place of each parameter's gradient."""
        if self.count == 1:
            return
        known = list(parameters)
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in known])
        distributed.all_reduce(flat)
        parts = (flat / self.count).split([p.numel() for p in known])
        for parameter, part in zip(known, parts, strict=True):
            parameter.grad = part.view_as(parameter)

    def part(self) -> None:
        """Leave the other processes: one that ends in their company may be aborted, and torchrun then ends all."""
        if self.count > 1:
            distributed.destroy_process_group()

    def summed(self, *arrays: np.ndarray) -> None:
        """Put the sum over the processes in place of each array's values."""
        if self.count == 1:
            return
        try:
            for values in arrays:
                distributed.all_reduce(torch.from_numpy(values))
        except RuntimeError as error:
            if told := lost(error):
                raise told from error
            raise

    def gathered(self, found: list[Any]) -> list[Any]:
        """Return the lists of all processes one after the other."""
        if self.count == 1:
            return found
        every: list[list[Any]] = [[] for _ in range(self.count)]
        distributed.all_gather_object(every, found)
        return [one for part in every for one in part]


def joined(device: torch.device) -> Ranks:
    """Return the processes that ``torchrun`` started, after a first meeting; one where it did not."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or "MASTER_ADDR" not in os.environ:
        return Ranks()
    if not distributed.is_available():
        raise ConfigError("Expected a torch that can train with several processes, found one that cannot. Start one.")
    if not distributed.is_initialized():
        # What is not on the GPU goes over gloo: nccl would take lists of all processes to the first GPU.
        distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    return Ranks(distributed.get_rank(), count)


def sharing(device: str) -> Ranks:
    """Return the processes that train together on the device called `device`, after a first meeting."""
    return joined(pick_device(local_device(device))[0])


def lost(error: Exception) -> TrainingError | None:
    """Return what to say about an error of torch where another process has ended; None where it is another one."""
    if not any(words in str(error) for words in ("gloo", "NCCL", "closed by peer", "Connection reset")):
        return None
    return TrainingError(
        "Expected all processes of the run to go on, found that one has ended. Its own words say why; with "
        "--checkpoint the run can go on from the last one, see --resume."
    )


def local_device(name: str) -> str:
    """Return the device of this process: of several on one machine each takes a GPU of its own."""
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1 and torch.cuda.is_available()
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if several and name in ("auto", "cuda") else name
