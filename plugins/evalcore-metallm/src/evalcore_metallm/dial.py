"""The dial between quality and cost: many prices at once, and the price that keeps to a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evalcore_metallm.policies.policy import Estimate, Floats
    from evalcore_metallm.router import Router

    Ints = NDArray[np.intp]

__all__ = ["choices_over_prices", "price_for_budget"]

_SCANNED = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 65)])
"""Prices between which a budget is looked for. Costs are shares of the dearest model's, and
quality is at most 1, so these reach from where price is nothing to where it is all."""

_HALVINGS = 50
"""Of the interval that a scan leaves: more than the digits of a float."""


def choices_over_prices(router: Router, queries: Sequence[str], prices: ArrayLike) -> Ints:
    """The arm of the highest score for each query at each price, from one prediction.

    Nothing is learned, and nothing that the router does next is changed. Policies that draw their
    choices are asked for the arm that they hold for best; of equal ones the cheapest is taken.

    Args:
        router: as it is now.
        queries: n texts.
        prices: shape (P,).

    Returns:
        Numbers of arms, shape (P, n).
    """
    lines = _Lines(router.policy.estimate(router.contexts(queries)))
    return np.stack([lines.highest(price) for price in np.asarray(prices, dtype=float)])


def price_for_budget(
    router: Router, queries: Sequence[str], cost: ArrayLike, budget_per_query: float
) -> float:
    """The smallest price at which queries cost no more than a budget on the mean.

    Where the router predicts the costs that are recorded, the mean cost never rises with the price
    (MetaLLM, arXiv 2407.10834, section 4.1). Where it predicts them a little wrong, the price is
    the first of a scan that keeps to the budget, made smaller by bisection as far as it does. The
    choices are those of `choices_over_prices`.

    Args:
        router: as it is now.
        queries: n texts, best none that it has learned from.
        cost: dollars of each arm on each, shape (n, k); NaN, where it is not known, counts as much
            as the arm's others on the mean.
        budget_per_query: dollars.

    Raises:
        EvalcoreError: if no price keeps to the budget.
    """
    lines = _Lines(router.policy.estimate(router.contexts(queries)))
    known = _filled(np.asarray(cost, dtype=float))
    rows = np.arange(len(known))

    def spent(price: float) -> float:
        return float(known[rows, lines.highest(price)].mean())

    fits = next((i for i, price in enumerate(_SCANNED) if spent(price) <= budget_per_query), None)
    if fits is None:
        raise EvalcoreError(
            f"found a budget of {budget_per_query:g} dollars a query, and the router's cheapest "
            f"choices cost {spent(_SCANNED[-1]):g}; raise the budget to that at least"
        )
    if fits == 0:
        return 0.0
    low, high = float(_SCANNED[fits - 1]), float(_SCANNED[fits])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if spent(middle) <= budget_per_query else (middle, high)
    return high


class _Lines:
    """The score of each arm for each query as a line over the price: quality - price * cost."""

    def __init__(self, estimate: Estimate) -> None:
        # Arm by arm along the first axis, the cheapest first, so that a loop over few arms does.
        self._arms: Ints = estimate.cost.argsort(axis=1, kind="stable").T
        self._quality, self._cost = (
            np.take_along_axis(part.T, self._arms, axis=0) for part in estimate
        )

    def highest(self, price: float) -> Ints:
        """The arm of the highest line for each query, of equal ones the cheapest."""
        scores = self._quality - price * self._cost
        top: Floats = scores[0]
        arms: Ints = self._arms[0]
        for score, arm in zip(scores[1:], self._arms[1:], strict=True):
            higher = score > top
            top, arms = np.where(higher, score, top), np.where(higher, arm, arms)
        return arms


def _filled(cost: Floats) -> Floats:
    known = ~np.isnan(cost)
    if not known.any(axis=0).all():
        raise EvalcoreError("found a model without any known cost, expected one query at least")
    means = np.where(known, cost, 0.0).sum(axis=0) / known.sum(axis=0)
    return np.where(known, cost, means)
