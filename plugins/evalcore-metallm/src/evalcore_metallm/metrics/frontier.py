"""Metric `route-frontier`: a router over all costs, against the models alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore import stats
from evalcore_metallm.evaluation.curve import average_quality, concave_hull, router_hull, saving
from evalcore_metallm.evaluation.passes import QUERIES
from evalcore_metallm.metrics.resampled import Part, PassMetric, at_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate
    from evalcore_metallm.evaluation.passes import Outcomes

    Floats = NDArray[np.float64]

__all__ = ["RouteFrontier"]


class RouteFrontier(PassMetric):
    """What all prices of a router are worth together.

    `aiq`: the mean height of its hull between the costs of the cheapest and of the dearest model. A
    hull holds the cheapest model, so that of a router that is nowhere above it, such as a random
    one may be, the `aiq` is that model's quality.
    `aiq-models`: that of the models alone, which is the zero router's; `aiq-gain`: the one less the
    other. `saving`: the share of the best model's cost that the router saves where it is as good;
    unknown where it never is. `over-budget`: the share of passes that cost more than the budget.
    With several prices, their points are a curve of quality over dollars for 10,000 queries; with
    one alone there is no `aiq`, which would be of that point and not of the router.
    """

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        """Costs and qualities at each price, then those of each model."""
        return [
            *outcomes.cost * QUERIES,
            *outcomes.quality,
            *outcomes.single_cost * QUERIES,
            *outcomes.single_quality,
        ]

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        """The numbers, and the curve."""
        prices = passes[0].prices.size
        if prices == 1:
            return _numbers({name: _NUMBERS[name] for name in ("aiq-models", "saving")}, prices)
        found = _numbers(_NUMBERS, prices)
        costs = np.mean([one.cost.mean(axis=1) for one in passes], axis=0) * QUERIES
        for i, (name, _) in enumerate(at_prices(passes)):
            found[name] = Part(_column(prices + i), axis="dollars", at=float(costs[i]))
        return found

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """The numbers and the curve; where there is a budget, how often it was not kept."""
        found = super().compute(scores)
        assert isinstance(found, dict)
        over = self._over_budget(scores)
        known = ~np.isnan(over)
        if known.any():
            found["over-budget"] = stats.proportion(over[known], scores.sample[known])
        return found

    def _over_budget(self, scores: Scores) -> Floats:
        """Whether each pass cost more than its budget; NaN where it had none, or failed."""
        budgets, costs = scores.details("details.budget", "score.dollars")
        pairs = zip(budgets, costs, strict=True)
        return np.array([_is_over(budget, cost) for budget, cost in pairs], dtype=np.float64)


class _Points(NamedTuple):
    """Mean costs and qualities: of a router at its prices, and of the models."""

    cost: Floats
    quality: Floats
    single_cost: Floats
    single_quality: Floats

    def aiq(self) -> float:
        return average_quality(router_hull(*self), *self._ends())

    def aiq_of_models(self) -> float:
        return average_quality(concave_hull(self.single_cost, self.single_quality), *self._ends())

    def saving(self) -> float:
        best = np.lexsort((self.single_cost, -self.single_quality))[0]
        return saving(router_hull(*self), self.single_cost[best], self.single_quality[best])

    def _ends(self) -> tuple[float, float]:
        return float(self.single_cost.min()), float(self.single_cost.max())


_NUMBERS: dict[str, Callable[[_Points], float]] = {
    "aiq": _Points.aiq,
    "aiq-models": _Points.aiq_of_models,
    "aiq-gain": lambda points: points.aiq() - points.aiq_of_models(),
    "saving": _Points.saving,
}


def _numbers(numbers: Mapping[str, Callable[[_Points], float]], prices: int) -> dict[str, Part]:
    return {name: Part(_of_points(prices, number)) for name, number in numbers.items()}


def _of_points(prices: int, number: Callable[[_Points], float]) -> Callable[[Floats], Floats]:
    """A number of points, of each row of means; NaN where a mean is not known."""

    def statistic(means: Floats) -> Floats:
        known = ~np.isnan(means).any(axis=1)
        found = np.full(len(means), np.nan)
        found[known] = [number(_points(row, prices)) for row in means[known]]
        return found

    return statistic


def _points(row: Floats, prices: int) -> _Points:
    router, models = row[: 2 * prices], row[2 * prices :]
    return _Points(*np.split(router, 2), *np.split(models, 2))


def _column(place: int) -> Callable[[Floats], Floats]:
    return lambda means: means[:, place]


def _is_over(budget: float | None, dollars: list[float] | None) -> float:
    if budget is None or dollars is None:
        return np.nan
    return float(dollars[0] > budget)
