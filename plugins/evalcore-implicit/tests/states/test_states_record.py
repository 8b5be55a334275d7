"""Recorded states are those of the implicit model that the network is."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from state_networks import Functions, Opaque, Reusing, images, matrices, mlp, residual
from torch import nn

from evalcore_implicit.embedding import embed, rescale
from evalcore_implicit.states import find_scales, record


def close(one, other):
    return torch.allclose(one, other, rtol=1e-9, atol=1e-12)


def solves(states, matrices):
    a, b, c, d = matrices
    u = states.u.double()
    return (
        close(states.z, states.x @ a.T + u @ b.T)
        and close(states.y, states.x @ c.T + u @ d.T)
        and close(states.x, states.z.clamp(min=0))
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.booleans(), st.integers(1, 30), st.integers(1, 31))
def test_the_embedding_of_an_mlp_has_its_states(seed, bias, samples, batch_size):
    network, inputs = mlp(seed, bias=bias), images(samples, seed=seed)
    states = record(network, inputs, bias=bias, batch_size=batch_size)
    assert states.x.shape == states.z.shape == (samples, 12)
    assert states.u.shape == (samples, 12 + bias)
    assert states.y.shape == (samples, 3)
    assert solves(states, matrices(network, (1, 3, 4)))
    assert close(states.y, network(inputs))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.sampled_from([0.5, 0.95]))
def test_rescaled_states_are_those_of_the_rescaled_embedding(seed, kappa):
    network, inputs = mlp(seed), images(seed=seed)
    embedded = rescale(embed(network, (1, 3, 4)), kappa)
    whole = record(network, inputs, bias=True)
    scales = find_scales(network, whole.record, kappa=kappa)
    states = whole.scaled(scales)
    found = matrices(network, (1, 3, 4), rescaled=embedded)
    assert found[0].abs().sum(1).max() <= kappa
    assert solves(states, found)
    assert torch.equal(states.record.scales, scales)
    assert close(states.x * scales, whole.x)


def test_an_implicit_layer_with_the_weights_finds_the_states():
    network, inputs = mlp(), images()
    whole = record(network, inputs, bias=True)
    states = whole.scaled(find_scales(network, whole.record))
    layer = rescale(embed(network, (1, 3, 4))).layer(constraint="row-l1", solver="picard")
    solved, info = layer.solve(inputs.flatten(1), tolerance=1e-13, tolerance_mode="absolute")
    assert info.converged.all()
    assert close(solved, states.x)
    with torch.no_grad():
        assert torch.allclose(layer(inputs.flatten(1)), states.y, atol=1e-5)


def test_a_convolutional_network_and_its_embedding_have_the_same_states():
    network, inputs = residual(), images()
    states = record(network, inputs, bias=True)
    assert [block.name for block in states.record.blocks] == ["6", "5.body.2", "4", "3.body.2", "2"]
    assert states.record.blocks[-1].shape == (4, 3, 4)
    assert states.record.blocks == embed(network, (1, 3, 4)).blocks
    assert solves(states, matrices(network, (1, 3, 4)))


def test_of_a_scaled_and_scaled_again_network_the_scales_multiply():
    states = record(mlp(), images())
    twice = torch.full((12,), 2.0)
    assert torch.equal(states.scaled(twice).scaled(twice).record.scales, 2 * twice.double())
    assert torch.equal(states.scaled(twice).scaled(twice).z, states.z / 4)


@pytest.mark.parametrize("network", [Functions(), Reusing()])
def test_functions_and_modules_that_are_called_again(network):
    states, expected = record(network, images()), record(mlp(), images())
    for name in "uxzy":
        assert torch.equal(getattr(states, name), getattr(expected, name))
    names = [block.name for block in states.record.blocks]
    assert names == [block.name for block in embed(network, (1, 3, 4)).blocks]


def test_without_torch_fx_activations_are_the_modules_that_are_called():
    states, expected = record(Opaque(mlp()), images()), record(mlp(), images())
    assert torch.equal(states.x, expected.x)
    assert [block.name for block in states.record.blocks] == ["inner.4", "inner.2"]


@pytest.mark.parametrize(
    ("activation", "name", "function"),
    [
        (nn.LeakyReLU, "leaky-relu", lambda z: torch.where(z > 0, z, 0.01 * z)),
        (nn.Tanh, "tanh", torch.tanh),
        (nn.Sigmoid, "sigmoid", torch.sigmoid),
        (nn.SiLU, "silu", lambda z: z * torch.sigmoid(z)),
        (nn.GELU, "gelu", nn.functional.gelu),
    ],
)
def test_activations_of_implicit_layers(activation, name, function):
    states = record(mlp(activation=activation), images())
    assert states.record.activation == name
    assert torch.allclose(states.x, function(states.z))


def test_in_place_activations_leave_what_they_were_given():
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2, bias=False)).double()
    inputs = torch.tensor([[1.0, -2.0, 3.0, -4.0]], dtype=torch.float64)
    states = record(network, inputs)
    assert inputs.tolist() == states.u.tolist() == states.z.tolist() == [[1.0, -2.0, 3.0, -4.0]]
    assert states.x.tolist() == [[1.0, 0.0, 3.0, 0.0]]


class AddingInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.relu(x)
        y += 1
        return y


@pytest.mark.parametrize("network", [AddingInPlace(), Opaque(AddingInPlace())])
def test_states_stay_as_they_were_where_the_network_changes_them(network):
    states = record(network, torch.tensor([[1.0, -2.0]]))
    assert states.x.tolist() == [[1.0, 0.0]]
    assert states.y.tolist() == [[2.0, 1.0]]


def test_layers_by_name():
    whole = record(mlp(), images())
    first = record(mlp(), images(), layers=["2"])
    assert torch.equal(first.x, whole.x[:, 5:])
    assert first.record.approximated == ("ReLU (4)",)
    assert whole.record.approximated == ()
    several = record(residual(), images(), layers=["*.body.*", "2"])
    assert [block.name for block in several.record.blocks] == ["5.body.2", "3.body.2", "2"]


def test_what_is_no_affine_map_is_approximated_where_layers_are_named():
    network = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    with pytest.raises(ValueError, match=r"MaxPool2d \(2\).*layers"):
        record(network, images(dtype=torch.float32))
    states = record(network, images(dtype=torch.float32), layers=["*"])
    assert states.record.approximated == ("MaxPool2d (2)",)
    assert states.record.sizes == (12,)


@pytest.mark.parametrize("network", [residual(), Opaque(residual()), Functions()])
def test_the_network_stays_as_it_is(network):
    network.train()
    list(network.modules())[-1].eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    record(network, images())
    assert [module.training for module in network.modules()] == modes
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_network_in_training_is_recorded_in_evaluation():
    network, inputs = residual(), images()
    expected = record(network, inputs)
    dropping = nn.Sequential(network, nn.Dropout(0.5)).train()
    assert torch.equal(record(dropping, inputs).y, expected.y)


def test_a_failure_leaves_the_mode_and_no_hooks():
    network = mlp().train()
    with pytest.raises(ValueError, match="takes no inputs of the shape"):
        record(network, torch.ones(3, 5))
    assert network.training
    opaque = Opaque(mlp()).train()
    with pytest.raises(ValueError, match="takes no inputs of the shape"):
        record(opaque, torch.ones(3, 5))
    assert not any(module._forward_pre_hooks for module in opaque.modules())


def test_dead_states_and_constant_inputs_are_told_of_and_can_be_left_out():
    network, inputs = mlp(), images()
    inputs[:, 0, 1, 2] = 0.7
    with torch.no_grad():
        network[1].weight[[0, 3]] = 0
        network[1].bias[[0, 3]] = torch.tensor([-1.0, 2.0], dtype=torch.float64)
    states = record(network, inputs, bias=True)
    whole = states.record
    assert {5, 8} <= set(whole.dead)
    assert whole.constant == (6,)
    dead = set(whole.dead)
    for place in range(12):
        assert (len(states.x[:, place].unique()) == 1) is (place in dead)
    live = states.live()
    assert live.record.dropped == whole.dead
    assert live.record.dead == ()
    kept = [place for place in range(12) if place not in dead]
    assert torch.equal(live.z, states.z[:, kept])
    assert live.record.states == len(kept) == sum(live.record.sizes)
    assert torch.equal(live.live().x, live.x)


def test_a_block_without_live_states_is_left_out():
    network = mlp()
    with torch.no_grad():
        network[3].weight.zero_()
        network[3].bias.fill_(-1)
    live = record(network, images()).live()
    assert [block.name for block in live.record.blocks] == ["2"]
    assert live.record.blocks[0].states == slice(0, live.record.states)


def test_scales_go_with_dropped_states():
    network = mlp()
    with torch.no_grad():
        network[1].weight[0] = 0
        network[1].bias[0] = -1
    states = record(network, images())
    scales = torch.arange(1.0, 13)
    live = states.scaled(scales).live()
    kept = [place for place in range(12) if place not in states.record.dead]
    assert torch.equal(live.record.scales, scales.double()[kept])
    assert torch.equal(live.x, states.live().scaled(scales[kept]).x)


def test_inputs_are_converted_to_the_type_of_the_network():
    states = record(mlp(dtype=torch.float32), images().numpy())
    assert {getattr(states, name).dtype for name in "uxzy"} == {torch.float32}
