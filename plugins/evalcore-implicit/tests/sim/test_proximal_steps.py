"""The proximal steps, against CVXPY and by their properties."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_implicit.sim import L1, ElasticNet, Perspective, Robust
from evalcore_implicit.sim.reference import _penalty
from evalcore_implicit.sim.rows import Rows

STATES, WIDTH = 5, 9
OBJECTIVES = [
    L1(0.3),
    L1(0.0),
    ElasticNet(0.5),
    ElasticNet(0.5, ratio=0),
    ElasticNet(0.5, ratio=1),
    Perspective(0.1),
    Perspective(0.02, ridge=3.0),
    Perspective(0.0),
    Robust(0.1, inputs=4, outputs=2),
]


def rows(radius, count=1):
    radii = torch.full((count, 1), float(radius), dtype=torch.float64)
    return Rows(STATES, WIDTH, radii, radii.isinf())


def stepped(objective, values, step, radius):
    given_rows = rows(radius, len(values))
    return objective.prox(values, torch.full_like(given_rows.radius, step), given_rows)


@pytest.mark.parametrize("radius", [0.5, 2.0, math.inf])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_step_is_that_of_cvxpy(objective, radius):
    cvxpy = pytest.importorskip("cvxpy")
    values = np.random.default_rng(1).normal(size=WIDTH)
    found = stepped(objective, torch.from_numpy(values)[None], 0.7, radius)[0]

    weights = cvxpy.Variable(WIDTH)

    class One:
        rows = globals()["rows"](radius)

    cost = 0.5 * cvxpy.sum_squares(weights - values) + 0.7 * _penalty(
        cvxpy, weights, One, objective
    )
    norm = [cvxpy.norm1(weights[:STATES]) <= radius] if math.isfinite(radius) else []
    tight = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12}
    cvxpy.Problem(cvxpy.Minimize(cost), norm).solve(solver="CLARABEL", **tight)
    assert np.allclose(found.numpy(), weights.value, atol=2e-6)


@given(
    st.sampled_from(OBJECTIVES),
    st.lists(st.floats(-10, 10), min_size=WIDTH, max_size=WIDTH),
    st.floats(1e-3, 1e3),
    st.floats(1e-2, 20),
)
@settings(deadline=None)
def test_step_is_feasible_and_better_than_its_neighbours(objective, values, step, radius):
    values = torch.tensor([values], dtype=torch.float64)
    found = stepped(objective, values, step, radius)
    assert float(found[:, :STATES].abs().sum()) <= radius * (1 + 1e-12)
    assert (found * values >= 0).all()

    def cost(weights):
        return float(((weights - values) ** 2).sum() / 2 + step * objective.value(weights, one))

    one, drawn = rows(radius), torch.Generator().manual_seed(0)
    least = cost(found)
    for size in (1e-3, 1e-1, 1.0):
        moved = found + size * torch.randn(found.shape, generator=drawn, dtype=found.dtype)
        norm = moved[:, :STATES].abs().sum()
        moved[:, :STATES] *= min(1.0, radius / float(norm))
        assert least <= cost(moved) + 1e-9 * (1 + abs(least))


@given(
    st.sampled_from(OBJECTIVES),
    st.lists(st.floats(-5, 5), min_size=2 * WIDTH, max_size=2 * WIDTH),
    st.sampled_from([0.1, 1.0, math.inf]),
)
@settings(deadline=None)
def test_conjugate_bounds_every_feasible_row(objective, numbers, radius):
    """y^T w - f(w) is at most the conjugate, for duals that were scaled (Fenchel and Young)."""
    duals, weights = torch.tensor(numbers, dtype=torch.float64).reshape(2, 1, WIDTH)
    one = rows(radius)
    scale = objective.scale(duals, one, torch.zeros_like(one.radius))
    duals = duals * scale[:, None].nan_to_num(0)
    norm = float(weights[:, :STATES].abs().sum())
    weights[:, :STATES] *= min(1.0, radius / norm) if norm else 1.0
    worth = (duals * weights).sum(1) - objective.value(weights, one)
    assert float(worth) <= float(objective.conjugate(duals, one)) + 1e-9


@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_pieces_are_the_slope_of_the_value(objective):
    one, size = rows(math.inf), 1e-6
    weights = torch.linspace(-2, 2, WIDTH, dtype=torch.float64)[None] + 0.013
    slopes, curvatures = objective.pieces(weights, one)
    for j in range(WIDTH):
        moved = weights.clone()
        moved[0, j] += size
        rise = float(objective.value(moved, one) - objective.value(weights, one)) / size
        slope = slopes[0, j] * weights[0, j].sign() + curvatures[0, j] * weights[0, j]
        assert rise == pytest.approx(float(slope), abs=1e-5)


def test_robust_weighs_inputs_and_outputs():
    radius = torch.tensor([[0.95], [math.inf]], dtype=torch.float64)
    slopes = Robust(0.5, inputs=10, outputs=3).slopes(Rows(1, 2, radius, radius.isinf()))
    assert slopes.tolist() == [[0.5, 5.0], [1.5, 15.0]]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: L1(-1), "strength"),
        (lambda: L1(math.nan), "strength"),
        (lambda: ElasticNet(1, ratio=2), "ratio"),
        (lambda: Perspective(1, ridge=0), "ridge"),
        (lambda: Robust(1, inputs=0), "inputs"),
    ],
)
def test_settings_out_of_bounds_are_errors(make, name):
    with pytest.raises(ValueError, match=f"`{name}` is"):
        make()
