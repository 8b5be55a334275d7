"""The outputs of a layer as autograd sees them, by each kind of gradient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.function import once_differentiable

from evalcore_implicit.layer.equations import Adjoint, Equilibrium
from evalcore_implicit.layer.progress import Progress
from evalcore_implicit.layer.solving import solve_adjoint, solve_equilibrium

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from evalcore_implicit.layer.settings import LayerSettings
    from evalcore_implicit.layer.solution import Solution

    Tell = Callable[[Solution, str], None]
    Matrices = tuple[Tensor, Tensor, Tensor, Tensor | None]

__all__ = ["find_outputs", "find_states"]


def find_outputs(u: Tensor, matrices: Matrices, settings: LayerSettings, tell: Tell) -> Tensor:
    """The outputs y = C x + D u at the equilibrium x = phi(A x + B u).

    Args:
        u: shape (batch, p).
        matrices: A, B, C and D, if there is one.
        settings: of the layer.
        tell: is called with the solution of the equilibrium and, in the backward pass, with that of
            the adjoint.
    """
    if settings.gradient in _THROUGH_STEPS and torch.is_grad_enabled():
        return _THROUGH_STEPS[settings.gradient](u, matrices, settings, tell)
    result: Tensor = _Implicit.apply(*matrices, u, settings, tell)  # type: ignore[no-untyped-call]
    return result


def find_states(u: Tensor, a: Tensor, b: Tensor, settings: LayerSettings) -> Solution:
    """The equilibrium alone, with exact counts of iterations; without a gradient."""
    with torch.no_grad():
        return solve_equilibrium(_equation(a, b, u, settings), settings, exact=True)


class _Implicit(torch.autograd.Function):
    """The whole layer; what it keeps for the backward pass is one batch of states.

    With z = A x + B u and g = C^T dL/dy, v = dL/dz solves v = phi'(z) * (A^T v + g); then
    dL/dA = v x^T, dL/dB = v u^T and dL/du = B^T v + D^T dL/dy.
    """

    @staticmethod
    def forward(
        ctx: Any,
        a: Tensor,
        b: Tensor,
        c: Tensor,
        d: Tensor | None,
        u: Tensor,
        settings: LayerSettings,
        tell: Tell,
    ) -> Tensor:
        """The outputs, shape (batch, q)."""
        equation = _equation(a, b, u, settings)
        solution = solve_equilibrium(equation, settings)
        tell(solution, "the equilibrium")
        x = solution.states
        if any(ctx.needs_input_grad):
            slope = None if settings.phi.from_state else equation.slope(x)
            ctx.save_for_backward(a, b, c, d, u, x, slope)
            ctx.settings, ctx.tell, ctx.rate = settings, tell, solution.rate
        return _read(x, u, (a, b, c, d))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The derivatives of the loss by A, B, C, D and u, as far as they are asked for."""
        a, b, c, d, u, x, slope = ctx.saved_tensors
        settings, (gradient,) = ctx.settings, gradients
        for_a, for_b, for_c, for_d, for_u = ctx.needs_input_grad[:5]
        by_a = by_b = by_u = None
        if for_a or for_b or for_u:
            slope = settings.phi.slope(x) if slope is None else slope
            v = _adjoint(Adjoint(a, slope, gradient @ c), settings, ctx.tell, ctx.rate)
            by_a = v.t() @ x if for_a else None
            by_b = v.t() @ u if for_b else None
            by_u = v @ b if for_u else None
            if by_a is not None and settings.constraint == "triangular":
                by_a.triu_(1)
            if by_u is not None and d is not None:
                by_u.addmm_(gradient, d)
        by_c = gradient.t() @ x if for_c else None
        by_d = gradient.t() @ u if for_d else None
        return by_a, by_b, by_c, by_d, by_u, None, None


def _adjoint(equation: Adjoint, settings: LayerSettings, tell: Tell, rate: float) -> Tensor:
    if settings.gradient in {"implicit", "direct"}:
        solution = solve_adjoint(equation, settings, rate)
        tell(solution, "the adjoint")
        return solution.states
    v = equation.first()
    if settings.gradient == "neumann":
        spare = torch.empty_like(v)
        for _ in range(settings.gradient_steps):
            equation.step(v, spare)
            v, spare = spare, v
    return v


def _unrolled(u: Tensor, matrices: Matrices, settings: LayerSettings, tell: Tell) -> Tensor:
    """Picard's steps from 0 to the tolerance, each of them kept."""
    equation = _equation(*_weights(matrices, settings), u, settings)
    transposed, offset = equation.transposed, equation.offset
    x = settings.phi.apply(offset)
    progress = Progress.begun(settings.stopping, x.detach())
    while not progress.ended:
        until = progress.next_look()
        for _ in range(until - progress.at):
            before, x = x, settings.phi.apply(torch.addmm(offset, x, transposed))
        progress.look(x.detach() - before.detach(), x.detach(), until)
    tell(progress.solution(x.detach()), "the equilibrium")
    return _read(x, u, matrices)


def _phantom(u: Tensor, matrices: Matrices, settings: LayerSettings, tell: Tell) -> Tensor:
    """Damped steps from the equilibrium, each of them kept (Geng et al., 2021, section 3)."""
    equation = _equation(*_weights(matrices, settings), u, settings)
    with torch.no_grad():
        solution = solve_equilibrium(equation, settings)
    tell(solution, "the equilibrium")
    x, share = solution.states, settings.damping
    for _ in range(settings.gradient_steps):
        moved = settings.phi.apply(torch.addmm(equation.offset, x, equation.transposed))
        x = moved if share == 1 else torch.lerp(x, moved, share)
    return _read(x, u, matrices)


def _weights(matrices: Matrices, settings: LayerSettings) -> tuple[Tensor, Tensor]:
    a, b, *_ = matrices
    return (a.triu(1) if settings.constraint == "triangular" else a), b


def _equation(a: Tensor, b: Tensor, u: Tensor, settings: LayerSettings) -> Equilibrium:
    equation = Equilibrium(a, u @ b.t(), settings.phi)
    # A sum is not finite where a term is not; where it merely overflows, none is found.
    if not math.isfinite(float(a.detach().sum() + equation.offset.detach().sum())):
        _check_finite(A=a, B=b, u=u)
    return equation


def _read(x: Tensor, u: Tensor, matrices: Matrices) -> Tensor:
    _, _, c, d = matrices
    y = x @ c.t()
    if d is not None:
        y = torch.addmm(y, u, d.t())
    if not math.isfinite(float(y.detach().sum())):
        _check_finite(C=c, D=d)
    return y


def _check_finite(**matrices: Tensor | None) -> None:
    for name, matrix in matrices.items():
        if matrix is not None and not torch.isfinite(matrix).all():
            raise ValueError(f"{name} has a NaN or an infinite entry")


_THROUGH_STEPS = {"unrolled": _unrolled, "phantom": _phantom}
