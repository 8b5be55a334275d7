"""Estimators of rows: `mlp`, `nac` and `nalu`. Inputs of other shapes are flattened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from evalcore_implicit.estimators.network import NetworkEstimator
from evalcore_implicit.estimators.settings import ActivationName, NetworkSettings

if TYPE_CHECKING:
    from evalcore_implicit.estimators.modules.network import Network

__all__ = ["Mlp", "MlpSettings", "Nac", "NacSettings", "Nalu", "NaluSettings"]


class MlpSettings(NetworkSettings):
    """A multilayer perceptron."""

    width: int = Field(20, ge=1)
    """Units of each hidden layer."""
    depth: int = Field(3, ge=1)
    """Hidden layers."""
    activation: ActivationName = "relu"
    """After each hidden layer."""
    bias: bool = False
    """Whether the layers have biases. Without them, and with `relu`, `leaky-relu` or `identity`,
    the outputs grow in proportion to the inputs."""


class NacSettings(NetworkSettings):
    """Neural accumulators."""

    width: int = Field(20, ge=1)
    """Units of each hidden layer."""
    depth: int = Field(1, ge=1)
    """Hidden layers."""


class NaluSettings(NacSettings):
    """Neural arithmetic logic units."""


class Mlp(NetworkEstimator[MlpSettings]):
    """A multilayer perceptron, with the first weights of torch's `Linear`."""

    def network(self, settings: MlpSettings, features: int, outputs: int) -> Network:
        """Linear layers with an activation between them."""
        from evalcore_implicit.estimators.modules.feedforward import Perceptron

        sizes = [features, *[settings.width] * settings.depth, outputs]
        return Perceptron(sizes, settings.activation, bias=settings.bias)


class Nac(NetworkEstimator[NacSettings]):
    """Neural accumulators one after the other, which add and subtract (Trask et al. 2018)."""

    def network(self, settings: NacSettings, features: int, outputs: int) -> Network:
        """Accumulators."""
        from evalcore_implicit.estimators.modules.feedforward import Accumulator, Stack

        return Stack(Accumulator, [features, *[settings.width] * settings.depth, outputs])


class Nalu(NetworkEstimator[NaluSettings]):
    """Arithmetic logic units one after the other, which multiply too (Trask et al. 2018)."""

    def network(self, settings: NaluSettings, features: int, outputs: int) -> Network:
        """Arithmetic units."""
        from evalcore_implicit.estimators.modules.feedforward import ArithmeticUnit, Stack

        return Stack(ArithmeticUnit, [features, *[settings.width] * settings.depth, outputs])
