"""Picard iteration x <- f(x)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.layer.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.layer.equations import Equation
    from evalcore_implicit.layer.solution import Solution, Stopping

__all__ = ["advance", "picard"]


def picard(equation: Equation, stop: Stopping, rate: float = math.nan) -> Solution:
    """Iterate from 0 until every row meets the tolerance, or to the limit.

    Where counts need not be exact, it looks at the residuals only where the contraction seen so
    far, or `rate`, says that the last row converges.
    """
    x = equation.first()
    return _resume(equation, x, Progress.begun(stop, x, rate))


def _resume(equation: Equation, x: Tensor, progress: Progress) -> Solution:
    spare = torch.empty_like(x)
    while not progress.ended:
        x, spare = advance(equation, x, spare, progress)
        few = None if progress.ended else progress.few()
        if few is not None:
            rest = _resume(equation.rows(few), x[few], progress.of(few))
            return progress.merged(x, few, rest)
    return progress.solution(x)


def advance(
    equation: Equation, x: Tensor, spare: Tensor, progress: Progress
) -> tuple[Tensor, Tensor]:
    """Iterate to the next look; give back the states and their last change."""
    until = progress.next_look()
    for _ in range(until - progress.at):
        equation.step(x, spare)
        x, spare = spare, x
    torch.sub(x, spare, out=spare)
    progress.look(spare, x, until)
    return x, spare
