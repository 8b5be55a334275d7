"""The numbers of the report are those of the metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small_runs import ROUTERS

from evalcore.errors import EvalcoreError
from evalcore_metallm.evaluation.graded import read_routers
from evalcore_metallm.evaluation.passes import QUERIES
from evalcore_metallm.metrics.comparison import differences
from evalcore_metallm.metrics.means import RouteCost, RouteRegret
from evalcore_metallm.metrics.resampled import PassMetricSettings
from evalcore_metallm.report.numbers import COMPARED, NUMBERS, measured


@pytest.fixture(scope="module")
def graded(run):
    return read_routers([run])


@pytest.fixture(scope="module")
def drawn(graded):
    return measured(graded, graded.routers[0])


def by_metric(run, name):
    rows = json.loads((run / "results.json").read_text())
    return {row["metric"]: row for row in rows if row["cell"] == f"strategy={name}"}


def test_each_number_and_its_interval_is_that_of_the_metric(run, drawn):
    metric_of = {
        "quality": "route-quality/p=0",
        "dollars": "route-cost/p=0",
        "regret/reward": "route-regret/p=0,reward",
        "regret/best-single": "route-regret/p=0,best-single",
        **{name: f"route-{name}" for name in NUMBERS if name.startswith("frontier")},
    }
    for router in drawn.routers[:2]:
        rows = by_metric(run, router.name)
        assert list(router.numbers) == list(NUMBERS)
        for name, found in router.numbers.items():
            row = rows[metric_of[name]]
            ends = [np.nan if row[end] is None else row[end] for end in ("value", "low", "high")]
            assert [found.value, found.low, found.high] == pytest.approx(ends, nan_ok=True), name


def test_a_router_at_one_price_has_no_hull_of_its_own(drawn):
    assert "frontier/aiq" not in drawn.routers[2].numbers
    assert len(drawn.routers[2].points) == 1


def test_curves_are_those_of_the_metrics_by_rising_price(run, drawn):
    (warm, *_) = drawn.routers
    rows = by_metric(run, "warm")
    assert [point.quality.value for point in warm.points] == pytest.approx(
        [rows[f"route-quality/p={price:g}"]["value"] for price in ROUTERS["warm"]["prices"]]
    )
    assert [point.dollars.high for point in warm.points] == pytest.approx(
        [rows[f"route-cost/p={price:g}"]["high"] for price in ROUTERS["warm"]["prices"]]
    )


def test_differences_are_paired_at_the_price_that_is_told_of(graded):
    warm, cold = graded.routers[:2]
    (_, found, *_) = measured(graded, warm, price=0.2).routers
    settings = PassMetricSettings(prices=(0.2,))
    at_price = [
        {order: one.at((0.2,)) for order, one in router.passes.items()} for router in (cold, warm)
    ]
    expected = {
        "dollars": differences(RouteCost(settings), *at_price)[""],
        "regret/reward": differences(RouteRegret(settings), *at_price)["reward"],
    }
    for name, difference in expected.items():
        shown = found.against[name]
        assert (shown.value, shown.low, shown.high) == pytest.approx(
            (difference.value, difference.low, difference.high)
        )
    assert set(found.against) == set(COMPARED)


def test_the_baseline_is_compared_with_nothing(drawn):
    assert not drawn.routers[0].against
    assert all(router.against for router in drawn.routers[1:])


def test_shares_are_of_all_queries(drawn):
    for router in drawn.routers:
        assert router.shares.sum() == pytest.approx(1)
    assert drawn.routers[3].shares.tolist() == [1, 0]


def test_regret_is_gathered_up_to_that_of_the_whole_pass(graded, drawn):
    passes = list(graded.routers[1].passes.values())
    whole = np.mean([one.regret("reward")[0].sum() for one in passes])
    time = drawn.routers[1].times["reward"]
    assert time.regret[-1] == pytest.approx(whole)
    assert time.queries[-1] == passes[0].queries.size
    assert (time.low <= time.regret).all()
    assert (np.diff(time.regret) >= 0).all()
    assert not drawn.routers[0].times


def test_models_are_told_by_rising_cost(drawn):
    assert drawn.models.names == ("small", "big")
    small, big = drawn.models.points
    assert small.dollars.value == pytest.approx(0.0001 * QUERIES)
    assert drawn.models.oracle.quality.value > big.quality.value > small.quality.value


def test_no_router_and_no_model_is_above_the_best_plan_at_its_cost(drawn):
    plans = drawn.models.plans
    points = [*drawn.models.points, *(point for router in drawn.routers for point in router.points)]
    for dollars, quality in points:
        assert quality.value <= np.interp(dollars.value, plans.cost, plans.quality) + 0.01


def test_a_price_at_which_a_router_was_not_graded_is_told(graded):
    told = r"cold was not graded at price 1, expected one of: 0, 0\.2"
    with pytest.raises(EvalcoreError, match=told):
        measured(graded, price=1.0)
