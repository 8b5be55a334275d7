"""Anderson acceleration of the fixed-point iteration, for each row of a batch by itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.layer.picard import advance
from evalcore_implicit.layer.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.layer.equations import Equation
    from evalcore_implicit.layer.solution import Solution, Stopping

__all__ = ["anderson"]

_WINDOW = 3
"""Differences that an extrapolation combines: with more, their products cost more than they save
where a few modes are slow."""

_STEPS = 6
"""Picard's steps still to come that an acceleration must save to be worth it, for wide layers."""

_NARROW = 500
"""Width at which extrapolating costs as much as the step itself, in batches of 100."""

_REGULARISATION = 1e3
"""Times the precision: added to the diagonal of the least squares, whose columns have length 1."""

_REFUSALS = 3
"""Extrapolations that did not pay after which a row goes on by Picard's steps alone."""


def anderson(equation: Equation, stop: Stopping, rate: float = math.nan) -> Solution:
    """Iterate from 0, at first by Picard; extrapolate where that contracts too slowly.

    `rate` is the contraction to expect at first.

    Type II of Fang and Saad, Two classes of multisecant methods for nonlinear acceleration, 2009:
    x <- g - dG gamma, where g = f(x) and gamma minimises |r - dR gamma| over the differences dR of
    the last residuals r = g - x. A row whose residual an extrapolation has made larger goes back
    and takes Picard's step instead, so that it converges wherever Picard's iteration does.
    """
    x = equation.first()
    progress = Progress.begun(stop, x, rate)
    change = torch.empty_like(x)
    worth = _STEPS * (1 + _NARROW / max(1, x.shape[1]))
    while not progress.ended:
        x, change = advance(equation, x, change, progress)
        if not progress.ended and progress.expected() >= worth:
            return _resume(equation, _Secants(x, change), progress)
    return progress.solution(x)


def _resume(equation: Equation, secants: _Secants, progress: Progress) -> Solution:
    while not progress.ended:
        point = secants.extrapolated()
        equation.step(point, secants.spare)
        secants.take(point)
        progress.look(secants.residual, secants.value, progress.at + 1)
        few = None if progress.ended else progress.few()
        if few is not None:
            rest = _resume(equation.rows(few), secants.rows(few), progress.of(few))
            return progress.merged(secants.value, few, rest)
    return progress.solution(secants.value)._replace(rate=math.nan)


class _Secants:
    """The last values and residuals of f, and their differences.

    Attributes:
        value: g = f(x) at the last point of each row, shape (batch, n).
        spare: where f of the next point is to be written.
    """

    def __init__(self, value: Tensor, residual: Tensor) -> None:
        batch, width = value.shape
        self.value, self.spare = value, torch.empty_like(value)
        # The residual lies behind its differences: one product has all that least squares needs.
        self._residuals = value.new_zeros(batch, _WINDOW + 1, width)
        self._values = value.new_zeros(batch, _WINDOW, width)
        self._residuals[:, -1] = residual
        self._norms = torch.linalg.vector_norm(residual, dim=1)
        self._refusals = torch.zeros_like(self._norms)
        self._free = torch.zeros_like(self._norms)
        self._taken = 0

    @property
    def residual(self) -> Tensor:
        """The difference g - x at the last point of each row, shape (batch, n)."""
        return self._residuals[:, -1]

    def extrapolated(self) -> Tensor:
        """The next point of each row."""
        if not self._taken:
            return self.value
        products = self._residuals @ self._residuals.mT
        gram, along = products[:, :-1, :-1], products[:, :-1, -1]
        lengths = gram.diagonal(dim1=1, dim2=2)
        scale = lengths.clamp_min(torch.finfo(gram.dtype).tiny).rsqrt_()
        matrix = gram * scale[:, :, None] * scale[:, None, :]
        matrix.diagonal(dim1=1, dim2=2).fill_(1 + _REGULARISATION * torch.finfo(gram.dtype).eps)
        factor = torch.linalg.cholesky_ex(matrix).L
        weights = torch.cholesky_solve((along * scale)[:, :, None], factor)[:, :, 0] * scale
        weights.mul_(self._free[:, None])
        return torch.baddbmm(self.value[:, None], weights[:, None], self._values, alpha=-1)[:, 0]

    def take(self, point: Tensor) -> None:
        """Take note of f(point), which is in `spare`."""
        value, residual = self.spare, self.spare - point
        norms = torch.linalg.vector_norm(residual, dim=1)
        refused = (norms <= self._norms).logical_not_().logical_and_(self._free > 0)
        if refused.any():
            value[refused], residual[refused] = self.value[refused], self.residual[refused]
            norms = torch.where(refused, self._norms, norms)
            self._refusals += refused
        self._free = (self._refusals < _REFUSALS).logical_and_(~refused).to(norms.dtype)
        slot = self._taken % _WINDOW
        torch.sub(residual, self.residual, out=self._residuals[:, slot])
        torch.sub(value, self.value, out=self._values[:, slot])
        self._residuals[:, -1] = residual
        self.value, self.spare, self._norms = value, self.value, norms
        self._taken += 1

    def rows(self, chosen: Tensor) -> _Secants:
        """The same of some rows alone."""
        part = object.__new__(_Secants)
        part.value, part.spare = self.value[chosen], self.spare[chosen]
        part._residuals, part._values = self._residuals[chosen], self._values[chosen]
        part._norms, part._refusals = self._norms[chosen], self._refusals[chosen]
        part._free, part._taken = self._free[chosen], self._taken
        return part
