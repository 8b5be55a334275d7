from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_worlds import (
    ARMS,
    CONTEXT_FREE,
    CONTEXTUAL,
    COSTS,
    EVERY,
    LEARNING,
    PLAIN,
    SUPERVISED,
    WIDTH,
    new,
    played,
    started,
    step,
    world,
)

from evalcore.errors import EvalcoreError


@pytest.mark.parametrize("kind", CONTEXTUAL)
def test_a_contextual_policy_learns_cold_which_arm_knows_what(kind):
    """Any single arm has 0.45; who knows what has 0.85."""
    assert played(new(kind, price=0.5, seed=3), 5)[-3:].mean() > 0.7


@pytest.mark.parametrize("kind", CONTEXT_FREE)
def test_a_policy_without_context_finds_the_best_arm(kind):
    """The third arm is right nine times of ten, any other one every second time."""
    policy = new(kind, seed=3)
    there = world(5, 1500)
    picked = [step(policy, there, row)[0] for row in range(1500)]
    assert np.mean(np.array(picked[-300:]) == 2) > 0.7


@pytest.mark.parametrize("kind", CONTEXTUAL + SUPERVISED)
def test_a_started_policy_knows_at_once(kind):
    policy = started(kind, price=0.5, seed=3)
    contexts, quality, cost = world(2)
    arms, _ = policy.choose(contexts)
    rows = np.arange(len(arms))
    assert (quality[rows, arms] - 0.5 * cost[rows, arms]).mean() > 0.75


@pytest.mark.parametrize("kind", EVERY)
def test_picks_follow_the_propensities(kind):
    policy = started(kind, price=0.2, seed=1)
    if kind == "budgeted-linucb":
        policy.grant(1e6, 10_000)
    many = np.repeat(world(4, 1)[0], 4000, axis=0)
    expected = policy.probabilities(many)
    np.testing.assert_allclose(expected.sum(axis=1), 1.0)
    arms, propensity = policy.choose(many)
    np.testing.assert_allclose(propensity, expected[np.arange(len(arms)), arms])
    found = np.bincount(arms, minlength=ARMS) / len(arms)
    np.testing.assert_allclose(found, expected[0], atol=0.03)


@pytest.mark.parametrize("kind", EVERY)
@settings(deadline=None, max_examples=10)
@given(allowed=st.lists(st.booleans(), min_size=ARMS, max_size=ARMS), by_query=st.booleans())
def test_an_arm_that_is_not_allowed_is_not_picked(kind, allowed, by_query):
    policy, contexts = started_once(kind), world(4, 20)[0]
    mask = np.tile(allowed, (20, 1)) if by_query else np.array(allowed)
    if not any(allowed):
        with pytest.raises(EvalcoreError, match="no model may be chosen"):
            policy.choose(contexts, mask)
        return
    shares = policy.probabilities(contexts, mask)
    assert (shares[:, ~np.array(allowed)] == 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


_STARTED = {}


def started_once(kind):
    if str(kind) not in _STARTED:
        _STARTED[str(kind)] = started(kind, seed=1)
    return _STARTED[str(kind)]


@pytest.mark.parametrize(
    "kind", ["linucb", "hybrid-linucb", "squarecb", "logistic", "random", "ucb1"]
)
def test_ties_are_broken_at_random(kind):
    arms, propensity = new(kind, costs=np.ones(ARMS)).choose(np.ones((300, WIDTH)))
    assert set(arms.tolist()) == set(range(ARMS))
    np.testing.assert_allclose(propensity, 1 / ARMS)


@pytest.mark.parametrize("kind", EVERY)
def test_equal_seeds_pick_equal_arms_and_a_choice_can_be_seeded(kind):
    one, other = (started(kind, seed=7) for _ in range(2))
    contexts = world(6, 200)[0]
    first = one.choose(contexts).arms.tolist()
    assert first == other.choose(contexts).arms.tolist()
    for policy in (one, other):
        policy.seed_choice(11)
    assert one.probabilities(contexts).tolist() == other.probabilities(contexts).tolist()
    assert one.choose(contexts).arms.tolist() == other.choose(contexts).arms.tolist()


@pytest.mark.parametrize("kind", EVERY)
def test_what_is_restored_goes_on_as_it_would_have(kind):
    learned = started(kind, seed=1, price=0.3)
    for row in range(50):
        step(learned, world(8), row)
    again = new(kind, seed=2, price=0.3)
    again.restore({name: array.copy() for name, array in learned.state().items()})
    ways = [[step(policy, world(9), row) for row in range(50)] for policy in (learned, again)]
    assert ways[0] == ways[1]
    contexts, quality, _ = world(9, 40)
    asked = [
        policy.escalate(contexts, np.zeros(40, int), quality[:, 0]) for policy in (learned, again)
    ]
    assert asked[0].tolist() == asked[1].tolist()


@pytest.mark.parametrize("kind", EVERY)
def test_no_queries_have_no_choices(kind):
    policy, none = started(kind), np.empty((0, WIDTH))
    arms, propensity = policy.choose(none)
    assert arms.shape == propensity.shape == (0,)
    policy.update(none, arms, propensity, propensity)
    assert policy.escalate(none, arms, propensity).shape == (0,)


@pytest.mark.parametrize("kind", LEARNING)
def test_a_copy_learns_for_itself(kind):
    policy = started(kind, seed=1)
    before = {name: array.copy() for name, array in policy.state().items()}
    other = copy.deepcopy(policy)
    ways = [[step(one, world(9), row) for row in range(10)] for one in (other, policy)]
    assert ways[0] == ways[1]
    assert any((before[name] != array).any() for name, array in policy.state().items())


@pytest.mark.parametrize("kind", EVERY)
def test_a_state_is_arrays_of_numbers_and_does_not_change_by_itself(kind):
    policy = started(kind, seed=1)
    before = {name: array.copy() for name, array in policy.state().items()}
    assert all(array.dtype.kind in "fu" for array in before.values())
    policy.scores(world(3, 20)[0])
    assert all((before[name] == array).all() for name, array in policy.state().items())


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind not in ("random", "cheapest")])
def test_a_state_of_other_models_is_refused(kind):
    of_two = (
        new("linucb", costs=COSTS[:2]) if isinstance(kind, dict) else new(kind, costs=COSTS[:2])
    )
    contexts, quality, cost = world(1)
    of_two.warm_start(contexts, quality[:, :2], cost[:, :2])
    policy = started(kind)
    if kind == {"use": "static", "arm": 1}:
        assert policy.state().keys() == {"generator"}
        return
    with pytest.raises(EvalcoreError, match="expected"):
        policy.restore(of_two.state())


