"""What cannot be embedded is refused, with what it is and what to do."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.embedding import embed


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def after_linear(*layers):
    return nn.Sequential(nn.Linear(4, 4), *layers).eval()


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (after_linear(nn.Tanh()), r"Tanh \(1\) is not supported; .*ReLU"),
        (after_linear(nn.Sequential(nn.Identity(), nn.Softmax(1))), r"Softmax \(1\.1\)"),
        (after_linear(nn.ReLU(), nn.LeakyReLU(0.1)), r"LeakyReLU \(2\) has a slope of 0.1 .* 0.0"),
        (after_linear(nn.LeakyReLU(1.5)), "slope of 1.5"),
        (after_linear(nn.LeakyReLU(-0.5)), "slope of -0.5"),
        (after_linear(nn.BatchNorm1d(4, track_running_stats=False)), "no running statistics"),
        (after_linear(nn.Unflatten(1, (1, 4)), nn.MaxPool1d(2, return_indices=True)), "tuple"),
        (Function(torch.tanh), r"tanh \(.*tanh\) is not supported"),
        (Function(lambda x: x.sigmoid()), "sigmoid .* is not supported"),
        (Function(lambda x: x * x), "multiplies two"),
        (Function(lambda x: 1 / x), "divides by"),
        (Function(lambda x: x.T.reshape(x.shape)), "`T`"),
        (Function(lambda x: x.reshape(4, -1).reshape(-1, 4)), "mixes the samples"),
        (Function(lambda x: x.flip(0)), "mixes the samples"),
        (Function(lambda x: x - x.mean(0)), "mean over the samples"),
        (Function(lambda x: x - x.mean()), "mean over the samples"),
        (Function(lambda x: functional.pad(x, (0, 1), value=1.0)), "not zero"),
        (Function(lambda x: functional.dropout(x, training=True)), "in training"),
        (Function(lambda x: x if x.sum() > 0 else -x), "cannot trace"),
        (Function(lambda x: (x, x)), "a tuple, not one tensor"),
        (Function(lambda x: torch.zeros(2, 4)), "does not depend"),
        (Function(lambda x: functional.relu(x, inplace=True) + x), "in place"),
    ],
)
def test_what_is_no_such_map(network, match):
    with pytest.raises(ValueError, match=match):
        embed(network, (4,))


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(4), nn.Dropout(0.1)])
def test_networks_in_training(layer):
    network = after_linear(layer, nn.ReLU()).train()
    with pytest.raises(
        ValueError, match=rf"{type(layer).__name__} \(1\) is in training: call `eval"
    ):
        embed(network, (4,))
    embed(network.eval(), (4,))


def test_training_matters_only_where_it_changes_the_output():
    embed(after_linear(nn.ReLU(), nn.Dropout(0.0)).train(), (4,))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(value):
    network = after_linear(nn.ReLU())
    with torch.no_grad():
        network[0].weight[1, 2] = value
    with pytest.raises(ValueError, match=r"0\.weight has values that are not finite"):
        embed(network, (4,))


def test_outputs_that_are_not_finite():
    network = after_linear()
    with torch.no_grad():
        network[0].weight.fill_(3e38)
    with pytest.raises(ValueError, match="outputs of the network are not finite"):
        embed(network, (4,))


def test_weights_of_several_types():
    network = after_linear(nn.Linear(4, 2).double())
    with pytest.raises(ValueError, match=r"torch.float32, torch.float64"):
        embed(network, (4,))
    with pytest.raises(ValueError, match="float16"):
        embed(network.half(), (4,))


def test_a_shape_that_the_network_does_not_take():
    with pytest.raises(ValueError, match=r"no inputs of the shape \(5,\)"):
        embed(after_linear(nn.ReLU()), (5,))


def test_inputs_of_another_shape_or_type():
    embedded = embed(after_linear(nn.ReLU()), (4,))
    for shape in [(4,), (2, 5), (2, 1, 4), ()]:
        with pytest.raises(ValueError, match=r"not \(batch, 4\)"):
            embedded(torch.zeros(shape))
    with pytest.raises(ValueError, match="float64"):
        embedded.states(torch.zeros(2, 4).double())
    assert embedded(torch.zeros(0, 4)).shape == (0, 4)
