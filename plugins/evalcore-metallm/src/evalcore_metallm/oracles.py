"""What could have been reached at best, by one who knows every outcome beforehand.

All take `quality` and `cost` of shape (n, k), where NaN is an arm that nobody tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

__all__ = ["Frontier", "budget_frontier", "quality_oracle", "reward_oracle"]


def quality_oracle(quality: Floats, cost: Floats) -> Ints:
    """For each query the best arm, of equal ones the cheapest: shape (n,).

    Raises:
        EvalcoreError: if of some query no outcome is known.
    """
    known = ~np.isnan(quality + cost)
    if not known.any(axis=1).all():
        raise EvalcoreError(
            f"found {(~known.any(axis=1)).sum()} queries without a known outcome, expected for "
            "each the quality and the cost of one model at least"
        )
    found = np.where(known, quality, -np.inf)
    best = known & (found == found.max(axis=1, keepdims=True))
    arms: Ints = np.where(best, cost, np.inf).argmin(axis=1)
    return arms


def reward_oracle(quality: Floats, cost: Floats, price: float) -> Ints:
    """For each query the arm of the highest quality - price * cost, of equal ones the cheapest.

    Raises:
        EvalcoreError: if of some query no outcome is known.
    """
    return quality_oracle(quality - price * cost, cost)


class Frontier(NamedTuple):
    """The most quality that each budget can buy, by straight lines between corners.

    Attributes:
        cost: mean cost of a query at each corner, rising.
        quality: mean quality there, rising.
    """

    cost: Floats
    quality: Floats

    def at(self, budget: float) -> float:
        """The most quality for a mean cost of a query.

        Raises:
            EvalcoreError: if it does not pay for the cheapest choices.
        """
        if budget < self.cost[0] * (1 - 1e-12):
            raise EvalcoreError(
                f"a budget of {budget:g} a query was found, and the cheapest models cost "
                f"{self.cost[0]:g}"
            )
        return float(np.interp(budget, self.cost, self.quality))


def budget_frontier(quality: Floats, cost: Floats) -> Frontier:
    """What the linear program of MetaLLM reaches, for all budgets at once.

    max sum a_ij f_ij, sum c_ij f_ij <= b, sum_j f_ij = 1, f >= 0 (arXiv 2407.10834, section 3.2).
    Its dual is min b p + sum_i q_i with q_i >= a_ij - p c_ij and p >= 0; the publication leaves out
    the b. For each query only the corners of its own concave hull matter, and the best plan buys
    the steps between them in the order of the quality that they give for a unit of cost: the exact
    solution, where the last step that is paid for may be bought in part.

    Raises:
        EvalcoreError: if of some query no outcome is known.
    """
    cheapest = quality_oracle(-cost, -quality)  # of equally cheap arms the best
    rows = np.arange(len(cheapest))
    start = np.stack([cost[rows, cheapest].sum(), quality[rows, cheapest].sum()])
    steps = np.concatenate([np.empty((2, 0)), *_steps(quality, cost, cheapest)], axis=1)
    steps = steps[:, np.argsort(-steps[1] / steps[0], kind="stable")]
    bought = np.concatenate([start[:, None], steps], axis=1).cumsum(axis=1) / len(rows)
    return Frontier(*bought)


def _steps(quality: Floats, cost: Floats, at: Ints) -> Iterator[Floats]:
    """From arm `at` of each query, step by step, along the query's rising concave hull.

    Yields:
        What a step adds to cost and to quality, shape (2, m), for the m queries that rise still.
    """
    while len(quality):
        rows = np.arange(len(quality))
        added = np.stack([part - part[rows, at][:, None] for part in (cost, quality)])
        rises = (added[0] > 0) & (added[1] > 0)  # not where an outcome is unknown
        slopes = np.divide(added[1], added[0], out=np.full(rises.shape, -np.inf), where=rises)
        steepest = rises & (slopes == slopes.max(axis=1, keepdims=True))
        to = np.where(steepest, added[0], -np.inf).argmax(axis=1)
        on = rises.any(axis=1)
        yield added[:, rows, to][:, on]
        quality, cost, at = quality[on], cost[on], to[on]
