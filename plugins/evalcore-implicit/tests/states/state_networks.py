"""Networks whose states the tests record."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.embedding import Residual, embed


def mlp(seed=0, *, activation=nn.ReLU, bias=True, dtype=torch.float64):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(12, 7, bias=bias),
        activation(),
        nn.Linear(7, 5, bias=bias),
        activation(),
        nn.Linear(5, 3, bias=bias),
    ).to(dtype)


def residual(seed=0, *, dtype=torch.float64):
    """A small ResNet of images of one channel, with statistics that are not those of new layers."""
    torch.manual_seed(seed)

    def body():
        return nn.Sequential(
            nn.Conv2d(4, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Conv2d(4, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
        )

    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        Residual(body()),
        nn.ReLU(),
        Residual(body()),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    ).to(dtype)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
    return network.eval()


class Functions(nn.Module):
    """The same layers with functions in the places of modules, one of them in place."""

    def __init__(self, seed=0):
        super().__init__()
        layers = mlp(seed)
        self.first, self.second, self.last = layers[1], layers[3], layers[5]

    def forward(self, x):
        x = functional.relu(self.first(x.flatten(1)), inplace=True)
        return self.last(self.second(x).relu_())


class Reusing(Functions):
    """The same with one module for both activations."""

    def __init__(self, seed=0):
        super().__init__(seed)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.first(x.flatten(1)))
        return self.last(self.relu(self.second(x)))


class Opaque(nn.Module):
    """Around a network: torch.fx cannot trace it."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x) if x.sum() < 1e9 else x


def images(samples=20, *, seed=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(samples, 1, 3, 4, generator=generator, dtype=dtype) - 0.3


def matrices(network, shape, *, rescaled=None):
    """A, B, C and D of the embedded network, dense."""
    embedded = embed(network, shape) if rescaled is None else rescaled
    return [getattr(embedded, name).to_dense().double() for name in "ABCD"]
