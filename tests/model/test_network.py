"""The whole network against the same equations on dense matrices, and in its special cases."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import small
import torch
from dense_network import dense_forward
from small import config, dense, network, numbers, on_device, section
from torch.testing import assert_close

from napari_trsmi.config import Config
from napari_trsmi.model import diffusion
from napari_trsmi.model.graph_data import share
from napari_trsmi.model.network import whole_network

THREE = {"rna": 5, "adt": 3, "atac": 4}


@pytest.fixture(scope="module")
def one():
    return section(60)


@pytest.fixture(scope="module")
def three():
    return section(60, THREE)


# Sparse against dense


def test_the_sparse_network_equals_the_dense_one_in_value_and_gradient():
    net = network(section(200, THREE), shake=0.1)
    parameters = dict(net.named_parameters())
    output = net(0.3)
    z, decoded, learned = dense_forward(net, parameters, 0.3, output.temperature)
    assert_close(output.z, z, rtol=1e-3, atol=1e-4)
    for m in THREE:
        assert_close(output.decoded[m], decoded[m], rtol=1e-3, atol=1e-4)
        assert_close(dense(net.whole.pattern, output.graphs[m]), learned[m], rtol=1e-4, atol=1e-6)

    def objective(joint, reconstructed):
        return joint.square().sum() + sum((reconstructed[m] - net.whole.features[m]).square().sum() for m in THREE)

    found = torch.autograd.grad(objective(output.z, output.decoded), list(parameters.values()))
    expected = torch.autograd.grad(objective(z, decoded), list(parameters.values()))
    for name, one_gradient, other in zip(parameters, found, expected, strict=True):
        scale = float(other.abs().max())
        assert scale > 0, f"{name} has no part in the result"
        assert_close(one_gradient, other, rtol=1e-3, atol=1e-4 * scale, msg=lambda text, name=name: f"{name}: {text}")


# Permutations


@pytest.mark.parametrize("candidates", ["graph", "dense", "ann"])
def test_permuting_the_spots_permutes_the_output(three, candidates):
    settings = config(align={"candidates": candidates, "k_candidates": 5})
    net = network(three, settings, shake=0.1)
    order = np.random.default_rng(0).permutation(60)
    features = {m: values[order] for m, values in three.features.items()}
    feature_graphs = {m: graph[order][:, order] for m, graph in three.feature_graphs.items()}
    graphs = share(three.spatial[order][:, order], feature_graphs, small.DEVICE)
    permuted = on_device(whole_network({m: on_device(values) for m, values in features.items()}, graphs, settings))
    # The edges of the permuted graph are numbered otherwise, so each finds its parameter by its ends.
    state = net.state_dict()
    for m, edges in permuted.whole.edges.items():
        raw, pattern, name = on_device(torch.zeros(60, 60)), net.whole.pattern, f"edges.{net.edges.places[m]}.raw"
        for at in net.whole.edges[m].both.unbind(1):
            raw[pattern.row[at], pattern.col[at]] = state[name]
        pattern, at = permuted.whole.pattern, edges.both[:, 0]
        state[name] = raw[on_device(order)[pattern.row[at]], on_device(order)[pattern.col[at]]]
    permuted.load_state_dict(state)
    assert_close(permuted(0.3).z, net(0.3).z[on_device(order)], rtol=1e-3, atol=1e-4)


# Near-identity at the start


def stage_names(output) -> list[str]:
    return list(output.stages)


def test_without_averaging_every_stage_is_the_input(three):
    far_from_neighbours = config(graph={"self_loop": 1e6})
    output = network(three, far_from_neighbours)(0.0, keep_stages=True)
    assert stage_names(output) == ["input", "encoder", "alignment", "local", "global", "fusion"]
    for stage in output.stages.values():
        assert_close(stage, output.stages["input"], rtol=1e-3, atol=1e-3)


def explained(target: np.ndarray, by: np.ndarray) -> float:
    """Share of the variance of `target` that a linear map of `by` explains."""
    by = by - by.mean(0)
    rest = target - by @ np.linalg.lstsq(by, target, rcond=None)[0]
    return 1 - float((rest**2).sum() / (target**2).sum())


def test_the_embedding_before_training_spans_a_smooth_input():
    output = network(section(200, noise=0.1))(0.0, keep_stages=True)
    target = numbers(output.stages["input"])
    shares = {name: explained(target, numbers(stage)) for name, stage in output.stages.items()}
    assert all(share > 0.9 for share in shares.values()), shares


def test_the_decoders_start_by_giving_the_input_back():
    one = section(200, noise=0.1)
    output = network(one, config(diffusion={"enabled": False}))(0.0)
    for m, values in one.features.items():
        error = np.square(numbers(output.decoded[m]) - values).mean()
        assert error < 0.1 * np.square(values).mean()


# Gate


def test_a_closed_gate_passes_the_local_features(one):
    output = network(one, config(gate={"start": -100.0}), shake=0.1)(0.0, keep_stages=True)
    assert float(output.beta.detach()) == 0.0
    assert_close(torch.cat(list(output.parts.values()), 1), output.stages["local"])


def test_an_open_gate_passes_the_global_features(one):
    net = network(one, config(gate={"start": 100.0}), shake=0.1)
    output = net(0.0, keep_stages=True)
    assert float(output.beta.detach()) == 1.0
    assert_close(torch.cat(list(output.parts.values()), 1), output.stages["global"])
    assert not torch.allclose(output.stages["global"], output.stages["local"], atol=1e-2)


@pytest.mark.slow
def test_a_cooled_gate_makes_the_result_that_of_a_network_without_diffusion(one):
    cooled = network(one, config(gate={"cool_end": 0.0}), shake=0.1)
    without = network(one, config(diffusion={"enabled": False}))
    without.load_state_dict(cooled.state_dict(), strict=False)
    assert_close(cooled(1.0).z, without(1.0).z)
    assert not torch.allclose(cooled(0.0).z, without(0.0).z, atol=1e-2)


def test_a_gate_that_is_shut_costs_no_diffusion_and_changes_nothing(one, monkeypatch):
    net = network(one, config(gate={"cool_end": 0.0}), shake=0.1)
    with_diffusion = net(1.0, keep_stages=True)  # stages are asked for, the diffused one too
    products = []
    multi_scale = diffusion.multi_scale
    monkeypatch.setattr(diffusion, "multi_scale", lambda *given: products.append(1) or multi_scale(*given))
    shut = net(1.0)
    assert not products
    assert torch.equal(shut.z, with_diffusion.z)
    assert float(shut.beta.detach()) == float(with_diffusion.beta.detach()) == 0.0
    net(0.99)
    assert products


def test_the_gate_cools_over_the_run(one):
    net = network(one)
    betas = [float(net(fraction).beta.detach()) for fraction in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(a > b for a, b in pairwise(betas))
    assert betas[0] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert betas[-1] == pytest.approx(0.1 * betas[0])


# Warm-up


def alignment_gradients(one, warm: bool) -> dict[tuple[str, str], bool]:
    """{(a, b): whether the aligned encoding of a sends gradient to the encoder of b}."""
    net = network(one, shake=0.1)
    aligned = net(0.0, warm=warm, keep_stages=True).stages["alignment"]
    out, start = {}, 0
    for a in net.names:
        own = aligned[:, start : start + net.dims[a]].square().sum()
        start += net.dims[a]
        for b in net.names:
            parameters = [net.encoders[b].weight, net.encoders[b].delta, net.edges[b].raw, net.mix[b]]
            gradients = torch.autograd.grad(own, parameters, retain_graph=True, allow_unused=True)
            out[a, b] = any(g is not None and bool(g.abs().max() > 0) for g in gradients)
    return out


@pytest.mark.parametrize("widths", [{"rna": 5, "adt": 3}, THREE], ids=["two", "three"])
def test_while_warming_up_no_gradient_reaches_the_other_modalities(widths):
    one = section(60, widths)
    assert alignment_gradients(one, warm=True) == {(a, b): a == b for a in widths for b in widths}
    assert all(alignment_gradients(one, warm=False).values())


def test_warming_up_changes_gradients_only(one):
    net = network(one, shake=0.1)
    assert_close(net(0.0, warm=True).z, net(0.0, warm=False).z)


def test_while_warming_up_the_correspondences_still_learn(one):
    net = network(one, shake=0.1)
    net(0.0, warm=True).z.square().sum().backward()
    module = net.alignments["rna", "adt"]
    assert module.query.grad.abs().max() > 0
    assert module.key.grad.abs().max() > 0


# Graphs


def test_at_the_start_the_learned_graph_is_the_fixed_one(one):
    net = network(one)
    found = net.feature_values()
    for m, graph in one.feature_graphs.items():
        looped = graph.toarray() + 0.5 * graph.sum() / 60 * np.eye(60)
        half = 1 / np.sqrt(looped.sum(1))
        expected = half[:, None] * looped * half[None]
        np.testing.assert_allclose(numbers(dense(net.whole.pattern, found[m])), expected, atol=1e-6)


def test_a_fixed_graph_has_nothing_to_learn(one):
    net = network(one, config(graph={"learn_edges": False, "learn_mix": False}))
    net(0.0).z.square().sum().backward()
    assert all(net.edges[m].raw.grad is None and net.mix[m].grad is None for m in net.names)


def test_the_mix_starts_at_the_given_weights(one):
    net = network(one, config(graph={"w_spatial": 3.0, "w_feature": 1.0}))
    for m in net.names:
        assert_close(net.mix[m].softmax(0), on_device(torch.tensor([0.75, 0.25])))


# Correspondences


def test_correspondences_are_rows_that_sum_to_one(three):
    net = network(three, shake=0.1)
    output = net(0.0)
    assert list(output.correspondences) == [("rna", "adt"), ("rna", "atac"), ("adt", "atac")]
    for pair, values in output.correspondences.items():
        assert (values > 0).all()
        assert_close(net.candidates[pair].row_sum(values), on_device(torch.ones(60)))


def test_only_searched_candidates_are_searched_again(one):
    for candidates, again in (("graph", False), ("dense", False), ("ann", True)):
        net = network(one, config(align={"candidates": candidates, "k_candidates": 3}))
        net(0.0)
        before = net.candidates["rna", "adt"]
        net.forget_candidates()
        net(0.0)
        assert (net.candidates["rna", "adt"] is not before) == again


# Any number of modalities, any part switched off


def test_one_modality_runs_without_alignment():
    one = section(60, {"rna": 5})
    net = network(one, shake=0.1)
    output = net(0.2, keep_stages=True)
    assert output.z.shape == (60, 5)
    assert not output.correspondences
    assert not net.alignments
    assert "alignment" not in output.stages
    assert_close(net.shares(output.parts), on_device(torch.ones(60, 1)))


@pytest.mark.parametrize(
    "change",
    [
        {"align": {"enabled": False}},
        {"refine": {"enabled": False}},
        {"diffusion": {"enabled": False}},
        {"diffusion": {"enabled": False, "scales": ()}},
        {part: {"enabled": False} for part in ("align", "refine", "diffusion")},
        {"encoder": {"enhancement": False}},
        {"encoder": {"l2_before": True, "l2_after": True}},
        {"encoder": {"dim": 2}},
        {"encoder": {"dim": 9}},
        {"encoder": {"gate": 0.0}, "refine": {"gate": 0.0}},
        {"graph": {"learn_edges": False, "learn_mix": False}},
        {"graph": {"w_feature": 0.0}},
        {"graph": {"w_spatial": 0.0}},
        {"graph": {"self_loop": 0.0}},
        {"fusion": {"hidden": None, "activation": "relu"}},
        {"fusion": {"hidden": 1, "activation": "elu"}},
        {"fusion": {"activation": "tanh"}},
        {"fusion": {"enabled": False}},
        {"align": {"dim": 1}},
        {"align": {"dim": 40}},
        {"align": {"candidates": "ann", "k_candidates": 500}},
        {"diffusion": {"scales": ((0, 0.5),)}},
    ],
    ids=str,
)
@pytest.mark.parametrize("widths", [{"rna": 5}, {"rna": 5, "adt": 3}, THREE], ids=len)
def test_every_part_can_be_switched_off_or_changed(change, widths):
    one = section(40, widths)
    settings: Config = config(**change)
    net = network(one, settings)
    output = net(0.5, keep_stages=True)
    (output.z.square().mean() + sum(d.square().mean() for d in output.decoded.values())).backward()
    assert torch.isfinite(output.z).all()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)
    assert {m: d.shape[1] for m, d in output.decoded.items()} == widths
    for part, stage in (("align", "alignment"), ("refine", "local"), ("diffusion", "global")):
        enabled = getattr(settings, part).enabled and (part != "align" or len(widths) > 1)
        assert (stage in output.stages) == enabled
    dim = settings.encoder.dim
    assert output.z.shape[1] == (dim or sum(widths.values()))


def test_shares_add_up_and_follow_the_power_of_the_modalities(one):
    net = network(one)
    parts = net(0.0).parts
    shares = net.shares(parts)
    assert_close(shares.sum(1), on_device(torch.ones(60)))
    louder = net.shares({"rna": 10 * parts["rna"], "adt": parts["adt"]})
    assert (louder[:, 0] > shares[:, 0]).all()
    net = network(one, shake=0.3)
    contributions = [parts["rna"] @ net.fusion.skip[:5], parts["adt"] @ net.fusion.skip[5:]]
    power = torch.stack([part.square().sum(1) for part in contributions], dim=1)
    assert_close(net.shares(parts), power / power.sum(1, keepdim=True), rtol=1e-4, atol=1e-5)
