"""Predictions come from models that have not seen the outcome."""

from __future__ import annotations

import numpy as np
import pytest

from evalcore.errors import EvalcoreError
from evalcore_metallm.off_policy.reward_models import cross_fitted


def world(n=60, seed=0):
    rng = np.random.default_rng(seed)
    contexts = rng.normal(size=(n, 2))
    arms = rng.integers(2, size=n)
    weights = np.array([[[1.0, 0.5], [0.0, 2.0]], [[-1.0, 0.5], [3.0, 0.0]]])  # (k, t, d)
    everything = np.einsum("ktd,nd->nkt", weights, contexts) + 1.0
    return contexts, arms, everything, everything[np.arange(n), arms]


def test_a_linear_world_is_found_out():
    contexts, arms, everything, outcomes = world()
    predicted = cross_fitted(contexts, arms, outcomes, 2, ridge=1e-9)
    np.testing.assert_allclose(predicted, everything, atol=1e-6)


def test_an_outcome_does_not_move_its_own_prediction_but_others():
    contexts, arms, _, outcomes = world()
    before = cross_fitted(contexts, arms, outcomes, 2, seed=3)
    outcomes[7] += 100.0
    after = cross_fitted(contexts, arms, outcomes, 2, seed=3)
    assert (before[7] == after[7]).all()
    assert (before[:, arms[7]] != after[:, arms[7]]).any()
    assert (before[:, 1 - arms[7]] == after[:, 1 - arms[7]]).all()


def test_a_group_is_predicted_without_all_of_it():
    contexts, arms, _, outcomes = world()
    groups = np.arange(60) // 4
    before = cross_fitted(contexts, arms, outcomes, 2, groups=groups)
    outcomes[8] += 100.0
    after = cross_fitted(contexts, arms, outcomes, 2, groups=groups)
    assert (before[groups == 2] == after[groups == 2]).all()
    assert (before != after).any()


def test_an_arm_that_was_never_picked_yields_the_mean_of_all():
    contexts, _, _, outcomes = world(n=20)
    predicted = cross_fitted(contexts, np.zeros(20, dtype=int), outcomes, 2, folds=20)
    for query in range(20):
        others = np.delete(outcomes, query, axis=0)
        np.testing.assert_allclose(predicted[query, 1], others.mean(axis=0))


def test_two_groups_make_two_folds_and_one_is_refused():
    contexts, arms, _, outcomes = world(n=12)
    halves = np.repeat([0, 1], 6)
    assert np.isfinite(cross_fitted(contexts, arms, outcomes, 2, groups=halves)).all()
    with pytest.raises(EvalcoreError, match="found a single query, or group of queries"):
        cross_fitted(contexts, arms, outcomes, 2, groups=np.zeros(12, dtype=int))
