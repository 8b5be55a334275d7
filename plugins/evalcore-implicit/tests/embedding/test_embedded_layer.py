"""An embedded network as a dense layer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from evalcore_implicit.embedding import embed, rescale


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 8),
        nn.ReLU(),
        nn.Linear(8, 4, bias=False),
    )


@pytest.fixture
def u():
    return torch.randn(5, 1, 6, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"solver": "picard", "max_iterations": 9},
        {"solver": "newton", "max_iterations": 50},
        {"constraint": "none", "solver": "anderson", "max_iterations": 100},
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_layer_gives_the_same(network, u, settings):
    embedded = embed(network, (1, 6, 6))
    layer = embedded.layer(**settings)
    with torch.no_grad():
        torch.testing.assert_close(layer(u.flatten(1)), network(u), rtol=1e-5, atol=1e-5)
    x, info = layer.solve(u.flatten(1))
    assert info.converged.all()
    torch.testing.assert_close(x, embedded.states(u)[0], rtol=1e-5, atol=1e-5)


def test_a_layer_of_a_rescaled_network_keeps_to_the_norm(network, u):
    rescaled = rescale(embed(network, (1, 6, 6)), 0.9)
    layer = rescaled.layer(constraint="row-l1", kappa=0.9)
    before = layer.A.clone()
    layer.project_()
    assert torch.equal(layer.A, before)
    with torch.no_grad():
        torch.testing.assert_close(layer(u.flatten(1)), network(u), rtol=1e-5, atol=1e-5)


def test_a_layer_has_the_gradients_of_the_network(network, u):
    network, u = network.double(), u.double()
    layer = embed(network, (1, 6, 6)).layer()
    flat, own = u.flatten(1).requires_grad_(), u.clone().requires_grad_()
    layer(flat).square().sum().backward()
    network(own).square().sum().backward()
    torch.testing.assert_close(flat.grad, own.grad.flatten(1))
    torch.testing.assert_close(layer.C.grad[:, :8], network[6].weight.grad)


def test_later_states_may_be_far_smaller_than_the_first():
    network = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
    with torch.no_grad():
        network[2].weight.fill_(1e-12)
        network[2].bias.zero_()
        network[4].bias.zero_()
    u = torch.randn(5, 3)
    layer = embed(network, (3,)).layer()
    torch.testing.assert_close(layer(u), network(u), rtol=1e-5, atol=1e-18)


def test_a_leaky_network_without_a_bias():
    network = nn.Sequential(
        nn.Linear(3, 4, bias=False), nn.LeakyReLU(0.01), nn.Linear(4, 2, bias=False)
    )
    layer = embed(network, (3,)).layer()
    u = torch.randn(6, 3)
    assert layer.B.shape == (4, 3)
    torch.testing.assert_close(layer(u), network(u))


def test_the_random_numbers_of_the_program_stay_as_they_are(network):
    embedded = embed(network, (1, 6, 6))
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    embed(network, (1, 6, 6))
    embedded.layer()
    assert torch.equal(torch.rand(2), expected)


def test_layers_that_cannot_be(network):
    with pytest.raises(ValueError, match=r"rescale.* 0\.95"):
        embed(network, (1, 6, 6)).layer(constraint="row-l1")
    with pytest.raises(ValueError, match="0 states; a dense layer takes from 1 to 10,000"):
        embed(nn.Linear(3, 2), (3,)).layer()
    with pytest.raises(ValueError, match="12,288 states"):
        embed(nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU()), (1, 64, 64)).layer()
    with pytest.raises(ValueError, match=r"slope 0\.2 below zero"):
        embed(nn.Sequential(nn.Linear(2, 2), nn.LeakyReLU(0.2)), (2,)).layer()
