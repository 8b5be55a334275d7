"""How far the inputs of a classifier may change before its class can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["certified_radius"]


def certified_radius(scores: Tensor, sensitivity: Tensor) -> Tensor:
    """The certified radius of each sample in the l_inf norm, float64 of shape (m,).

    Within a change of less than r in every entry of the input, the class c of the largest score
    stays: r is the least (y_c - y_j) / ((S_c + S_j) 1) over the other classes j, since a score
    changes by at most S_j 1 r. It is 0 where two classes share the largest score, and infinite
    where no score depends on the inputs.

    Args:
        scores: y, shape (m, q), one row a sample.
        sensitivity: S with |y - y0| <= S |u - u0|, shape (q, p); see `sensitivity`.

    Raises:
        ValueError: if the shapes do not fit, there are fewer than two classes, S has an entry below
            0, or a number is not finite.
    """
    if scores.ndim != 2 or sensitivity.ndim != 2 or scores.shape[1] != sensitivity.shape[0]:
        raise ValueError(
            f"the scores are of the shape {tuple(scores.shape)} and the sensitivity of "
            f"{tuple(sensitivity.shape)}: expected (m, q) and (q, p)"
        )
    if scores.shape[1] < 2:
        raise ValueError("there is a single class: a radius needs at least two")
    if not bool(scores.isfinite().all()):
        raise ValueError("the scores have a NaN or an infinite entry")
    if not bool(((sensitivity >= 0) & sensitivity.isfinite()).all()):
        raise ValueError("the sensitivity has an entry that is below 0 or not finite")
    values = scores.detach().double()
    reach = sensitivity.detach().to(values.device, torch.float64).sum(1)
    largest, classes = values.max(1, keepdim=True)
    margins = largest - values
    # Between scores that are equal nothing is certified, whether they change or not.
    radii = torch.where(margins > 0, margins / (reach[classes] + reach), 0.0)
    return radii.scatter_(1, classes, torch.inf).amin(1)
