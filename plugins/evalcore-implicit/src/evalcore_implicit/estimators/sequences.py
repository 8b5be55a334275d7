"""Estimators of sequences: `rnn`, `lstm`, `gru`, `cnn` and `transformer`.

They read inputs of shape (samples, time, features), or (samples, time) for sequences of one number,
and predict from sequences of any length.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from evalcore_implicit.estimators.network import NetworkEstimator
from evalcore_implicit.estimators.settings import NetworkSettings

if TYPE_CHECKING:
    from evalcore_implicit.estimators.modules.network import Network

__all__ = [
    "Cnn",
    "CnnSettings",
    "Gru",
    "GruSettings",
    "Lstm",
    "LstmSettings",
    "Rnn",
    "RnnSettings",
    "Transformer",
    "TransformerSettings",
]


class RnnSettings(NetworkSettings):
    """A recurrent network, and a linear map of its last hidden state."""

    widths: ClassVar[tuple[str, ...]] = ("hidden",)

    hidden: int = Field(20, ge=1)
    """Units of each layer."""
    layers: int = Field(1, ge=1)
    """Layers, one after the other."""
    bias: bool = True
    """Whether cells and map have biases. The outputs of an `rnn` without them grow in proportion to
    the inputs."""


class LstmSettings(RnnSettings):
    """A long short-term memory, and a linear map of its last hidden state."""


class GruSettings(RnnSettings):
    """A network of gated recurrent units, and a linear map of its last hidden state."""


class CnnSettings(NetworkSettings):
    """Convolutions in time, their mean over time, and a linear map of it."""

    width: int = Field(20, ge=1)
    """Channels of each convolution."""
    depth: int = Field(2, ge=1)
    """Convolutions, each followed by ReLU."""
    kernel: int = Field(3, ge=1)
    """Time steps that a convolution sees, an odd number."""
    bias: bool = True
    """Whether convolutions and map have biases."""

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.kernel % 2 == 0:
            raise ValueError(f"`kernel` is an odd number, not {self.kernel}")
        return self


class TransformerSettings(NetworkSettings):
    """An encoder of a transformer, its mean over time, and a linear map of it."""

    width: int = Field(16, ge=2)
    """Of a time step within, a multiple of 2 and of `heads`."""
    depth: int = Field(1, ge=1)
    """Layers."""
    heads: int = Field(2, ge=1)
    """Heads of attention."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of the units that are left out at a time in training."""

    @property
    def width_step(self) -> int:
        """Each head has the same width, and each sine its cosine."""
        return math.lcm(2, self.heads)

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.parameters is None and self.width % self.width_step:
            raise ValueError(f"`width` is a multiple of {self.width_step}, not {self.width}")
        return self


class Rnn(NetworkEstimator[RnnSettings]):
    """A recurrent network with ReLU (Elman 1990)."""

    sequential = True

    def network(self, settings: RnnSettings, features: int, outputs: int) -> Network:
        """Plain cells."""
        from evalcore_implicit.estimators.modules.sequences import Recurrent

        hidden, layers, bias = settings.hidden, settings.layers, settings.bias
        return Recurrent("rnn", features, hidden, layers, outputs, bias=bias)


class Lstm(NetworkEstimator[LstmSettings]):
    """A long short-term memory (Hochreiter and Schmidhuber 1997)."""

    sequential = True

    def network(self, settings: LstmSettings, features: int, outputs: int) -> Network:
        """Cells with a memory."""
        from evalcore_implicit.estimators.modules.sequences import Recurrent

        hidden, layers, bias = settings.hidden, settings.layers, settings.bias
        return Recurrent("lstm", features, hidden, layers, outputs, bias=bias)


class Gru(NetworkEstimator[GruSettings]):
    """Gated recurrent units (Cho et al. 2014)."""

    sequential = True

    def network(self, settings: GruSettings, features: int, outputs: int) -> Network:
        """Gated cells."""
        from evalcore_implicit.estimators.modules.sequences import Recurrent

        hidden, layers, bias = settings.hidden, settings.layers, settings.bias
        return Recurrent("gru", features, hidden, layers, outputs, bias=bias)


class Cnn(NetworkEstimator[CnnSettings]):
    """A convolutional network in time."""

    sequential = True

    def network(self, settings: CnnSettings, features: int, outputs: int) -> Network:
        """Convolutions."""
        from evalcore_implicit.estimators.modules.sequences import Convolutional

        width, depth, kernel = settings.width, settings.depth, settings.kernel
        return Convolutional(features, width, depth, kernel, outputs, bias=settings.bias)


class Transformer(NetworkEstimator[TransformerSettings]):
    """An encoder of a transformer (Vaswani et al. 2017)."""

    sequential = True

    def network(self, settings: TransformerSettings, features: int, outputs: int) -> Network:
        """Layers of attention."""
        from evalcore_implicit.estimators.modules.sequences import Attentive

        width, depth, heads = settings.width, settings.depth, settings.heads
        return Attentive(features, width, depth, heads, settings.dropout, outputs)
