from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import ARMS, COSTS, WIDTH, new, started, step, world

from evalcore_metallm.policies.budgeted_linucb import BudgetSpent

KIND = "budgeted-linucb"
prices = st.floats(0, 50)


@settings(deadline=None, max_examples=60)
@given(
    path=st.lists(
        st.tuples(st.booleans(), st.lists(prices, min_size=ARMS, max_size=ARMS)), max_size=60
    ),
    budget=st.floats(0.01, 3),
    queries=st.integers(1, 60),
    seed=st.integers(0, 9),
)
def test_spending_is_never_above_the_budget_by_more_than_one_query(path, budget, queries, seed):
    """Whatever queries cost, however wrong all that was known of them is."""
    policy = new(KIND, seed=seed, budget=budget, queries=queries)
    rng, spent, dearest = np.random.default_rng(seed), 0.0, 0.0
    for right, costs in path:
        context = rng.standard_normal((1, WIDTH))
        try:
            arms, _ = policy.choose(context)
        except BudgetSpent:
            assert spent >= budget * queries
            continue
        paid = np.array(costs)[arms]
        policy.update(context, arms, np.array([float(right)]), paid)
        spent, dearest = spent + paid[0], max(dearest, paid[0])
    assert spent <= budget * queries + dearest


@settings(deadline=None, max_examples=30)
@given(share=st.floats(0.15, 1.0), batch=st.integers(1, 20), seed=st.integers(0, 5))
def test_queries_under_way_are_held_at_what_they_may_cost(share, batch, seed):
    """Where costs are as known, a budget is kept whatever number of queries is under way."""
    policy = new(KIND, seed=seed, budget=share, queries=200)
    contexts, quality, cost = world(seed, 200)
    spent = 0.0
    for start in range(0, 200, batch):
        rows = slice(start, start + batch)
        try:
            arms, _ = policy.choose(contexts[rows])
        except BudgetSpent:
            break
        places = np.arange(len(contexts))[rows], arms
        policy.update(contexts[rows], arms, quality[places], cost[places])
        spent += cost[places].sum()
    assert spent <= share * 200 + 1e-9
    assert not policy.under_way.any()


def test_the_budget_is_used_and_used_well():
    """Both cheap arms together have 0.9 at 0.1, and nothing dearer has more."""
    policy = new(KIND, seed=1, budget=0.3, queries=1500, ridge=1.0)
    outcomes = np.array([step(policy, world(5, 1500), row)[1:] for row in range(1500)])
    assert outcomes[:, 1].sum() <= 0.3 * 1500
    assert outcomes[-500:, 0].mean() > 0.85


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_what_is_granted_is_spent_where_it_buys_quality(share):
    """One arm alone is ever right."""
    policy = new(KIND, seed=1, budget=share, queries=1500, ridge=1.0)
    contexts, _, cost = world(5, 1500)
    quality = np.tile([0.0, 0.0, 1.0], (1500, 1))
    outcomes = np.array([step(policy, (contexts, quality, cost), row)[1:] for row in range(1500)])
    assert 0.9 * share <= outcomes[:, 1].mean() <= share


def test_when_nothing_is_left_queries_are_refused_and_nothing_is_held():
    policy = new(KIND, budget=0.1, queries=2)
    policy.update(np.ones((2, WIDTH)), np.zeros(2, int), np.ones(2), np.full(2, 0.1))
    with pytest.raises(BudgetSpent, match=r"0.2 of 0.2 spent and 0 queries under way"):
        policy.choose(np.ones((1, WIDTH)))
    policy.grant(0.15, 2)
    with pytest.raises(BudgetSpent, match="2 queries under way"):
        policy.choose(np.ones((3, WIDTH)))
    assert not policy.under_way.any()
    assert policy.choose(np.ones((1, WIDTH))).arms[0] in (0, 1)


def test_or_they_go_on_with_the_cheapest():
    policy = new(KIND, budget=0.1, queries=1, when_spent="cheapest", costs=[0.1, 0.05, 1.0])
    policy.update(np.ones((1, WIDTH)), np.array([0]), np.ones(1), np.full(1, 5.0))
    assert policy.choose(np.ones((9, WIDTH))).arms.tolist() == [1] * 9
    allowed = np.array([True, False, True])
    assert policy.choose(np.ones((9, WIDTH)), allowed).arms.tolist() == [0] * 9


def test_what_is_left_pays_the_cheapest_for_all_to_come():
    """Of 1.9 for ten queries one of the dearest is too much as long as nine are to follow."""
    policy = new(KIND, budget=0.19, queries=10)
    policy.warm_start(*(part * 1.0 for part in world(1)))
    policy.grant(1.85, 10)
    assert 2 not in policy.choose(np.ones((1, WIDTH)), np.array([True, False, True])).arms
    policy.grant(100.0, 10)
    assert policy.choose(np.ones((1, WIDTH)), np.array([False, False, True])).arms.tolist() == [2]


def test_the_price_follows_the_spending_between_its_ends():
    policy = new(KIND, budget=0.5, queries=100, rate=0.5, highest_price=2.0)
    one = np.ones((1, WIDTH)), np.array([2]), np.ones(1)
    policy.update(*one, np.array([1.0]))
    assert policy.price == pytest.approx(0.5 * (1.0 - 0.5))
    policy.update(*one, np.array([0.0]))
    assert policy.price == pytest.approx(0.25 - 0.5 * 49 / 99)
    for _ in range(20):
        policy.update(*one, np.array([1.5]))
    assert policy.price == 2.0
    policy.price = 0.1  # a dial that moves goes on from there
    policy.update(*one, np.array([0.0]))
    assert policy.price < 0.1


def test_the_dearest_cost_seen_in_training_is_what_a_query_is_held_at():
    policy = new(KIND)
    contexts, quality, cost = world(1, 10)
    cost = cost.copy()
    cost[3, 0], cost[4, 1] = 0.7, np.nan
    policy.warm_start(contexts, quality, cost)
    assert policy.highest.tolist() == [0.7, *COSTS[1:]]


def test_the_account_is_part_of_the_state():
    policy = started(KIND, budget=0.5, queries=100)
    policy.choose(np.ones((3, WIDTH)))
    policy.update(np.ones((1, WIDTH)), np.array([2]), np.ones(1), np.array([2.0]))
    again = new(KIND, budget=0.5, queries=100)
    again.restore(policy.state())
    assert again.account.tolist() == [50.0, 2.0, 99.0]
    assert again.price == policy.price > 0
    assert again.under_way.tolist() == policy.under_way.tolist()
    assert again.highest[2] == 2.0
