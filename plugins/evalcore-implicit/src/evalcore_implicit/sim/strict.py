"""Strict matching: the least f among the rows without a residual."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.sim.faces import completed
from evalcore_implicit.sim.solving import Solution, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from evalcore_implicit.sim.admm import Iterate
    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem
    from evalcore_implicit.sim.solving import Limits
    from evalcore_implicit.sim.spectrum import Spectrum

__all__ = ["match"]

_FIRST = 1e-2
"""The first slope of f at 0, relative to the largest entry of `cross`."""

_SMALLER = 1e-2
"""What f is multiplied by from one problem to the next."""

_PROBLEMS = 4
"""How many relaxed problems there are at most."""


def match(
    problem: Problem,
    spectrum: Spectrum,
    objective: Objective,
    start: Iterate,
    limits: Limits,
    tell: Callable[[float], None],
) -> Solution:
    """Solve relaxed problems with less and less of f, then remove the residual on each support.

    The least (1/2) |t - Phi w|^2 + c f(w) is at most c times the least f without a residual. So
    the dual bound of each relaxed problem over c bounds the strict problem as well.

    Args:
        problem: of the rows.
        spectrum: of its Gram matrix, in the type to iterate in.
        objective: f.
        start: feasible.
        limits: the tolerance is for the gap, relative to f, and for the residual, relative to the
            targets.
        tell: takes how much is done, from 0 to 1.
    """
    factor = _factor(problem, objective)
    bound = torch.full_like(problem.squares, -math.inf)
    iterate, iterations = start, torch.zeros_like(problem.squares, dtype=torch.int64)
    for number in range(_PROBLEMS):
        solution = solve(problem, spectrum, objective.times(factor), iterate, limits, _mute)
        iterate, iterations = solution.iterate, iterations + solution.iterations
        values = solution.values
        bound = torch.maximum(bound, (values.objective - values.gap) / factor)
        result = _result(problem, objective, solution, bound, limits.tolerance)
        tell((number + 1) / _PROBLEMS)
        if bool(result.converged.all()):
            break
        factor *= _SMALLER
    return replace(result, iterations=iterations)


def _factor(problem: Problem, objective: Objective) -> float:
    slope = float(objective.slopes(problem.rows).amax()) or objective.curvature
    reach = float(problem.cross.abs().amax())
    return _FIRST * reach / slope if slope > 0 and reach > 0 else 1.0


def _result(
    problem: Problem, objective: Objective, solution: Solution, bound: Tensor, tolerance: float
) -> Solution:
    weights = completed(problem, solution.iterate.weights)
    pulls = problem.pulls(weights)
    squares = problem.values(weights, pulls, objective).squares
    penalties = objective.value(weights, problem.rows)
    values = solution.values._replace(
        objective=penalties, gap=(penalties - bound).clamp_min(0), squares=squares
    )
    matched = squares <= tolerance**2 * problem.squares
    converged = matched & (values.gap <= tolerance * penalties)
    return Solution(
        replace(solution.iterate, weights=weights), values, solution.iterations, converged
    )


def _mute(done: float) -> None:
    """Progress within a problem is not told."""
