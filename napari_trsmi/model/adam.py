"""torch's Adam without torch's compiler, which its methods import the first time they are called.

That takes one to five seconds at the start of every run, for nothing: no run here is compiled. The same functions lie
beneath their decorators.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch


class Adam(torch.optim.Adam):
    """`torch.optim.Adam`, number by number; of a torch that decorates otherwise it is that itself."""

    add_param_group = inspect.unwrap(torch.optim.Adam.add_param_group)
    zero_grad = inspect.unwrap(torch.optim.Adam.zero_grad)
    state_dict = inspect.unwrap(torch.optim.Adam.state_dict)
    load_state_dict = inspect.unwrap(torch.optim.Adam.load_state_dict)
    _bare_step = inspect.unwrap(torch.optim.Adam.step)

    def step(self, closure: Any = None) -> Any:
        """Take one step by the gradients there are."""
        with torch.no_grad():
            return self._bare_step(closure)
