"""Metrics `route-quality`, `route-cost`, `route-share`, `route-regret` and `route-models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evalcore_metallm.evaluation.passes import QUERIES, REGRETS
from evalcore_metallm.metrics.resampled import Part, PassMetric, at_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore_metallm.evaluation.passes import Outcomes

    Floats = NDArray[np.float64]

__all__ = ["RouteCost", "RouteModels", "RouteQuality", "RouteRegret", "RouteShare"]


class RouteQuality(PassMetric):
    """Mean quality of what the router chose, at each price."""

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """The quality at each price."""
        return list(outcomes.quality)

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """A curve over prices, where there are several."""
        prices = at_prices(passes, axis="price")
        return {name: Part(_mean_of(i), **place) for i, (name, place) in enumerate(prices)}


class RouteCost(PassMetric):
    """Dollars for 10,000 queries, at each price."""

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """The cost at each price."""
        return list(outcomes.cost * QUERIES)

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """A curve over prices, where there are several."""
        prices = at_prices(passes, axis="price")
        return {name: Part(_mean_of(i), **place) for i, (name, place) in enumerate(prices)}


class RouteShare(PassMetric):
    """Share of the queries for which each model was chosen, at each price."""

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """Whether a model was chosen, for each price and model."""
        models = range(len(outcomes.arms))
        return [(of_price == arm) * 1.0 for of_price in outcomes.chosen for arm in models]

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """By price and model."""
        return _by_price(passes, passes[0].arms)


class RouteRegret(PassMetric):
    """How much less than with hindsight the router was worth a query, at each price.

    `reward`: than the best choices by its own reward; `quality`: by quality alone; `budget`: than
    the plan of highest quality at the router's cost; `best-single`: than the best model alone.
    """

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """The regrets, for each price."""
        regrets = np.stack([outcomes.regret(against) for against in REGRETS])
        return [regret for of_price in regrets.swapaxes(0, 1) for regret in of_price]

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """By price and what it is against."""
        return _by_price(passes, REGRETS)


class RouteModels(PassMetric):
    """Quality, and dollars for 10,000 queries, of each model alone and of the quality oracle."""

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """The quality of each and of the oracle, then the costs."""
        quality, cost = outcomes.quality_oracle
        return [
            *outcomes.single_quality,
            quality,
            *outcomes.single_cost * QUERIES,
            cost * QUERIES,
        ]

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """By what is measured and model."""
        names = (*passes[0].arms, "oracle")
        named = [f"{of},{name}" for of in ("quality", "dollars") for name in names]
        return {name: Part(_mean_of(i)) for i, name in enumerate(named)}


def _by_price(passes: Sequence[Outcomes], names: Sequence[str]) -> dict[str, Part]:
    prices = [f"{price}," if price else "" for price, _ in at_prices(passes)]
    named = [price + name for price in prices for name in names]
    return {name: Part(_mean_of(i)) for i, name in enumerate(named)}


def _mean_of(column: int) -> Callable[[Floats], Floats]:
    return lambda means: means[:, column]
