"""How far a solver has come: residuals of every row, counts, and when to look again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.layer.solution import Solution, SolverInfo

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.layer.solution import Stopping

__all__ = ["Progress"]

_LARGE = 64
"""Rows from which on those that have converged are set aside."""


class Progress:
    """The residuals of a batch as a solver goes on.

    Attributes:
        at: evaluations made when it was last looked at.
        worst: how many times its tolerance the worst row changed then; NaN if a state is not
            finite.
    """

    def __init__(self, stop: Stopping) -> None:
        self._stop = stop
        self._counts: Tensor | None = None
        self._excess: Tensor | None = None
        self._rate = math.nan
        self.at, self.worst = 0, math.inf

    @classmethod
    def begun(cls, stop: Stopping, first: Tensor, rate: float = math.nan) -> Progress:
        """After one evaluation, which led from 0 to `first`; `rate` is one to begin with."""
        progress = cls(stop)
        if stop.exact or stop.limit == 1 or not first.numel():
            progress.look(first, first, 1)
        else:  # All of it is change: nothing to look at but, where that counts, how large it is.
            scale = 1.0 if stop.relative else float(first.abs().max())
            progress.at, progress.worst = 1, max(2.0, scale / stop.tolerance)
            progress._rate = rate
        return progress

    @property
    def ended(self) -> bool:
        """Whether all rows have converged, or the limit is reached."""
        return self.worst <= 1 or self.at >= self._stop.limit

    def look(self, change: Tensor, states: Tensor, at: int) -> None:
        """Take note of the change of the states in evaluation number `at`."""
        excess = self._stop.excess(change, states)
        worst = float(excess.max()) if excess.numel() else 0.0
        self._rate = (worst / self.worst) ** (1 / (at - self.at)) if self.worst else math.nan
        self.at, self.worst, self._excess = at, worst, excess
        if self._counts is None:
            # Counting costs about as much as looking, and few rows have converged so early.
            if worst <= 1 or (at <= 2 and not self._stop.exact):
                return
            self._counts = torch.full_like(excess, self._stop.limit, dtype=torch.long)
        self._counts.clamp_max_(torch.where(excess <= 1, at, self._stop.limit))

    def expected(self) -> int:
        """Evaluations until the worst row converges, if all goes on as it did; at least 1."""
        if not 0 < self._rate < 1:
            return self._stop.limit
        return max(1, math.ceil(-math.log(self.worst) / math.log(self._rate)))

    def next_look(self) -> int:
        """The evaluation after which it is worth looking again."""
        if self._stop.exact or (self.at == 1 and math.isnan(self._rate)):
            ahead = 1  # Two changes tell the first rate.
        else:  # A rate seen early may be wrong: little more than double.
            ahead = min(self.expected(), self.at + 4)
        return min(self.at + ahead, self._stop.limit)

    def pending(self) -> Tensor:
        """The rows that have not converged."""
        assert self._excess is not None
        return (self._excess <= 1).logical_not_().nonzero()[:, 0]

    def few(self) -> Tensor | None:
        """The same where they are less than half of a large batch, and are worth moving."""
        assert self._excess is not None
        if self._excess.numel() < _LARGE:
            return None
        left = self.pending()
        return left if 2 * left.numel() < self._excess.numel() else None

    def of(self, rows: Tensor) -> Progress:
        """The same of some rows alone."""
        assert self._excess is not None
        part = Progress(self._stop)
        part._rate, part.at, part.worst = self._rate, self.at, self.worst
        part._excess = self._excess[rows]
        part._counts = None if self._counts is None else self._counts[rows]
        return part

    def solution(self, states: Tensor) -> Solution:
        """What it came to."""
        assert self._excess is not None
        if self._counts is None:
            counts = torch.full_like(self._excess, self.at, dtype=torch.long)
        else:
            counts = self._counts.clamp_max(self.at)
        info = SolverInfo(counts, self._excess * self._stop.tolerance, self._excess <= 1)
        return Solution(states, info, self.worst <= 1, self._rate)

    def merged(self, states: Tensor, rows: Tensor, part: Solution) -> Solution:
        """The same with some rows as they came out by themselves."""
        states[rows] = part.states
        whole = self.solution(states)
        for mine, its in zip(
            (whole.info.iterations, whole.info.residuals, whole.info.converged),
            (part.info.iterations, part.info.residuals, part.info.converged),
            strict=True,
        ):
            mine[rows] = its
        return Solution(states, whole.info, part.complete, part.rate)
