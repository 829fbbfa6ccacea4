"""Which device training takes, what it says of those it leaves, and that it leaves no trace in the process."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small import config, finish, section

from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.memory import machine_memory
from napari_trsmi.model import devices
from napari_trsmi.model.devices import device_names, known_device, pick_device, why_not
from napari_trsmi.model.training import Trainer, train

CSR_ON_MPS = (
    "Could not run 'aten::new_compressed_tensor' with arguments from the 'MPS' backend. This could be because the "
    "operator doesn't exist for this backend.\nMore lines."
)


@pytest.fixture(scope="module")
def one():
    return section(40)


@pytest.fixture
def machine(monkeypatch):
    """Pretend that a machine has these accelerators, and what a training step on each gives: losses or an error."""

    def pretend(**steps):
        asked = []

        def training_steps(device):
            asked.append(str(device))
            found = steps.get(device.type, torch.ones(3))
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(devices, "_PROBED", {})
        monkeypatch.setattr(devices, "_training_steps", training_steps)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in steps)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2 * ("cuda" in steps))
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in steps)
        return asked

    return pretend


def test_auto_is_the_first_device_on_which_training_runs(machine):
    machine()
    assert pick_device("auto") == (torch.device("cpu"), {})
    machine(cuda=torch.ones(3), mps=torch.ones(3))
    assert pick_device("auto") == (torch.device("cuda"), {})
    machine(mps=torch.ones(3))
    assert pick_device("auto") == (torch.device("mps"), {})


def test_auto_leaves_a_device_that_cannot_train_and_says_why(machine):
    machine(cuda=RuntimeError("CUDA error: no kernel image\nmore"), mps=NotImplementedError(CSR_ON_MPS))
    assert pick_device("auto") == (
        torch.device("cpu"),
        {
            "cuda": "CUDA error: no kernel image",
            "mps": "Could not run 'aten::new_compressed_tensor' with arguments from the 'MPS' backend",
        },
    )


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (NotImplementedError(CSR_ON_MPS), "Could not run 'aten::new_compressed_tensor'"),
        (TypeError("Cannot convert a MPS Tensor to float64 dtype."), "float64 dtype"),
        (torch.tensor([1.0, 1.0, 2.0]), "it computes other numbers than the CPU"),
        (torch.tensor([1.0, 1.0, torch.nan]), "it computes other numbers than the CPU"),
        (KeyError(), "KeyError"),
    ],
    ids=["missing", "float64", "wrong", "not a number", "without words"],
)
def test_a_device_asked_for_by_name_that_cannot_train_is_refused_with_the_reason(machine, outcome, reason):
    machine(mps=outcome)
    with pytest.raises(ConfigError, match=rf"found 'mps', where training does not run: .*{reason}.* Use 'cpu'") as told:
        pick_device("mps")
    assert "\n" not in str(told.value)


def test_a_device_is_tried_once_unless_its_memory_was_full(machine):
    asked = machine(mps=RuntimeError("no"))
    for _ in range(3):
        pick_device("auto")
        pick_device("cpu")
    assert asked == ["mps"]
    asked = machine(cuda=torch.OutOfMemoryError("CUDA out of memory"))
    assert [pick_device("auto")[1] for _ in range(2)] == [{"cuda": "there is no memory left on it"}] * 2
    assert asked == ["cuda", "cuda"]


def test_the_form_knows_a_device_only_once_it_was_tried(machine):
    machine(cuda=RuntimeError("no"), mps=torch.ones(3))
    assert known_device("auto") == ""
    assert known_device("cuda:1") == "cuda:1"
    assert device_names() == ["auto", "cpu", "cuda:0", "cuda:1", "mps"]
    pick_device("auto")
    assert known_device("auto") == "mps"
    machine(mps=RuntimeError("no"))
    pick_device("auto")
    assert known_device("auto") == "cpu"
    assert device_names() == ["auto", "cpu"]
    machine()
    assert known_device("auto") == "cpu"  # nothing to try


def test_a_run_tells_which_devices_it_left(one, machine):
    machine(mps=RuntimeError("no sparse tensors"))
    _, fit = finish(train(*one.parts, config(train={"epochs": 2}).model_copy(update={"device": "auto"})))
    assert fit.device == "cpu"
    assert fit.devices_left == {"mps": "no sparse tensors"}


def test_the_trial_really_trains(device):
    losses = devices._training_steps(device)
    assert torch.isfinite(losses).all()
    assert losses[2] < losses[1] < losses[0]
    assert not why_not(str(device))


@pytest.mark.parametrize("name", ["product", "scores", "row_softmax", "normalize", "prototype_contrast"])
def test_the_trial_finds_any_part_that_is_missing(monkeypatch, name):
    def missing(*given, **named):
        raise NotImplementedError(f"no {name}")

    monkeypatch.setattr(devices, "_PROBED", {})
    monkeypatch.setattr(devices, name, missing)
    assert why_not("cpu") == f"no {name}"


def test_a_device_that_does_not_exist_is_refused():
    for name in ("abacus", "cuda:99", "meta"):
        with pytest.raises(ConfigError, match="Use 'cpu' or 'auto'"):
            pick_device(name)


# No trace


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def surroundings() -> tuple:
    """What a run could leave changed in the process."""
    return (
        torch.get_num_threads(),
        torch.get_rng_state().tolist(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        repr(np.random.get_state()),  # noqa: NPY002
    )


@pytest.mark.usefixtures("three_threads")
def test_a_run_leaves_threads_and_random_numbers_alone_also_between_its_steps(one):
    torch.manual_seed(7)
    before = surroundings()
    steps = train(*one.parts, config(train={"epochs": 5, "preview_every": 2}, cluster={"start": 0.0}))
    for _ in range(3):
        next(steps)
        assert surroundings() == before
    steps.close()
    assert surroundings() == before
    finish(train(*one.parts, config()))
    assert surroundings() == before
    with pytest.raises(TrainingError):
        finish(train(*one.parts, config(train={"learning_rate": 1e20})))
    assert surroundings() == before


def test_what_a_caller_draws_between_steps_does_not_change_a_run(one):
    _, alone = finish(train(*one.parts, config()))
    steps, drawn = train(*one.parts, config()), []
    torch.manual_seed(3)
    expected = torch.rand(8).tolist()
    torch.manual_seed(3)
    for _ in range(8):
        next(steps)
        drawn.append(float(torch.rand(1)))
    _, fit = finish(steps)
    assert drawn == expected
    np.testing.assert_array_equal(fit.embedding, alone.embedding)


def test_random_numbers_of_the_run_are_its_own_from_step_to_step(one, monkeypatch):
    """As if an epoch drew some: the second starts where the first ended, whatever the caller drew."""
    drawn = []
    terms = Trainer.terms
    monkeypatch.setattr(Trainer, "terms", lambda *given: drawn.append(float(torch.rand(1))) or terms(*given))
    finish(train(*one.parts, config(train={"epochs": 4})))
    unbroken, drawn[:] = list(drawn), []
    steps = train(*one.parts, config(train={"epochs": 4}))
    for _ in range(4):
        next(steps)
        torch.rand(5)
    assert drawn == unbroken
    assert len(set(drawn)) == 4


@pytest.mark.usefixtures("three_threads")
def test_a_run_works_on_its_own_threads(one, monkeypatch):
    seen = []
    terms = Trainer.terms
    monkeypatch.setattr(Trainer, "terms", lambda *given: seen.append(torch.get_num_threads()) or terms(*given))
    finish(train(*one.parts, config(train={"epochs": 2})))
    assert seen == [1, 1]


def test_each_worker_takes_a_gpu_of_its_own_as_far_as_there_are_enough(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    for number in range(3):
        devices.take_gpu(number)
    assert taken == [0, 1, 0]
    assert [devices.n_gpus(name) for name in ("auto", "cuda", "cuda:1", "cpu")] == [2, 2, 1, 0]


def test_without_a_gpu_none_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "set_device", None)
    devices.take_gpu(3)
    assert devices.n_gpus("auto") == 0


@pytest.mark.parametrize(("reason", "there"), [("", 1), ("no float64", 0)])
def test_all_runs_of_a_sweep_would_share_the_gpu_of_a_mac(monkeypatch, reason, there):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(devices, "accelerators", lambda: ["mps"])
    monkeypatch.setattr(devices, "why_not", lambda name: reason)
    assert (devices.n_gpus("auto"), devices.n_gpus("mps")) == (there, 1)


def test_the_memory_of_a_gpu_is_its_own(monkeypatch):
    about = SimpleNamespace(total_memory=16 * 2**30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: about)
    assert devices.memory_of(torch.device("cuda:0")) == 16 * 2**30
    assert devices.memory_of(torch.device("cpu")) == machine_memory() > 2**30
