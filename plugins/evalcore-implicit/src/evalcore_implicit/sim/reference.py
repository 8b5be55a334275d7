"""The same problem by CVXPY with Clarabel, row by row: slow, and for comparison."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from evalcore_implicit.sim.certificate import Certificate
from evalcore_implicit.sim.masks import parts
from evalcore_implicit.sim.perspective import Perspective
from evalcore_implicit.sim.problem import problem_of
from evalcore_implicit.sim.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from evalcore_implicit.sim.masks import Mask
    from evalcore_implicit.sim.moments import Moments
    from evalcore_implicit.sim.objectives import Objective
    from evalcore_implicit.sim.problem import Problem

    Floats = NDArray[np.float64]

__all__ = ["fit_rows_reference"]

_CPU = torch.device("cpu")


def fit_rows_reference(
    moments: Moments,
    objective: Objective,
    *,
    blocks: Sequence[int],
    mask: Mask = "triangular",
    kappa: float = 0.95,
    matching: Literal["relaxed", "strict"] = "relaxed",
    form: Literal["gram", "residual"] = "gram",
    features: tuple[Floats, Floats] | None = None,
    rows: Collection[int] | None = None,
) -> Weights:
    """As `fit_rows`, by a general solver for conic problems.

    Args:
        moments: as there, and so are the objective, blocks, mask, kappa and matching.
        objective: f.
        blocks: as there.
        mask: as there.
        kappa: as there.
        matching: as there.
        form: "gram" puts a square root of the Gram matrix in the place of Phi; "residual" uses Phi
            itself, so that the cost grows with the number of samples.
        features: Phi and the targets, of shapes (m, n + p) and (m, n + q), for the residual form;
            not needed where the moments have them.
        rows: which of the n + q rows to solve; all of them by default. The others are 0, and not
            converged.

    Raises:
        ValueError: if an argument is outside of what it may be, or the residual form lacks Phi.
        ModuleNotFoundError: if CVXPY or Clarabel is not installed.
    """
    if form not in {"gram", "residual"}:
        raise ValueError(f"no form {form!r}; there are gram, residual")
    given = features or moments.features
    if form == "residual" and given is None:
        raise ValueError("the residual form needs Phi and the targets: give `features`")
    solver = _cvxpy()
    shares = parts(
        mask, blocks, states=moments.states, inputs=moments.inputs, outputs=moments.outputs
    )
    found = np.zeros(moments.cross.shape)
    certificate = Certificate.empty(len(found))
    for part in shares:
        problem, columns = problem_of(moments, part, kappa=kappa, device=_CPU)
        root, roots = _square_root(problem.gram.numpy())
        for i, row in enumerate(part.rows):
            if rows is not None and row not in rows:
                continue
            if form == "residual" and given is not None:
                design, target = given[0][:, columns], given[1][:, row]
            else:
                design, target = root, roots @ problem.cross[i].numpy()
            one = problem.select(torch.tensor([i]))
            weights = _solved(solver, one, objective, design, target, matching == "strict")
            found[row, columns] = weights
            _certify(certificate, int(row), one, objective, weights, matching == "strict")
    return Weights.of(found, moments.states, certificate)


def _cvxpy() -> Any:
    try:
        import_module("clarabel")
        return import_module("cvxpy")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'the reference needs {error.name}: pip install "evalcore-implicit[reference]"'
        ) from error


def _square_root(gram: Floats) -> tuple[Floats, Floats]:
    """F with F^T F = G, and what makes of h the target t with F^T t = h."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    roots = np.sqrt(values[kept])
    return roots[:, None] * vectors[:, kept].T, (vectors[:, kept] / roots).T


def _solved(
    cvxpy: Any, one: Problem, objective: Objective, design: Floats, target: Floats, strict: bool
) -> Floats:
    weights = cvxpy.Variable(one.rows.width)
    constraints = []
    if one.rows.states and np.isfinite(float(one.rows.radius)):
        norm = cvxpy.norm1(weights[: one.rows.states])
        constraints.append(norm <= float(one.rows.radius))
    cost = _penalty(cvxpy, weights, one, objective)
    if strict:
        constraints.append(design @ weights == target)
    else:
        cost = cost + 0.5 * cvxpy.sum_squares(target - design @ weights)
    cvxpy.Problem(cvxpy.Minimize(cost), constraints).solve(solver="CLARABEL")
    if weights.value is None:
        return np.full(one.rows.width, np.nan)
    return np.asarray(weights.value)


def _penalty(cvxpy: Any, weights: Any, one: Problem, objective: Objective) -> Any:
    slopes = objective.slopes(one.rows)[0].numpy()
    cost = slopes @ cvxpy.abs(weights)
    if isinstance(objective, Perspective):
        beyond = cvxpy.pos(cvxpy.abs(weights) - objective.knee)
        return cost + objective.ridge / 2 * cvxpy.sum_squares(beyond)
    return cost + objective.curvature / 2 * cvxpy.sum_squares(weights)


def _certify(
    certificate: Certificate,
    row: int,
    one: Problem,
    objective: Objective,
    weights: Floats,
    strict: bool,
) -> None:
    """What the weights are worth; where the solver gave none, the row stays not converged."""
    if not np.isfinite(weights).all():
        certificate.objective[row] = np.nan
        return
    given = torch.from_numpy(weights)[None]
    values = one.values(given, one.pulls(given), objective)
    penalty = objective.value(given, one.rows)
    certificate.objective[row] = float(penalty if strict else values.objective)
    certificate.residual[row] = float((values.squares / one.squares).sqrt().nan_to_num())
    sums = given[:, : one.rows.states].abs().sum() - one.rows.radius
    certificate.primal[row] = float(sums.clamp_min(0))
    certificate.gap[row] = np.nan if strict else float(values.gap)
    certificate.converged[row] = True
