"""Regret, against all that hindsight could have chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.encoding import decode, encode
from evalcore_metallm.evaluation.passes import REGRETS, Outcomes
from evalcore_metallm.oracles import budget_frontier


def outcomes(quality, cost, chosen, prices, scale=1.0):
    """Of choices of shape (P, n) on a log of shape (n, k)."""
    quality, cost, chosen = np.array(quality), np.array(cost), np.array(chosen)
    rows = np.arange(len(quality))
    return Outcomes(
        queries=rows,
        prices=np.array(prices, dtype=np.float64),
        scale=scale,
        arms=tuple("abcdefgh"[: quality.shape[1]]),
        chosen=chosen,
        quality=quality[rows, chosen],
        cost=cost[rows, chosen],
        single_quality=quality.T,
        single_cost=cost.T,
    )


@st.composite
def passes(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    queries, arms = draw(st.integers(1, 12)), draw(st.integers(2, 4))
    quality, cost = rng.random((queries, arms)).round(1), 0.1 + rng.random((queries, arms)).round(1)
    chosen = rng.integers(arms, size=(3, queries))
    return outcomes(quality, cost, chosen, [0.0, 0.5, 2.0], scale=draw(st.floats(0.1, 10)))


@given(passes())
def test_no_choice_is_better_than_with_hindsight(one):
    for against in ("reward", "quality"):
        assert (one.regret(against) >= 0).all()
    assert (one.regret("budget").mean(axis=1) >= -1e-9).all()


@given(passes())
def test_regret_against_a_budget_is_what_the_best_plan_has_more(one):
    frontier = budget_frontier(one.single_quality.T, one.single_cost.T)
    best = [frontier.at(budget) for budget in one.cost.mean(axis=1)]
    assert one.regret("budget").mean(axis=1) == pytest.approx(best - one.quality.mean(axis=1))


@given(passes())
def test_a_record_keeps_all_of_it(one):
    again = Outcomes.of_details(decode(encode(one.details())))
    assert again.arms == one.arms
    assert np.array_equal(again.chosen, one.chosen)
    for against in REGRETS:
        assert np.array_equal(again.regret(against), one.regret(against))


def test_regrets_by_hand():
    # Of two models the cheap one solves the first query, the dear one both; p is for 2 dollars.
    one = outcomes([[1, 1], [0, 1]], [[1.0, 4.0]] * 2, [[0, 0], [1, 1]], [0.1, 1.0], scale=2.0)
    reward = one.regret("reward")
    # At 0.1 a dollar costs 0.05: rewards are 0.95 and 0.8, then -0.05 and 0.8.
    assert reward[0] == pytest.approx([0, 0.85])
    # At 1 it costs 0.5: rewards are 0.5 and -1, then -0.5 and -1.
    assert reward[1] == pytest.approx([1.5, 0.5])
    assert one.regret("quality").tolist() == [[0, 1], [0, 0]]
    # Of one model alone: the dear one at 0.1 (0.8 against 0.45), the cheap one at 1.
    assert one.regret("best-single")[0].mean() == pytest.approx(0.8 - 0.45)
    assert one.regret("best-single")[1].mean() == pytest.approx(0 - (-1))
    # One dollar a query buys the cheap model for both; four dollars buy both solved.
    assert one.regret("budget").mean(axis=1) == pytest.approx([0, 0])


def test_the_quality_oracle_takes_the_cheapest_of_the_best():
    quality, cost = outcomes(
        [[1, 1], [0, 1], [0, 0]], [[1.0, 4.0]] * 3, [[0, 0, 0]], [0.0]
    ).quality_oracle
    assert quality.tolist() == [1, 1, 0]
    assert cost.tolist() == [1, 4, 1]
