"""Strict matching: the least f among the rows without a residual."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.sim.admm import Iterate
from evalcore_implicit.sim.solving import Limits, Solution, solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem
    from evalcore_implicit.sim.spectrum import Spectrum

__all__ = ["match"]

_FACTORS = (1e-2, 1e-4, *8 * (1e-6,), 1e-8)
"""Slopes of f at 0 in the relaxed problems, relative to the largest entry of `cross`; the last one
stays. It is for rows in directions in which the features hardly vary; others lose digits by it."""

_TIGHTER = 1e-2
"""The tolerance of each relaxed problem, relative to that of the whole."""

_PROBLEMS = 20
"""How many relaxed problems there are at most."""


@dataclass(eq=False)
class _Shifted:
    """The relaxed problem whose targets s were moved by what was left of them before.

    Attributes:
        problem: with the cross and the squares of s.
        along: t^T s of each row, with the targets t themselves; shape (rows,).
    """

    problem: Problem
    along: Tensor

    def select(self, chosen: Tensor) -> _Shifted:
        return _Shifted(self.problem.select(chosen), self.along[chosen])


def match(
    problem: Problem,
    spectrum: Spectrum,
    objective: Objective,
    start: Iterate,
    limits: Limits,
    tell: Callable[[float], None],
) -> Solution:
    """The method of multipliers: relaxed problems with targets moved by the residuals before.

    A relaxed problem, the least (1/2) |s - Phi w|^2 + c f(w), leaves s - Phi w = c y, and y is a
    point of the dual of the strict problem, whose value t^T y less the conjugate of f and the norm
    constraint at Phi^T y bounds the least f from below. The next s is t + c y. After Bertsekas,
    Constrained Optimization and Lagrange Multiplier Methods, 1982, section 2.2.

    Args:
        problem: of the rows.
        spectrum: of its Gram matrix.
        objective: f.
        start: feasible.
        limits: the tolerance is for the gap, relative to f, and for the residual, relative to the
            targets; the iterations are shared out among the relaxed problems of a row.
        tell: takes how much is done, from 0 to 1.
    """
    unit = _unit(problem, objective)
    most = -(-limits.max_iterations // _PROBLEMS)
    inner = Limits(_TIGHTER * limits.tolerance, most, limits.dtype)
    weights, duals, rho = start.weights.clone(), start.duals.clone(), start.penalties.clone()
    bound = torch.full_like(problem.squares, -math.inf)
    iterations = torch.zeros_like(problem.squares, dtype=torch.int64)
    left = torch.arange(len(weights), device=weights.device)
    shifted = _Shifted(problem, problem.squares)
    for number in range(_PROBLEMS):
        factor, following = (unit * _FACTORS[min(number + i, len(_FACTORS) - 1)] for i in (0, 1))
        if not left.numel():
            break
        iterate = Iterate(weights[left], duals[left], rho[left])
        relaxed = objective.times(factor)
        solution = solve(shifted.problem, spectrum, relaxed, iterate, inner, _mute)
        weights[left] = solution.iterate.weights
        duals[left], rho[left] = solution.iterate.duals, solution.iterate.penalties
        iterations[left] += solution.iterations
        part = problem.select(left)
        found, shifted = _shifted(part, shifted, objective, solution, factor, following)
        bound[left] = torch.maximum(bound[left], found)
        result = _result(part, objective, solution.iterate, bound[left], limits.tolerance)
        open_rows = ~result.converged
        left, shifted = left[open_rows], shifted.select(open_rows)
        tell((number + 1) / _PROBLEMS)
    result = _result(problem, objective, Iterate(weights, duals, rho), bound, limits.tolerance)
    tell(1.0)
    return replace(result, iterations=iterations)


def _unit(problem: Problem, objective: Objective) -> float:
    slope = float(objective.slopes(problem.rows).amax()) or objective.curvature
    reach = float(problem.cross.abs().amax())
    return reach / slope if slope > 0 and reach > 0 else 1.0


def _shifted(
    problem: Problem,
    before: _Shifted,
    objective: Objective,
    solution: Solution,
    factor: float,
    following: float,
) -> tuple[Tensor, _Shifted]:
    """The bound by the multipliers that a relaxed problem leaves, and the next relaxed problem."""
    weights = solution.iterate.weights
    pulls = before.problem.pulls(weights)
    along = before.along - (problem.cross * weights).sum(1)
    duals = pulls / factor
    scale = objective.scale(duals, problem.rows, before.problem.noise / factor)
    conjugate = objective.conjugate(duals * scale[:, None], problem.rows)
    bound = scale * along / factor - conjugate
    ratio = following / factor
    squares = problem.squares + 2 * ratio * along + ratio**2 * solution.values.squares
    moved = replace(problem, cross=problem.cross + ratio * pulls, squares=squares.clamp_min(0))
    return bound, _Shifted(moved, problem.squares + ratio * along)


def _result(
    problem: Problem, objective: Objective, iterate: Iterate, bound: Tensor, tolerance: float
) -> Solution:
    weights = iterate.weights
    values = problem.values(weights, problem.pulls(weights), objective)
    penalties = objective.value(weights, problem.rows)
    gap = (penalties - bound).clamp_min(0)
    matched = values.squares <= tolerance**2 * problem.squares
    converged = matched & (gap <= tolerance * penalties)
    values = values._replace(objective=penalties, gap=gap)
    return Solution(iterate, values, torch.zeros_like(matched, dtype=torch.int64), converged)


def _mute(done: float) -> None:
    """Progress within a problem is not told."""
