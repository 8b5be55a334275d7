"""What cannot be recorded is refused, with what it is and what to do."""

from __future__ import annotations

import pytest
import torch
from state_networks import Functions, Opaque, Reusing, images, mlp, residual
from torch import nn
from torch.nn import functional

from evalcore_implicit.states import accumulate, accumulate_locations, find_scales, record


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        return self.function(self.linear(x))


def after_linear(*layers):
    return nn.Sequential(nn.Linear(4, 4), *layers)


def nan_weight(place):
    network = after_linear(nn.ReLU(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
    network[3] = nn.ReLU()
    with torch.no_grad():
        network[place].weight[0, 0] = torch.nan
    return network


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (nn.Linear(4, 4), "no activations"),
        (after_linear(nn.Hardswish()), r"no activations .* it has Hardswish \(1\)"),
        (Opaque(nn.Linear(4, 4)), "no activations .* torch.fx cannot trace"),
        (after_linear(nn.ReLU(), nn.Softmax(1)), r"does not represent Softmax \(2\)"),
        (after_linear(nn.ReLU(), nn.LayerNorm(4)), r"LayerNorm \(2\)"),
        (after_linear(nn.ReLU(), nn.LeakyReLU(0.2)), r"LeakyReLU \(2\)"),
        (after_linear(nn.ReLU(), nn.GELU(approximate="tanh")), r"GELU \(2\)"),
        (after_linear(nn.ReLU(), nn.PReLU()), r"PReLU \(2\)"),
        (Opaque(after_linear(nn.ReLU(), nn.Softmax(1))), r"Softmax \(inner.2\)"),
        (Function(lambda x: functional.softmax(x.relu(), 1)), "softmax"),
        (Function(lambda x: functional.leaky_relu(x, 0.3).relu()), "leaky_relu"),
        (Function(lambda x: x.relu().exp()), "exp"),
        (Function(lambda x: functional.max_pool1d(x.relu().unsqueeze(1), 2)), "max_pool1d"),
        (Function(lambda x: functional.max_pool2d(x.relu().reshape(3, 1, 2, 2), 2)), "max_pool2d"),
        (after_linear(nn.ReLU(), nn.Tanh()), "1 is relu and 2 is tanh; .* one activation"),
        (Function(lambda x: (x.relu(), x)), "a tuple, not one tensor"),
        (Function(lambda x: x.relu().sum()), r"the shape \(\) for 3 samples"),
        (Function(lambda x: x.flatten().relu().reshape(3, 4)), "first dimension"),
        (nan_weight(0), "what goes into the activation 1 has 3 NaN"),
        (nan_weight(2), "what goes into the activation 3 has 3 NaN"),
        (nan_weight(4), "the outputs of the network have 3 NaN"),
        (after_linear(nn.ReLU(), nn.Linear(5, 2)), "takes no inputs of the shape"),
        (nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2).double()), "float32.*float64"),
    ],
)
def test_networks_without_recordable_states(network, match):
    with pytest.raises(ValueError, match=match):
        record(network, torch.ones(3, 4))
    with pytest.raises(ValueError, match=match):
        accumulate(network, [torch.ones(3, 4)])


class Aliased(nn.Module):
    """torch.fx traces the sum in place as one that leaves its first argument as it was."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        y = self.linear(x)
        z = y
        z += 1
        return y.relu()


def test_networks_that_torch_fx_traces_otherwise():
    with pytest.raises(ValueError, match=r"other outputs than what torch.fx traces"):
        record(Aliased(), torch.ones(3, 4))
    with pytest.raises(ValueError, match=r"other outputs than what torch.fx traces"):
        accumulate_locations(Aliased(), [torch.ones(3, 4)])


@pytest.mark.parametrize(
    ("layers", "match"),
    [
        (["4", "22"], "no activation .* '22'; the nearest names are 2, 4, of 2"),
        (["relu*"], r"'relu\*'"),
        ([], "expected a sequence"),
        ("2", "'2': expected a sequence"),
    ],
)
def test_layers_that_there_are_not(layers, match):
    with pytest.raises(ValueError, match=match):
        record(mlp(), images(), layers=layers)


def test_the_nearest_names_are_told():
    with pytest.raises(ValueError, match="the nearest names are relu_, relu, of 2"):
        record(Functions(), images(), layers=["second.relu_"])


def test_an_activation_that_is_called_again():
    with pytest.raises(ValueError, match=r"inner\.relu is called several times"):
        record(Opaque(Reusing()), images())


def test_an_activation_that_is_not_called():
    network = Opaque(mlp())
    network.spare = nn.ReLU()
    with pytest.raises(ValueError, match="does not call the activation spare"):
        record(network, images())
    assert record(network, images(), layers=["inner.*"]).record.states == 12


@pytest.mark.parametrize(
    ("inputs", "match"),
    [
        (images(0), "no samples"),
        (torch.tensor(1.0), "no samples"),
        ("images", "not an array"),
        (images() * torch.inf, "the inputs have .* NaN or infinite"),
    ],
)
def test_inputs_that_are_none(inputs, match):
    with pytest.raises(ValueError, match=match):
        record(mlp(), inputs)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"convolution": "locations"}, "expected one of blocks, features"),
        ({"convolution": "blocks"}, "no residual blocks"),
        ({"convolution": "blocks", "layers": ["2"]}, "leave out `layers`"),
        ({"convolution": "features"}, "no convolution"),
    ],
)
def test_settings_that_do_not_fit(options, match):
    with pytest.raises(ValueError, match=match):
        record(mlp(), images(), **options)


@pytest.mark.parametrize("convolution", ["blocks", "features"])
def test_parts_of_networks_that_cannot_be_traced(convolution):
    with pytest.raises(ValueError, match="cannot trace"):
        record(Opaque(residual()), images(), convolution=convolution)


@pytest.mark.parametrize(
    ("scales", "match"),
    [
        (torch.ones(3), r"\(3,\): expected 12"),
        (torch.zeros(12), "above 0"),
        (torch.full((12,), torch.nan), "finite"),
    ],
)
def test_scales_that_do_not_fit(scales, match):
    with pytest.raises(ValueError, match=match):
        record(mlp(), images()).scaled(scales)
    with pytest.raises(ValueError, match=match):
        accumulate(mlp(), [images()], scales=scales)


def test_there_are_no_scales_for_what_cannot_be_embedded():
    network = Opaque(mlp())
    states = record(network, images())
    with pytest.raises(ValueError, match=r"norms of its weights: .* cannot trace"):
        find_scales(network, states.record)
    smooth = mlp(activation=nn.Tanh)
    with pytest.raises(ValueError, match="cannot be embedded"):
        find_scales(smooth, record(smooth, images()).record)
    with pytest.raises(ValueError, match="tanh cannot be scaled"):
        record(smooth, images()).scaled(torch.ones(12))


def test_a_kappa_that_there_is_not():
    with pytest.raises(ValueError, match=r"^kappa is 1"):
        find_scales(mlp(), record(mlp(), images()).record, kappa=1.0)


def test_scales_of_another_network():
    wider = nn.Sequential(nn.Flatten(), nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, 3)).double()
    with pytest.raises(ValueError, match=r"no states 4 of the shape \(5,\)"):
        find_scales(wider, record(mlp(), images()).record)
