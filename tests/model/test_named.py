"""Modalities may be called anything."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import config, finish, network, section
from torch import nn

from napari_trsmi.errors import TrainingError
from napari_trsmi.model import checkpoint
from napari_trsmi.model.named import Named, by_place
from napari_trsmi.model.training import Trainer, train

ODD = ["rna.v2", "type", "items", "keys", "training", "", "|", "a|b", "num_nodes", "x", "edge_index", "0", "µ RNA/2"]


@pytest.mark.parametrize("name", [*ODD[:4], *(pytest.param(name, marks=pytest.mark.slow) for name in ODD[4:])])
def test_the_name_of_a_modality_changes_nothing(name):
    plain = section(40, {"rna": 4, "adt": 3})
    named = section(40, {name: 4, "adt": 3})
    settings = config(cluster={"start": 0.0}, train={"epochs": 3})
    _, expected = finish(train(*plain.parts, settings))
    _, found = finish(train(*named.parts, settings))
    np.testing.assert_array_equal(found.embedding, expected.embedding)
    assert found.modalities == (name, "adt")
    assert list(found.correspondences) == [(name, "adt")]
    assert (found.correspondences[name, "adt"] != expected.correspondences["rna", "adt"]).nnz == 0


def test_names_that_would_run_together_stay_apart():
    net = network(section(40, {"a|b": 4, "c": 3, "a": 2, "b|c": 3}))
    assert len(net.alignments) == 6
    assert len(net.mixes) == 12
    assert net.alignments["a|b", "c"] is not net.alignments["a", "b|c"]


def test_a_run_of_odd_names_goes_on_from_its_state():
    one = section(40, {"rna.v2": 4, "type": 3})
    _, fit = finish(train(*one.parts, config(train={"epochs": 3})))
    _, longer = finish(train(*one.parts, config(train={"epochs": 3, "extra_epochs": 2}), resume=fit.state))
    _, unbroken = finish(train(*one.parts, config(train={"epochs": 3, "extra_epochs": 2})))
    np.testing.assert_array_equal(longer.embedding, unbroken.embedding)


def test_entries_are_found_by_key_and_known_to_torch_by_place():
    made = Named({"type": nn.Linear(2, 3), ("a", "b"): nn.Parameter(torch.ones(4))})
    assert len(made) == 2
    assert [name for name, _ in made.named_parameters()] == ["1", "0.weight", "0.bias"]
    assert made["type"].out_features == 3
    assert made["a", "b"] is made.get_parameter("1")
    with pytest.raises(KeyError):
        made["rna"]


def as_version_2(state: dict, names: list[str]) -> dict:
    """A state as it was written before: weights under the names of the modalities."""
    pairs = [f"{a}|{b}" for i, a in enumerate(names) for b in names[i + 1 :]]
    mixed = [f"{a}|{b}" for a in names for b in names if a != b]
    keys = {"alignments": pairs, "mixes": mixed}
    weights = {}
    for name, value in state["network"].items():
        for part in ("edges", "mix", "encoders", "alignments", "mixes", "refinements", "diffusion.weights", "decoders"):
            place, _, rest = name.removeprefix(f"{part}.").partition(".")
            if name.startswith(f"{part}."):
                name = ".".join(filter(None, [part, keys.get(part, names)[int(place)], rest]))
                break
        weights[name] = value
    # torch's dictionaries of parameters sorted them, and the optimiser numbered them as they then were
    order = list(weights)
    for part in ("mix", "diffusion.weights", "decoders"):
        places = [place for place, name in enumerate(order) if name.startswith(f"{part}.")]
        for place, name in zip(places, sorted(order[place] for place in places), strict=True):
            order[place] = name
    was = list(weights)
    optimizer = state["optimizer"]
    moments = {place: optimizer["state"][was.index(name)] for place, name in enumerate(order)}
    optimizer = {**optimizer, "state": {**optimizer["state"], **moments}}
    old = {**state, "version": 2, "network": {name: weights[name] for name in order}, "optimizer": optimizer}
    old.pop("tiles")  # there were none
    return old


def test_a_run_goes_on_from_a_state_of_the_version_before(device):
    widths = {"rna": 5, "rna2": 3, "atac": 4}
    one, longer = section(40, widths), config(train={"epochs": 4, "extra_epochs": 2})
    _, fit = finish(train(*one.parts, config(train={"epochs": 4})))
    state = checkpoint.unpacked(fit.state, longer, Trainer(*one.parts, longer).identity(), device)
    old = as_version_2(state, list(widths))
    assert {"edges.rna.raw", "mix.rna2", "alignments.rna|rna2.query", "diffusion.weights.atac"} <= set(old["network"])
    assert by_place(old["network"], network(one)).keys() == state["network"].keys()
    old.pop("version")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "VERSION", 2)
        packed = checkpoint.packed(old)
    _, found = finish(train(*one.parts, longer, resume=packed))
    _, expected = finish(train(*one.parts, longer, resume=fit.state))
    np.testing.assert_array_equal(found.embedding, expected.embedding)


def test_a_state_of_an_unknown_version_is_refused(monkeypatch):
    one = section(40)
    _, fit = finish(train(*one.parts, config(train={"epochs": 1})))
    monkeypatch.setattr(checkpoint, "READABLE", (1,))
    with pytest.raises(TrainingError, match="same settings"):
        next(train(*one.parts, config(train={"epochs": 1}), resume=fit.state))
