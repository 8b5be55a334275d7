"""The perspective relaxation of the number of weights, also called the reverse Huber penalty."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import torch

from evalcore_implicit.sim.objectives import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.sim.rows import Rows

__all__ = ["Perspective"]

_BISECTIONS = 60
"""Halvings of the interval of a multiplier: to a part in 1e18 of it."""


@dataclass(frozen=True)
class Perspective(Objective):
    """lambda (number of weights) + ridge |w|_2^2 / 2, relaxed to a convex penalty.

    Each weight costs the least lambda t + ridge w^2 / (2 t) over t from 0 to 1. That is
    sqrt(2 lambda ridge) |w| up to |w| = sqrt(2 lambda / ridge), and lambda + ridge w^2 / 2 from
    there on: large weights pay for their number as they should, not for their size.

    Attributes:
        ridge: above 0.
    """

    ridge: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.ridge < math.inf:
            raise ValueError(f"`ridge` is {self.ridge}; it must be above 0, and finite")

    @property
    def curvature(self) -> float:
        """Of phi beyond the knee."""
        return self.ridge

    @property
    def knee(self) -> float:
        """The size of a weight from which on phi is quadratic."""
        return math.sqrt(2 * self.strength / self.ridge)

    def times(self, factor: float) -> Self:
        """The same penalty times a factor."""
        return replace(self, strength=self.strength * factor, ridge=self.ridge * factor)

    def slopes(self, rows: Rows) -> Tensor:
        """The slope of each phi up to the knee."""
        slope = self.ridge * self.knee
        return torch.full_like(rows.radius, slope).expand(-1, rows.width)

    def value(self, weights: Tensor, rows: Rows) -> Tensor:
        """What f is of each row of weights, shape (rows,)."""
        sizes = weights.abs()
        beyond = (sizes - self.knee).clamp_min(0)
        return (self.slopes(rows) * sizes + self.ridge / 2 * beyond**2).sum(1)

    def prox(self, values: Tensor, step: Tensor, rows: Rows) -> Tensor:
        """Soft thresholding up to the knee and shrinking beyond, after the ball's multiplier."""
        sizes, n = values.abs(), rows.states
        multiplier = self._multiplier(sizes[:, :n], step, rows)
        reduced = torch.cat([sizes[:, :n] - multiplier, sizes[:, n:]], dim=1)
        return self._step(reduced, step).copysign_(values)

    def pieces(self, weights: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """Linear up to the knee, quadratic beyond."""
        beyond = weights.abs() > self.knee
        return torch.where(beyond, 0, self.slopes(rows)), beyond.to(weights.dtype) * self.ridge

    def scale(self, duals: Tensor, rows: Rows, noise: Tensor) -> Tensor:
        """1: the conjugate is finite."""
        return torch.ones_like(duals[:, 0])

    def conjugate(self, duals: Tensor, rows: Rows) -> Tensor:
        """The largest y^T w - f(w) in the norm constraint.

        It is the least value of a convex function of the constraint's multiplier, which bisection
        finds; wherever that stops, the value is an upper bound.
        """
        sizes, n = duals.abs(), rows.states
        slope = self.ridge * self.knee
        low = high = torch.zeros_like(rows.radius)
        if n:
            high = torch.where(rows.radius.isinf(), 0, sizes[:, :n].amax(1, keepdim=True))
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            reduced = sizes[:, :n] - middle
            used = torch.where(reduced > slope, reduced / self.ridge, 0).sum(1, keepdim=True)
            low = torch.where(used > rows.radius, middle, low)
            high = torch.where(used > rows.radius, high, middle)
        multiplier = high
        reduced = torch.cat([sizes[:, :n] - multiplier, sizes[:, n:]], dim=1)
        gained = torch.where(reduced > slope, (reduced**2 - slope**2) / (2 * self.ridge), 0)
        return torch.where(rows.radius.isinf(), 0, rows.radius * multiplier)[:, 0] + gained.sum(1)

    def _step(self, sizes: Tensor, step: Tensor) -> Tensor:
        threshold = step * self.ridge * self.knee
        shrunk = (sizes - threshold).clamp_min(0)
        return torch.where(shrunk <= self.knee, shrunk, sizes / (1 + step * self.ridge))

    def _multiplier(self, sizes: Tensor, step: Tensor, rows: Rows) -> Tensor:
        """What to take off all sizes before the step so that its results sum to the radius.

        As a function of what is taken off, their sum is piecewise linear, and decreases: each size
        bends it where it leaves 0 and where it passes the knee.
        """
        result = torch.zeros_like(rows.radius)
        outside = (self._step(sizes, step).sum(1, keepdim=True) > rows.radius).nonzero()[:, 0]
        if not outside.numel():
            return result
        step, radius = step[outside], rows.radius[outside]
        leaving = sizes[outside] - step * self.ridge * self.knee
        bends = torch.cat([leaving, leaving - self.knee], dim=1)
        gains = torch.ones_like(leaving)
        losses = (1 / (1 + step * self.ridge) - 1).expand_as(leaving)
        bends, order = bends.sort(dim=1, descending=True, stable=True)
        slopes = torch.cat([gains, losses], dim=1).gather(1, order).cumsum(1)
        rises = slopes[:, :-1] * (bends[:, :-1] - bends[:, 1:])
        sums = torch.cat([torch.zeros_like(radius), rises.cumsum(1)], dim=1)
        last = (sums <= radius).sum(1, keepdim=True) - 1
        missing = (radius - sums.gather(1, last)) / slopes.gather(1, last)
        result[outside] = (bends.gather(1, last) - missing).clamp_min_(0)
        return result
