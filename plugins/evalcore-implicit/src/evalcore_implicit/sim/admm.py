"""Two-block ADMM for all rows of a problem at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem
    from evalcore_implicit.sim.spectrum import Spectrum

__all__ = ["Iterate", "advance", "bounds"]

_RELAXATION = 1.7
"""Of the weights before the proximal step; from 1 to 2."""

_CHECKED = 10
"""Iterations from one comparison of the residuals to the next."""

_SOFTER = 1e-4
"""What the penalties of the iteration are multiplied by where a bound is to be had."""


_LEAST = 1e-12
"""The smallest penalty, relative to the largest eigenvalue."""


@dataclass(frozen=True, eq=False)
class Iterate:
    """A point of the iteration.

    Attributes:
        weights: with the zeros of the proximal step, and in the norm constraint; (rows, d).
        duals: of the constraint that both blocks be equal; at a solution a subgradient of f and
            the norm constraint, and equal to the pulls; (rows, d).
        penalties: rho, of each row; (rows, 1).
    """

    weights: Tensor
    duals: Tensor
    penalties: Tensor

    def select(self, chosen: Tensor) -> Iterate:
        """Some of the rows."""
        return Iterate(self.weights[chosen], self.duals[chosen], self.penalties[chosen])

    @classmethod
    def at(cls, problem: Problem, spectrum: Spectrum, weights: Tensor) -> Iterate:
        """To begin with, at some weights."""
        largest = float(spectrum.values[-1]) if len(spectrum.values) else 1.0
        penalties = torch.full_like(problem.rows.radius, 2e-5 * largest)
        return cls(weights, torch.zeros_like(weights), penalties)


def advance(
    problem: Problem,
    spectrum: Spectrum,
    turned: Tensor,
    objective: Objective,
    start: Iterate,
    iterations: int,
    balanced: int,
) -> Iterate:
    """Some iterations of ADMM, in the type of the spectrum.

    One block is least squares, solved for all rows by the one spectrum whatever their penalties;
    the other is the proximal step of f in the norm constraint. After Boyd et al., Distributed
    Optimization and Statistical Learning via ADMM, 2011, sections 3.3, 3.4.1 (penalties) and 3.4.3
    (relaxation).

    Args:
        problem: of the rows.
        spectrum: of its Gram matrix.
        turned: h Q of each row, shape (rows, r).
        objective: f.
        start: where to begin.
        iterations: how many.
        balanced: during how many of them the penalties may change; later they stay as they are, so
            that it converges.
    """
    kind = spectrum.values.dtype
    q, e, rows = spectrum.vectors, spectrum.values, problem.rows.to(kind)
    back, h = spectrum.back, turned.to(kind)
    # Where nothing is penalised the best penalty is 0, by which duals could not be divided.
    least = _LEAST * float(e[-1]) if len(e) else _LEAST
    rho = start.penalties.to(kind).clamp_min(least)
    z, u = start.weights.to(kind), start.duals.to(kind) / rho
    for done in range(1, iterations + 1):
        y = z - u
        w = torch.addmm(y, (h - e * (y @ q)) / (e + rho), back)
        v = _RELAXATION * w + (1 - _RELAXATION) * z + u
        before, z = z, objective.prox(v, 1 / rho, rows)
        u = v - z
        if done % _CHECKED == 0 and done <= balanced:
            changed = (rho * _balance(w, z, before, u)).clamp_min(least)
            rho, u = changed, u * (rho / changed)
    last = start.weights.dtype
    return Iterate(z.to(last), (u * rho).to(last), rho.to(last))


def bounds(
    problem: Problem, spectrum: Spectrum, turned: Tensor, objective: Objective, at: Iterate
) -> Tensor:
    """What the objective of each row is at least, by the least-squares block at an iterate.

    That block's pulls differ from the duals, which are feasible, by the penalty times what its
    weights differ from those of the iterate. With a penalty much smaller than that of the iteration
    little is left of this, and the bound becomes nearly as good as the duals are.

    Args:
        problem: of the rows.
        spectrum: of its Gram matrix, in float64.
        turned: h Q of each row, shape (rows, r).
        objective: f.
        at: the iterate.

    Returns:
        Shape (rows,).
    """
    q, e, rho = spectrum.vectors, spectrum.values, _SOFTER * at.penalties
    aim = (rho * at.weights - at.duals) @ q
    weights = (turned + aim) / (e + rho)
    pulls = (rho * turned - e * aim) / (e + rho)
    along = (turned * weights).sum(1)
    squares = (problem.squares - along - (pulls * weights).sum(1)).clamp_min(0)
    return problem.bounds(pulls @ spectrum.back, along, squares, objective)


def _balance(w: Tensor, z: Tensor, before: Tensor, u: Tensor) -> Tensor:
    """By how much to change each penalty so that both residuals shrink alike; often 1."""
    tiny = torch.finfo(z.dtype).tiny
    sizes = torch.maximum(_norms(w), _norms(z)).clamp_min(tiny)
    primal = _norms(w - z) / sizes
    dual = _norms(z - before) / _norms(u).clamp_min(tiny)
    factor = (primal.clamp_min(tiny) / dual.clamp_min(tiny)).sqrt().clamp_(0.2, 5)
    return torch.where((factor > 2) | (factor < 0.5), factor, 1)


def _norms(rows: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return norms
