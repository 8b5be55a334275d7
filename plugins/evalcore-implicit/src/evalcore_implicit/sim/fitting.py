"""Fit the rows of an implicit model to the states of a network."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from evalcore_implicit.sim.admm import Iterate
from evalcore_implicit.sim.certificate import Certificate
from evalcore_implicit.sim.masks import parts
from evalcore_implicit.sim.problem import problem_of
from evalcore_implicit.sim.solving import Limits, solve
from evalcore_implicit.sim.spectrum import Spectrum
from evalcore_implicit.sim.strict import match
from evalcore_implicit.sim.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from evalcore_implicit.sim.masks import Indices, Mask, Part
    from evalcore_implicit.sim.moments import Moments
    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem
    from evalcore_implicit.sim.solving import Solution

__all__ = ["Matching", "fit_path", "fit_rows"]

Matching = Literal["relaxed", "strict"]

_PENALTIES = 0.5
"""The power of the strength that the penalties of ADMM follow along a path."""


def fit_rows(
    moments: Moments,
    objective: Objective,
    *,
    blocks: Sequence[int],
    mask: Mask = "triangular",
    kappa: float = 0.95,
    matching: Matching = "relaxed",
    tolerance: float = 1e-6,
    max_iterations: int = 5000,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    start: Weights | None = None,
    tell: Callable[[float], None] | None = None,
) -> Weights:
    """The rows of (A, B) and (C, D) that are the best for the states of a network.

    With targets t of a row (pre-activations or outputs) and Phi = [X U], relaxed matching is
    the least (1/2) |t - Phi w|^2 + f(w), strict matching the least f(w) with t = Phi w; for rows of
    (A, B) with the sum of |A|'s entries at most kappa. Tsai et al., State-driven Implicit Modeling
    for Sparsity and Robustness in Neural Networks, 2022.

    All rows with the same columns iterate at once: two-block ADMM on one eigendecomposition,
    whose cost does not depend on the number of samples. With a tolerance of at most 1e-6 each row
    then ends by least squares on the support and signs that were found, in float64 whatever `dtype`
    is, so that most rows are exact. With a looser one a row ends as soon as its duality gap is
    within the tolerance, and only what takes long ends by least squares.

    Args:
        moments: of the states.
        objective: f.
        blocks: how many states each layer has, the last layer first.
        mask: which states a row may have weights on, see `MASKS`.
        kappa: above 0; infinite for no norm constraint.
        matching: "relaxed" or "strict", which the method of multipliers solves. Rows that cannot be
            matched within the tolerance are not converged, and their residual says by how much.
        tolerance: of each row's duality gap, relative to its objective; with strict matching also
            of its residual, relative to its targets.
        max_iterations: of ADMM for each row; what is not converged then is told in the certificate.
        dtype: to iterate in, torch.float32 or torch.float64.
        device: where.
        start: weights to begin with, of the same shape; they need not be feasible.
        tell: takes how much is done, from 0 to 1.

    Raises:
        ValueError: if an argument is outside of what it may be.
    """
    fits = fit_path(
        moments,
        objective,
        [objective.strength],
        blocks=blocks,
        mask=mask,
        kappa=kappa,
        matching=matching,
        tolerance=tolerance,
        max_iterations=max_iterations,
        dtype=dtype,
        device=device,
        start=start,
        tell=tell,
    )
    return fits[0]


def fit_path(
    moments: Moments,
    objective: Objective,
    strengths: Sequence[float],
    *,
    blocks: Sequence[int],
    mask: Mask = "triangular",
    kappa: float = 0.95,
    matching: Matching = "relaxed",
    tolerance: float = 1e-6,
    max_iterations: int = 5000,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    start: Weights | None = None,
    tell: Callable[[float], None] | None = None,
) -> list[Weights]:
    """As `fit_rows` for several strengths of an objective, each begun at the one before.

    Args:
        moments: as for `fit_rows`, and so are the other arguments.
        objective: f; its own strength is not used.
        strengths: descending.
        blocks: as there.
        mask: as there.
        kappa: as there.
        matching: as there.
        tolerance: as there.
        max_iterations: as there, for each strength.
        dtype: as there.
        device: as there.
        start: for the first strength.
        tell: takes how much is done, from 0 to 1.

    Raises:
        ValueError: if an argument is outside of what it may be, or the strengths ascend.
    """
    limits = _limits(kappa, matching, tolerance, max_iterations, dtype)
    objectives = [objective.at(strength) for strength in strengths]
    if any(after > before for before, after in pairwise(strengths)):
        raise ValueError("strengths that ascend: begin with the largest, whose solution is easiest")
    known = _start(moments, start)
    shares = parts(
        mask, blocks, states=moments.states, inputs=moments.inputs, outputs=moments.outputs
    )
    total = max(len(objectives) * len(moments.squares), 1)
    results = [_Result(moments) for _ in objectives]
    done = 0
    for part in shares:
        problem, columns = problem_of(moments, part, kappa=kappa, device=torch.device(device))
        spectrum = Spectrum.of(problem)
        iterate = _begin(problem, spectrum, known[np.ix_(part.rows, columns)])
        past: list[tuple[float, Iterate]] = []
        for each, result in zip(objectives, results, strict=True):
            if past:
                iterate = _predicted(problem, past[-2:], each.strength)
            step = _Progress(tell, done / total, len(part.rows) / total)
            method = match if matching == "strict" else solve
            solution = method(problem, spectrum, each, iterate, limits, step)
            result.take(part, columns, problem, spectrum, each, solution)
            past.append((each.strength, solution.iterate))
            done += len(part.rows)
    return [result.weights() for result in results]


class _Progress:
    """Tells how much of the whole is done, from how much of a share is."""

    def __init__(self, tell: Callable[[float], None] | None, begin: float, share: float) -> None:
        self._tell, self._begin, self._share = tell, begin, share

    def __call__(self, done: float) -> None:
        if self._tell is not None:
            self._tell(min(self._begin + self._share * done, 1.0))


class _Result:
    """The rows of all parts, put together."""

    def __init__(self, moments: Moments) -> None:
        self._states = moments.states
        self._rows = np.zeros(moments.cross.shape)
        self._certificate = Certificate.empty(len(self._rows))

    def take(
        self,
        part: Part,
        columns: Indices,
        problem: Problem,
        spectrum: Spectrum,
        objective: Objective,
        solution: Solution,
    ) -> None:
        weights, values = solution.iterate.weights, solution.values
        self._rows[np.ix_(part.rows, columns)] = weights.cpu().numpy()
        norms = weights[:, : problem.rows.states].abs().sum(1)
        targets = problem.squares
        found = {
            "objective": values.objective,
            "residual": torch.where(targets > 0, (values.squares / targets).sqrt(), 0),
            "primal": (norms - problem.rows.radius[:, 0]).clamp_min(0),
            "dual": _violation(problem, spectrum, objective, weights),
            "gap": values.gap,
            "iterations": solution.iterations,
            "converged": solution.converged,
        }
        for name, value in found.items():
            getattr(self._certificate, name)[part.rows] = value.cpu().numpy()

    def weights(self) -> Weights:
        return Weights.of(self._rows, self._states, self._certificate)


def _violation(
    problem: Problem, spectrum: Spectrum, objective: Objective, weights: Tensor
) -> Tensor:
    """How far a proximal gradient step goes, relative to the pulls at zero."""
    largest = spectrum.values[-1] if len(spectrum.values) else torch.ones((), dtype=weights.dtype)
    step = (1 / largest).expand(len(weights), 1)
    moved = objective.prox(weights + step * problem.pulls(weights), step, problem.rows)
    if not weights.shape[1]:
        return torch.zeros_like(problem.squares)
    reach = problem.cross.abs().amax(1).clamp_min(torch.finfo(weights.dtype).tiny)
    return (moved - weights).abs().amax(1) * largest / reach


def _begin(problem: Problem, spectrum: Spectrum, weights: np.ndarray) -> Iterate:
    given = torch.from_numpy(weights).to(problem.gram.device)
    return Iterate.at(problem, spectrum, problem.feasible(given))


def _predicted(problem: Problem, past: list[tuple[float, Iterate]], strength: float) -> Iterate:
    """Where a path leads: with an l1 norm weights and pulls are piecewise linear in the strength.

    Args:
        problem: of the rows.
        past: the last two strengths and their solutions, or the only one.
        strength: the next.
    """
    (first, before), (last, after) = past[0], past[-1]
    ratio = strength / last if strength > 0 else 1.0
    penalties = after.penalties * ratio**_PENALTIES
    if first == last:
        return Iterate(after.weights, after.duals * ratio, penalties)
    further = (last - strength) / (first - last)
    weights = after.weights + further * (after.weights - before.weights)
    weights = torch.where(weights * after.weights > 0, weights, 0)
    duals = after.duals + further * (after.duals - before.duals)
    return Iterate(problem.feasible(weights), duals, penalties)


def _start(moments: Moments, start: Weights | None) -> np.ndarray:
    if start is None:
        return np.zeros(moments.cross.shape)
    shapes = [matrix.shape for matrix in (start.A, start.B, start.C, start.D)]
    n, p, q = moments.states, moments.inputs, moments.outputs
    if shapes != [(n, n), (n, p), (q, n), (q, p)]:
        raise ValueError(
            f"a start with A, B, C and D of the shapes {shapes}; the moments have {n} states, "
            f"{p} inputs and {q} outputs"
        )
    return np.block([[start.A, start.B], [start.C, start.D]])


def _limits(
    kappa: float, matching: str, tolerance: float, max_iterations: int, dtype: torch.dtype
) -> Limits:
    if not kappa > 0:
        raise ValueError(f"`kappa` is {kappa}; the bound of a norm must be above 0")
    if matching not in {"relaxed", "strict"}:
        raise ValueError(f"no matching {matching!r}; there are relaxed, strict")
    if not tolerance > 0 or max_iterations < 1:
        raise ValueError(
            f"`tolerance` is {tolerance} and `max_iterations` {max_iterations}; both must be above "
            "0"
        )
    if dtype not in {torch.float32, torch.float64}:
        raise ValueError(f"`dtype` is {dtype}; it may be torch.float32 or torch.float64")
    return Limits(tolerance, max_iterations, dtype)
