"""Which device is asked, and what is left to the CPU."""

from __future__ import annotations

import numpy as np
import small
import torch
from large_section import CONFIG, SPATIAL, K, measured, prepared

from napari_trsmi.accelerator import CPU, Accelerator
from napari_trsmi.coherence import coherent_components_and_chance
from napari_trsmi.domains.clustering import find_domains
from napari_trsmi.model import accelerated
from napari_trsmi.model.accelerated import OnDevice, Searching, accelerator_of

VALUES = measured()
BESIDE = np.hstack(tuple(VALUES.values()))
QUESTIONS = sorted(name for name in vars(Accelerator) if not name.startswith("_") and name != "notes")


def test_a_section_that_is_not_large_is_left_to_the_cpu():
    class Never(Accelerator):
        def __getattribute__(self, name):
            raise AssertionError(f"asked for {name}")

    section = prepared(VALUES)
    embedding = np.hstack(list(section.features.values()))
    find_domains(embedding, SPATIAL, CONFIG.cluster, n_domains=K, evidence=BESIDE, device=Never())
    coherent_components_and_chance(BESIDE, SPATIAL, device=Never())


def test_a_device_that_cannot_says_so_once():
    device = OnDevice(small.DEVICE)

    def full(*_given):
        raise torch.OutOfMemoryError("17 GiB")

    assert [device._done("the field", full) for _ in range(2)] == [None, None]
    assert device.notes == (f"On the CPU instead of {small.DEVICE}, the field: there is not enough memory on it.",)


def test_only_cuda_is_asked(monkeypatch):
    assert accelerator_of("cpu") is CPU
    for name, kind in {"cuda": OnDevice, "mps": Searching}.items():
        monkeypatch.setattr(accelerated, "pick_device", lambda _name, name=name: (torch.device(name), {}))
        assert type(accelerator_of(name)) is kind


def test_a_device_of_another_machine_is_the_cpu():
    assert accelerator_of("cuda:99") is CPU


def test_the_cpu_leaves_every_question():
    for name in QUESTIONS:
        method = getattr(CPU, name)
        count = method.__code__.co_argcount - 1 - len(method.__defaults__ or ())
        assert method(*[None] * count) is None
        assert getattr(OnDevice, name) is not getattr(Accelerator, name)
