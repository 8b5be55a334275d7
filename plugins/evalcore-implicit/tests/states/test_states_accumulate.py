"""Accumulated moments are those of the states in memory, whatever the batches."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from state_networks import images, mlp, residual

from evalcore_implicit.sim import Moments
from evalcore_implicit.states import accumulate, find_scales, record


def same(one, other, rtol=1e-10):
    for name in ("gram", "cross", "squares"):
        expected = getattr(other, name)
        np.testing.assert_allclose(getattr(one, name), expected, rtol, 1e-12 * abs(expected).max())
    assert (one.samples, one.states) == (other.samples, other.states)
    assert (one.features is None) is (other.features is None)
    if one.features is not None:
        for mine, theirs in zip(one.features, other.features, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.lists(st.integers(1, 12), min_size=1, max_size=5), st.booleans())
def test_moments_are_those_of_the_states_in_memory(seed, sizes, bias):
    network, inputs = mlp(seed), images(sum(sizes), seed=seed)
    states = record(network, inputs, bias=bias)
    found = accumulate(network, iter(inputs.split(sizes)), bias=bias)
    same(found.moments, states.moments())
    assert found.moments.inputs == 12 + bias
    assert found.moments.outputs == 3
    assert (found.moments.features is None) is (sum(sizes) >= 24 + bias)
    for name in ("blocks", "activation", "bias", "dead", "constant", "samples", "input_shape"):
        assert getattr(found.record, name) == getattr(states.record, name)


def test_moments_are_the_sums_of_products():
    states = record(mlp(), images(50), bias=True)
    phi = torch.cat([states.x, states.u], 1)
    targets = torch.cat([states.z, states.y], 1)
    found = accumulate(mlp(), images(50).split(16), bias=True).moments
    np.testing.assert_allclose(found.gram, phi.T @ phi, atol=1e-12)
    np.testing.assert_allclose(found.cross, targets.T @ phi, atol=1e-12)
    np.testing.assert_allclose(found.squares, targets.square().sum(0))
    assert np.array_equal(found.gram, found.gram.T)


def test_float32_networks_are_summed_in_float64():
    network = mlp(dtype=torch.float32)
    inputs = images(3000, dtype=torch.float32)
    states = record(network, inputs)
    found = accumulate(network, inputs.split(500)).moments
    exact = Moments.of(*(getattr(states, name).double().numpy() for name in "xuzy"))
    same(found, exact)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.sampled_from([10, 60]))
def test_scaled_moments_are_those_of_scaled_states(seed, samples):
    network, inputs = mlp(seed), images(samples)
    states = record(network, inputs, bias=True)
    scales = find_scales(network, states.record)
    found = accumulate(network, [inputs], bias=True, scales=scales)
    same(found.moments, states.scaled(scales).moments())
    assert torch.equal(found.record.scales, scales)


@pytest.mark.parametrize("samples", [23, 24])
def test_features_are_kept_while_they_are_fewer(samples):
    found = accumulate(mlp(), images(samples).split(10))
    same(found.moments, record(mlp(), images(samples)).moments())
    assert (found.moments.features is None) is (samples == 24)


@pytest.mark.parametrize("samples", [10, 22, 60])
def test_without_dead_states(samples):
    network, inputs = mlp(), images(samples)
    with torch.no_grad():
        network[1].weight[[0, 3]] = 0
        network[1].bias[[0, 3]] = -1
    found = accumulate(network, [inputs]).live()
    expected = record(network, inputs).live()
    same(found.moments, expected.moments())
    assert found.record.dropped == expected.record.dropped
    assert len(found.record.dropped) >= 2
    assert found.record.blocks == expected.record.blocks


def test_batches_of_a_data_loader():
    inputs = images(30)
    data = torch.utils.data.TensorDataset(inputs, torch.zeros(30))
    found = accumulate(mlp(), torch.utils.data.DataLoader(data, batch_size=7))
    same(found.moments, accumulate(mlp(), [inputs]).moments)
    same(found.moments, accumulate(mlp(), [inputs.numpy()]).moments)


def test_no_batch_is_kept():
    given = []

    def batches():
        for seed in range(8):
            # All but the last one are gone when the next is asked for.
            assert all(batch() is None for batch in given[:-1])
            batch = images(10, seed=seed).numpy()
            given.append(weakref.ref(batch))
            yield batch
            del batch

    found = accumulate(mlp(), batches())
    assert len(given) == 8
    assert found.moments.features is None
    assert found.moments.samples == 80


def test_a_residual_network_in_batches():
    inputs = images(9)
    found = accumulate(residual(), inputs.split(4), bias=True)
    same(found.moments, record(residual(), inputs, bias=True).moments(), rtol=1e-7)


def test_no_batches():
    with pytest.raises(ValueError, match="no batches"):
        accumulate(mlp(), [])


@pytest.mark.parametrize("batch", [images(0), torch.tensor(3.0), [], None, ["a"]])
def test_an_empty_batch(batch):
    with pytest.raises(ValueError, match=r"no samples|not an array"):
        accumulate(mlp(), [images(3), batch])


def test_batches_of_other_shapes():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 2), torch.nn.ReLU(), torch.nn.Flatten())
    with pytest.raises(ValueError, match=r"\(2, 1, 4, 4\) has other activations"):
        accumulate(network, [torch.ones(2, 1, 3, 4), torch.ones(2, 1, 4, 4)])


def test_too_many_unknowns():
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.ReLU())
    with pytest.raises(ValueError, match=r"24,000 states and inputs.*20,000"):
        accumulate(network, [torch.ones(1, 12_000)])
