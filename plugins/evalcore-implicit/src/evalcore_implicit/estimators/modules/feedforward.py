"""Networks of rows: multilayer perceptrons, neural accumulators, neural arithmetic logic units."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from evalcore_implicit.estimators.modules.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ACTIVATIONS", "Accumulator", "ArithmeticUnit", "Perceptron", "Stack"]

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "identity": nn.Identity,
}

_LEAST = 1e-7
"""What is added to a size before its logarithm is taken (epsilon of Trask et al. 2018, eq. 2)."""


class Perceptron(Network):
    """Linear layers with an activation between them.

    Args:
        sizes: of the inputs, of each hidden layer and of the outputs.
        activation: after each hidden layer.
        bias: whether the layers have biases.
    """

    def __init__(self, sizes: Sequence[int], activation: str, *, bias: bool) -> None:
        super().__init__()
        self._sizes = tuple(sizes)
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Linear(before, after, bias=bias), ACTIVATIONS[activation]()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        outputs: Tensor = self.layers(inputs)
        return outputs

    def operations(self, inputs: Tensor) -> float:
        """A product with each weight matrix."""
        return sum(before * after for before, after in itertools.pairwise(self._sizes))


class Accumulator(nn.Module):
    """A neural accumulator: y = W x with W = tanh(V) * sigmoid(M), near -1, 0 or 1.

    Trask et al., Neural Arithmetic Logic Units, 2018, equation 1.
    """

    matrices = 1

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.sign = nn.Parameter(nn.init.xavier_uniform_(torch.empty(outputs, inputs)))
        self.gate = nn.Parameter(nn.init.xavier_uniform_(torch.empty(outputs, inputs)))

    def weight(self) -> Tensor:
        """W, shape (outputs, inputs)."""
        return torch.tanh(self.sign) * torch.sigmoid(self.gate)

    def forward(self, inputs: Tensor) -> Tensor:
        """The sums and differences."""
        return linear(inputs, self.weight())


class ArithmeticUnit(nn.Module):
    """A neural arithmetic logic unit: between a sum and a product of powers, as a gate says.

    y = g * a + (1 - g) * m with a = W x, m = exp(W log(|x| + epsilon)), g = sigmoid(G x), and W of
    an `Accumulator`. Trask et al., Neural Arithmetic Logic Units, 2018, equation 2.
    """

    matrices = 3

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.accumulator = Accumulator(inputs, outputs)
        self.choice = nn.Parameter(nn.init.xavier_uniform_(torch.empty(outputs, inputs)))

    def forward(self, inputs: Tensor) -> Tensor:
        """The sums, differences, products and quotients."""
        weight = self.accumulator.weight()
        sums = linear(inputs, weight)
        products = linear(torch.log(inputs.abs() + _LEAST), weight).exp()
        gate = torch.sigmoid(linear(inputs, self.choice))
        return gate * sums + (1 - gate) * products


class Stack(Network):
    """Arithmetic layers one after the other.

    Args:
        layer: what each is.
        sizes: of the inputs, between the layers and of the outputs.
    """

    def __init__(self, layer: type[Accumulator | ArithmeticUnit], sizes: Sequence[int]) -> None:
        super().__init__()
        self._products = layer.matrices * sum(a * b for a, b in itertools.pairwise(sizes))
        self.layers = nn.Sequential(*(layer(a, b) for a, b in itertools.pairwise(sizes)))

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        outputs: Tensor = self.layers(inputs)
        return outputs

    def operations(self, inputs: Tensor) -> float:
        """A product with each matrix of each layer."""
        return self._products
