from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import ARMS, COSTS, WIDTH, new, world

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies.cascade import Plan


def replayed(policy, there):
    """Mean quality and cost of a log, where every arm that is asked is paid for."""
    contexts, quality, cost = there
    rows = np.arange(len(contexts))
    arms = policy.choose(contexts).arms
    spent = cost[rows, arms].copy()
    for _ in range(ARMS):
        after = policy.escalate(contexts, arms, quality[rows, arms])
        again = after >= 0
        arms = np.where(again, after, arms)
        spent += np.where(again, cost[rows, arms], 0.0)
    return quality[rows, arms].mean(), spent.mean()


def test_a_scorer_that_knows_leaves_only_what_no_arm_can_do():
    there = world(3, 2000)
    policy = new("cascade", arms=["0", "1", "2"], thresholds=[0.5, 0.5], noise=0.0)
    quality, cost = replayed(policy, there)
    assert quality == there[1].max(axis=1).mean()
    first, second, third = there[1].T
    asked = 0.1 + 0.1 * (first == 0).mean() + 1.0 * ((first == 0) & (second == 0)).mean()
    assert cost == pytest.approx(asked)
    assert third.mean() < quality


def test_noise_is_how_often_the_scorer_is_wrong():
    contexts = np.zeros((20_000, WIDTH))
    policy = new("cascade", arms=["0", "2"], thresholds=[0.5], noise=0.2)
    for quality, again in ((1.0, 0.2), (0.0, 0.8)):
        after = policy.escalate(contexts, np.zeros(20_000, int), np.full(20_000, quality))
        assert set(after.tolist()) == {-1, 2}
        assert (after == 2).mean() == pytest.approx(again, abs=0.015)


def test_the_last_arm_and_one_of_no_plan_are_not_followed_and_a_mask_is_kept():
    policy = new("cascade", arms=["0", "1", "2"], thresholds=[2.0, 2.0])
    asked = np.array([0, 1, 2])
    args = np.zeros((3, WIDTH)), asked, np.ones(3)
    assert policy.escalate(*args).tolist() == [1, 2, -1]
    assert policy.escalate(*args, np.array([True, False, True])).tolist() == [2, 2, -1]
    assert policy.escalate(*args, np.array([True, True, False])).tolist() == [1, -1, -1]
    short = new("cascade", arms=["2", "0"], thresholds=[2.0])
    assert short.escalate(*args).tolist() == [-1, -1, 0]
    assert short.choose(np.zeros((5, WIDTH))).arms.tolist() == [2] * 5
    assert (
        short.choose(np.zeros((5, WIDTH)), np.array([True, True, False])).arms.tolist() == [0] * 5
    )


def test_plans_are_found_on_training_queries_and_move_with_the_price():
    policy = new("cascade", noise=0.05)
    policy.warm_start(*world(1, 2000))
    found = {}
    for price in (0.0, 0.4, 100.0):
        policy.price = price
        found[price] = replayed(policy, world(2, 2000))
    assert found[0.0][0] > 0.95  # better than the best single arm, which has 0.9
    assert found[0.0][1] > found[0.4][1] > found[100.0][1]
    assert found[100.0][1] == pytest.approx(0.1)
    assert set(policy.plan.arms) < {0, 1}


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(0, 1))
def test_a_plan_of_two_is_the_best_of_all_such(seed, price):
    rng = np.random.default_rng(seed)
    quality, cost = rng.random((6, ARMS)).round(1), np.tile(COSTS, (6, 1))
    policy = new("cascade", length=2, noise=0.3, price=price, costs=COSTS)
    policy.warm_start(np.zeros((6, WIDTH)), quality, cost)
    scores = policy.outcomes[0]

    def reward(plan):
        accepted = scores[:, plan.arms[0]] >= (*plan.thresholds, -np.inf)[0]
        quality_of, cost_of = quality[:, plan.arms], cost[:, plan.arms]
        last = len(plan.arms) - 1
        found = np.where(accepted, quality_of[:, 0], quality_of[:, last])
        return (found - price * np.where(accepted, cost_of[:, 0], cost_of.sum(axis=1))).mean()

    plans = [Plan((arm,), ()) for arm in range(ARMS)]
    for order in itertools.combinations(range(ARMS), 2):
        plans += [Plan(order, (level,)) for level in (*np.unique(scores), np.inf)]
    assert reward(policy.plan) == pytest.approx(max(map(reward, plans)))


def test_a_plan_is_restored_at_any_price():
    policy = new("cascade", price=0.0)
    policy.warm_start(*world(1, 300))
    again = new("cascade", price=0.0, seed=5)
    again.restore(policy.state())
    for price in (0.0, 0.3, 3.0):
        policy.price = again.price = price
        assert policy.plan == again.plan


@pytest.mark.parametrize("named", [{}, {"arms": ["0", "2"]}])
def test_a_plan_that_was_not_found_says_what_is_needed(named):
    with pytest.raises(EvalcoreError, match="name its arms and thresholds"):
        new("cascade", **named).choose(np.zeros((1, WIDTH)))
