"""The tensors of a network as affine functions of its input and of the states before them.

Columns are in the order of the forward pass: the inputs, then the states of each activation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch.fx.node import map_aggregate

from evalcore_implicit.embedding.sparse import SparseMatrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["BATCH", "Activated", "Affine", "OtherSlopeError", "States", "moved", "unit"]

BATCH = 2
"""Samples that a tensor of the network is said to have. With two it shows whether they mix."""


@dataclass(frozen=True, eq=False)
class Affine:
    """`matrix @ [input; states] + offset`, of the shape that the tensor has without its batch.

    Attributes:
        matrix: float64 (size, inputs and states so far).
        offset: float64 (size,).
        shape: of the tensor; its product is the size.
    """

    matrix: SparseMatrix
    offset: Tensor
    shape: tuple[int, ...]

    def mapped(
        self, matrix: SparseMatrix, shape: tuple[int, ...], offset: Tensor | None = None
    ) -> Affine:
        """A linear map of it, and an offset."""
        moved_offset = (matrix @ self.offset.unsqueeze(1)).squeeze(1)
        total = moved_offset if offset is None else moved_offset + offset
        return Affine(matrix.times(self.matrix), total, shape)

    def scaled(self, factors: Tensor) -> Affine:
        """Each element times its factor (size,)."""
        return Affine(self.matrix.scaled(factors), self.offset * factors, self.shape)

    def shifted(self, offset: Tensor) -> Affine:
        """Each element and a constant (size,)."""
        return Affine(self.matrix, self.offset + offset, self.shape)

    def plus(self, other: Affine) -> Affine:
        """The sum with a tensor of the same shape.

        Raises:
            ValueError: if the shapes differ.
        """
        if self.shape != other.shape:
            raise ValueError(f"adds tensors of the shapes {self.shape} and {other.shape}")
        return Affine(self.matrix.plus(other.matrix), self.offset + other.offset, self.shape)

    def take(self, elements: Tensor) -> Affine:
        """The elements of the given numbers, in the shape of these; -1 is a zero."""
        flat = elements.flatten()
        offset = torch.where(flat >= 0, self.offset[flat.clamp(min=0)], 0.0)
        return Affine(self.matrix.take(flat), offset, tuple(elements.shape))


@dataclass(frozen=True, eq=False)
class Activated:
    """What goes into an activation, rounded, and the name of that."""

    name: str
    argument: Affine


class OtherSlopeError(Exception):
    """The first activation of a network has another slope than the pools before it were given."""

    def __init__(self, slope: float) -> None:
        self.slope = slope


class States:
    """The states of a network, in the order of its forward pass.

    Args:
        inputs: how many there are.
        dtype: of the weights.
        pooling: the slope below zero for pools that come before the first activation.
    """

    def __init__(self, inputs: int, dtype: torch.dtype, pooling: float = 0.0) -> None:
        self.inputs = inputs
        self.dtype = dtype
        self.pooling = pooling
        self.activation: float | None = None
        self.blocks: list[Activated] = []
        self._width = inputs
        self._names: dict[str, int] = {}

    @property
    def slope(self) -> float:
        """Of phi below zero."""
        return self.pooling if self.activation is None else self.activation

    def rectified(self, value: Affine, slope: float, name: str) -> Affine:
        """The value after a (leaky) ReLU: new states.

        Raises:
            ValueError: if the slope below zero is not in [0, 1), or not that of the others.
            OtherSlopeError: if it is not that of the pools before it.
        """
        if not 0 <= slope < 1:
            raise ValueError(f"has a slope of {slope} below zero; one from 0 to less than 1 is")
        if self.activation not in {None, slope}:
            raise ValueError(
                f"has a slope of {slope} below zero where others have {self.activation}; an "
                "implicit model has one activation: give all the same slope"
            )
        if self.blocks and slope != self.slope:
            raise OtherSlopeError(slope)
        self.activation = slope
        return self._added(value, name)

    def largest(self, one: Affine, other: Affine, name: str) -> Affine:
        """The elementwise maximum: `other + relu(one - other)`.

        A leaky ReLU of slope s is used as well: `relu(x) = (leaky(x) - s x) / (1 - s)`.
        """
        difference = one.plus(other.scaled(torch.full_like(other.offset, -1.0)))
        positive = self._added(difference, name)
        if self.slope:
            down = torch.full_like(difference.offset, -self.slope)
            rest = torch.full_like(difference.offset, 1 / (1 - self.slope))
            positive = positive.plus(difference.scaled(down)).scaled(rest)
        return other.plus(positive)

    def rounded(self, value: Affine) -> Affine:
        """A value in the type of the network, without the entries that are zero in it."""
        matrix = value.matrix.to(dtype=self.dtype)
        return Affine(matrix.where(matrix.values != 0), value.offset.to(self.dtype), value.shape)

    def _added(self, value: Affine, name: str) -> Affine:
        times = self._names[name] = self._names.get(name, 0) + 1
        argument = self.rounded(value)
        self.blocks.append(Activated(name if times == 1 else f"{name}:{times}", argument))
        size = len(value.offset)
        start, self._width = self._width, self._width + size
        return Affine(unit(size, start, self._width), torch.zeros_like(value.offset), value.shape)


def unit(size: int, start: int, width: int) -> SparseMatrix:
    """Ones at the columns from `start` on: a matrix (size, width) that selects these."""
    columns = torch.arange(start, start + size)
    ones = torch.ones(size, dtype=torch.float64)
    return SparseMatrix(torch.arange(size + 1), columns, ones, width)


def moved(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a function that only moves elements makes of values among its arguments.

    The function is called with the numbers of the elements in their places.

    Raises:
        ValueError: if the result has elements of several samples in one, or new ones but zero.
    """
    known: list[Affine] = []

    def numbered(argument: Any) -> Any:
        if not isinstance(argument, Affine):
            return argument
        start = sum(len(value.offset) for value in known)
        known.append(argument)
        numbers = torch.arange(start + 1.0, start + 1 + len(argument.offset), dtype=torch.float64)
        # The elements of the second sample have the numbers of the first below zero.
        return torch.stack([numbers, -numbers]).reshape(BATCH, *argument.shape)

    places = function(*map_aggregate(arguments, numbered), **map_aggregate(options, numbered))
    whole = Affine(
        SparseMatrix.stacked([value.matrix for value in known]),
        torch.cat([value.offset for value in known]),
        (sum(prod(value.shape) for value in known),),
    )

    def taken(place: Any) -> Any:
        if not isinstance(place, torch.Tensor):
            return place
        sampled = place.ndim > 0 and len(place) == BATCH and torch.equal(place[1], -place[0])
        if not sampled or bool((place[0] < 0).any()):
            raise ValueError("mixes the samples of a batch, or adds elements that are not zero")
        return whole.take(place[0].long() - 1)

    return map_aggregate(places, taken)
