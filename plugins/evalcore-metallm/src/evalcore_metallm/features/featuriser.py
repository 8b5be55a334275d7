"""What turns queries into the contexts that policies see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Arrays = Mapping[str, NDArray[np.generic]]

__all__ = ["Featuriser", "with_bias"]


class Featuriser(ABC):
    """Turns queries into rows of length 1, each followed by a constant 1 for the intercept."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers in a row, d, with the constant.

        Raises:
            EvalcoreError: if it must be fitted first, and was not.
        """

    def fit(self, queries: Sequence[str]) -> None:
        """Learn from the training queries, and from no others; some have nothing to learn."""

    @abstractmethod
    def transform(self, queries: Sequence[str]) -> Floats:
        """The contexts of n queries, shape (n, d).

        Raises:
            EvalcoreError: if it must be fitted first, and was not.
        """

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
        """What was learned: plain data, and arrays by name."""
        return {}, {}

    def restore(self, meta: Mapping[str, Any], arrays: Arrays) -> None:
        """Take over what `state` gave, of one that was made with the same settings."""


def with_bias(rows: NDArray[np.floating[Any]]) -> Floats:
    """Rows scaled to length 1, all zeros left alone, with a last column of ones."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    contexts = np.ones((len(rows), rows.shape[1] + 1))
    contexts[:, :-1] = rows / np.where(lengths > 0, lengths, 1.0)
    return contexts
