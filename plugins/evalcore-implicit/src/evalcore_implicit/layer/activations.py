"""Componentwise activations of implicit layers, with their derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch.nn import functional as F  # noqa: N812

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["ACTIVATIONS", "Activation", "ActivationName"]

ActivationName = Literal["relu", "leaky-relu", "tanh", "sigmoid", "silu", "gelu", "identity"]

_LEAK = 0.01


@dataclass(frozen=True, slots=True)
class Activation:
    """A componentwise map.

    Attributes:
        apply: phi(z) as an operation of autograd.
        apply_: phi(z) in the place of z.
        slope: phi' from the state phi(z) where `from_state`, else from z.
        from_state: whether the slope is known from the state alone.
        piecewise_linear: whether the slope is constant between finitely many kinks.
    """

    apply: Callable[[Tensor], Tensor]
    apply_: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    from_state: bool = True
    piecewise_linear: bool = False


def _silu_(z: Tensor) -> Tensor:
    return F.silu(z, inplace=True)


def _gelu_(z: Tensor) -> Tensor:
    return z.copy_(F.gelu(z))


def _leaky_slope(x: Tensor) -> Tensor:
    return torch.where(x > 0, 1.0, _LEAK).to(x.dtype)


def _sigmoid_slope(x: Tensor) -> Tensor:
    return x * (1 - x)


def _silu_slope(z: Tensor) -> Tensor:
    gate = torch.sigmoid(z)
    return gate * (1 + z * (1 - gate))


def _gelu_slope(z: Tensor) -> Tensor:
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return 0.5 * (1 + torch.erf(z / math.sqrt(2))) + z * density


ACTIVATIONS: dict[str, Activation] = {
    # A state of ReLU is never negative, so that its sign is the slope.
    "relu": Activation(torch.relu, torch.relu_, torch.sign, piecewise_linear=True),
    "leaky-relu": Activation(
        lambda z: F.leaky_relu(z, _LEAK),
        lambda z: F.leaky_relu_(z, _LEAK),
        _leaky_slope,
        piecewise_linear=True,
    ),
    "tanh": Activation(torch.tanh, torch.tanh_, lambda x: 1 - x * x),
    "sigmoid": Activation(torch.sigmoid, torch.sigmoid_, _sigmoid_slope),
    "silu": Activation(F.silu, _silu_, _silu_slope, from_state=False),
    "gelu": Activation(F.gelu, _gelu_, _gelu_slope, from_state=False),
    "identity": Activation(lambda z: z, lambda z: z, torch.ones_like, piecewise_linear=True),
}
"""All but SiLU (slope up to 1.10) and GELU (1.13) are non-expansive: with those two, a matrix A
whose rows sum to less than 1 need not make the equilibrium unique."""
