import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from evalcore_implicit.layer import project_rows

MATRICES = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-1e3, 1e3, allow_subnormal=False),
)
RADII = st.floats(0.01, 100)


@given(MATRICES, RADII)
def test_a_projected_row_is_inside_the_ball_and_stays_where_it_is(matrix, radius):
    once = project_rows(torch.from_numpy(matrix), radius)
    assert (once.abs().sum(1) <= radius * (1 + 1e-12)).all()
    assert torch.equal(project_rows(once, radius), once)


@given(MATRICES, RADII)
def test_rows_inside_the_ball_are_not_touched(matrix, radius):
    given_rows = torch.from_numpy(matrix)
    inside = given_rows.abs().sum(1) <= radius
    assert torch.equal(project_rows(given_rows, radius)[inside], given_rows[inside])


@given(MATRICES, RADII, st.integers(0, 2**32 - 1))
def test_no_point_of_the_ball_is_nearer(matrix, radius, seed):
    given_rows = torch.from_numpy(matrix)
    nearest = project_rows(given_rows, radius)
    corners = np.random.default_rng(seed).dirichlet(np.ones(matrix.shape[1]), 30)
    signs = np.sign(np.random.default_rng(seed).standard_normal(corners.shape))
    # A projection p of a on a convex set has (a - p) . (z - p) <= 0 for every z of the set.
    others = torch.from_numpy(radius * corners * signs)[:, None]
    inner = ((given_rows - nearest) * (others - nearest)).sum(2)
    assert (inner <= 1e-7 * (1 + given_rows.abs().max() ** 2)).all()


def test_it_agrees_with_cvxpy():
    cvxpy = pytest.importorskip("cvxpy", reason="cvxpy solves the same projection as a program")
    matrix = np.random.default_rng(0).standard_normal((5, 12))
    found = project_rows(torch.from_numpy(matrix), 0.95).numpy()
    point = cvxpy.Variable(matrix.shape)
    distance = cvxpy.sum_squares(point - matrix)
    cvxpy.Problem(
        cvxpy.Minimize(distance), [cvxpy.norm(point[i], 1) <= 0.95 for i in range(5)]
    ).solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
    np.testing.assert_allclose(found, point.value, atol=1e-7)


def test_float32_rows_are_inside_up_to_rounding():
    matrix = torch.randn(50, 400, generator=torch.Generator().manual_seed(0))
    projected = project_rows(matrix, 0.95)
    assert projected.dtype == torch.float32
    assert (projected.abs().sum(1) <= 0.95 * (1 + 1e-6)).all()
    assert torch.equal(project_rows(projected, 0.95), projected)


@pytest.mark.parametrize("size", [1e8, 3e38])
def test_entries_beyond_what_the_radius_changes_share_it(size):
    projected = project_rows(torch.tensor([[size] * 4, [size, -size, 0.0, 1.0]]), 0.8)
    expected = torch.tensor([[0.2] * 4, [0.4, -0.4, 0.0, 0.0]])
    torch.testing.assert_close(projected, expected, atol=1e-6, rtol=0)


def test_the_matrix_itself_is_not_changed():
    matrix = torch.full((2, 3), 4.0)
    project_rows(matrix, 1.0)
    assert (matrix == 4).all()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_an_entry_that_is_not_finite_is_an_error(wrong):
    matrix = torch.tensor([[1.0, wrong], [0.0, 0.0]])
    with pytest.raises(ValueError, match="NaN or an infinite"):
        project_rows(matrix, 1.0)


@pytest.mark.parametrize("radius", [0.0, -1.0, float("nan")])
def test_a_radius_must_be_above_zero(radius):
    with pytest.raises(ValueError, match="above 0"):
        project_rows(torch.ones(1, 1), radius)


def test_no_rows_at_all():
    assert project_rows(torch.empty(0, 3), 1.0).shape == (0, 3)
