"""Averages and maxima over windows, one axis after the other."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from evalcore_implicit.embedding.affine import Affine
from evalcore_implicit.embedding.sparse import SparseMatrix

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.embedding.affine import States

__all__ = ["adaptively_averaged", "averaged", "largest", "mean"]


def averaged(module: nn.AvgPool1d | nn.AvgPool2d, value: Affine, *_: Any) -> Affine:
    """A value after an average pool."""
    names = ("kernel_size", "stride", "padding")
    divisor = getattr(module, "divisor_override", None)
    for axis, (kernel, stride, padding) in _by_axis(module, names, value):
        weights = functional.avg_pool1d(
            _one_hots(value.shape[axis]),
            kernel,
            stride,
            padding,
            module.ceil_mode,
            module.count_include_pad,
        )
        weights = weights[:, 0].T
        value = _along(value, axis, weights if divisor is None else (weights > 0).double())
    return value if divisor is None else value.scaled(torch.full_like(value.offset, 1 / divisor))


def adaptively_averaged(
    module: nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d, value: Affine, *_: Any
) -> Affine:
    """A value after an adaptive average pool."""
    for axis, (length,) in _by_axis(module, ("output_size",), value):
        if length is not None:
            weights = functional.adaptive_avg_pool1d(_one_hots(value.shape[axis]), length)
            value = _along(value, axis, weights[:, 0].T)
    return value


def mean(value: Affine, axes: list[int]) -> Affine:
    """The mean over some axes, which keep a length of 1."""
    for axis in axes:
        length = value.shape[axis]
        value = _along(value, axis, torch.full((1, length), 1 / length, dtype=torch.float64))
    return value


def largest(
    module: nn.MaxPool1d | nn.MaxPool2d, value: Affine, states: States, name: str
) -> Affine:
    """A value after a max-pool: states for each comparison.

    Raises:
        ValueError: if the pool also returns the places of the maxima.
    """
    if module.return_indices:
        raise ValueError("returns the places of the maxima, which no affine map of states gives")
    names = ("kernel_size", "stride", "padding", "dilation")
    for axis, (kernel, stride, padding, dilation) in _by_axis(module, names, value):
        inside = functional.max_pool1d(
            _one_hots(value.shape[axis]), kernel, stride, padding, dilation, module.ceil_mode
        )
        value = _largest_along(value, axis, inside[:, 0].T, states, name)
    return value


def _by_axis(
    module: nn.Module, names: tuple[str, ...], value: Affine
) -> list[tuple[int, tuple[Any, ...]]]:
    """Each pooled axis of the value, with the settings for it."""
    settings = [getattr(module, name) for name in names]
    dimensions = len(value.shape) - 1
    return [
        (axis + 1, tuple(one[axis] if isinstance(one, tuple) else one for one in settings))
        for axis in reversed(range(dimensions))
    ]


def _one_hots(length: int) -> Tensor:
    """Samples (length, 1, length): what a pool makes of them are the columns of its matrix."""
    return torch.eye(length, dtype=torch.float64).unsqueeze(1)


def _along(value: Affine, axis: int, weights: Tensor) -> Affine:
    """The map (outputs, inputs) along an axis."""
    places, within = _windows(weights)
    elements = _numbers(value, axis)[:, places].transpose(2, 3)
    kept = within.unsqueeze(1).expand_as(elements)
    columns = torch.where(kept, elements, -1)
    factors = weights.gather(1, places).unsqueeze(1).expand_as(elements)
    k = places.shape[1]
    size = len(value.offset)
    matrix = SparseMatrix.of_rows(columns.reshape(-1, k), factors.reshape(-1, k), size)
    return value.mapped(matrix, _replaced(value.shape, axis, len(weights)))


def _largest_along(value: Affine, axis: int, inside: Tensor, states: States, name: str) -> Affine:
    places, within = _windows(inside)
    # A window that is cut at the border has its first element several times.
    places = torch.where(within, places, places[:, :1])
    shape = _replaced(value.shape, axis, len(inside))
    elements = _numbers(value, axis)[:, places].permute(2, 0, 1, 3).flatten(1)
    candidates = value.take(elements)
    while (count := candidates.shape[0]) > 1:
        rows = torch.arange(len(candidates.offset)).reshape(candidates.shape)
        half = count // 2
        best = states.largest(
            candidates.take(rows[:half]), candidates.take(rows[half : 2 * half]), name
        )
        rest = candidates.take(rows[2 * half :])
        candidates = Affine(
            SparseMatrix.stacked([best.matrix, rest.matrix]),
            torch.cat([best.offset, rest.offset]),
            (count - half, rows.shape[1]),
        )
    return Affine(candidates.matrix, candidates.offset, shape)


def _windows(weights: Tensor) -> tuple[Tensor, Tensor]:
    """The places of the entries of each row (rows, k), increasing, and which of these are some."""
    empty = weights == 0
    k = int((~empty).sum(1).max())
    _, order = empty.to(torch.int8).sort(dim=1, stable=True)
    places = order[:, :k]
    return places, ~empty.gather(1, places)


def _numbers(value: Affine, axis: int) -> Tensor:
    """The numbers of the elements (before the axis, along it, after it)."""
    before, along = prod(value.shape[:axis]), value.shape[axis]
    return torch.arange(len(value.offset)).reshape(before, along, -1)


def _replaced(shape: tuple[int, ...], axis: int, length: int) -> tuple[int, ...]:
    return (*shape[:axis], length, *shape[axis + 1 :])
