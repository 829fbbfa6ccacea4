"""Adam without torch's compiler is torch's Adam, number by number, and training starts without the compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest
import small
import torch

from napari_trsmi.model import network
from napari_trsmi.model.adam import Adam
from napari_trsmi.model.training import train


def taken(made, steps=3):
    torch.manual_seed(0)
    first, second = (torch.nn.Parameter(torch.randn(4, 3)) for _ in range(2))
    optimizer = made([first], lr=0.01, weight_decay=0.1)
    for step in range(steps):
        if step == 1:
            optimizer.add_param_group({"params": [second]})
        optimizer.zero_grad()
        ((first * second).square().sum() + first.sum()).backward()
        optimizer.step()
    return optimizer, (first, second)


def test_the_steps_and_the_state_are_those_of_torch():
    (ours, mine), (theirs, known) = taken(Adam), taken(torch.optim.Adam)
    assert all(torch.equal(a, b) for a, b in zip(mine, known, strict=True))
    assert str(ours.state_dict()) == str(theirs.state_dict())


def test_a_state_goes_from_one_to_the_other():
    (ours, _), (theirs, known) = taken(Adam), taken(torch.optim.Adam)
    again = Adam([torch.nn.Parameter(known[0].detach().clone())], lr=0.5)
    again.add_param_group({"params": [torch.nn.Parameter(known[1].detach().clone())]})
    again.load_state_dict(theirs.state_dict())
    assert str(again.state_dict()) == str(ours.state_dict())


@pytest.mark.slow
def test_training_imports_no_compiler_which_takes_seconds():
    program = (
        "import sys, numpy as np\n"
        "from scipy import sparse\n"
        "from napari_trsmi.config import Config\n"
        "from napari_trsmi.model.training import train\n"
        "ring = sparse.eye(40, k=1, format='csr') + sparse.eye(40, k=-39, format='csr')\n"
        "ring = (ring + ring.T).tocsr()\n"
        "x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)\n"
        "config = Config(cluster={'n_domains': 2}, train={'epochs': 2}, device='cpu')\n"
        "steps = train({'rna': x}, ring, {'rna': ring}, config)\n"
        "print(len(list(steps)), [name for name in sys.modules if name.startswith('torch._dynamo')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "2 []"


@pytest.mark.parametrize("kept", [0, 10**9])
def test_what_is_kept_for_the_gradient_changes_no_number(kept, monkeypatch):
    monkeypatch.setattr(network, "KEPT_EDGES", kept)
    section, settings = small.section(), small.config(train={"epochs": 4})
    losses = [step.losses for step in train(*section.parts, settings)]
    monkeypatch.undo()
    assert losses == [step.losses for step in train(*section.parts, settings)]
