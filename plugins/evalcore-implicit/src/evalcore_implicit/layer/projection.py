"""The projections that keep a layer well-posed."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["project_rows"]


def project_rows(matrix: Tensor, radius: float) -> Tensor:
    """Project each row on the l1 ball; rows inside it stay as they are.

    Sorting and thresholding, after Duchi et al., Efficient Projections onto the l1-Ball for
    Learning in High Dimensions, ICML 2008, figure 1.

    Args:
        matrix: shape (rows, columns), float32 or float64; it is not changed.
        radius: of the ball, above 0.

    Returns:
        A new matrix, the nearest one (in the Euclidean norm) whose rows' absolute values sum to at
        most `radius`, up to rounding.

    Raises:
        ValueError: if the radius is not above 0, or the matrix has a NaN or an infinite entry.
    """
    if not radius > 0:
        raise ValueError(f"the radius of an l1 ball must be above 0, not {radius}")
    result = matrix.detach().clone()
    norms = result.abs().sum(1)
    # A row that was projected sums to the radius up to rounding, and must not move again.
    outside = (norms <= radius * (1 + 8 * torch.finfo(result.dtype).eps)).logical_not_()
    chosen = outside.nonzero()[:, 0]
    if chosen.numel() == 0:
        return result
    # Of huge entries the sum alone may be infinite.
    if not torch.isfinite(norms).all() and not torch.isfinite(result).all():
        raise ValueError("the matrix to project has a NaN or an infinite entry")
    rows = result[chosen]
    sizes = rows.abs()
    # As gaps to the largest entry, of which nothing is rounded off however large that is. What is
    # further from it than the radius becomes 0.
    gaps = (sizes.amax(1, keepdim=True) - sizes).clamp_max_(radius)
    shrunk = (_widest(gaps, radius)[:, None] - gaps).clamp_min_(0)
    shrunk.mul_((radius / shrunk.sum(1, keepdim=True)).clamp_max_(1))
    result[chosen] = shrunk.copysign_(rows)
    return result


def _widest(gaps: Tensor, radius: float) -> Tensor:
    """The gap of each row from which what is missing of smaller ones sums to the radius."""
    ordered = _ascending(gaps)
    ranks = torch.arange(1, gaps.shape[1] + 1, dtype=gaps.dtype, device=gaps.device)
    levels = (ordered.cumsum(1) + radius) / ranks
    # The gaps below their level come first; their number is at least 1.
    last = (ordered < levels).sum(1, keepdim=True).clamp_min_(1) - 1
    return levels.gather(1, last)[:, 0]


def _ascending(gaps: Tensor) -> Tensor:
    if gaps.device.type == "cpu":  # NumPy sorts short rows several times faster than torch.
        return torch.from_numpy(np.sort(gaps.numpy(), axis=1))
    return gaps.sort(1).values
