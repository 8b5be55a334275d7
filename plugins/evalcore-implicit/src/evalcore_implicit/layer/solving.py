"""Which solver a layer's settings ask for, forward and backward."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from evalcore_implicit.layer.anderson import anderson
from evalcore_implicit.layer.newton import linear, newton
from evalcore_implicit.layer.picard import picard
from evalcore_implicit.layer.solution import Stopping

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore_implicit.layer.equations import Adjoint, Equation, Equilibrium
    from evalcore_implicit.layer.settings import LayerSettings
    from evalcore_implicit.layer.solution import Solution

    Solving = Callable[[Equation, Stopping, float], Solution]

__all__ = ["solve_adjoint", "solve_equilibrium"]

_ITERATIVE: dict[str, Solving] = {"picard": picard, "anderson": anderson}


def solve_equilibrium(
    equation: Equilibrium, settings: LayerSettings, *, exact: bool = False
) -> Solution:
    """The states of a layer.

    Args:
        equation: what they solve.
        settings: of the layer.
        exact: whether each sample's iterations are to be counted exactly.
    """
    stop = settings.stopping._replace(exact=exact)
    if settings.solver == "direct" and settings.constraint == "triangular":
        return _stationary(equation)
    if settings.solver == "direct":
        rounding = 64 * torch.finfo(equation.offset.dtype).eps
        return newton(equation, stop._replace(tolerance=rounding, relative=True))
    if settings.solver in _ITERATIVE:
        return _ITERATIVE[settings.solver](equation, stop, math.nan)
    return newton(equation, stop)


def solve_adjoint(equation: Adjoint, settings: LayerSettings, rate: float) -> Solution:
    """The derivatives by A x + b of a layer whose gradient is `implicit` or `direct`.

    Args:
        equation: what they solve.
        settings: of the layer.
        rate: at which the equilibrium's residual shrank; the adjoint's Jacobian has the same
            eigenvalues.
    """
    stop = settings.stopping._replace(relative=True)
    if settings.gradient == "direct":
        return linear(equation, stop)
    if settings.solver == "direct" and settings.constraint == "triangular":
        return _stationary(equation)
    if settings.solver in _ITERATIVE:
        return _ITERATIVE[settings.solver](equation, stop, rate)
    return linear(equation, stop)


def _stationary(equation: Equation) -> Solution:
    """Picard until nothing changes any more: with a nilpotent matrix after n steps at most."""
    least = torch.finfo(equation.matrix.dtype).tiny
    return picard(equation, Stopping(least, False, len(equation.matrix) + 1, exact=True))
