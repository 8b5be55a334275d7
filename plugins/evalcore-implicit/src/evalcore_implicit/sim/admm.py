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

__all__ = ["Iterate", "advance"]

_RELAXATION = 1.7
"""Of the weights before the proximal step; from 1 to 2."""

_CHECKED = 10
"""Iterations from one comparison of the residuals to the next."""

_FROZEN = 0.8
"""The share of the iterations after which the penalties stay as they are, so that it converges."""


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

    @classmethod
    def at(cls, problem: Problem, spectrum: Spectrum, weights: Tensor) -> Iterate:
        """To begin with, at some weights."""
        largest = float(spectrum.values[-1]) if len(spectrum.values) else 1.0
        penalties = torch.full_like(problem.rows.radius, 1e-5 * largest)
        return cls(weights, torch.zeros_like(weights), penalties)


def advance(
    problem: Problem, spectrum: Spectrum, objective: Objective, start: Iterate, iterations: int
) -> Iterate:
    """Some iterations of ADMM, in the type of the spectrum.

    One block is least squares, solved for all rows by the one spectrum whatever their penalties;
    the other is the proximal step of f in the norm constraint. After Boyd et al., Distributed
    Optimization and Statistical Learning via ADMM, 2011, sections 3.3, 3.4.1 (penalties) and 3.4.3
    (relaxation).
    """
    kind = spectrum.values.dtype
    q, e, rows = spectrum.vectors, spectrum.values, problem.rows.to(kind)
    back, h = q.T.contiguous(), (problem.cross @ q.to(problem.cross.dtype)).to(kind)
    rho = start.penalties.to(kind)
    z, u = start.weights.to(kind), start.duals.to(kind) / rho
    for done in range(1, iterations + 1):
        y = z - u
        w = torch.addmm(y, (h - e * (y @ q)) / (e + rho), back)
        v = _RELAXATION * w + (1 - _RELAXATION) * z + u
        before, z = z, objective.prox(v, 1 / rho, rows)
        u = v - z
        if done % _CHECKED == 0 and done <= _FROZEN * iterations:
            factor = _balance(w, z, before, u)
            rho, u = rho * factor, u / factor
    last = start.weights.dtype
    return Iterate(z.to(last), (u * rho).to(last), rho.to(last))


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
