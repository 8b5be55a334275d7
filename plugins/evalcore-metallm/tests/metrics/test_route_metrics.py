"""The metrics of passes, on records of passes over a made log."""

from __future__ import annotations

import math
from contextlib import ExitStack

import numpy as np
import pytest

from evalcore.testing import record, scores_of
from evalcore_metallm.evaluation.passes import Outcomes
from evalcore_metallm.metrics.frontier import RouteFrontier
from evalcore_metallm.metrics.means import (
    RouteCost,
    RouteModels,
    RouteQuality,
    RouteRegret,
    RouteShare,
)
from evalcore_metallm.metrics.resampled import PassMetricSettings

PRICES = (0.0, 0.5)
METRICS = (RouteQuality, RouteCost, RouteShare, RouteRegret, RouteModels, RouteFrontier)


def a_pass(order, choose, prices=PRICES, queries=80):
    """A pass over a log of two models, of which the dear one is right more often.

    Args:
        choose: takes the price and the qualities of both models, and returns the models chosen.
    """
    log = np.random.default_rng(1)
    quality = (log.random((200, 2)) < (0.5, 0.8)).astype(float)
    cost = np.tile([0.001, 0.01], (200, 1))
    rows = np.sort(np.random.default_rng(order).choice(200, queries, replace=False))
    quality, cost = quality[rows], cost[rows]
    chosen = np.stack([choose(price, quality) for price in prices])
    places = np.arange(queries)
    return Outcomes(
        queries=rows,
        prices=np.array(prices),
        scale=0.01,
        arms=("cheap", "dear"),
        chosen=chosen,
        quality=quality[places, chosen],
        cost=cost[places, chosen],
        single_quality=quality.T,
        single_cost=cost.T,
    )


def always(arm):
    return lambda price, quality: np.full(len(quality), arm)


def knowing(price, quality):
    """The dear model where it alone is right, and the price is low."""
    return ((quality[:, 1] > quality[:, 0]) & (price < 0.3)).astype(int)


def records(choose, orders=6, budget=None, **settings):
    found = []
    for order in range(orders):
        outcomes = a_pass(order, choose, **settings)
        details = {**outcomes.details(), "dollars": outcomes.cost.mean(axis=1) * 10_000}
        strategy = {} if budget is None else {"budget": budget}
        value = float(outcomes.quality[0].mean())
        found.append(record(f"order-{order}", value, details=details, strategy=strategy))
    return found


@pytest.fixture
def asked(tmp_path):
    """Asks a metric about records, by `compute` or `per_sample`."""
    with ExitStack() as stack:
        stores = iter(range(100))

        def ask(metric, items, what="compute", **settings):
            scores = stack.enter_context(scores_of(items, tmp_path / f"{next(stores)}.db"))
            return getattr(metric(PassMetricSettings(resamples=200, **settings)), what)(scores)

        yield ask


def test_quality_and_cost_at_each_price_are_curves(asked):
    made = [a_pass(order, knowing) for order in range(6)]
    quality, cost = (asked(metric, records(knowing)) for metric in (RouteQuality, RouteCost))
    assert list(quality) == list(cost) == ["p=0", "p=0.5"]
    for i, price in enumerate(PRICES):
        found = quality[f"p={price:g}"]
        assert found.value == pytest.approx(np.mean([one.quality[i] for one in made]))
        assert found.low < found.value < found.high
        assert (found.axis, found.at, found.n) == ("price", price, 6)
        spent = cost[f"p={price:g}"].value
        assert spent == pytest.approx(1e4 * np.mean([one.cost[i] for one in made]))


def test_of_one_price_there_is_one_number(asked):
    found = asked(RouteQuality, records(knowing, prices=(0.1,)))
    assert found.axis == ""
    assert 0.5 < found.value < 1
    assert asked(RouteQuality, records(knowing, prices=(0.1,)), "per_sample").shape == (6,)


def test_shares_of_the_models(asked):
    found = asked(RouteShare, records(knowing))
    assert list(found) == ["p=0,cheap", "p=0,dear", "p=0.5,cheap", "p=0.5,dear"]
    assert found["p=0,cheap"].value + found["p=0,dear"].value == pytest.approx(1)
    assert found["p=0.5,cheap"].value == 1


def test_regret_of_one_who_knows_is_none(asked):
    found = asked(RouteRegret, records(knowing, prices=(0.0,)))
    assert set(found) == {"reward", "quality", "budget", "best-single"}
    assert found["reward"].value == found["quality"].value == found["budget"].value == 0
    assert found["best-single"].high < 0


def test_regret_of_one_who_takes_the_best_model_is_the_gap_to_the_oracle(asked):
    items = records(always(1), prices=(0.0,))
    found, models = asked(RouteRegret, items), asked(RouteModels, items)
    gap = models["quality,oracle"].value - models["quality,dear"].value
    assert found["quality"].value == pytest.approx(gap)
    assert found["best-single"].value == 0


