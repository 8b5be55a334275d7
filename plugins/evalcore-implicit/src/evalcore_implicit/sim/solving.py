"""The solution of one problem: iterations for all rows, then each row's exact end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.sim.admm import Iterate, advance
from evalcore_implicit.sim.faces import finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem, Values
    from evalcore_implicit.sim.spectrum import Spectrum

__all__ = ["Limits", "Solution", "solve"]

_FIRST = 200
"""Iterations before rows are finished for the first time; each time after, twice as many."""

_FIRST_NEAR = 30
"""The same for rows that begin near their solution."""

_ROUNDING = 1e-14
"""What counts as rounding in an objective, relative to the sum of squares of the targets."""


@dataclass(frozen=True)
class Limits:
    """When a row is solved, and when it is given up.

    Attributes:
        tolerance: the largest gap, relative to the objective.
        max_iterations: of ADMM.
    """

    tolerance: float
    max_iterations: int


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

    Args:
        problem: of the rows.
        spectrum: of its Gram matrix, in the type to iterate in.
        objective: f.
        start: feasible.
        limits: for each row.
        tell: takes how much is done, from 0 to 1.
    """
    weights, duals, rho = start.weights.clone(), start.duals.clone(), start.penalties.clone()
    values = problem.values(weights, problem.pulls(weights), objective)
    iterations = torch.zeros(len(weights), dtype=torch.int64, device=weights.device)
    done, several = 0, _FIRST if not weights.any() else _FIRST_NEAR
    while True:
        converged = _converged(problem, values, limits.tolerance)
        left = (~converged).nonzero()[:, 0]
        tell(max(1 - len(left) / max(len(weights), 1), done / limits.max_iterations))
        if not left.numel() or done >= limits.max_iterations:
            break
        several = min(several, limits.max_iterations - done)
        part = problem.select(left)
        iterate = Iterate(weights[left], duals[left], rho[left])
        iterate = advance(part, spectrum, objective, iterate, several)
        done, several = done + several, 2 * several
        found = finished(part, objective, part.feasible(iterate.weights), limits.tolerance)
        weights[left], duals[left], better = found
        rho[left] = iterate.penalties
        iterations[left] = done
        for old, new in zip(values, better, strict=True):
            old[left] = new
    return Solution(Iterate(weights, duals, rho), values, iterations, converged)


def _converged(problem: Problem, values: Values, tolerance: float) -> Tensor:
    return values.gap <= tolerance * values.objective + _ROUNDING * problem.squares
