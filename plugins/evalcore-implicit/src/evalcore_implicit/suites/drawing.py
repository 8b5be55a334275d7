"""The public side of a sample: data to learn from, and inputs at each shift away from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Drawing", "Shift", "generator", "generator_at"]

_AT_A_SHIFT = 1
"""Keeps the numbers of a shift apart from those of the training data."""


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """Inputs at one distance from the training data.

    Attributes:
        at: the distance, on the task's axis.
        inputs: shape (samples, ...), of each sample as in training unless the shift is of lengths.
        name: what the shift is called where a number says too little.
    """

    at: float
    inputs: NDArray[np.floating[Any]]
    name: str = ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Shift):
            return NotImplemented
        same = (self.at, self.name) == (other.at, other.name)
        return same and np.array_equal(self.inputs, other.inputs)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Data to learn from, and the inputs that are to be predicted for.

    Attributes:
        inputs: to learn from, shape (samples, ...).
        targets: values of shape (samples, outputs), or classes from 0 as whole numbers of shape
            (samples,).
        shifts: what to predict for, one after the other.
    """

    inputs: NDArray[np.floating[Any]]
    targets: NDArray[np.generic]
    shifts: tuple[Shift, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Drawing):
            return NotImplemented
        return (
            self.shifts == other.shifts
            and np.array_equal(self.inputs, other.inputs)
            and np.array_equal(self.targets, other.targets)
        )

    __hash__ = None  # type: ignore[assignment]


def generator(seed: int, drawing: int) -> np.random.Generator:
    """Draws the training data of a drawing, the same for every model of a sweep."""
    return np.random.default_rng([seed, drawing])


def generator_at(seed: int, drawing: int, at: float) -> np.random.Generator:
    """Draws the data at one shift, the same whatever other shifts there are."""
    words = np.array([at], dtype="<f8").view("<u4")
    return np.random.default_rng([seed, drawing, _AT_A_SHIFT, *map(int, words)])
