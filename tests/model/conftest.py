"""The devices on which the tests of the network run: the CPU, and a GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
import small
import torch

# A borrowed machine may know nothing of tables: `benchmarks/gpu.py` has its own look at what this one tests.
collect_ignore = [] if find_spec("anndata") else ["test_accelerated.py", "test_accelerator_choice.py"]


@pytest.fixture(scope="session", autouse=True, params=["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"])
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """Device on which `small` makes everything; fixtures that hold tensors ask for it to be made anew on each."""
    before, small.DEVICE = small.DEVICE, torch.device(request.param)
    yield small.DEVICE
    small.DEVICE = before
