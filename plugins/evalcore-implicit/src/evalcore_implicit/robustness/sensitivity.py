"""How much the outputs of an implicit model can change with its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["bound", "sensitivity"]


def sensitivity(
    A: Tensor,  # noqa: N803
    B: Tensor,  # noqa: N803
    C: Tensor,  # noqa: N803
    D: Tensor | None = None,  # noqa: N803
    *,
    bias: bool = False,
) -> Tensor:
    """The matrix S = |C| (I - |A|)^-1 |B| + |D|, in float64 of shape (q, p).

    Where the activation is componentwise and non-expansive, the outputs y and y0 for inputs u and
    u0 have |y - y0| <= S |u - u0| in every entry (El Ghaoui et al., Implicit Deep Learning, SIAM
    Journal on Mathematics of Data Science 2021, section 4). The inverse is not formed; a triangular
    A is solved by substitution.

    Args:
        A: shape (n, n).
        B: shape (n, p), or (n, p + 1) with a bias.
        C: shape (q, n).
        D: shape (q, p), or (q, p + 1) with a bias; 0 if it is not given.
        bias: whether the last column of B and D belongs to a constant input, which no one changes.

    Raises:
        ValueError: if the shapes do not fit, an entry is not finite, or the spectral radius of |A|
            is not below 1, so that the bound does not exist.
    """
    a, b, c, d = _absolute(A, B, C, D, bias=bias)
    n = len(a)
    # With a row of ones beside C: its solution w > 0 has |A|^T w < w, and so proves the radius.
    left = torch.cat([c, c.new_ones(1, n)])
    matrix = torch.eye(n, dtype=a.dtype, device=a.device) - a
    if not n:
        return d
    solved = _solved(matrix, left)
    if not bool((solved[-1] > 0).all()) or not bool(solved.isfinite().all()):
        raise ValueError(
            "the spectral radius of |A| is not below 1, so that changes of the inputs may grow "
            "without a bound: project the rows of A, or rescale the model"
        )
    # No entry is negative but by rounding.
    return solved[:-1].clamp(min=0) @ b + d


def bound(
    A: Tensor,  # noqa: N803
    B: Tensor,  # noqa: N803
    C: Tensor,  # noqa: N803
    D: Tensor | None = None,  # noqa: N803
    *,
    kappa: float | None = None,
    bias: bool = False,
) -> float:
    """The bound ||B|| ||C|| / (1 - kappa) + ||D|| on ||S||, in the infinity norm.

    It follows from the series of (I - |A|)^-1 where ||A|| <= kappa, and costs no solve. `S` itself
    is `sensitivity`.

    Args:
        A: as B, C and D those of `sensitivity`.
        B: see there.
        C: see there.
        D: see there.
        kappa: at least the norm of A and below 1; that norm if it is not set.
        bias: see `sensitivity`.

    Raises:
        ValueError: if the shapes do not fit, an entry is not finite, or the norm of A is above
            kappa, or kappa is not below 1.
    """
    norms = [_norm(matrix) for matrix in _absolute(A, B, C, D, bias=bias)]
    limit = norms[0] if kappa is None else kappa
    if not 0 <= limit < 1:
        raise ValueError(f"kappa is {limit:.6g}: the bound holds for a norm of A below 1")
    # A projection leaves rows that sum to kappa up to the rounding of their own type.
    if norms[0] > limit * (1 + 1e-5) or norms[0] >= 1:
        raise ValueError(f"the norm of A is {norms[0]:.6g}, above kappa = {limit:.6g}")
    return norms[1] * norms[2] / (1 - max(limit, norms[0])) + norms[3]


def _absolute(
    a: Tensor, b: Tensor, c: Tensor, d: Tensor | None, *, bias: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    if d is None:
        d = c.new_zeros(c.shape[0], b.shape[1])
    n, q = a.shape[0], c.shape[0]
    expected = {"A": (n, n), "B": (n, b.shape[1]), "C": (q, n), "D": (q, b.shape[1])}
    given = dict(zip("ABCD", (a, b, c, d), strict=True))
    for name, matrix in given.items():
        if tuple(matrix.shape) != expected[name]:
            raise ValueError(
                f"{name} is of the shape {tuple(matrix.shape)}: expected {expected[name]}"
            )
        if not bool(matrix.isfinite().all()):
            raise ValueError(f"{name} has a NaN or an infinite entry")
    sizes = [matrix.detach().double().abs() for matrix in given.values()]
    if bias:
        sizes[1], sizes[3] = sizes[1][:, :-1], sizes[3][:, :-1]
    return sizes[0], sizes[1], sizes[2], sizes[3]


def _solved(matrix: Tensor, left: Tensor) -> Tensor:
    """The solution X of X matrix = left; not finite where the matrix is singular."""
    upper, lower = not bool(matrix.tril(-1).any()), not bool(matrix.triu(1).any())
    solution: Tensor
    if upper or lower:
        solution = torch.linalg.solve_triangular(matrix, left, upper=upper, left=False)
    else:
        solution, failed = torch.linalg.solve_ex(matrix, left, left=False)
        solution = torch.where(failed > 0, torch.nan, solution)
    return solution


def _norm(matrix: Tensor) -> float:
    """The largest sum in a row."""
    return float(matrix.sum(1).max()) if matrix.numel() else 0.0
