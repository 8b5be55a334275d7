"""The solution of one problem: iterations for all rows, then each row's exact end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.sim.admm import Iterate, advance, bounds
from evalcore_implicit.sim.faces import finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem, Values
    from evalcore_implicit.sim.spectrum import Spectrum

__all__ = ["Limits", "Solution", "solve"]

_TIGHT = 1e-6
"""Tolerances up to this are those of rows that were finished; iterations alone take too long."""

_FINISHED = {True: (200, 30), False: (160, 160)}
"""Iterations before rows are finished for the first time, for tight tolerances and for others:
from afar, and from near their solution. Each time after, three times as many."""

_LOOKED = (20, 10)
"""Iterations from one look at what rows are worth to the next, where the tolerance is not tight."""

_BALANCED = (100, 0)
"""Iterations during which the penalties may change, from afar and along a path, which has good
ones, where the tolerance is not tight."""

_SETTLED = 0.8
"""The same where it is tight, as a share of the iterations up to the next finish."""

_ROUNDING = 1e-14
"""What counts as rounding in an objective, relative to the sum of squares of the targets."""


@dataclass(frozen=True)
class Limits:
    """When a row is solved, and when it is given up.

    Attributes:
        tolerance: the largest gap, relative to the objective.
        max_iterations: of ADMM.
        dtype: to iterate in.
    """

    tolerance: float
    max_iterations: int
    dtype: torch.dtype


@dataclass(frozen=True, eq=False)
class Solution:
    """Solved rows.

    Attributes:
        iterate: the weights, shape (rows, d), and all that it takes to go on from here.
        values: what they are worth.
        iterations: of each row, shape (rows,).
        converged: of each row, shape (rows,).
    """

    iterate: Iterate
    values: Values
    iterations: Tensor
    converged: Tensor


def solve(
    problem: Problem,
    spectrum: Spectrum,
    objective: Objective,
    start: Iterate,
    limits: Limits,
    tell: Callable[[float], None],
) -> Solution:
    """Solve all rows, from a feasible start; rows that are solved take no part in what follows.

    With a loose tolerance rows are solved as soon as the duality gap of their iterate says so. What
    is left after some iterations is finished on the faces; with a tight one all rows are.

    Args:
        problem: of the rows.
        spectrum: of its Gram matrix.
        objective: f.
        start: feasible.
        limits: for each row.
        tell: takes how much is done, from 0 to 1.
    """
    work = _Work(problem, spectrum, objective, start, limits)
    while True:
        converged = work.converged()
        left = (~converged).nonzero()[:, 0]
        tell(max(1 - len(left) / max(len(converged), 1), work.done / limits.max_iterations))
        if not left.numel() or work.done >= limits.max_iterations:
            return Solution(work.iterate, work.values, work.iterations, converged)
        work.go_on(left)


class _Work:
    def __init__(
        self,
        problem: Problem,
        spectrum: Spectrum,
        objective: Objective,
        start: Iterate,
        limits: Limits,
    ) -> None:
        self._problem, self._spectrum, self._objective = problem, spectrum, objective
        self._limits = limits
        self._turned = problem.cross @ spectrum.vectors
        self.iterate = Iterate(start.weights.clone(), start.duals.clone(), start.penalties.clone())
        self.values = problem.values(start.weights, problem.pulls(start.weights), objective)
        self._bounds = self.values.objective - self.values.gap
        self.iterations = torch.zeros_like(problem.squares, dtype=torch.int64)
        self._near, self._tight = bool(start.duals.any()), limits.tolerance <= _TIGHT
        self.done, self._due = 0, _FINISHED[self._tight][bool(start.weights.any())]
        self._several = self._due if self._tight else _LOOKED[self._near]
        if not self._tight and start.duals.any():
            self._take(torch.arange(len(start.weights), device=start.weights.device), start)

    def converged(self) -> Tensor:
        gap, allowed = self.values.gap, self._limits.tolerance * self.values.objective
        return gap <= allowed + _ROUNDING * self._problem.squares

    def go_on(self, left: Tensor) -> None:
        """Some iterations for the rows that are left, or their exact end."""
        part, turned = self._problem.select(left), self._turned[left]
        several = min(self._due, self.done + self._several, self._limits.max_iterations) - self.done
        iterate = advance(
            part,
            self._spectrum.to(self._limits.dtype),
            turned,
            self._objective,
            self.iterate.select(left),
            several,
            self._balanced(several),
        )
        self.done += several
        self.iterations[left] = self.done
        iterate = replace(iterate, weights=part.feasible(iterate.weights))
        self._take(left, iterate)
        if self.done in {self._due, self._limits.max_iterations}:
            self._due *= 3
            self._finish(left if self._tight else left[~self.converged()[left]])

    def _balanced(self, several: int) -> int:
        return int(_SETTLED * several) if self._tight else _BALANCED[self._near] - self.done

    def _finish(self, left: Tensor) -> None:
        part, before = self._problem.select(left), self.iterate.weights[left]
        weights, duals, values = finished(part, self._objective, before, self._limits.tolerance)
        self._put(left, Iterate(weights, duals, self.iterate.penalties[left]), values)

    def _take(self, left: Tensor, iterate: Iterate) -> None:
        part = self._problem.select(left)
        found = bounds(part, self._spectrum, self._turned[left], self._objective, iterate)
        self._bounds[left] = torch.maximum(self._bounds[left], found)
        values = part.values(iterate.weights, part.pulls(iterate.weights), self._objective)
        self._put(left, iterate, values)

    def _put(self, left: Tensor, iterate: Iterate, values: Values) -> None:
        """Take an iterate, with the best bound that there ever was."""
        self.iterate.weights[left] = iterate.weights
        self.iterate.duals[left] = iterate.duals
        self.iterate.penalties[left] = iterate.penalties
        best = torch.maximum(self._bounds[left], values.objective - values.gap)
        self._bounds[left] = best
        self.values.objective[left] = values.objective
        self.values.squares[left] = values.squares
        self.values.gap[left] = (values.objective - best).clamp_min(0)
