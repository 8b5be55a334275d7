"""How likely the highest of several independent draws is each one's, for Thompson sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalcore_metallm.policies.policy import shares_of_best

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalcore_metallm.policies.policy import Bools, Floats

__all__ = ["LEVELS", "chances_of_best"]

LEVELS = (np.arange(64) + 0.5) / 64
"""The quantiles at which a draw is looked at."""


def chances_of_best(
    quantiles: Callable[[int], Floats],
    distribution: Callable[[int, Floats], Floats],
    shape: tuple[int, int],
    allowed: Bools | None,
) -> Floats:
    """P(j) = E[prod of F_i(draw of j) over i other than j], a mean over quantiles of j's draw.

    That is the midpoint rule, off by 1 / 128 at most for two arms. A router that draws its arm by
    these chances picks as Thompson sampling does, to within that, and its propensities are exact.

    Args:
        quantiles: of an arm's draws at `LEVELS`, shape (n, levels).
        distribution: F_i of an arm, of values of that shape.
        shape: n, k.
        allowed: which arms may be picked, shape (n, k) or (k,); all if not given.

    Raises:
        EvalcoreError: if none may be.
    """
    among = shares_of_best(np.zeros(shape), allowed) > 0
    chances = np.zeros(shape)
    for arm in range(shape[1]):
        values = quantiles(arm)
        below = np.ones_like(values)
        for other in range(shape[1]):
            if other != arm:
                below *= np.where(among[:, other, None], distribution(other, values), 1.0)
        chances[:, arm] = below.mean(axis=1)
    chances *= among
    shares: Floats = chances / chances.sum(axis=1, keepdims=True)
    return shares
