"""What an objective has to know of the rows that it is the objective of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of (A, B) or of (C, D), with the columns of states before those of inputs.

    Attributes:
        states: how many columns are those of states.
        width: how many columns there are.
        radius: what a row's absolute values in the columns of states may sum to, shape (rows, 1);
            infinite for rows of outputs.
        outputs: which rows are those of outputs, shape (rows, 1).
    """

    states: int
    width: int
    radius: Tensor
    outputs: Tensor

    def select(self, chosen: Tensor) -> Rows:
        """Some of the rows."""
        return Rows(self.states, self.width, self.radius[chosen], self.outputs[chosen])

    def to(self, dtype: torch.dtype) -> Rows:
        """The same for values of another type."""
        return Rows(self.states, self.width, self.radius.to(dtype), self.outputs)
