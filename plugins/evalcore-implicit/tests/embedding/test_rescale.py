"""Rescaled, a network is the same with a norm below kappa."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from evalcore_implicit.embedding import embed, rescale


def network(seed, slope=0.0, *, gain=1.0):
    torch.manual_seed(seed)
    stack = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.LeakyReLU(slope),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 8),
        nn.LeakyReLU(slope),
        nn.Linear(8, 3),
    )
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(gain)
    return stack


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 999),
    st.floats(0.01, 0.999),
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([0.1, 1.0, 5.0]),
)
def test_the_norm_is_below_kappa_and_nothing_else_changes(seed, kappa, slope, gain):
    net = network(seed, slope, gain=gain)
    embedded = embed(net, (1, 6, 6))
    rescaled = rescale(embedded, kappa)
    assert float(rescaled.A.row_sums().max()) <= kappa
    u = torch.randn(4, 1, 6, 6)
    torch.testing.assert_close(rescaled(u), embedded(u), rtol=1e-5, atol=1e-5 * gain**3)
    for scaled, own in zip(rescaled.states(u), embedded.states(u), strict=True):
        torch.testing.assert_close(
            scaled * rescaled.scales, own, rtol=1e-4, atol=1e-5 * float(own.abs().max())
        )
    assert rescaled.blocks == embedded.blocks


def test_the_scales_solve_their_equation():
    embedded = embed(network(1).double(), (1, 6, 6))
    v = rescale(embedded, 0.9).scales
    rest = 0.9 * v - embedded.A.to_dense().abs() @ v
    torch.testing.assert_close(rest, torch.ones_like(v))


def test_scales_of_two_rescalings_are_multiplied():
    embedded = embed(network(2).double(), (1, 6, 6))
    once = rescale(embedded, 0.9)
    twice = rescale(once, 0.5)
    u = torch.randn(3, 1, 6, 6, dtype=torch.float64)
    x, _ = twice.states(u)
    torch.testing.assert_close(x * twice.scales, embedded.states(u)[0])
    assert float(twice.A.row_sums().max()) <= 0.5


def test_a_network_of_one_layer_has_nothing_to_scale():
    rescaled = rescale(embed(nn.Linear(3, 2), (3,)))
    assert rescaled.scales.shape == (0,)


@pytest.mark.parametrize("kappa", [0, 1, -0.5, float("nan")])
def test_kappa_is_between_0_and_1(kappa):
    with pytest.raises(ValueError, match="between 0 and 1"):
        rescale(embed(network(0), (1, 6, 6)), kappa)


def test_scales_beyond_the_floating_point_type_are_refused():
    net = nn.Sequential(*[part for _ in range(6) for part in (nn.Linear(4, 4), nn.ReLU())])
    with torch.no_grad():
        for layer in net[2::2]:
            layer.weight.fill_(1e6)
    with pytest.raises(ValueError, match="float64"):
        rescale(embed(net, (4,)))
    assert float(rescale(embed(net.double(), (4,))).A.row_sums().max()) <= 0.95
