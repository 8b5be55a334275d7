"""Convolutional networks by blocks, by features and by locations."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from state_networks import Opaque, images, residual
from torch import nn

from evalcore_implicit.sim import L1, fit_rows
from evalcore_implicit.states import accumulate, accumulate_locations, find_scales, record, split


def test_outputs_of_blocks_alone():
    network, inputs = residual(), images()
    whole, blocks = record(network, inputs), record(network, inputs, convolution="blocks")
    assert [block.name for block in blocks.record.blocks] == ["6", "4"]
    assert blocks.record.convolution == "blocks"
    assert blocks.record.approximated == ("ReLU (2)", "ReLU (3.body.2)", "ReLU (5.body.2)")
    places = {block.name: block.states for block in whole.record.blocks}
    assert torch.equal(blocks.x, torch.cat([whole.x[:, places["6"]], whole.x[:, places["4"]]], 1))
    scales = find_scales(network, whole.record)
    expected = torch.cat([scales[places["6"]], scales[places["4"]]])
    assert torch.equal(find_scales(network, blocks.record), expected)


def test_pooled_features_and_a_classifier():
    network, inputs = residual(), images()
    backbone, head = split(network)
    states = record(network, inputs, convolution="features", bias=True)
    assert states.record.convolution == "features"
    assert states.record.blocks == ()
    assert states.record.activation is None
    assert states.x.shape == (20, 0)
    with torch.no_grad():
        features = backbone(inputs)
        assert torch.allclose(head(features), network(inputs))
    assert torch.equal(states.u[:, :-1], features)
    assert find_scales(network, states.record).shape == (0,)
    found = accumulate(network, inputs.split(7), convolution="features", bias=True)
    np.testing.assert_allclose(found.moments.gram, states.u.T @ states.u, rtol=1e-12)
    weights = np.linalg.solve(found.moments.gram, found.moments.cross.T).T
    np.testing.assert_allclose(weights[:, :-1], network[-1].weight.detach(), atol=1e-6)


def test_a_classifier_with_states():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2, 5),
        nn.ReLU(),
        nn.Linear(5, 3),
    ).double()
    states = record(network, images(), convolution="features", bias=True)
    assert [block.name for block in states.record.blocks] == ["5"]
    assert states.record.input_shape == (2,)
    assert states.record.approximated == ()
    scales = find_scales(network, states.record, kappa=0.5)
    assert torch.allclose(scales, torch.full((5,), 2.0, dtype=torch.float64))


def test_both_parts_of_a_split_network_share_its_weights_and_have_gradients():
    network = residual()
    backbone, head = split(network)
    network[-1].weight.data.mul_(2)
    inputs = images().requires_grad_()
    outputs = head(backbone(inputs))
    assert torch.allclose(outputs, network(inputs))
    (slope,) = torch.autograd.grad(outputs.sum(), inputs)
    assert slope.abs().sum() > 0
    copy = pickle.loads(pickle.dumps(backbone))
    assert torch.equal(copy(inputs), backbone(inputs))


class Skipping(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.linear = nn.Conv2d(1, 1, 1), nn.Linear(12, 12)

    def forward(self, x):
        return self.linear(self.conv(x).flatten(1)) + x.flatten(1)


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (Skipping(), "begins at linear also takes what comes before"),
        (nn.Sequential(nn.Linear(4, 4), nn.Conv2d(1, 1, 1)), "no linear layer after"),
        (nn.Sequential(nn.Linear(4, 4), nn.ReLU()), "no convolution"),
    ],
)
def test_networks_without_a_classifier(network, match):
    with pytest.raises(ValueError, match=match):
        split(network)


def test_batch_normalisation_is_folded():
    network, inputs = residual(), images()
    found = accumulate_locations(network, [inputs])
    assert found.convolution == "locations"
    assert found.samples == 20
    assert not any(isinstance(module, nn.BatchNorm2d) for module in found.network.modules())
    with torch.no_grad():
        assert torch.allclose(found.network(inputs), network(inputs), atol=1e-12)
    assert isinstance(network[1], nn.BatchNorm2d)


class Shared(nn.Module):
    """`twice`: a convolution is normalised twice; else what goes into the norm is used again."""

    def __init__(self, *, twice):
        super().__init__()
        self.conv, self.twice = nn.Conv2d(1, 1, 1), twice
        self.norms = nn.ModuleList([nn.BatchNorm2d(1), nn.BatchNorm2d(1)])
        for norm in self.norms:
            norm.running_mean.normal_()

    def forward(self, x):
        if self.twice:
            return self.norms[1](self.conv(self.norms[0](self.conv(x))))
        z = self.conv(x)
        return z.relu() + self.norms[0](z)


@pytest.mark.parametrize("twice", [True, False])
def test_what_is_used_otherwise_is_not_folded(twice):
    network, inputs = Shared(twice=twice).eval(), images(dtype=torch.float32)
    found = accumulate_locations(network, [inputs])
    with torch.no_grad():
        assert torch.allclose(found.network(inputs), network(inputs), atol=1e-6)
    assert found.layers[0].moments.samples == 20 * 12 * (1 + twice)


def layers(*, kernel=(3, 2), **options):
    torch.manual_seed(3)
    return nn.Sequential(nn.Conv2d(2, 3, kernel, **options), nn.ReLU(), nn.Conv2d(3, 2, 1)).double()


@pytest.mark.parametrize(
    "network",
    [
        layers(),
        layers(kernel=3, bias=False, padding="same"),
        layers(padding=(1, 1), stride=(2, 1)),
        layers(dilation=(1, 2), padding_mode="circular", padding=1),
        layers(padding_mode="reflect", padding=1),
        nn.Sequential(
            nn.Flatten(2), nn.Conv1d(2, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv1d(4, 1, 2)
        ).double(),
    ],
)
def test_patches_explain_the_outputs_exactly(network):
    inputs = torch.randn(70, 2, 5, 6, dtype=torch.float64)
    found = accumulate_locations(network, inputs.split(40))
    for layer in found.layers:
        moments, weights = layer.moments, layer.weights.numpy()
        np.testing.assert_allclose(moments.cross, weights @ moments.gram, atol=1e-7)
        explained = np.einsum("rd,rd->r", weights, moments.cross)
        np.testing.assert_allclose(moments.squares, explained, rtol=1e-10)
        assert moments.states == 0


def test_shared_weights_see_all_samples_and_locations():
    found = accumulate_locations(residual(), images().split(6))
    sizes = {layer.name: (layer.moments.inputs, layer.moments.samples) for layer in found.layers}
    assert sizes["0"] == (10, 20 * 12)
    assert sizes["3.body.0"] == (37, 20 * 12)
    assert sizes["9"] == (5, 20)


def test_fitted_weights_make_a_network():
    network, inputs = residual(), images(40)
    found = accumulate_locations(network, inputs.split(10))
    same = found.fitted({layer.name: layer.weights for layer in found.layers})
    with torch.no_grad():
        expected = found.network(inputs)
        assert torch.equal(same(inputs), expected)
        none = found.fitted({"9": torch.zeros(3, 5)})
        assert not none(inputs).any()
        assert torch.equal(found.network(inputs), expected)
    copy = pickle.loads(pickle.dumps(same))
    assert torch.equal(copy(inputs), same(inputs))


def test_a_sparse_fit_of_each_layer_keeps_the_function():
    network, inputs = residual(), images(60)
    found = accumulate_locations(network, inputs.split(30))
    weights = {layer.name: fit_rows(layer.moments, L1(0.05), blocks=[]).D for layer in found.layers}
    fitted = found.fitted(weights)
    with torch.no_grad():
        expected = network(inputs)
        error = (fitted(inputs) - expected).square().mean() / expected.var()
    kept = sum((weight != 0).sum() for weight in weights.values())
    assert kept < 0.98 * sum(layer.weights.numel() for layer in found.layers)
    assert error < 0.05


@pytest.mark.parametrize(
    ("network", "inputs", "match"),
    [
        (Opaque(residual()), images(), "cannot trace"),
        (nn.Conv2d(1, 2, 2).double(), images(0), "no samples"),
        (nn.Conv2d(1, 2, 2).double(), images() * torch.nan, "inputs have"),
        (nn.Conv2d(3, 2, 2).double(), images(), "takes no inputs"),
        (nn.ConvTranspose2d(1, 2, 2).double(), images(), "ConvTranspose2d .* no patches"),
        (nn.Conv2d(2, 2, 2, groups=2).double(), images(), r"Conv2d \(0\) has 2 groups"),
        (nn.ReLU(), images(), "no Conv1d, Conv2d or Linear"),
    ],
)
def test_what_has_no_locations(network, inputs, match):
    with pytest.raises(ValueError, match=match):
        accumulate_locations(network, [inputs])


def test_linear_layers_within_what_is_no_layer_are_left_as_they_are():
    network = nn.Sequential(nn.Linear(4, 4), nn.TransformerEncoderLayer(4, 2, 8, batch_first=True))
    found = accumulate_locations(network, [torch.randn(3, 5, 4)])
    assert [(layer.name, layer.moments.samples) for layer in found.layers] == [("0", 15)]


def test_no_images():
    with pytest.raises(ValueError, match="no batches"):
        accumulate_locations(residual(), [])


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        ({"10": torch.zeros(3, 5)}, "no layer '10', only 0, 3.body.0"),
        ({"9": torch.zeros(3, 4)}, r"of 9 are of the shape \(3, 4\): expected \(3, 5\)"),
    ],
)
def test_weights_that_do_not_fit(weights, match):
    found = accumulate_locations(residual(), [images()])
    with pytest.raises(ValueError, match=match):
        found.fitted(weights)
