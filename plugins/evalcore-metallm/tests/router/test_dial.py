"""The dial: many prices from one prediction, and the price that keeps to a budget."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.errors import EvalcoreError
from evalcore_metallm.dial import choices_over_prices, price_for_budget
from evalcore_metallm.policies.policy import Estimate


class Foreseeing:
    """Stands for a router whose policy counts on given qualities and costs."""

    def __init__(self, quality, cost):
        self.estimated = Estimate(np.array(quality), np.array(cost))
        self.asked = 0
        self.policy = self

    def contexts(self, queries):
        return np.zeros((len(queries), 1))

    def estimate(self, contexts):
        self.asked += 1
        return self.estimated


@st.composite
def outcomes(draw):
    n, k = draw(st.integers(1, 8)), draw(st.integers(2, 4))
    unit = st.floats(0, 1, allow_subnormal=False).map(lambda x: round(x, 3))
    quality = draw(st.lists(st.lists(unit, min_size=k, max_size=k), min_size=n, max_size=n))
    cost = draw(st.lists(unit.map(lambda x: x + 0.01), min_size=k, max_size=k, unique=True))
    return np.array(quality), np.tile(cost, (n, 1))


QUERIES = [""] * 8


@given(outcomes(), st.lists(st.floats(0, 100), min_size=2, max_size=6).map(sorted))
def test_one_prediction_is_enough_for_every_price(found, prices):
    quality, cost = found
    router = Foreseeing(quality, cost)
    arms = choices_over_prices(router, QUERIES[: len(quality)], prices)
    assert router.asked == 1
    assert arms.shape == (len(prices), len(quality))
    for price, row in zip(prices, arms, strict=True):
        best = (quality - price * cost).max(axis=1)
        taken = np.take_along_axis(quality - price * cost, row[:, None], axis=1)[:, 0]
        np.testing.assert_array_equal(taken, best)


@given(outcomes(), st.lists(st.floats(0, 100), min_size=2, max_size=6).map(sorted))
def test_cost_and_quality_never_rise_with_the_price(found, prices):
    quality, cost = found
    arms = choices_over_prices(Foreseeing(quality, cost), QUERIES[: len(quality)], prices)
    rows = np.arange(len(quality))
    for part in (quality, cost):
        means = part[rows, arms].mean(axis=1)
        assert (np.diff(means) <= 1e-12).all()


def test_of_equally_good_models_the_cheapest_is_taken():
    router = Foreseeing([[1.0, 1.0, 0.0]], [[0.5, 0.2, 0.1]])
    assert choices_over_prices(router, [""], [0.0, 0.01]).tolist() == [[1], [1]]


def test_a_model_that_was_never_tried_is_tried_at_any_price():
    router = Foreseeing([[np.inf, 0.5]], [[0.0, 0.0]])
    assert choices_over_prices(router, [""], [0.0, 100.0]).tolist() == [[0], [0]]


@given(outcomes(), st.floats(0.01, 1.2))
def test_the_smallest_price_that_keeps_to_the_budget_is_found(found, budget):
    quality, cost = found
    queries, rows = QUERIES[: len(quality)], np.arange(len(quality))
    router = Foreseeing(quality, cost)

    def spent(price):
        return cost[rows, choices_over_prices(router, queries, [price])[0]].mean()

    if budget < spent(1e4):
        with pytest.raises(EvalcoreError, match="the router's cheapest choices cost"):
            price_for_budget(router, queries, cost, budget)
        return
    price = price_for_budget(router, queries, cost, budget)
    assert spent(price) <= budget
    assert price == 0 or spent(price * (1 - 1e-9)) > budget


def test_a_budget_for_everything_asks_for_no_price():
    router = Foreseeing([[0.0, 1.0]], [[0.1, 1.0]])
    assert price_for_budget(router, [""], [[0.1, 1.0]], 1.0) == 0.0


def test_a_budget_below_the_cheapest_is_told():
    router = Foreseeing([[0.0, 1.0]], [[0.1, 1.0]])
    with pytest.raises(EvalcoreError, match=r"budget of 0.05 dollars .* choices cost 0.1; raise"):
        price_for_budget(router, [""], [[0.1, 1.0]], 0.05)


def test_costs_that_are_not_known_count_as_the_model_s_others():
    quality, cost = [[0.0, 1.0]] * 2, np.array([[0.1, 1.0], [0.3, np.nan]])
    router = Foreseeing(quality, [[0.1, 1.0]] * 2)
    assert price_for_budget(router, ["", ""], cost, 1.0) == 0.0
    price = price_for_budget(router, ["", ""], cost, 0.5)
    assert price == pytest.approx(1 / 0.9)
    with pytest.raises(EvalcoreError, match="without any known cost"):
        price_for_budget(router, ["", ""], [[np.nan, 1.0]] * 2, 0.5)
