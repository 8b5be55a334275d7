"""Semismooth Newton steps by batched LU, and the linear solve of the adjoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from evalcore_implicit.layer.picard import picard
from evalcore_implicit.layer.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.layer.equations import Equation
    from evalcore_implicit.layer.solution import Solution, Stopping

__all__ = ["linear", "newton"]

_STEPS = 30
"""Newton steps after which the rows that have not converged are left to Picard's iteration."""

_ENTRIES = 2**24
"""Entries of the matrices that are factorised at once."""


def newton(equation: Equation, stop: Stopping) -> Solution:
    """Newton's method on x - f(x) = 0, for each row by itself.

    A step solves (I - D M) s = f(x) - x, where D M is a generalised Jacobian of f at x: at a kink
    the slope is that of one side (Qi and Sun, A Nonsmooth Version of Newton's Method, 1993). On
    piecewise linear activations it is exact as soon as the active set is right. A row that does
    not converge is solved by Picard's iteration from 0.
    """
    value = equation.first()
    progress = Progress.begun(stop, value)
    while not progress.ended and progress.at <= _STEPS:
        point = value
        value, slope, matrix = equation.newton(point)
        progress.look(value - point, value, progress.at + 1)
        if not progress.ended:
            moved = point + _solved(matrix, slope, value - point)
            value = torch.where(torch.isfinite(moved).all(1, keepdim=True), moved, value)
    if progress.ended:
        return progress.solution(value)
    left = progress.pending()
    return progress.merged(value, left, picard(equation.rows(left), stop))


def linear(equation: Equation, stop: Stopping) -> Solution:
    """The exact solution where f is affine: one factorisation for each row.

    It counts as one iteration; where the matrix is singular, the row has not converged.
    """
    first = equation.first()
    _, slope, matrix = equation.newton(first)
    x = _solved(matrix, slope, first)
    change = torch.empty_like(x)
    equation.step(x, change)
    progress = Progress(stop)
    progress.look(change.sub_(x), x, 1)
    return progress.solution(x)


def _solved(matrix: Tensor, slope: Tensor, right: Tensor) -> Tensor:
    """(I - diag(slope) matrix)^-1 right for each row; not finite where that is singular."""
    width = matrix.shape[0]
    identity = torch.eye(width, dtype=matrix.dtype, device=matrix.device)
    rows = max(1, _ENTRIES // (width * width))
    parts = [
        torch.linalg.solve_ex(identity - some[:, :, None] * matrix, of[:, :, None]).result[:, :, 0]
        for some, of in zip(torch.split(slope, rows), torch.split(right, rows), strict=True)
    ]
    return torch.cat(parts)
