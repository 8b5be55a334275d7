"""The public side of a sample: images to learn from, and images to be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Images"]


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """Images with their classes, and images without.

    Attributes:
        inputs: to learn from, shape (m, channels, height, width), from 0 to 1.
        labels: their classes from 0, shape (m,).
        test_inputs: to be tested with, shape (k, channels, height, width), from 0 to 1.
    """

    inputs: NDArray[np.float32]
    labels: NDArray[np.int64]
    test_inputs: NDArray[np.float32]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Images):
            return NotImplemented
        return (
            np.array_equal(self.inputs, other.inputs)
            and np.array_equal(self.labels, other.labels)
            and np.array_equal(self.test_inputs, other.test_inputs)
        )

    __hash__ = None  # type: ignore[assignment]
