"""Rows that may have weights on the same columns, as one convex problem in torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from evalcore_implicit.sim.rows import Rows

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.sim.masks import Indices, Part
    from evalcore_implicit.sim.moments import Moments
    from evalcore_implicit.sim.objectives import Objective

__all__ = ["Problem", "Values", "problem_of"]

_ROUNDING = 1e-11
"""What counts as rounding in a gradient, relative to the largest entry of the row's cross."""


class Values(NamedTuple):
    """What rows of weights are worth; each of shape (rows,).

    Attributes:
        objective: half the sum of squared residuals, and f.
        gap: how far at most it is above the least, by a feasible point of the dual problem.
        squares: the sum of squared residuals.
    """

    objective: Tensor
    gap: Tensor
    squares: Tensor


@dataclass(frozen=True, eq=False)
class Problem:
    """For each row: least (1/2) w^T G w - h^T w + t^T t / 2 + f(w), in the norm constraint.

    Attributes:
        gram: G, float64, shape (d, d).
        cross: h of each row, shape (rows, d).
        squares: t^T t of each row, shape (rows,).
        rows: what else is to know of the rows.
        features: the columns of Phi, where it has fewer rows than columns; or none.
    """

    gram: Tensor
    cross: Tensor
    squares: Tensor
    rows: Rows
    features: Tensor | None

    def select(self, chosen: Tensor) -> Problem:
        """The problem of some of the rows."""
        return replace(
            self,
            cross=self.cross[chosen],
            squares=self.squares[chosen],
            rows=self.rows.select(chosen),
        )

    @property
    def noise(self) -> Tensor:
        """What counts as rounding in the pulls of each row, shape (rows, 1)."""
        return _ROUNDING * self.cross.abs().amax(1, keepdim=True)

    def pulls(self, weights: Tensor) -> Tensor:
        """Phi^T (t - Phi w): the descent direction of the residual's part of each row."""
        return self.cross - weights @ self.gram

    def values(self, weights: Tensor, pulls: Tensor, objective: Objective) -> Values:
        """The objective of each row, and its distance from that of a dual point.

        The dual point is the residual r = t - Phi w itself, times the largest factor s up to 1 that
        makes it feasible.
        """
        along = (self.cross * weights).sum(1)
        squares = (self.squares - along - (pulls * weights).sum(1)).clamp_min(0)
        primal = squares / 2 + objective.value(weights, self.rows)
        dual = self.bounds(pulls, along, squares, objective)
        return Values(primal, (primal - dual).clamp_min(0), squares)

    def bounds(self, pulls: Tensor, along: Tensor, squares: Tensor, objective: Objective) -> Tensor:
        """What the objective of each row is at least, by the residual r of any weights w.

        The dual value of s r, with the largest s up to 1 that makes it feasible, is s t^T r -
        s^2 r^T r / 2 less the conjugate of f and the norm constraint at s Phi^T r.

        Args:
            pulls: Phi^T r, shape (rows, d).
            along: t^T Phi w, shape (rows,).
            squares: r^T r, shape (rows,).
            objective: f.
        """
        scale = objective.scale(pulls, self.rows, self.noise)
        conjugate = objective.conjugate(pulls * scale[:, None], self.rows)
        return scale * (self.squares - along) - scale**2 * squares / 2 - conjugate

    def feasible(self, weights: Tensor) -> Tensor:
        """The same weights, in the norm constraint however one may sum them up."""
        n = self.rows.states
        sums = weights[:, :n].abs().sum(1, keepdim=True)
        limit = self.rows.radius * (1 - (4 + n) * torch.finfo(weights.dtype).eps)
        inner = torch.where(sums > limit, weights[:, :n] * (limit / sums), weights[:, :n])
        return torch.cat([inner, weights[:, n:]], dim=1)


def problem_of(
    moments: Moments, part: Part, *, kappa: float, device: torch.device
) -> tuple[Problem, Indices]:
    """The problem of a part, and which columns it has.

    Columns of zeros, those of dead states and of inputs that are always 0, are left out: no weight
    on them changes the residual, so that 0 is the best.
    """
    columns = part.columns[np.diagonal(moments.gram)[part.columns] > 0]
    if not len(columns):
        columns = part.columns[:1]

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    outputs = tensor(part.rows >= moments.states)[:, None]
    radius = torch.full(outputs.shape, kappa, dtype=torch.float64, device=device)
    phi = None
    if moments.features is not None and moments.samples < len(columns):
        phi = tensor(moments.features[0][:, columns])
    rows = Rows(
        states=int((columns < moments.states).sum()),
        width=len(columns),
        radius=radius.masked_fill_(outputs, math.inf),
        outputs=outputs,
    )
    problem = Problem(
        gram=tensor(moments.gram[np.ix_(columns, columns)]),
        cross=tensor(moments.cross[np.ix_(part.rows, columns)]),
        squares=tensor(moments.squares[part.rows]),
        rows=rows,
        features=phi,
    )
    return problem, columns