def test_the_models_alone(asked):
    found = asked(RouteModels, records(knowing))
    assert found["dollars,cheap"].value == pytest.approx(10)
    assert found["dollars,dear"].value == pytest.approx(100)
    assert found["quality,cheap"].value < found["quality,dear"].value
    assert found["quality,dear"].value <= found["quality,oracle"].value
    assert 10 < found["dollars,oracle"].value < 100


def test_who_knows_is_above_the_line_between_the_models(asked):
    found = asked(RouteFrontier, records(knowing))
    models = asked(RouteModels, records(knowing))
    middle = (models["quality,cheap"].value + models["quality,dear"].value) / 2
    assert found["aiq-models"].value == pytest.approx(middle)
    assert found["aiq-gain"].value == pytest.approx(found["aiq"].value - middle)
    assert found["aiq-gain"].low > 0
    assert 0.3 < found["saving"].low < found["saving"].value < 1
    curve = [part for part in found.values() if part.axis]
    assert [part.axis for part in curve] == ["dollars"] * 2
    assert curve[0].at > curve[1].at == pytest.approx(10)
    assert "over-budget" not in found


def test_no_router_has_a_higher_aiq_than_who_knows(asked):
    best = asked(RouteFrontier, records(knowing))["aiq"].value
    for other in (always(0), always(1), lambda price, quality: np.arange(len(quality)) % 2):
        assert asked(RouteFrontier, records(other))["aiq"].value <= best


def test_one_who_always_takes_the_best_model_saves_nothing(asked):
    found = asked(RouteFrontier, records(always(1)))
    assert found["saving"].value == pytest.approx(0, abs=1e-12)
    assert found["aiq-gain"].value == pytest.approx(0)


def test_one_price_alone_is_no_curve(asked):
    found = asked(RouteFrontier, records(knowing, prices=(0.0,)))
    assert list(found) == ["aiq-models", "saving"]
    assert found["saving"].value > 0.3


def test_a_saving_is_unknown_where_the_best_model_is_never_reached(asked):
    found = asked(RouteFrontier, records(always(0)))
    assert math.isnan(found["saving"].value)
    assert math.isnan(found["saving"].low)


def test_how_often_a_budget_is_not_kept(asked):
    for budget, share in ((50.0, 1.0), (150.0, 0.0)):
        found = asked(RouteFrontier, records(always(1), budget=budget, prices=(0.0,)))
        assert found["over-budget"].value == share
        assert 0 <= found["over-budget"].low < found["over-budget"].high <= 1


def test_a_pass_alone_has_its_own_numbers(asked):
    """And failed passes have none; by these cells are compared, order by order."""
    items = [*records(knowing), record("order-6", None)]
    for metric in METRICS:
        alone = asked(metric, items, "per_sample")
        for order in (0, 3):
            of_one = asked(metric, [items[order]])
            for part, values in alone.items():
                assert values.shape == (7,)
                assert values[order] == pytest.approx(of_one[part].value, nan_ok=True)
                assert math.isnan(values[6])


def test_several_attempts_at_an_order_are_not_several_orders(asked):
    twice = [item for one in records(knowing) for item in (one, _again(one))]
    once, more = (asked(RouteQuality, items)["p=0"] for items in (records(knowing), twice))
    assert more.n == once.n == 6
    assert more.value == pytest.approx(once.value)
    assert more.high - more.low == pytest.approx(once.high - once.low, rel=0.2)


def _again(item):
    details = dict(item.score.details)
    return record(item.sample, item.score.value, attempt=1, details=details)


@pytest.mark.parametrize("metric", METRICS)
def test_of_nothing_and_of_failures_there_is_nothing(asked, metric):
    for items in ([], [record("order-0", None)]):
        assert asked(metric, items) == {}
        assert asked(metric, items, "per_sample") == {}


def test_some_prices_alone(asked):
    whole, one = (
        asked(RouteRegret, records(knowing), prices=prices) for prices in ((), (0.5, 7.0))
    )
    assert len(whole) == 8
    assert one == {name.partition(",")[2]: whole[name] for name in whole if name > "p=0.5"}
    budget = records(knowing, prices=(0.123,))
    assert asked(RouteQuality, budget, prices=(0.5,)).value > 0.5
    with pytest.raises(ValueError, match=r"expected some of: 0, 0\.5"):
        asked(RouteQuality, records(knowing), prices=(0.1,))


def test_passes_at_other_numbers_of_prices_are_refused(asked):
    items = [*records(knowing), *records(knowing, orders=7, prices=(0.0,))[6:]]
    with pytest.raises(ValueError, match="found passes at other numbers of prices"):
        asked(RouteQuality, items)
