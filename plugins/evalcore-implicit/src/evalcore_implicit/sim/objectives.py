"""What is minimised besides the residual, each with its exact proximal step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import torch

from evalcore_implicit.sim.balls import ball_thresholds, shrunk

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.sim.rows import Rows

__all__ = ["L1", "ElasticNet", "Objective", "Robust"]


@dataclass(frozen=True)
class Objective:
    """A penalty f(w) = sum of phi_j(w_j) on each row w; phi_j is convex, even and 0 at 0.

    Attributes:
        strength: lambda, at least 0.
    """

    strength: float

    def __post_init__(self) -> None:
        _check("strength", self.strength, 0, math.inf)

    @property
    def curvature(self) -> float:
        """Of phi far from 0, at least 0."""
        return 0.0

    def at(self, strength: float) -> Self:
        """The same with another strength."""
        return replace(self, strength=strength)

    def times(self, factor: float) -> Self:
        """The same penalty times a factor."""
        return replace(self, strength=self.strength * factor)

    def slopes(self, rows: Rows) -> Tensor:
        """The slope of each phi at 0 from above, the same for all states of a row.

        Returns:
            Shape (rows, columns).
        """
        return torch.full_like(rows.radius, self.strength).expand(-1, rows.width)

    def value(self, weights: Tensor, rows: Rows) -> Tensor:
        """What f is of each row of weights, shape (rows,)."""
        return (self.slopes(rows) * weights.abs()).sum(1)

    def prox(self, values: Tensor, step: Tensor, rows: Rows) -> Tensor:
        """The minimiser w of |w - v|^2 / 2 + step f(w) among those in the norm constraint.

        For the l1 norm this is soft thresholding by the larger one of step lambda and the threshold
        of the projection of v on the ball.

        Args:
            values: v, shape (rows, columns).
            step: of each row, shape (rows, 1).
            rows: what is to know of the rows.

        Returns:
            Shape (rows, columns); exactly zero where f makes it so.
        """
        thresholds, n = step * self.slopes(rows), rows.states
        of_ball = ball_thresholds(values[:, :n].abs(), rows.radius)
        inner = shrunk(values[:, :n], torch.maximum(thresholds[:, :n], of_ball))
        return torch.cat([inner, shrunk(values[:, n:], thresholds[:, n:])], dim=1)

    def pieces(self, weights: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """The linear and the quadratic part of phi on the piece where each weight lies.

        There phi'(w) = slope sign(w) + curvature w.

        Returns:
            The slopes and the curvatures, each of shape (rows, columns).
        """
        return self.slopes(rows), torch.zeros_like(weights)

    def scale(self, duals: Tensor, rows: Rows, noise: Tensor) -> Tensor:
        """The largest factor up to 1 with which the conjugate of f is finite.

        Args:
            duals: shape (rows, columns).
            rows: what is to know of the rows.
            noise: what counts as rounding in the duals of a row, shape (rows, 1).

        Returns:
            Shape (rows,).
        """
        free = rows.radius.isinf() | (torch.arange(rows.width, device=duals.device) >= rows.states)
        allowed = (self.slopes(rows) + noise) / duals.abs()
        return torch.where(free, allowed, math.inf).amin(1).clamp_max_(1)

    def conjugate(self, duals: Tensor, rows: Rows) -> Tensor:
        """The largest y^T w - f(w) in the norm constraint, for duals y that were scaled before."""
        n = rows.states
        if n == 0:
            return torch.zeros_like(rows.radius[:, 0])
        excess = (duals[:, :n].abs() - self.slopes(rows)[:, :n]).amax(1).clamp_min_(0)
        return torch.where(rows.radius[:, 0].isinf(), 0, rows.radius[:, 0] * excess)


@dataclass(frozen=True)
class L1(Objective):
    """lambda |w|_1: few weights."""


@dataclass(frozen=True)
class Robust(Objective):
    """The l1 norm, heavier where a weight lets changes of the inputs through.

    For changes of the inputs of at most r each, an output of a model with |A|_inf <= kappa changes
    by at most r (|B|_inf |C|_inf / (1 - kappa) + |D|_inf). These are largest row sums of absolute
    values, so that a row is made to contribute less by its own l1 norm. A row of (A, B) costs
    lambda (|a|_1 + inputs |b|_1), one of (C, D) costs lambda outputs (|c|_1 + inputs |d|_1).

    Attributes:
        inputs: how many times as much the weights of inputs cost, in B and D, above 0.
        outputs: how many times as much the weights of outputs cost, in C and D, above 0.
    """

    inputs: float = 10.0
    outputs: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("inputs", "outputs"):
            _check(name, getattr(self, name), math.ulp(0), math.inf)

    def slopes(self, rows: Rows) -> Tensor:
        """The slope of each phi at 0 from above: lambda, times what row and column weigh."""
        columns = torch.full_like(rows.radius[:1].expand(-1, rows.width), self.inputs)
        columns[:, : rows.states] = 1
        return self.strength * torch.where(rows.outputs, self.outputs, 1.0) * columns


@dataclass(frozen=True)
class ElasticNet(Objective):
    """lambda (ratio |w|_1 + (1 - ratio) |w|_2^2 / 2): few weights, and none of them large.

    Attributes:
        ratio: of the l1 norm, from 0 to 1.
    """

    ratio: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        _check("ratio", self.ratio, 0, 1)

    @property
    def curvature(self) -> float:
        """Of phi, everywhere."""
        return self.strength * (1 - self.ratio)

    def slopes(self, rows: Rows) -> Tensor:
        """The slope of each phi at 0 from above: lambda times the ratio."""
        return super().slopes(rows) * self.ratio

    def value(self, weights: Tensor, rows: Rows) -> Tensor:
        """What f is of each row of weights, shape (rows,)."""
        return super().value(weights, rows) + self.curvature / 2 * (weights**2).sum(1)

    def prox(self, values: Tensor, step: Tensor, rows: Rows) -> Tensor:
        """The step of the l1 norm in a ball larger by 1 + step curvature, divided by the same."""
        factor = 1 + step * self.curvature
        larger = replace(rows, radius=rows.radius * factor)
        return super().prox(values, step, larger) / factor

    def pieces(self, weights: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """One piece on either side of 0."""
        return self.slopes(rows), torch.full_like(weights, self.curvature)

    def scale(self, duals: Tensor, rows: Rows, noise: Tensor) -> Tensor:
        """1 where phi is curved, for there the conjugate is finite."""
        if self.curvature == 0:
            return super().scale(duals, rows, noise)
        return torch.ones_like(duals[:, 0])

    def conjugate(self, duals: Tensor, rows: Rows) -> Tensor:
        """The largest y^T w - f(w) in the norm constraint; its multiplier is a ball's threshold."""
        if self.curvature == 0:
            return super().conjugate(duals, rows)
        excess = (duals.abs() - self.slopes(rows)).clamp_min_(0)
        inner = excess[:, : rows.states]
        multiplier = ball_thresholds(inner, rows.radius * self.curvature)
        inner.sub_(multiplier).clamp_min_(0)
        spent = torch.where(rows.radius.isinf(), 0, rows.radius * multiplier)[:, 0]
        return spent + (excess**2).sum(1) / (2 * self.curvature)


def _check(name: str, value: float, least: float, most: float) -> None:
    if not (least <= value <= most and math.isfinite(value)):
        high = f" to {most:g}" if math.isfinite(most) else " on, and finite"
        raise ValueError(f"`{name}` is {value}; it may be from {least:g}{high}")
