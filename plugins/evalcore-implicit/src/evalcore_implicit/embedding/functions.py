"""What each function and each method of a tensor is as a map."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalcore_implicit.embedding import modules
from evalcore_implicit.embedding.affine import BATCH, Affine, moved
from evalcore_implicit.embedding.pooling import mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore_implicit.embedding.affine import States

__all__ = ["called"]


def called(
    function: Callable[..., Any] | str,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    states: States,
    name: str,
) -> Any:
    """The result of a function, or of the method of a name, that is given a value.

    Raises:
        ValueError: if it is not supported, or not with these arguments.
    """
    if isinstance(function, str):
        if function in _MOVING_METHODS:
            return moved(lambda x, *a, **o: getattr(x, function)(*a, **o), *arguments, **options)
        if function in _METHODS:
            return called(_METHODS[function], arguments, options, states, name)
    elif function in _MOVING:
        return moved(function, *arguments, **options)
    elif function in _OF_MODULES:
        value, *settings = arguments if arguments else (options.pop("input"),)
        module = _OF_MODULES[function](*settings, **options)
        if modules.acts_otherwise_in_training(module):
            raise ValueError("is a dropout in training: call `eval()` first")
        return modules.through(module, value, states, name)
    elif function in _OWN:
        return _OWN[function](*arguments, **options)
    raise ValueError("is not supported")


def _attribute(value: Affine, name: str) -> Any:
    if name == "shape":
        return _size(value)
    if name == "ndim":
        return len(value.shape) + 1
    raise ValueError(f"asks for `{name}`, which is not supported")


def _size(value: Affine, dim: int | None = None) -> Any:
    shape = torch.Size((BATCH, *value.shape))
    return shape if dim is None else shape[dim]


def _dimensions(value: Affine) -> int:
    return len(value.shape) + 1


def _sum(one: Any, other: Any, *, alpha: float = 1) -> Affine:
    if not isinstance(one, Affine):
        one, other = _scaled(other, alpha), one
    elif isinstance(other, Affine):
        return one.plus(other if alpha == 1 else _scaled(other, alpha))
    elif alpha != 1:
        other = other * alpha
    return one.shifted(_constants(other, one))  # type: ignore[no-any-return]


def _difference(one: Any, other: Any, *, alpha: float = 1) -> Affine:
    return _sum(one, other, alpha=-alpha)


def _product(one: Any, other: Any) -> Affine:
    if isinstance(one, Affine) and isinstance(other, Affine):
        raise ValueError("multiplies two tensors of the network, which is not affine")
    return _scaled(one, other) if isinstance(one, Affine) else _scaled(other, one)


def _quotient(one: Any, other: Any) -> Affine:
    if isinstance(other, Affine):
        raise ValueError("divides by a tensor of the network, which is not affine")
    return _scaled(one, 1 / torch.as_tensor(other).double())


def _negative(value: Affine) -> Affine:
    return _scaled(value, -1)


def _scaled(value: Affine, factor: Any) -> Affine:
    return value.scaled(_constants(factor, value))


def _mean(value: Affine, dim: Any = None, keepdim: bool = False) -> Any:
    dimensions = _dimensions(value)
    dim = range(dimensions) if dim is None else dim
    axes = [axis % dimensions for axis in ([dim] if isinstance(dim, int) else dim)]
    if 0 in axes:
        raise ValueError("takes the mean over the samples of a batch")
    averages = mean(value, [axis - 1 for axis in axes])
    return averages if keepdim else moved(torch.squeeze, averages, tuple(axes))


def _constants(given: Any, value: Affine) -> Tensor:
    """A number, or a tensor that broadcasts to one sample, as one constant for each element."""
    constant = torch.as_tensor(given).detach().cpu().double()
    return constant.broadcast_to((1, *value.shape)).flatten()


_MOVING_METHODS = {
    "chunk",
    "clone",
    "contiguous",
    "detach",
    "flatten",
    "flip",
    "movedim",
    "narrow",
    "permute",
    "reshape",
    "split",
    "squeeze",
    "transpose",
    "unflatten",
    "unsqueeze",
    "view",
}

_MOVING: set[Callable[..., Any]] = {
    operator.getitem,
    functional.pad,
    torch.cat,
    torch.chunk,
    torch.concat,
    torch.flatten,
    torch.flip,
    torch.movedim,
    torch.permute,
    torch.reshape,
    torch.split,
    torch.squeeze,
    torch.stack,
    torch.transpose,
    torch.unflatten,
    torch.unsqueeze,
}

_METHODS: dict[str, Callable[..., Any]] = {
    "add": torch.add,
    "add_": torch.add,
    "dim": _dimensions,
    "div": torch.div,
    "mean": torch.mean,
    "mul": torch.mul,
    "neg": torch.neg,
    "relu": torch.relu,
    "relu_": torch.relu,
    "size": _size,
    "sub": torch.sub,
}

_OWN: dict[Callable[..., Any], Callable[..., Any]] = {
    getattr: _attribute,
    _size: _size,
    _dimensions: _dimensions,
    **dict.fromkeys((operator.add, operator.iadd, torch.add), _sum),
    **dict.fromkeys((operator.sub, operator.isub, torch.sub), _difference),
    **dict.fromkeys((operator.mul, operator.imul, torch.mul), _product),
    **dict.fromkeys((operator.truediv, operator.itruediv, torch.div), _quotient),
    **dict.fromkeys((operator.neg, torch.neg), _negative),
    torch.mean: _mean,
}


def _max_pool(dimensions: int) -> Callable[..., nn.Module]:
    """A constructor with the settings in the order of the function."""
    kind = (nn.MaxPool1d, nn.MaxPool2d)[dimensions - 1]

    def of(
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> nn.Module:
        return kind(kernel_size, stride, padding, dilation, return_indices, ceil_mode)

    return of


def _dropout(p: float = 0.5, training: bool = True, inplace: bool = False) -> nn.Module:
    return nn.Dropout(p, inplace).train(training)


_OF_MODULES: dict[Callable[..., Any], Callable[..., nn.Module]] = {
    functional.adaptive_avg_pool1d: nn.AdaptiveAvgPool1d,
    functional.adaptive_avg_pool2d: nn.AdaptiveAvgPool2d,
    functional.avg_pool1d: nn.AvgPool1d,
    functional.avg_pool2d: nn.AvgPool2d,
    functional.dropout: _dropout,
    functional.leaky_relu: nn.LeakyReLU,
    functional.max_pool1d: _max_pool(1),
    functional.max_pool2d: _max_pool(2),
    functional.relu: nn.ReLU,
    torch.relu: nn.ReLU,
}
