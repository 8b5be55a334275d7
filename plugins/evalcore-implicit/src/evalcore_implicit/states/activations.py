"""Which modules and functions of torch are activations, and which are no affine maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore_implicit.layer.activations import ActivationName

__all__ = ["NONLINEAR", "as_module", "is_affine", "kind_of"]

_KINDS: dict[type[nn.Module], ActivationName] = {
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky-relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.SiLU: "silu",
    nn.GELU: "gelu",
}

_LEAK = 0.01
"""The slope below zero of an implicit layer's leaky ReLU."""


def kind_of(module: nn.Module) -> ActivationName | None:
    """The activation of an implicit layer that a module is, if it is one."""
    for kind, name in _KINDS.items():
        if isinstance(module, kind):
            other = getattr(module, "negative_slope", _LEAK) != _LEAK
            return None if other or getattr(module, "approximate", "none") != "none" else name
    return None


def as_module(
    target: Callable[..., Any] | str, settings: tuple[Any, ...], options: dict[str, Any]
) -> nn.Module | None:
    """The activation module that does what a function or method of a tensor does, if there is one.

    Args:
        target: the function, or the name of the method.
        settings: its arguments after the tensor.
        options: those given by name.
    """
    kind = _METHODS.get(target) if isinstance(target, str) else _FUNCTIONS.get(target)
    return None if kind is None else kind(*settings, **options)


def is_affine(module: nn.Module) -> bool:
    """Whether a module of torch is known to be an affine map of each sample in evaluation."""
    return isinstance(module, _AFFINE)


def _relu_in_place() -> nn.ReLU:
    return nn.ReLU(inplace=True)


_FUNCTIONS: dict[Callable[..., Any], Callable[..., nn.Module]] = {
    torch.relu: nn.ReLU,
    torch.relu_: _relu_in_place,
    functional.relu: nn.ReLU,
    functional.relu_: _relu_in_place,
    functional.leaky_relu: nn.LeakyReLU,
    torch.tanh: nn.Tanh,
    functional.tanh: nn.Tanh,
    torch.sigmoid: nn.Sigmoid,
    functional.sigmoid: nn.Sigmoid,
    functional.silu: nn.SiLU,
    functional.gelu: nn.GELU,
}

_METHODS: dict[str, Callable[..., nn.Module]] = {
    "relu": nn.ReLU,
    "relu_": _relu_in_place,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}

_AFFINE: tuple[type[nn.Module], ...] = (
    nn.Linear,
    nn.modules.conv._ConvNd,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.AvgPool1d,
    nn.AvgPool2d,
    nn.AvgPool3d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveAvgPool3d,
    nn.Flatten,
    nn.Unflatten,
    nn.Identity,
    nn.ZeroPad1d,
    nn.ZeroPad2d,
    nn.ConstantPad1d,
    nn.ConstantPad2d,
    nn.ReflectionPad1d,
    nn.ReflectionPad2d,
    nn.ReplicationPad1d,
    nn.ReplicationPad2d,
    nn.CircularPad1d,
    nn.CircularPad2d,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    nn.ChannelShuffle,
    nn.Upsample,
    nn.modules.dropout._DropoutNd,
)

NONLINEAR: frozenset[Callable[..., Any] | str] = frozenset(
    {
        *_FUNCTIONS,
        *_METHODS,
        functional.adaptive_max_pool1d,
        functional.adaptive_max_pool2d,
        functional.elu,
        functional.group_norm,
        functional.hardswish,
        functional.hardtanh,
        functional.instance_norm,
        functional.layer_norm,
        functional.log_softmax,
        functional.max_pool1d,
        functional.max_pool2d,
        functional.mish,
        functional.normalize,
        functional.relu6,
        functional.scaled_dot_product_attention,
        functional.selu,
        functional.softmax,
        functional.softplus,
        torch.abs,
        torch.clamp,
        torch.cos,
        torch.exp,
        torch.log,
        torch.log_softmax,
        torch.maximum,
        torch.minimum,
        torch.pow,
        torch.sin,
        torch.softmax,
        torch.sqrt,
        torch.square,
        "abs",
        "amax",
        "clamp",
        "exp",
        "log",
        "log_softmax",
        "max",
        "pow",
        "softmax",
        "sqrt",
        "square",
    }
)
"""Functions, and names of methods, that are no affine maps."""
