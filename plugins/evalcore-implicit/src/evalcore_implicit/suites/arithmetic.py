"""Task `arithmetic`: the sum or the difference of two sums over hidden ranges of the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from evalcore_implicit.suites.shifts import UniformSettings
from evalcore_implicit.suites.uniform import UniformTask

if TYPE_CHECKING:
    from evalcore_implicit.suites.uniform import Floats, Rule

__all__ = ["Arithmetic", "ArithmeticSettings"]


class ArithmeticSettings(UniformSettings):
    """The data of sums and differences."""

    axis: Literal["range", "offset"] = "range"
    """What the test inputs differ in from the training inputs, their range or their offset."""
    operation: Literal["add", "subtract"] = "add"
    """What is done to the two sums."""
    dim: int = Field(50, ge=2)
    """Numbers in a sample."""


class Arithmetic(UniformTask[ArithmeticSettings]):
    """y = a + b or a - b, where a and b are sums of the inputs over two ranges of indices.

    The ranges are drawn once for a drawing, and may overlap; those of a difference are not the
    same, for it would be 0. The set-up is that of Trask et al. (2018), in the form of the code of
    Decugis et al. (arXiv:2407.14430).
    """

    @property
    def width(self) -> int:
        """Numbers in a sample."""
        return self.settings.dim

    def rule(self, rng: np.random.Generator) -> Rule:
        """A linear function with weights -1, 0, 1 and 2."""
        first, second = self._weights(rng), self._weights(rng)
        if self.settings.operation == "add":
            weights = first + second
        else:
            while np.array_equal(first, second):
                second = self._weights(rng)
            weights = first - second
        return lambda inputs: (inputs @ weights)[:, None]

    def _weights(self, rng: np.random.Generator) -> Floats:
        """1 in a range of indices that is not empty, 0 elsewhere; shape (dim,)."""
        start, end = sorted(rng.choice(self.settings.dim + 1, 2, replace=False))
        weights = np.zeros(self.settings.dim)
        weights[start:end] = 1.0
        return weights
