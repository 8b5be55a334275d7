"""Networks of sequences of any length: recurrent, convolutional and attentive ones."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from evalcore_implicit.estimators.modules.network import Network

__all__ = ["Attentive", "Convolutional", "Recurrent"]

_GATES = {"rnn": 1, "gru": 3, "lstm": 4}


class Recurrent(Network):
    """A recurrent network of torch, and a linear map of its last hidden state.

    Args:
        kind: of its cells; those of `rnn` have ReLU.
        features: numbers of a time step.
        hidden: units of each layer.
        layers: one after the other.
        outputs: of the linear map.
        bias: whether cells and map have biases.
    """

    def __init__(
        self,
        kind: Literal["rnn", "lstm", "gru"],
        features: int,
        hidden: int,
        layers: int,
        outputs: int,
        *,
        bias: bool,
    ) -> None:
        super().__init__()
        self.cells: nn.RNNBase
        if kind == "rnn":
            self.cells = nn.RNN(
                features, hidden, layers, nonlinearity="relu", bias=bias, batch_first=True
            )
        else:
            make = nn.LSTM if kind == "lstm" else nn.GRU
            self.cells = make(features, hidden, layers, bias=bias, batch_first=True)
        self.head = nn.Linear(hidden, outputs, bias=bias)
        by_layer = [hidden * ((hidden if layer else features) + hidden) for layer in range(layers)]
        self._step = _GATES[kind] * sum(by_layer)

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs after the last time step."""
        states, _ = self.cells(inputs)
        outputs: Tensor = self.head(states[:, -1])
        return outputs

    def operations(self, inputs: Tensor) -> float:
        """A product with each matrix of a cell at each time step."""
        return inputs.shape[1] * self._step + self.head.in_features * self.head.out_features


class Convolutional(Network):
    """Convolutions in time with ReLU, their mean over time, and a linear map of it.

    Args:
        features: numbers of a time step.
        width: channels of each convolution.
        depth: convolutions.
        kernel: time steps that one sees, an odd number.
        outputs: of the linear map.
        bias: whether convolutions and map have biases.
    """

    def __init__(
        self, features: int, width: int, depth: int, kernel: int, outputs: int, *, bias: bool
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before in [features, *[width] * (depth - 1)]:
            layers += [nn.Conv1d(before, width, kernel, padding=kernel // 2, bias=bias), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(width, outputs, bias=bias)
        self._step = kernel * width * (features + (depth - 1) * width)

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs of the whole sequence."""
        outputs: Tensor = self.head(self.layers(inputs.transpose(1, 2)).mean(2))
        return outputs

    def operations(self, inputs: Tensor) -> float:
        """A product with each kernel at each time step."""
        return inputs.shape[1] * self._step + self.head.in_features * self.head.out_features


class Attentive(Network):
    """An encoder of a transformer, its mean over time, and a linear map of it.

    Each layer normalises before it attends (Xiong et al. 2020); positions are told by sines and
    cosines (Vaswani et al. 2017, section 3.5), which have no longest sequence.

    Args:
        features: numbers of a time step.
        width: of a time step within, a multiple of 2 and of `heads`.
        depth: layers.
        heads: of attention.
        dropout: of each layer, in training.
        outputs: of the linear map.
    """

    def __init__(
        self, features: int, width: int, depth: int, heads: int, dropout: float, outputs: int
    ) -> None:
        super().__init__()
        self.embedding = nn.Linear(features, width)
        layers = [
            nn.TransformerEncoderLayer(
                width, heads, 2 * width, dropout, batch_first=True, norm_first=True
            )
            for _ in range(depth)
        ]
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)
        self._depth, self._width = depth, width

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs of the whole sequence."""
        steps = self.embedding(inputs)
        states = self.layers(steps + _positions(inputs.shape[1], self._width).to(steps))
        outputs: Tensor = self.head(self.norm(states).mean(1))
        return outputs

    def operations(self, inputs: Tensor) -> float:
        """Products with each matrix at each time step, and of each pair of time steps."""
        time, width = inputs.shape[1], self._width
        # Queries, keys, values and their mixture; the two maps of 2 x width after it.
        layer = time * 8 * width * width + 2 * time * time * width
        ends = time * self.embedding.in_features * width + width * self.head.out_features
        return self._depth * layer + ends


def _positions(length: int, width: int) -> Tensor:
    """Sines and cosines of each position, shape (length, width)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(length)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(length, width)
