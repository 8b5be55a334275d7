from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore.errors import EvalcoreError
from evalcore_metallm.regression import ArmRegressions

RIDGE = 0.7


def outcomes(seed, count, arms, width):
    rng = np.random.default_rng(seed)
    contexts = rng.standard_normal((count, width))
    return contexts, rng.integers(0, arms, count), rng.standard_normal((count, 2))


def solved(contexts, targets, discount=1.0):
    """The definition: every outcome weighed by what came after it, and the whole regulariser."""
    weights = discount ** np.arange(len(contexts))[::-1]
    gram = (contexts.T * weights) @ contexts + RIDGE * np.eye(contexts.shape[1])
    return np.linalg.inv(gram), np.linalg.solve(gram, (contexts.T * weights) @ targets).T


def learned(contexts, arms, targets, discount=1.0):
    models = ArmRegressions(arms.max() + 1, contexts.shape[1], 2, RIDGE, discount)
    for context, arm, target in zip(contexts, arms, targets, strict=True):
        models.deviations(context[None])  # as a policy does between two outcomes
        models.update(context, arm, target)
    return models


@pytest.mark.parametrize(
    ("count", "width", "discount"),
    [(5000, 24, 1.0), (5000, 24, 0.99), (5000, 96, 1.0), (60, 24, 0.5)],
)
def test_updates_are_a_fresh_solve(count, width, discount):
    contexts, arms, targets = outcomes(0, count, 3, width)
    models = learned(contexts, arms, targets, discount)
    for arm in range(3):
        inverse, weights = solved(contexts[arms == arm], targets[arms == arm], discount)
        np.testing.assert_allclose(models.inverse[arm], inverse, rtol=0, atol=1e-8)
        np.testing.assert_allclose(models.weights[arm], weights, rtol=0, atol=1e-8)


def test_updates_by_contexts_that_are_nearly_alike_stay_a_fresh_solve():
    """The worst that queries do: all lie in a few directions, and the rest is never seen."""
    rng = np.random.default_rng(0)
    contexts = rng.standard_normal((5000, 3)) @ rng.standard_normal((3, 32))
    contexts += 1e-4 * rng.standard_normal(contexts.shape)
    _, arms, targets = outcomes(1, 5000, 1, 32)
    models = learned(contexts, arms, targets)
    inverse, weights = solved(contexts, targets)
    np.testing.assert_allclose(models.inverse[0], inverse, rtol=0, atol=1e-8)
    np.testing.assert_allclose(models.weights[0], weights, rtol=0, atol=1e-8)


@settings(deadline=None)
@given(st.integers(0, 100), st.integers(1, 30), st.booleans(), st.sampled_from([1.0, 0.9]))
def test_a_fit_is_the_updates_and_goes_on_as_they_do(seed, count, missing, discount):
    contexts, _, _ = outcomes(seed, count, 1, 4)
    targets = np.random.default_rng(seed).standard_normal((count, 2, 2))
    if missing:
        targets[::2, 1] = np.nan
    fitted = ArmRegressions(2, 4, 2, RIDGE, discount)
    fitted.fit(contexts, targets)
    for arm in range(2):
        rows = ~np.isnan(targets[:, arm]).any(axis=1)
        inverse, weights = solved(contexts[rows], targets[rows, arm])
        np.testing.assert_allclose(fitted.inverse[arm], inverse, atol=1e-10)
        np.testing.assert_allclose(fitted.weights[arm], weights, atol=1e-10)
    fitted.update(contexts[0], 0, np.ones(2))
    after = (
        np.concatenate([contexts, contexts[:1]]),
        np.concatenate([targets[:, 0], np.ones((1, 2))]),
    )
    faded = np.sqrt(np.append(np.full(count, discount), 1.0))[:, None]
    np.testing.assert_allclose(
        fitted.weights[0], solved(*(part * faded for part in after))[1], atol=1e-9
    )


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_one_context_and_many_have_the_same_deviations(discount):
    contexts, arms, targets = outcomes(1, 50, 3, 6)
    models = learned(contexts, arms, targets, discount)
    many = models.deviations(contexts)
    for context, deviations in zip(contexts, many, strict=True):
        np.testing.assert_allclose(models.deviations(context[None])[0], deviations)
        expected = [np.sqrt(context @ inverse @ context) for inverse in models.inverse]
        np.testing.assert_allclose(deviations, expected)


@pytest.mark.parametrize("width", [5, 64, 385])
def test_arms_that_learned_the_same_are_equal_to_the_bit(width):
    """Or else ties would be broken by rounding."""
    models = ArmRegressions(11, width, 2, RIDGE)
    contexts = np.random.default_rng(0).standard_normal((40, width))
    models.fit(contexts, np.tile(contexts[:, :2, None], (1, 1, 11)).swapaxes(1, 2))
    for some in (contexts[:1], contexts):
        assert (np.ptp(models.deviations(some), axis=1) == 0).all()


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_what_was_learned_is_restored_to_the_bit(discount):
    contexts, arms, targets = outcomes(1, 50, 3, 6)
    models = learned(contexts, arms, targets, discount)
    again = ArmRegressions(3, 6, 2, RIDGE, discount)
    again.deviations(contexts[:1])  # what was computed before is not what holds after
    again.restore({name: array.copy() for name, array in models.state().items()})
    for one in (models, again):
        one.update(contexts[0], 1, targets[0])
    np.testing.assert_array_equal(models.inverse, again.inverse)
    np.testing.assert_array_equal(models.weights, again.weights)
    np.testing.assert_array_equal(models.deviations(contexts[:1]), again.deviations(contexts[:1]))


def test_a_ridge_that_is_too_small_is_an_error():
    with pytest.raises(EvalcoreError, match="a ridge of 1e-30 is too small"):
        ArmRegressions(2, 3, 1, 1e-30).fit(np.ones((5, 3)), np.ones((5, 2, 1)))
