"""Estimators: by hand, and against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_metallm.off_policy.estimators import (
    clipped_ips,
    direct_method,
    doubly_robust,
    importance_weights,
    ips,
    on_policy,
    snips,
    switch_doubly_robust,
)

MOST = 2.0


def drawn(seed, n=40, k=3, t=2):
    rng = np.random.default_rng(seed)
    target, deployed = rng.dirichlet(np.ones(k), size=(2, n))
    target[rng.random((n, k)) < 0.2] = 0.0
    arms = np.array([rng.choice(k, p=row) for row in deployed])
    return (
        target,
        arms,
        deployed[np.arange(n), arms],
        rng.random((n, t)),
        rng.normal(size=(n, k, t)),
    )


def all_of_them(target, arms, propensity, outcomes, predicted):
    weights = importance_weights(target, arms, propensity)
    return {
        "ips": ips(weights, outcomes).value,
        "clipped": clipped_ips(weights, outcomes, MOST).value,
        "snips": snips(weights, outcomes).value,
        "direct": direct_method(target, predicted).value,
        "dr": doubly_robust(weights, outcomes, arms, target, predicted).value,
        "switch": switch_doubly_robust(weights, outcomes, arms, target, predicted, MOST).value,
    }


def by_loop(target, arms, propensity, outcomes, predicted):
    """The formulas once more, one query and one outcome at a time."""
    n, k, kinds = predicted.shape
    found = {name: [0.0] * kinds for name in ("ips", "clipped", "snips", "direct", "dr", "switch")}
    for kind in range(kinds):
        all_weight = 0.0
        for i in range(n):
            w = target[i, arms[i]] / propensity[i]
            r, q = outcomes[i, kind], predicted[i, arms[i], kind]
            model = sum(target[i, a] * predicted[i, a, kind] for a in range(k))
            found["ips"][kind] += w * r / n
            found["clipped"][kind] += min(w, MOST) * r / n
            found["snips"][kind] += w * r
            found["direct"][kind] += model / n
            found["dr"][kind] += (model + w * (r - q)) / n
            found["switch"][kind] += (model + (w * (r - q) if w <= MOST else 0.0)) / n
            all_weight += w
        found["snips"][kind] /= all_weight
    return found


def test_two_queries_by_hand():
    target = np.array([[0.5, 0.5], [1.0, 0.0]])
    arms, propensity = np.array([0, 0]), np.array([0.25, 0.5])
    outcomes = np.array([[1.0], [0.0]])
    predicted = np.array([[[0.5], [0.25]], [[0.75], [0.0]]])
    weights = importance_weights(target, arms, propensity)
    assert weights.tolist() == [2.0, 2.0]
    assert ips(weights, outcomes).value == pytest.approx(1.0)
    assert clipped_ips(weights, outcomes, 1.5).value == pytest.approx(0.75)
    assert snips(weights, outcomes).value == pytest.approx(0.5)
    assert direct_method(target, predicted).value == pytest.approx((0.375 + 0.75) / 2)
    dr = doubly_robust(weights, outcomes, arms, target, predicted)
    assert dr.value == pytest.approx((0.375 + 2 * 0.5 + 0.75 - 2 * 0.75) / 2)
    switched = switch_doubly_robust(weights, outcomes, arms, target, predicted, 1.9)
    assert switched.value == pytest.approx((0.375 + 0.75) / 2)


def test_a_pick_that_the_new_router_never_makes_weighs_nothing_even_at_propensity_zero():
    weights = importance_weights(np.array([[0.0, 1.0]]), np.array([0]), np.array([0.0]))
    assert weights.tolist() == [0.0]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_equal_to_a_plain_loop(seed):
    log = drawn(seed)
    expected = by_loop(*log)
    for name, value in all_of_them(*log).items():
        np.testing.assert_allclose(value, expected[name], rtol=0, atol=1e-10, err_msg=name)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_of_the_deployed_router_itself_ips_is_what_was_seen(seed):
    rng = np.random.default_rng(seed)
    deployed = rng.dirichlet(np.ones(3), size=20)
    arms, outcomes = rng.integers(3, size=20), rng.random((20, 2))
    weights = importance_weights(deployed, arms, deployed[np.arange(20), arms])
    seen = on_policy(outcomes).value
    np.testing.assert_allclose(ips(weights, outcomes).value, seen)
    np.testing.assert_allclose(snips(weights, outcomes).value, seen)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_with_models_that_are_right_doubly_robust_is_the_direct_method(seed):
    target, arms, propensity, _, predicted = drawn(seed)
    outcomes = predicted[np.arange(len(arms)), arms]
    found = all_of_them(target, arms, propensity, outcomes, predicted)
    np.testing.assert_allclose(found["dr"], found["direct"], atol=1e-12)
    np.testing.assert_allclose(found["switch"], found["direct"], atol=1e-12)


def test_snips_stays_within_the_range_of_the_outcomes():
    for seed in range(50):
        target, arms, propensity, outcomes, _ = drawn(seed)
        value = snips(importance_weights(target, arms, propensity), outcomes).value
        assert (value >= outcomes.min(axis=0)).all()
        assert (value <= outcomes.max(axis=0)).all()
