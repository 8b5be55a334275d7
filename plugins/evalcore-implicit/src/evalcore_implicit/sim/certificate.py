"""How good a solution is, by numbers that do not depend on how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Certificate"]


@dataclass(frozen=True, eq=False)
class Certificate:
    """Of each row, those of (A, B) before those of (C, D); each of shape (n + q,).

    Attributes:
        objective: half the sum of squared residuals, and f; with strict matching f alone.
        residual: the residual's norm over that of the targets; 0 where the targets are 0.
        primal: how far a row of A is outside of the norm constraint.
        dual: the violation of the optimality conditions: how far a proximal gradient step moves the
            row, in units of the largest pull at 0.
        gap: duality gap, how far at most the objective is above the least.
        iterations: of ADMM.
        converged: whether the gap is within the tolerance times the objective; with strict matching
            whether the residual is within the tolerance as well.
    """

    objective: Floats
    residual: Floats
    primal: Floats
    dual: Floats
    gap: Floats
    iterations: NDArray[np.int64]
    converged: NDArray[np.bool_]

    @classmethod
    def empty(cls, rows: int) -> Certificate:
        """To be filled in."""
        return cls(
            objective=np.zeros(rows),
            residual=np.zeros(rows),
            primal=np.zeros(rows),
            dual=np.zeros(rows),
            gap=np.zeros(rows),
            iterations=np.zeros(rows, dtype=np.int64),
            converged=np.zeros(rows, dtype=np.bool_),
        )
