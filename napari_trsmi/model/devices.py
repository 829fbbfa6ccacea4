"""Where training runs, on how many threads, and with which random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from napari_trsmi.errors import ConfigError
from napari_trsmi.memory import machine_memory
from napari_trsmi.model import triton
from napari_trsmi.model.adam import Adam
from napari_trsmi.model.losses import prototype_contrast
from napari_trsmi.model.sparse import Pattern, normalize, product, row_softmax, scores
from napari_trsmi.threads import pick_threads

_PROBED: dict[str, str] = {}  # why training does not run on a device, "" where it does


def pick_device(name: str) -> tuple[torch.device, dict[str, str]]:
    """Return the device called `name`, and why each was left that ``"auto"`` tried before it.

    ``"auto"`` is the first of cuda, mps and cpu on which training runs (see `why_not`).

    Raises
    ------
    ConfigError
        Training does not run on that device.
    """
    triton.load_apart()  # before an optimiser imports it
    if name == "auto":
        left: dict[str, str] = {}
        for faster in accelerators():
            if not (reason := why_not(faster)):
                return torch.device(faster), left
            left[faster] = reason
        return torch.device("cpu"), left
    if name != "cpu" and (reason := why_not(name)):
        raise ConfigError(
            f"Expected a device that torch can use here, found {name!r}, where training does not run: {reason}. "
            "Use 'cpu' or 'auto'."
        )
    return torch.device(name), {}


def known_device(name: str) -> str:
    """Return the device that `name` stands for, "" where one would have to be tried first, which can take seconds."""
    if name != "auto":
        return name
    for faster in accelerators():
        if faster not in _PROBED:
            return ""
        if not _PROBED[faster]:
            return faster
    return "cpu"


def accelerators() -> list[str]:
    """Return what torch says is there beside the CPU, fastest first."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [name for name, found in there.items() if found]


def memory_of(device: torch.device) -> float:
    """Return the bytes of memory that a device has; inf where not known."""
    if device.type == "cuda":
        return float(torch.cuda.get_device_properties(device).total_memory)
    return machine_memory()  # mps shares it


def n_gpus(name: str) -> int:
    """Return how many GPUs a run on the device called `name` could be given one of: 0 where it takes none."""
    if name in ("auto", "cuda"):
        return torch.cuda.device_count() or int(name == "auto" and "mps" in accelerators() and not why_not("mps"))
    return 0 if name == "cpu" else 1


def take_gpu(number: int) -> None:
    """Make GPU `number`, counted on from the first again where there are fewer, the one that this process runs on."""
    if count := torch.cuda.device_count():
        torch.cuda.set_device(number % count)


def device_names() -> list[str]:
    """Return the devices that a person can choose, less those that are known not to work."""
    there = [f"cuda:{k}" for k in range(torch.cuda.device_count())] + [a for a in accelerators() if a != "cuda"]
    return ["auto", "cpu", *(name for name in there if not _PROBED.get(name))]


def why_not(name: str) -> str:
    """Return why training does not run on a device, as torch says it; "" where it does. Tried once per process."""
    if name not in _PROBED:
        try:
            there, here = (_training_steps(torch.device(device)) for device in (name, "cpu"))
        except torch.OutOfMemoryError:
            return "there is no memory left on it"  # there can be some the next time
        except Exception as error:  # whatever it is that a device cannot do, the next one may
            text = str(error).strip() or type(error).__name__
            _PROBED[name] = text.splitlines()[0].split(". ")[0].rstrip(".")
        else:
            same = torch.allclose(there, here, rtol=1e-3, atol=1e-5)
            _PROBED[name] = "" if same else "it computes other numbers than the CPU"
    return _PROBED[name]


def _training_steps(device: torch.device) -> Tensor:
    """(3,) losses of training in small, with everything that ours takes of a device."""
    n = 8
    spots = torch.arange(n)
    ends = torch.cat([torch.stack([spots, (spots + step) % n]) for step in (-1, 0, 1)], dim=1)
    pattern = Pattern(ends, n).to(device)
    x = torch.sin(torch.arange(3.0 * n) ** 2).reshape(n, 3).to(device)
    torch.linalg.solve(torch.linalg.eigh(x.T @ x)[1], x.T)
    weight = torch.nn.Parameter(torch.eye(3, device=device))
    edges = torch.nn.Parameter(torch.ones(pattern.n_edges, device=device))
    optimizer = Adam([weight, edges], lr=0.01)
    losses = []
    for _ in range(3):
        z = product(pattern, normalize(pattern, torch.nn.functional.softplus(edges)), x @ weight, symmetric=False)
        s = row_softmax(pattern, scores(pattern, z, x))
        loss = (product(pattern, s, z, symmetric=False) - x).square().mean() + prototype_contrast(z, x[:2], 0.5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).cpu()


class Own:
    """Threads and random numbers of a run: those of the process are as they were whenever the run is not at work.

    All that is random is drawn on the CPU, so the generators of other devices are never touched.

    Attributes
    ----------
    random
        State of torch's generator on the CPU, as the run left it.
    """

    def __init__(self, threads: int, seed: int) -> None:
        self.threads = pick_threads(threads)
        self.random = torch.Generator().manual_seed(seed).get_state()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Put the run's threads and random numbers in place of the caller's."""
        threads, random = torch.get_num_threads(), torch.get_rng_state()
        torch.set_num_threads(self.threads)
        torch.set_rng_state(self.random)
        try:
            yield
        finally:
            self.random = torch.get_rng_state()
            torch.set_num_threads(threads)
            torch.set_rng_state(random)
