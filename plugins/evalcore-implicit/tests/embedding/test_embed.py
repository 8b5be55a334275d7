"""An embedded network gives what the network gives, whatever it is made of."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from evalcore_implicit.embedding import Residual, embed


def randomised(network):
    """With statistics and weights of the norms that are not those of the beginning."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            for tensor in (module.running_mean, module.weight, module.bias):
                if tensor is not None:
                    tensor.data.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return network.eval()


def difference(network, shape, batch=3):
    """Between the outputs, relative to the largest."""
    dtype = next((p.dtype for p in network.parameters()), torch.get_default_dtype())
    u = torch.randn(batch, *shape, dtype=dtype)
    with torch.no_grad():
        expected = network(u)
    found = embed(network, shape)(u)
    assert found.shape == expected.shape
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-30))


@pytest.fixture(autouse=True)
def _seeded_doubles():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def mlp(bias, *widths):
    layers = [nn.Flatten()]
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs, bias=bias), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn():
    return randomised(
        nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(8, 16, 3, stride=2, groups=2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(16, 10),
        )
    )


class Basic(nn.Module):
    """The block of a ResNet, with one module used twice and a function."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Sequential()
        if inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layers = nn.Sequential(Basic(4, 4, 1), Basic(4, 8, 2))
        self.linear = nn.Linear(8, 5)

    def forward(self, x):
        out = self.layers(functional.relu(self.bn1(self.conv1(x))))
        out = functional.avg_pool2d(out, out.size()[3])
        return self.linear(out.view(out.size(0), -1))


@pytest.mark.parametrize("bias", [False, True])
def test_an_mlp_in_float32(bias):
    network = mlp(bias, 784, 64, 32, 16, 10).float()
    assert difference(network, (1, 28, 28), batch=20) < 1e-6
    embedded = embed(network, (1, 28, 28))
    assert (embedded.A.shape, embedded.bias) == ((112, 112), bias)
    assert embedded.B.shape == (112, 784 + bias)
    assert embedded.C.shape == (10, 112)
    assert embedded.D.entries == 10 * bias


def test_a_cnn_in_float32():
    assert difference(cnn().float(), (1, 16, 16)) < 1e-6


def test_a_residual_network_in_float32():
    assert difference(randomised(ResNet()).float(), (3, 8, 8)) < 1e-6


def test_doubles_are_exact_to_their_own_rounding():
    assert difference(randomised(ResNet()), (3, 8, 8)) < 1e-14


def test_the_weights_are_the_blocks_of_an_mlp():
    network = mlp(True, 6, 5, 4, 3)
    embedded = embed(network, (6,))
    first, second, last = (layer for layer in network if isinstance(layer, nn.Linear))
    a, b, c, d = (getattr(embedded, name).to_dense() for name in "ABCD")
    assert torch.equal(a[:4, 4:], second.weight)
    assert torch.equal(b[4:, :6], first.weight)
    assert torch.equal(b[:, 6], torch.cat([second.bias, first.bias]))
    assert torch.equal(c[:, :4], last.weight)
    assert torch.equal(d[:, 6], last.bias)
    assert sum(matrix.count_nonzero() for matrix in (a, b, c, d)) == sum(
        parameter.numel() for parameter in network.parameters()
    )


def test_every_activation_is_a_block_with_the_last_first():
    embedded = embed(randomised(ResNet()), (3, 8, 8))
    assert [(block.name, block.shape) for block in embedded.blocks] == [
        ("layers.1.relu:2", (8, 4, 4)),
        ("layers.1.relu", (8, 4, 4)),
        ("layers.0.relu:2", (4, 8, 8)),
        ("layers.0.relu", (4, 8, 8)),
        ("relu", (4, 8, 8)),
    ]
    stops = [0, *(block.states.stop for block in embedded.blocks)]
    assert [block.states.start for block in embedded.blocks] == stops[:-1]
    assert stops[-1] == embedded.A.width
    a = embedded.A.to_dense()
    for block in embedded.blocks:
        assert not a[block.states, : block.states.stop].any()


def test_the_states_are_the_activations_and_what_goes_into_them():
    network = cnn()
    embedded = embed(network, (1, 16, 16))
    u = torch.randn(4, 1, 16, 16)
    x, z = embedded.states(u)
    with torch.no_grad():
        for block in embedded.blocks:
            at = int(block.name)
            before = network[:at](u).flatten(1)
            torch.testing.assert_close(z[:, block.states], before, rtol=1e-5, atol=1e-6)
            torch.testing.assert_close(x[:, block.states], before.relu(), rtol=1e-5, atol=1e-6)


def test_states_solve_the_equation():
    embedded = embed(randomised(ResNet()), (3, 8, 8))
    u = torch.randn(2, 3, 8, 8)
    x, z = embedded.states(u)
    ones = torch.cat([u.flatten(1), torch.ones(2, 1)], dim=1)
    again = embedded.A @ x.T.contiguous() + embedded.B @ ones.T.contiguous()
    torch.testing.assert_close(again.T, z)
    assert torch.equal(x, z.relu())


def test_an_affine_network_has_no_states():
    embedded = embed(nn.Sequential(nn.Conv1d(2, 3, 2), nn.Flatten(), nn.Linear(12, 2)), (2, 5))
    assert embedded.A.shape == (0, 0)
    assert embedded.blocks == ()
    x, z = embedded.states(torch.randn(3, 2, 5))
    assert x.shape == z.shape == (3, 0)


def test_of_no_inputs_there_are_no_outputs():
    assert embed(mlp(False, 5, 4, 3), (5,))(torch.zeros(0, 5)).shape == (0, 3)


def test_zero_weights_are_no_entries():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2, bias=False))
    with torch.no_grad():
        network[0].weight[0] = 0
        network[2].weight[:, 1] = 0
    embedded = embed(network, (4,))
    assert (embedded.B.entries, embedded.C.entries) == (8 + 3, 4)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), (4, 9, 7)),
        (nn.Conv2d(2, 3, (3, 1), padding="same", dilation=2, bias=False), (2, 5, 6)),
        (nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), (2, 4, 5)),
        (nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode="reflect"), (2, 4, 5)),
        (nn.Conv2d(2, 3, 3, padding=1, padding_mode="replicate"), (2, 3, 3)),
        (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), (4, 11)),
        (nn.Conv1d(2, 3, 5, padding="same", padding_mode="circular"), (2, 7)),
        (nn.Linear(4, 3), (2, 5, 4)),
        (nn.BatchNorm1d(4), (4,)),
        (nn.BatchNorm1d(4), (4, 5)),
        (nn.BatchNorm2d(3, affine=False), (3, 2, 4)),
        (nn.AvgPool1d(3, 2, 1), (2, 8)),
        (nn.AvgPool2d(3, 2, 1, ceil_mode=True), (2, 8, 6)),
        (nn.AvgPool2d((3, 2), 2, 1, ceil_mode=True, count_include_pad=False), (2, 8, 7)),
        (nn.AvgPool2d(2, divisor_override=3), (2, 4, 6)),
        (nn.AdaptiveAvgPool1d(3), (2, 7)),
        (nn.AdaptiveAvgPool2d((3, None)), (2, 7, 5)),
        (nn.MaxPool1d(3, 2, 1), (2, 8)),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 8, 6)),
        (nn.MaxPool2d((2, 3), (1, 2), dilation=(2, 1)), (2, 6, 7)),
        (nn.ZeroPad2d((1, 0, 2, 1)), (2, 3, 3)),
        (nn.Unflatten(1, (2, 3)), (6,)),
        (nn.ReLU(), (3,)),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_each_layer(layer, shape, after):
    # Alone, and between other maps that it has to be composed with.
    network = nn.Sequential(layer)
    if after:
        network = nn.Sequential(
            nn.Linear(shape[-1], shape[-1]),
            nn.LeakyReLU(0.0),
            nn.Linear(shape[-1], shape[-1]),
            layer,
            nn.ReLU(),
        )
    assert difference(randomised(network).double(), shape) < 1e-13


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.linear = nn.Linear(6, 6)
        self.register_buffer("weights", torch.tensor([1.0, -2.0, 3.0, 0.5, 0.0, 4.0]))

    def forward(self, x):
        return self.function(self, self.linear(x))


@pytest.mark.parametrize(
    "function",
    [
        lambda _, x: x.relu() + 2 * x - x / 3,
        lambda _, x: torch.add(torch.relu(x), x, alpha=-2),
        lambda _, x: 1 - torch.sub(x.relu(), x, alpha=3),
        lambda self, x: x * self.weights + self.weights,
        lambda self, x: self.weights - x.neg(),
        lambda _, x: torch.cat([x, functional.relu(x), -x], dim=1),
        lambda _, x: torch.stack([x, x.relu()], 1).mean(dim=1),
        lambda _, x: x.reshape(x.shape[0], 2, -1).permute(0, 2, 1).flatten(1),
        lambda _, x: x.view(-1, 6).unsqueeze(1).transpose(1, 2).squeeze(2),
        lambda _, x: functional.pad(x[:, 1::2], (1, 2)),
        lambda _, x: functional.leaky_relu(x, 0.2).mean(-1, keepdim=True),
        lambda _, x: functional.max_pool1d(x.unsqueeze(1), 2, ceil_mode=True),
        lambda _, x: functional.avg_pool1d(x.unsqueeze(1), 4, stride=1, padding=2),
        lambda _, x: functional.adaptive_avg_pool1d(input=x.unsqueeze(1), output_size=4),
        lambda self, x: functional.dropout(x, training=self.training),
        lambda _, x: torch.chunk(x, 2, 1)[1] - x.split(3, 1)[0],
        lambda _, x: x.flip(1).contiguous().narrow(1, 2, 3),
    ],
)
def test_functions(function):
    assert difference(Function(function).eval(), (6,)) < 1e-14


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_maxima_of_values_of_any_sign(slope):
    network = nn.Sequential(
        nn.Conv2d(1, 3, 2), nn.LeakyReLU(slope), nn.Conv2d(3, 2, 2), nn.MaxPool2d(3, 2, 1)
    )
    assert difference(network, (1, 9, 8)) < 1e-13
    assert embed(network, (1, 9, 8)).slope == slope


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_a_pool_before_the_first_activation(slope):
    network = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 2, 2), nn.LeakyReLU(slope))
    assert difference(network, (1, 6, 6)) < 1e-13
    assert embed(network, (1, 6, 6)).slope == slope


@st.composite
def random_networks(draw):
    """A stack of layers, with the shape of its inputs; convolutions and then linear layers."""
    torch.manual_seed(draw(st.integers(0, 2**16)))
    shape = tuple(draw(st.integers(1, 4)) for _ in range(3))
    at = shape
    layers = []
    slope = draw(st.sampled_from([0.0, 0.1]))
    for kind in draw(st.lists(st.sampled_from("crbprsa"), max_size=6)):
        if kind == "c":
            k, channels = draw(st.integers(1, 3)), draw(st.integers(1, 4))
            layers.append(nn.Conv2d(at[0], channels, k, padding=k // 2, bias=draw(st.booleans())))
        elif kind == "r":
            layers.append(nn.LeakyReLU(slope))
        elif kind == "b":
            layers.append(nn.BatchNorm2d(at[0]))
        elif kind == "p":
            layers.append(nn.MaxPool2d(2, 1, 1))
        elif kind == "a":
            layers.append(nn.AvgPool2d(2, 1, 1))
        else:
            body = nn.Sequential(nn.Conv2d(at[0], at[0], 3, padding=1), nn.LeakyReLU(slope))
            layers.append(Residual(body, draw(st.sampled_from([None, nn.Conv2d(at[0], at[0], 1)]))))
        at = tuple(layers[-1].eval()(torch.zeros(1, *at)).shape[1:])
    size = at[0] * at[1] * at[2]
    layers += [nn.Flatten(), nn.Linear(size, 4), nn.LeakyReLU(slope), nn.Linear(4, 2)]
    return randomised(nn.Sequential(*layers)), shape


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_random_networks(data):
    network, shape = data.draw(random_networks())
    assert difference(network, shape) < 1e-12
