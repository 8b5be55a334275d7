"""Thresholds of proximal steps that have to end in an l1 ball."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["ball_thresholds", "shrunk"]


def ball_thresholds(sizes: Tensor, radius: Tensor) -> Tensor:
    """What to take off each row's sizes so that those that stay above 0 sum to the radius.

    By sorting, after Duchi et al., Efficient Projections onto the l1-Ball for Learning in High
    Dimensions, ICML 2008, figure 1.

    Args:
        sizes: not negative, shape (rows, columns).
        radius: above 0, of each row, shape (rows, 1); it may be infinite.

    Returns:
        At least 0, and 0 for rows within the radius; shape (rows, 1).
    """
    result = torch.zeros_like(radius)
    outside = (sizes.sum(1, keepdim=True) > radius).nonzero()[:, 0]
    if not outside.numel():
        return result
    ordered = _descending(sizes[outside])
    ranks = torch.arange(1, sizes.shape[1] + 1, dtype=sizes.dtype, device=sizes.device)
    levels = (ordered.cumsum(1) - radius[outside]) / ranks
    # The entries above their level come first; their number is at least 1.
    last = (ordered > levels).sum(1, keepdim=True).clamp_min_(1) - 1
    result[outside] = levels.gather(1, last).clamp_min_(0)
    return result


def shrunk(values: Tensor, thresholds: Tensor) -> Tensor:
    """Soft thresholding: nearer to 0 by the threshold, and 0 where that would change the sign."""
    return (values.abs() - thresholds).clamp_min_(0).copysign_(values)


def _descending(sizes: Tensor) -> Tensor:
    if sizes.device.type == "cpu":  # NumPy sorts short rows several times faster than torch.
        return torch.from_numpy(np.sort(sizes.numpy(), axis=1)[:, ::-1].copy())
    return sizes.sort(1, descending=True).values