@pytest.mark.parametrize("kind", EVERY)
def test_a_state_of_another_policy_is_refused(kind):
    other = started("logistic" if kind != "logistic" else "linucb")
    with pytest.raises(EvalcoreError, match="expected"):
        new(kind).restore(other.state())


@pytest.mark.parametrize("kind", ["linucb", "linear-thompson", "squarecb", "hybrid-linucb"])
@settings(deadline=None, max_examples=20)
@given(price=st.floats(0, 2))
def test_a_price_that_moves_is_a_price_that_was_there_from_the_start(kind, price):
    """Theta is linear in p: what is fitted to quality - p cost is what both fits give together."""
    contexts, quality, cost = world(1, 100)
    cost = cost * np.linspace(0.5, 1.5, 100)[:, None]
    moved, fitted = new(kind), new(kind)
    moved.warm_start(contexts, quality, cost)
    moved.price = price
    fitted.warm_start(contexts, quality - price * cost, 0 * cost)
    np.testing.assert_allclose(moved.scores(contexts), fitted.scores(contexts), atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(price=st.floats(0, 2), more=st.floats(0, 1))
def test_a_higher_price_never_costs_more(price, more):
    policy, contexts = started_once("linucb"), world(4, 300)[0]
    spent = []
    for p in (price, price + more):
        policy.price = p
        arms = policy.probabilities(contexts).argmax(axis=1)
        spent.append(policy.estimate(contexts).cost[np.arange(300), arms].sum())
    assert spent[1] <= spent[0] + 1e-9


@pytest.mark.parametrize("kind", ["linucb", "hybrid-linucb", "squarecb", "logistic", "ucb1"])
def test_quality_alone_counts_for_nothing_at_the_price_and_cost_alone_at_any(kind):
    policy, contexts = started(kind), world(4, 100)[0]
    quality, cost = policy.estimate(contexts)
    policy.price = 0.0
    assert (policy.probabilities(contexts).argmax(axis=1) == quality.argmax(axis=1)).all()
    policy.price = 1e6
    arms = policy.probabilities(contexts).argmax(axis=1)
    np.testing.assert_allclose(cost[np.arange(100), arms], cost.min(axis=1), atol=1e-5)


def test_as_the_paper_has_it_a_cold_start_stays_with_the_first_arm():
    """Nothing is above what earns anything, and of equal arms the first is taken."""
    paper = new("linucb", alpha=0.0, paper_compat=True)
    contexts, quality, cost = world(1, 300)
    there = np.abs(contexts) * [0, 0, 0, 0, 1], np.fmax(quality, [[1, 0, 0]]), cost
    assert {step(paper, there, row)[0] for row in range(300)} == {0}
    ours = new("linucb", alpha=0.0)
    assert len(set(ours.choose(there[0]).arms.tolist())) == ARMS


def test_hybrid_models_are_those_of_the_algorithm():
    """Li et al. 2010, algorithm 2, line by line, with fresh inverses and one ridge of 1."""
    contexts, quality, cost = world(1, 60)
    policy = new("hybrid-linucb", alpha=0.3, ridge=1.0)
    policy.price = 0.0
    a0, b0 = np.eye(WIDTH), np.zeros(WIDTH)
    a = [np.eye(WIDTH) for _ in range(ARMS)]
    b = [np.zeros((WIDTH, WIDTH)) for _ in range(ARMS)]
    sums = [np.zeros(WIDTH) for _ in range(ARMS)]
    inv = np.linalg.inv
    for row, x in enumerate(contexts):
        beta, i0 = inv(a0) @ b0, inv(a0)
        expected = []
        for j in range(ARMS):
            ij = inv(a[j])
            theta = ij @ (sums[j] - b[j] @ beta)
            s = x @ i0 @ x - 2 * x @ i0 @ b[j].T @ ij @ x + x @ ij @ x
            s += x @ ij @ b[j] @ i0 @ b[j].T @ ij @ x
            expected.append(x @ beta + x @ theta + 0.3 * np.sqrt(s))
        np.testing.assert_allclose(policy.scores(x[None])[0], expected, atol=1e-8)
        j, r = row % ARMS, quality[row, row % ARMS]
        a0 += b[j].T @ inv(a[j]) @ b[j]
        b0 += b[j].T @ inv(a[j]) @ sums[j]
        a[j] += np.outer(x, x)
        b[j] += np.outer(x, x)
        sums[j] += r * x
        a0 += np.outer(x, x) - b[j].T @ inv(a[j]) @ b[j]
        b0 += r * x - b[j].T @ inv(a[j]) @ sums[j]
        policy.update(x[None], np.array([j]), quality[row, [j]], cost[row, [j]])


@pytest.mark.parametrize("kind", ["linucb", "hybrid-linucb", "squarecb", "ucb1", "epsilon-greedy"])
def test_a_start_is_as_good_as_the_outcomes_one_by_one(kind):
    contexts, quality, cost = world(1, 50)
    quality[::2, 0] = np.nan
    at_once, one_by_one = new(kind), new(kind)
    at_once.warm_start(contexts, quality, cost)
    for row, arm in zip(*np.nonzero(~np.isnan(quality)), strict=True):
        one_by_one.update(contexts[[row]], np.array([arm]), quality[[row], arm], cost[[row], arm])
    np.testing.assert_allclose(at_once.scores(contexts), one_by_one.scores(contexts), atol=1e-9)


@pytest.mark.parametrize("kind", LEARNING)
def test_outcomes_may_come_together_and_out_of_order(kind):
    contexts, quality, cost = world(1, 60)
    arms = np.arange(60) % ARMS
    outcomes = quality[np.arange(60), arms], cost[np.arange(60), arms]
    together, apart = new(kind), new(kind)
    together.update(contexts, arms, *outcomes)
    backwards = kind != "logistic"  # where one step from the mode before depends on the order
    for row in sorted(range(60), reverse=backwards):
        apart.update(*(part[[row]] for part in (contexts, arms, *outcomes)))
    apart.price = together.price  # that of a budget goes by what is left at each outcome
    np.testing.assert_allclose(together.scores(contexts), apart.scores(contexts), atol=1e-9)


@pytest.mark.parametrize("kind", [*LEARNING, *SUPERVISED, "best-on-training", "cascade"])
def test_outcomes_that_are_missing_are_learned_around(kind):
    contexts, quality, cost = world(1)
    quality[::2, 0], cost[1, 1] = np.nan, np.nan
    policy = new(kind, price=0.1)
    policy.warm_start(contexts, quality, cost)
    assert np.isfinite(policy.scores(contexts)).all()


def test_a_discount_lets_go_of_what_was():
    """The arms change their trades half-way: only who forgets is right afterwards."""
    right = {}
    for discount in (1.0, 0.98):
        policy = new("linucb", discount=discount, ridge=1.0, price=0.5, seed=2)
        for seed, swapped in ((1, False), (2, True)):
            contexts, quality, cost = world(seed, 600)
            quality = quality[:, [1, 0, 2]] if swapped else quality
            solved = [step(policy, (contexts, quality, cost), row)[1] for row in range(600)]
        right[discount] = np.mean(solved[-300:])
    assert right[0.98] > 0.8
    assert right[0.98] > right[1.0] + 0.1


def test_linear_thompson_picks_as_drawn_weights_would():
    """theta + v L^-T eta, A = L L', drawn and counted."""
    policy = started("linear-thompson", spread=3.0)
    rng, contexts = np.random.default_rng(0), world(3, 5)[0]
    factors = [np.linalg.cholesky(np.linalg.inv(inverse)) for inverse in policy.models.inverse]
    draws = np.stack(
        [
            policy.models.weights[arm, 0]
            + 3.0 * np.linalg.solve(factor.T, rng.standard_normal((WIDTH, 20_000))).T
            for arm, factor in enumerate(factors)
        ]
    )
    best = np.einsum("kmd,nd->nmk", draws, contexts).argmax(axis=2)
    found = np.stack([np.bincount(row, minlength=ARMS) / 20_000 for row in best])
    np.testing.assert_allclose(policy.probabilities(contexts), found, atol=0.015)


def test_beta_thompson_picks_as_drawn_qualities_would():
    policy = new("beta-thompson", price=0.3)
    contexts, quality, cost = world(1, 12)
    policy.warm_start(contexts, quality, cost)
    good, bad = 1 + quality.sum(axis=0), 1 + 12 - quality.sum(axis=0)
    drawn = np.random.default_rng(0).beta(good, bad, (20_000, ARMS)) - 0.3 * COSTS
    found = np.bincount(drawn.argmax(axis=1), minlength=ARMS) / 20_000
    np.testing.assert_allclose(policy.probabilities(contexts[:1])[0], found, atol=0.015)


def test_thompson_without_spread_is_greedy():
    policy, contexts = started("linear-thompson", spread=0.0), world(3, 50)[0]
    best = policy.scores(contexts).argmax(axis=1)
    assert (policy.choose(contexts).arms == best).all()


def test_squarecb_has_the_propensities_of_its_paper():
    policy, contexts = started("squarecb", gamma=20.0, price=0.1), world(3, 50)[0]
    scores, shares = policy.scores(contexts), policy.probabilities(contexts)
    for row, share in zip(scores, shares, strict=True):
        best = row.argmax()
        others = [1 / (ARMS + 20.0 * (row[best] - row[j])) for j in range(ARMS) if j != best]
        np.testing.assert_allclose(np.delete(share, best), others)
        assert share[best] == pytest.approx(1 - sum(others))


def test_epsilon_that_falls_is_one_over_t():
    policy = new("epsilon-greedy", epsilon=0.5, decay=True)
    context = np.ones((1, WIDTH))
    assert policy.probabilities(context).tolist() == [[1 / 3] * 3]
    policy.update(np.ones((40, WIDTH)), np.arange(40) % 3, np.arange(40) % 3 / 2.0, np.zeros(40))
    np.testing.assert_allclose(policy.probabilities(context), [[1 / 120, 1 / 120, 1 - 2 / 120]])


def test_the_bound_of_ucb1_is_that_of_its_paper():
    policy = new("ucb1", price=0.5)
    contexts, quality, cost = world(1, 20)
    policy.warm_start(contexts, quality, cost)
    bonus = np.sqrt(2 * np.log(60) / 20)
    expected = quality.mean(axis=0) - 0.5 * COSTS + 1.5 * bonus
    np.testing.assert_allclose(policy.scores(contexts)[0], expected)


def test_logistic_finds_the_mode_and_its_steps_stay_near():
    contexts, quality, cost = world(1, 400)
    policy = new("logistic", alpha=0.0)
    policy.warm_start(contexts, quality, cost)
    slope = contexts.T @ (policy.estimate(contexts).quality - quality) + policy.weights.T
    assert np.abs(slope).max() < 0.05
    stepped = new("logistic", alpha=0.0)
    for arm in range(ARMS):
        stepped.update(contexts, np.full(400, arm), quality[:, arm], cost[:, arm])
    assert (
        np.abs(stepped.estimate(contexts).quality - policy.estimate(contexts).quality).mean() < 0.05
    )


@pytest.mark.parametrize("kind", SUPERVISED)
def test_what_is_trained_alone_says_so(kind):
    policy = new(kind)
    with pytest.raises(EvalcoreError, match="learns from training queries alone"):
        policy.choose(np.zeros((1, WIDTH)))
    with pytest.raises(EvalcoreError, match="known for every model"):
        policy.warm_start(np.zeros((2, WIDTH)), np.full((2, ARMS), np.nan), np.zeros((2, ARMS)))
    again = new(kind)
    again.restore(policy.state())
    with pytest.raises(EvalcoreError, match="learns from training queries alone"):
        again.choose(np.zeros((1, WIDTH)))


def test_a_network_that_finds_nothing_to_learn_is_no_warning():
    rng = np.random.default_rng(0)
    policy = new("mlp", hidden=[2])
    policy.warm_start(rng.standard_normal((60, WIDTH)), rng.random((60, ARMS)), np.ones((60, ARMS)))
    assert policy.choose(np.ones((2, WIDTH))).arms.shape == (2,)


@pytest.mark.parametrize("kind", PLAIN)
def test_only_a_cascade_asks_again(kind):
    asked = started_once(kind).escalate(np.zeros((4, WIDTH)), np.zeros(4, int), np.zeros(4))
    assert asked.tolist() == [-1] * 4
