"""From near a solution to the solution itself: least squares on the support and signs of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.sim.balls import ball_thresholds, shrunk

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem, Values

__all__ = ["finished"]

_ROUNDS = 40
"""Linear systems, at most, for a row."""

_ADDED = 30
"""Zero weights, at most, that become free in a round."""

_STEPS = (1.0, 0.5, 0.25, 0.1, 0.03)
"""Of the way to a face's minimum, tried in turn until the objective falls."""

_TIGHT = 1e-9
"""How near, relatively, the norm of a row has to be to its bound to be held there."""

_REFINED = 1e-14
"""Where a linear system's residual is below this, relatively, its solution is not refined."""

_JITTER = 1e-13
"""Added to the diagonal of a linear system, relative to the largest entry; refinement undoes it."""


def finished(
    problem: Problem, objective: Objective, weights: Tensor, tolerance: float
) -> tuple[Tensor, Tensor, Values]:
    """Rows of which none has a higher objective than before, most of them solved exactly.

    On the face of its nonzero weights, with their signs and pieces of f, and with its norm at the
    bound or not, a row has a minimum that one linear system gives. What leaves the face on the
    way there becomes zero; once the row is at the minimum, the zeros that pull most become free.

    Args:
        problem: of the rows.
        objective: f.
        weights: feasible, shape (rows, d).
        tolerance: a row ends where its duality gap is within this much of its objective.

    Returns:
        The weights, their pulls and what they are worth.
    """
    results = [
        _Row(problem.select(torch.tensor([i], device=weights.device)), objective).solved(
            weights[i], tolerance
        )
        for i in range(len(weights))
    ]
    found = problem.feasible(torch.stack(results)) if results else weights
    pulls = problem.pulls(found)
    return found, pulls, problem.values(found, pulls, objective)


@dataclass(eq=False)
class _Point:
    weights: Tensor
    pulls: Tensor
    values: Values

    @property
    def objective(self) -> float:
        return float(self.values.objective)


@dataclass(frozen=True, eq=False)
class _Face:
    chosen: Tensor
    signs: Tensor
    minimum: Tensor
    multiplier: float


