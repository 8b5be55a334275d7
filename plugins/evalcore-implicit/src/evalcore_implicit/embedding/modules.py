"""What each module of a network is as a map."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.embedding.affine import Affine, moved
from evalcore_implicit.embedding.pooling import adaptively_averaged, averaged, largest
from evalcore_implicit.embedding.sparse import SparseMatrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from evalcore_implicit.embedding.affine import States

__all__ = ["acts_otherwise_in_training", "through"]

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout)


def acts_otherwise_in_training(module: nn.Module) -> bool:
    """Whether a module has another output now than in evaluation."""
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return module.training
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return module.training and module.p > 0
    return False


def through(module: nn.Module, value: Affine, states: States, name: str) -> Any:
    """A value after a module of torch; `states` gets those of its activations.

    Raises:
        ValueError: if the module is not supported, with the kinds that are; or as it is set.
    """
    rule = _RULES.get(type(module))
    if rule is None:
        known = ", ".join(sorted(kind.__name__ for kind in _RULES))
        raise ValueError(f"is not supported; supported are {known}")
    return rule(module, value, states, name)


def _linear(module: nn.Linear, value: Affine, *_: Any) -> Affine:
    lead = value.shape[:-1]
    inputs, outputs = module.in_features, module.out_features
    starts = torch.arange(prod(lead)).reshape(-1, 1, 1) * inputs
    columns = (starts + torch.arange(inputs)).expand(-1, outputs, -1)
    values = _weights(module.weight).expand(prod(lead), -1, -1)
    matrix = _matrix(columns, values, prod(value.shape))
    offset = None if module.bias is None else _weights(module.bias).repeat(prod(lead))
    return value.mapped(matrix, (*lead, outputs), offset)


def _convolution(module: nn.Conv1d | nn.Conv2d, value: Affine, *_: Any) -> Affine:
    if isinstance(module, nn.Conv1d):
        value = Affine(value.matrix, value.offset, (value.shape[0], 1, value.shape[1]))
    window = _pair(module.kernel_size), _pair(module.dilation), _pair(module.stride)
    size = prod(value.shape)
    # The numbers of the inputs in the window of each output; zero outside the input.
    numbers = torch.arange(1.0, size + 1, dtype=torch.float64).reshape(1, *value.shape)
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    padding = module._reversed_padding_repeated_twice
    if isinstance(module, nn.Conv1d):
        flat = functional.pad(numbers.flatten(1, 2), padding, mode=mode)
        padded = flat.unsqueeze(2)
    else:
        padded = functional.pad(numbers, padding, mode=mode)
    kernel, dilation, stride = window
    height, width = (
        (padded.shape[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1) // stride[axis] + 1
        for axis in (0, 1)
    )
    patches = functional.unfold(padded, kernel, dilation=dilation, stride=stride)[0].long() - 1
    channels, groups = module.out_channels, module.groups
    # (group, channel of the group, place, entry of the window)
    columns = patches.reshape(groups, 1, -1, height * width).transpose(2, 3)
    columns = columns.expand(-1, channels // groups, -1, -1)
    values = _weights(module.weight).reshape(groups, channels // groups, 1, -1)
    matrix = _matrix(columns, values.expand_as(columns), size)
    places = height * width
    offset = None if module.bias is None else _weights(module.bias).repeat_interleave(places)
    shape = (channels, width) if isinstance(module, nn.Conv1d) else (channels, height, width)
    return value.mapped(matrix, shape, offset)


def _norm(module: nn.BatchNorm1d | nn.BatchNorm2d, value: Affine, *_: Any) -> Affine:
    if module.running_mean is None or module.running_var is None:
        raise ValueError("normalises by the batch: it has no running statistics")
    factors = (_weights(module.running_var) + module.eps).rsqrt()
    if module.affine:
        factors = factors * _weights(module.weight)
    offsets = -_weights(module.running_mean) * factors
    if module.affine:
        offsets = offsets + _weights(module.bias)
    places = prod(value.shape[1:])
    scaled = value.scaled(factors.repeat_interleave(places))
    return scaled.shifted(offsets.repeat_interleave(places))


def _pair(setting: Any) -> tuple[int, int]:
    return (1, setting[0]) if len(setting) == 1 else tuple(setting)


def _matrix(columns: Tensor, values: Tensor, width: int) -> SparseMatrix:
    k = columns.shape[-1]
    return SparseMatrix.of_rows(columns.reshape(-1, k), values.reshape(-1, k), width)


def _weights(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().double()


def _relu(_: nn.ReLU, value: Affine, states: States, name: str) -> Affine:
    return states.rectified(value, 0.0, name)


def _leaky_relu(module: nn.LeakyReLU, value: Affine, states: States, name: str) -> Affine:
    return states.rectified(value, module.negative_slope, name)


def _unchanged(_: nn.Module, value: Affine, *__: Any) -> Affine:
    return value


def _moved(module: nn.Module, value: Affine, *_: Any) -> Any:
    return moved(module, value)


_RULES: dict[type[nn.Module], Callable[..., Any]] = {
    nn.Linear: _linear,
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.ReLU: _relu,
    nn.LeakyReLU: _leaky_relu,
    nn.AvgPool1d: averaged,
    nn.AvgPool2d: averaged,
    nn.AdaptiveAvgPool1d: adaptively_averaged,
    nn.AdaptiveAvgPool2d: adaptively_averaged,
    nn.MaxPool1d: largest,
    nn.MaxPool2d: largest,
    nn.Flatten: _moved,
    nn.Unflatten: _moved,
    nn.ZeroPad2d: _moved,
    **dict.fromkeys(_NORMS, _norm),
    **dict.fromkeys((nn.Identity, *_DROPOUTS), _unchanged),
}
