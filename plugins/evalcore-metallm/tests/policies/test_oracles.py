from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from evalcore.errors import EvalcoreError
from evalcore_metallm.oracles import budget_frontier, quality_oracle, reward_oracle


def log(seed, queries, arms, *, coarse=False):
    rng = np.random.default_rng(seed)
    quality, cost = rng.random((queries, arms)), rng.random((queries, arms))
    return (quality.round(), cost.round(1) + 0.1) if coarse else (quality, cost)


def programmed(quality, cost, budget):
    """The linear program, by a solver."""
    queries, arms = quality.shape
    one_each = np.kron(np.eye(queries), np.ones(arms))
    found = linprog(
        -quality.ravel() / queries,
        A_ub=cost.ravel()[None] / queries,
        b_ub=[budget],
        A_eq=one_each,
        b_eq=np.ones(queries),
    )
    return -found.fun if found.success else None


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 4), st.booleans())
def test_the_frontier_is_what_the_linear_program_reaches(seed, queries, arms, coarse):
    quality, cost = log(seed, queries, arms, coarse=coarse)
    frontier = budget_frontier(quality, cost)
    assert (np.diff(frontier.cost) > 0).all()
    assert (np.diff(frontier.quality) > 0).all()
    cheapest, dearest = cost.min(axis=1).mean(), cost.max(axis=1).mean()
    for budget in np.linspace(cheapest * 1.001, dearest * 1.1, 4):
        assert frontier.at(budget) == pytest.approx(programmed(quality, cost, budget), abs=1e-7)


def test_a_budget_below_the_cheapest_choices_is_an_error():
    quality, cost = log(0, 5, 3)
    with pytest.raises(EvalcoreError, match="the cheapest models cost"):
        budget_frontier(quality, cost).at(0.0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(0, 3))
def test_the_reward_oracle_is_the_best_of_all_plans(seed, price):
    quality, cost = log(seed, 3, 3, coarse=True)
    reward = quality - price * cost
    arms = reward_oracle(quality, cost, price)
    best = max(
        sum(reward[i, j] for i, j in enumerate(plan))
        for plan in itertools.product(range(3), repeat=3)
    )
    assert reward[np.arange(3), arms].sum() == pytest.approx(best)


def test_of_equal_arms_the_cheapest_and_of_unknown_ones_none():
    quality = np.array([[1.0, 1.0, np.nan], [0.0, np.nan, 0.5]])
    cost = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 9.0]])
    assert quality_oracle(quality, cost).tolist() == [1, 2]
    frontier = budget_frontier(quality, cost)
    assert frontier.cost[0] == pytest.approx(1.5)
    assert frontier.quality[-1] == pytest.approx(0.75)


def test_queries_of_which_nothing_is_known_are_an_error():
    quality = np.array([[1.0, 0.0], [np.nan, 0.5]])
    cost = np.array([[1.0, 1.0], [1.0, np.nan]])
    for oracle in (quality_oracle, budget_frontier):
        with pytest.raises(EvalcoreError, match="found 1 queries without a known outcome"):
            oracle(quality, cost)