class _Row:
    def __init__(self, problem: Problem, objective: Objective) -> None:
        self._problem, self._objective = problem, objective
        self._n = problem.rows.states
        self._radius = float(problem.rows.radius)
        self._slopes = objective.slopes(problem.rows)[0]
        self._noise = float(problem.noise)

    def solved(self, weights: Tensor, tolerance: float) -> Tensor:
        point, free, most = self._at(weights), None, _ADDED
        for _ in range(_ROUNDS):
            gap, objective = float(point.values.gap), point.objective
            if gap <= tolerance * objective:
                break
            face = self._face(point, free)
            reached = None if face is None else self._toward(point, face)
            if face is not None and reached is not None:
                point, whole = reached
                multiplier = face.multiplier
            elif free is not None and most == 1:
                break
            else:
                most = most if free is None else max(most // 4, 1)
                multiplier, whole = self._multiplier(point), True
            free = self._violating(point, multiplier, most) if whole else None
            if whole and free is None:
                break
        return point.weights

    def _at(self, weights: Tensor) -> _Point:
        row = weights[None]
        pulls = self._problem.pulls(row)
        return _Point(weights, pulls[0], self._problem.values(row, pulls, self._objective))

    def _face(self, point: _Point, free: Tensor | None) -> _Face | None:
        """The minimum with the signs of the weights, and of the pulls of those that are free."""
        signs = point.weights.sign()
        if free is not None:
            signs = torch.where(free, point.pulls.sign(), signs)
        chosen = signs.nonzero()[:, 0]
        if not chosen.numel():
            return None
        signs = signs[chosen]
        pieces = self._objective.pieces(point.weights[None], self._problem.rows)
        slopes, curvatures = (part[0, chosen] for part in pieces)
        matrix = self._problem.gram.index_select(0, chosen).index_select(1, chosen)
        matrix.diagonal().add_(curvatures)
        right = self._problem.cross[0, chosen] - slopes * signs
        norm = torch.where(chosen < self._n, signs, 0)
        tight = bool(norm.any()) and self._tight(point.weights)
        found = self._held(matrix, right, norm) if tight else _unheld(matrix, right)
        if found is not None and found[1] < 0:
            found = _unheld(matrix, right)
        elif found is not None and not tight and float(norm @ found[0]) > self._radius:
            found = self._held(matrix, right, norm)
        if found is None:
            return None
        minimum, multiplier = found
        full = torch.zeros_like(point.weights)
        full[chosen] = minimum
        every = torch.zeros_like(full)
        every[chosen] = signs
        return _Face(chosen, every, full, multiplier)

    def _held(self, matrix: Tensor, right: Tensor, norm: Tensor) -> tuple[Tensor, float] | None:
        """The minimum with the norm at its bound, and the multiplier, which may be negative.

        A multiple of the constraint's square changes nothing there, but makes the matrix definite
        where the features of a face depend on one another.
        """
        weight = matrix.diagonal().mean()
        sides = torch.stack([right + weight * self._radius * norm, norm], dim=1)
        solution = _solution(torch.addr(matrix, norm, weight * norm), sides)
        if solution is None:
            return None
        minimum, along = solution.T
        multiplier = (float(norm @ minimum) - self._radius) / float(norm @ along)
        return minimum - multiplier * along, multiplier

    def _toward(self, point: _Point, face: _Face) -> tuple[_Point, bool] | None:
        """The point on the way to the minimum, and whether it is the minimum itself."""
        for step in _STEPS:
            moved = point.weights + step * (face.minimum - point.weights)
            moved = torch.where(moved * face.signs > 0, moved, 0)
            reached = self._at(self._projected(moved))
            if reached.objective < point.objective:
                stayed = bool((reached.weights[face.chosen] != 0).all())
                return reached, step == 1 and stayed and self._same_pieces(point, reached)
        return None

    def _same_pieces(self, point: _Point, other: _Point) -> bool:
        rows = self._problem.rows
        _, before = self._objective.pieces(point.weights[None], rows)
        _, after = self._objective.pieces(other.weights[None], rows)
        return bool((before == after).all())

    def _projected(self, weights: Tensor) -> Tensor:
        inner = weights[None, : self._n]
        threshold = ball_thresholds(inner.abs(), self._problem.rows.radius)
        if float(threshold) == 0:
            return weights
        moved = torch.cat([shrunk(inner, threshold)[0], weights[self._n :]])
        return self._problem.feasible(moved[None])[0]

    def _violating(self, point: _Point, multiplier: float, most: int) -> Tensor | None:
        """The zeros whose pulls are stronger than what holds them, the strongest alone."""
        held = self._slopes.clone()
        held[: self._n] += multiplier
        excess = point.pulls.abs() - held * (1 + _TIGHT) - self._noise
        excess = torch.where((point.weights == 0) & (excess > 0), excess / (held + self._noise), 0)
        strongest = excess.topk(min(most, len(excess))).indices
        free = torch.zeros_like(excess, dtype=torch.bool)
        free[strongest] = excess[strongest] > 0
        return free if free.any() else None

    def _multiplier(self, point: _Point) -> float:
        """Of the norm constraint, as the pulls of the row's nonzero weights of states tell it."""
        inner = point.weights[: self._n]
        if not self._tight(point.weights):
            return 0.0
        parts = self._objective.pieces(point.weights[None], self._problem.rows)
        slopes, curvatures = (part[0, : self._n] for part in parts)
        beyond = point.pulls[: self._n] * inner.sign() - slopes - curvatures * inner.abs()
        return max(float(beyond[inner != 0].mean()), 0.0)

    def _tight(self, weights: Tensor) -> bool:
        return float(weights[: self._n].abs().sum()) >= self._radius * (1 - _TIGHT)


def _unheld(matrix: Tensor, right: Tensor) -> tuple[Tensor, float] | None:
    solution = _solution(matrix.clone(), right[:, None])
    return None if solution is None else (solution[:, 0], 0.0)


def _solution(matrix: Tensor, right: Tensor) -> Tensor | None:
    """Of the system with a matrix, which is overwritten; none where that is not definite."""
    jitter = _JITTER * matrix.diagonal().amax()
    matrix.diagonal().add_(jitter)
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if failed:
        return None
    solution = torch.cholesky_solve(right, factor)
    left = right - matrix @ solution + jitter * solution
    if left.abs().amax() <= _REFINED * right.abs().amax():
        return solution
    return solution + torch.cholesky_solve(left, factor)
