"""What the report tells of routers: the metrics of passes, of one set of resamples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalcore import stats
from evalcore.errors import EvalcoreError
from evalcore_metallm.evaluation.curve import concave_hull, router_hull
from evalcore_metallm.evaluation.passes import QUERIES
from evalcore_metallm.evaluation.resampling import pigeonhole, resampled
from evalcore_metallm.metrics.comparison import differences
from evalcore_metallm.metrics.frontier import RouteFrontier
from evalcore_metallm.metrics.means import RouteCost, RouteModels, RouteQuality, RouteRegret
from evalcore_metallm.metrics.resampled import Part, PassMetric, PassMetricSettings
from evalcore_metallm.oracles import Frontier, budget_frontier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.stats import Estimate
    from evalcore_metallm.evaluation.graded import Graded, GradedRouter
    from evalcore_metallm.evaluation.passes import Outcomes, Regret

    Floats = NDArray[np.float64]

__all__ = ["COMPARED", "NUMBERS", "Drawn", "Measured", "Models", "Point", "Time", "measured"]

NUMBERS = {
    "frontier/aiq": "AIQ",
    "frontier/aiq-gain": "gain over models",
    "frontier/saving": "saving",
    "quality": "quality",
    "dollars": "$ per 10,000",
    "regret/reward": "regret, oracle",
    "regret/best-single": "regret, best model",
}
"""The numbers of a router, and their words."""

COMPARED = tuple(name for name in NUMBERS if name != "frontier/aiq-gain")
"""Those that are compared: gains differ by as much as AIQs do."""

_STEPS = 160
"""Points of a curve over the queries of a pass."""


class Point(NamedTuple):
    """Dollars for 10,000 queries, and quality."""

    dollars: Estimate
    quality: Estimate


class Time(NamedTuple):
    """Regret that was gathered from the first query of a pass on, on the mean over orders.

    Attributes:
        queries: numbers of queries, shape (m,).
        regret: shape (m,).
        low: of its 95 % interval for other orders; NaN with one order.
        high: likewise.
    """

    queries: Floats
    regret: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Measured:
    """A router in numbers.

    Attributes:
        name: of the router.
        points: at each of its prices.
        hull: of these points and the cheapest model, in dollars for 10,000 queries.
        numbers: by the names of `NUMBERS`; those of a hull are not of a router at one price.
        against: how much higher these are than the baseline's; empty without one.
        shares: of the queries for which each model was chosen, shape (k,); their sum is less than 1
            where for some none was.
        times: gathered regret, against what; empty unless it chose query by query.
    """

    name: str
    points: tuple[Point, ...]
    hull: Frontier
    numbers: Mapping[str, Estimate]
    against: Mapping[str, Estimate]
    shares: Floats
    times: Mapping[Regret, Time]


@dataclass(frozen=True)
class Models:
    """What the models are worth without a router, and with hindsight.

    Attributes:
        names: of the models, by rising cost.
        places: their places among the shares of a router.
        points: of each model alone.
        hull: of the models alone, in dollars for 10,000 queries.
        oracle: the best model for each query, of equal ones the cheapest.
        plans: the most quality that can be had at each cost, with hindsight.
    """

    names: tuple[str, ...]
    places: tuple[int, ...]
    points: tuple[Point, ...]
    hull: Frontier
    oracle: Point
    plans: Frontier


@dataclass(frozen=True)
class Drawn:
    """All that the report tells.

    Attributes:
        orders: their number.
        queries: numbers of queries in the shortest and the longest pass.
    """

    models: Models
    routers: tuple[Measured, ...]
    orders: int
    queries: tuple[int, int]


def measured(
    graded: Graded, baseline: GradedRouter | None = None, price: float | None = None
) -> Drawn:
    """Measure all routers.

    Args:
        graded: the routers.
        baseline: the one that others are compared with.
        price: of the numbers that are of one price; the first of each router if not given. A router
            at one price alone, such as that of a budget, is told of at that one.

    Raises:
        EvalcoreError: if a router was not graded at this price, or at fewer in some passes.
    """
    for router in graded.routers:
        _check_prices(router, price)
    metric = _Numbers(PassMetricSettings(prices=() if price is None else (price,)))
    routers = tuple(_of_router(router, baseline, metric) for router in graded.routers)
    passes = list(graded.routers[0].passes.values())
    sizes = [one.queries.size for one in passes]
    return Drawn(_of_models(passes), routers, len(passes), (min(sizes), max(sizes)))


class _Numbers(PassMetric):
    """Several metrics as one, so that the same resamples serve all of them.

    What is told of one price is of the price that is set, or of the first.
    """

    def columns(self, outcomes: Outcomes) -> Sequence[Floats]:
        return [column for section in _SECTIONS for column in self._columns(section, outcomes)]

    def parts(self, passes: Sequence[Outcomes]) -> Mapping[str, Part]:
        parts: dict[str, Part] = {}
        start = 0
        for section in _SECTIONS:
            stop = start + len(self._columns(section, passes[0]))
            of_section = [self._seen(section, one) for one in passes]
            for name, part in section.metric(self.settings).parts(of_section).items():
                parts[f"{section.name}/{name}".rstrip("/")] = _of_slice(part, start, stop)
            start = stop
        return parts

    def reading(self, outcomes: Outcomes) -> Outcomes:
        """A pass at the one price that is told of."""
        return outcomes.at(self.settings.prices or outcomes.prices[:1].tolist())

    def _columns(self, section: _Section, outcomes: Outcomes) -> Sequence[Floats]:
        return section.metric(self.settings).columns(self._seen(section, outcomes))

    def _seen(self, section: _Section, outcomes: Outcomes) -> Outcomes:
        return outcomes if section.whole else self.reading(outcomes)


class _Section(NamedTuple):
    """A metric, of all prices or of one."""

    name: str
    metric: type[PassMetric]
    whole: bool


_SECTIONS = (
    _Section("frontier", RouteFrontier, whole=True),
    _Section("each-quality", RouteQuality, whole=True),
    _Section("each-dollars", RouteCost, whole=True),
    _Section("quality", RouteQuality, whole=False),
    _Section("dollars", RouteCost, whole=False),
    _Section("regret", RouteRegret, whole=False),
)


def _of_slice(part: Part, start: int, stop: int) -> Part:
    return part._replace(statistic=lambda means: part.statistic(means[:, start:stop]))


def _check_prices(router: GradedRouter, price: float | None) -> None:
    passes = list(router.passes.values())
    if len({one.prices.size for one in passes}) > 1:
        raise EvalcoreError(f"{router.name}: found passes at other numbers of prices")
    known = passes[0].prices
    if price is not None and known.size > 1 and price not in known:
        listed = ", ".join(f"{one:g}" for one in known)
        raise EvalcoreError(
            f"{router.name} was not graded at price {price:g}, expected one of: {listed}"
        )


def _of_router(router: GradedRouter, baseline: GradedRouter | None, metric: _Numbers) -> Measured:
    passes = list(router.passes.values())
    found = _estimates(metric, passes)
    points = _points(found, "each-dollars", "each-quality")
    reading = [metric.reading(one) for one in passes]
    compared = baseline is not None and baseline is not router
    apart = differences(metric, router.passes, baseline.passes) if baseline and compared else {}
    return Measured(
        name=router.name,
        points=points,
        hull=router_hull(*_values(points), *_singles(passes)),
        numbers={name: found[name] for name in NUMBERS if name in found},
        against={name: apart[name] for name in COMPARED if name in apart},
        shares=_shares(reading),
        times={against: _time(reading, against) for against in _GATHERED if router.stepwise},
    )


def _of_models(passes: Sequence[Outcomes]) -> Models:
    found = _estimates(RouteModels(PassMetricSettings()), passes)
    *points, oracle = _points(found, "dollars,", "quality,")
    places = tuple(sorted(range(len(points)), key=lambda place: points[place].dollars.value))
    return Models(
        names=tuple(passes[0].arms[place] for place in places),
        places=places,
        points=tuple(points[place] for place in places),
        hull=concave_hull(*_singles(passes)),
        oracle=oracle,
        plans=_plans(passes),
    )


def _estimates(metric: PassMetric, passes: Sequence[Outcomes]) -> dict[str, Estimate]:
    seen = [metric.observed(one) for one in passes]
    means = pigeonhole(seen, resamples=metric.settings.resamples)
    return {
        name: resampled(means, part.statistic, axis=part.axis, at=part.at)
        for name, part in metric.parts(passes).items()
    }


def _points(found: Mapping[str, Estimate], dollars: str, quality: str) -> tuple[Point, ...]:
    """The points whose coordinates have names that begin so, by rising price if they have any."""
    pairs = ([found[name] for name in found if name.startswith(of)] for of in (dollars, quality))
    points = [Point(*pair) for pair in zip(*pairs, strict=True)]
    return tuple(sorted(points, key=lambda point: point.quality.at or 0.0))


def _values(points: Sequence[Point]) -> tuple[Floats, Floats]:
    dollars, quality = np.array([[one.value for one in point] for point in points]).T
    return dollars, quality


def _singles(passes: Sequence[Outcomes]) -> tuple[Floats, Floats]:
    """Dollars for 10,000 queries, and quality, of each model, over the queries of all orders."""
    dollars = np.concatenate([one.single_cost for one in passes], axis=1).mean(axis=1) * QUERIES
    quality = np.concatenate([one.single_quality for one in passes], axis=1).mean(axis=1)
    return dollars, quality


def _plans(passes: Sequence[Outcomes]) -> Frontier:
    """The mean over orders, from where all can be paid for on."""
    of_orders = [budget_frontier(one.single_quality.T, one.single_cost.T) for one in passes]
    start, stop = (max(of.cost[end] for of in of_orders) for end in (0, -1))
    cost = np.linspace(start, stop, _STEPS)
    heights = [np.interp(cost, of.cost, of.quality) for of in of_orders]
    return Frontier(cost * QUERIES, np.mean(heights, axis=0))


def _shares(reading: Sequence[Outcomes]) -> Floats:
    chosen = np.concatenate([one.chosen[0] for one in reading])
    shares: Floats = (chosen[:, None] == np.arange(len(reading[0].arms))).mean(axis=0)
    return shares


_GATHERED: tuple[Regret, ...] = ("reward", "best-single")


def _time(reading: Sequence[Outcomes], against: Regret) -> Time:
    shortest = min(one.queries.size for one in reading)
    gathered = np.stack([one.regret(against)[0, :shortest].cumsum() for one in reading])
    at = np.unique(np.linspace(0, shortest - 1, _STEPS).round().astype(int))
    means = [stats.mean(gathered[:, place]) for place in at]
    regret, low, high = (
        np.array([getattr(mean, end) for mean in means]) for end in ("value", "low", "high")
    )
    return Time(at + 1.0, regret, low, high)
