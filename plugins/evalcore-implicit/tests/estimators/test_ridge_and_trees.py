import pickle

import numpy as np
import pytest
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.ridge import Ridge, RidgeSettings
from evalcore_implicit.estimators.trees import BoostedTrees, BoostedTreesSettings


def trees(**settings):
    return BoostedTrees(BoostedTreesSettings(**{"trees": 20, **settings}))


@pytest.fixture
def pair():
    """200 rows of 3 numbers, and two linear functions of them with constants."""
    inputs = np.random.default_rng(0).normal(size=(200, 3))
    return inputs, inputs @ np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 5.0]]) + [3.0, -4.0]


def test_ridge_without_a_penalty_finds_a_linear_function(fit, pair):
    inputs, targets = pair
    estimator = Ridge(RidgeSettings(penalty=0))
    fitted = fit(estimator, inputs, targets)
    assert estimator.predict(fitted.state, 100 * inputs).outputs == pytest.approx(
        100 * (targets - [3.0, -4.0]) + [3.0, -4.0]
    )
    assert (fitted.details["parameters"], fitted.details["operations"]) == (8, 6)


@pytest.mark.parametrize("penalty", [0.5, 50.0])
def test_the_penalty_is_that_of_the_normal_equations(fit, pair, penalty):
    inputs, targets = pair
    state = fit(Ridge(RidgeSettings(penalty=penalty, bias=False)), inputs, targets).state
    exact = np.linalg.solve(inputs.T @ inputs + penalty * np.eye(3), inputs.T @ targets)
    assert pytest.approx(exact) == state.weights.T
    assert not state.constants.any()


def test_standardizing_makes_the_unit_of_a_feature_irrelevant_to_ridge(fit, pair):
    inputs, targets = pair
    estimator = Ridge(RidgeSettings(penalty=100, standardize=True))
    scaled = inputs * [1.0, 1e3, 1e-3]
    plain = estimator.predict(fit(estimator, inputs, targets).state, inputs).outputs
    assert estimator.predict(fit(estimator, scaled, targets).state, scaled).outputs == (
        pytest.approx(plain)
    )


def test_ridge_of_one_output_has_one_column(fit, pair):
    estimator = Ridge(RidgeSettings())
    state = fit(estimator, pair[0], pair[1][:, :1]).state
    assert estimator.predict(state, pair[0]).outputs.shape == (200, 1)


@pytest.mark.parametrize("estimator", [Ridge(RidgeSettings()), trees()])
def test_classes_are_learned_by_their_scores(fit, positions, estimator):
    inputs, classes = positions
    outputs = estimator.predict(fit(estimator, inputs, classes).state, inputs).outputs
    assert outputs.shape == (300, 4)
    assert np.mean(outputs.argmax(axis=1) == classes) > 0.8


def test_trees_give_logarithms_of_probabilities(fit, positions):
    estimator = trees()
    outputs = estimator.predict(fit(estimator, *positions).state, positions[0]).outputs
    assert np.exp(outputs).sum(axis=1) == pytest.approx(1)


def test_a_class_that_was_not_seen_is_unlikely(fit, positions):
    inputs, classes = positions
    kept = classes != 1
    estimator = trees()
    outputs = estimator.predict(fit(estimator, inputs[kept], classes[kept]).state, inputs).outputs
    assert outputs.shape == (300, 4)
    assert (outputs[:, 1] == -50).all()


def test_trees_learn_each_output_and_are_constant_far_away(fit, pair):
    inputs, targets = pair
    estimator = trees(trees=100)
    state = fit(estimator, inputs, targets).state
    outputs = estimator.predict(state, inputs).outputs
    assert np.mean((outputs - targets) ** 2) < 0.1 * np.var(targets)
    far = [estimator.predict(state, size * np.ones((1, 3))).outputs for size in (1e3, 1e6)]
    assert np.array_equal(*far)


def test_the_size_of_trees_counts_their_leaves(fit, pair):
    inputs, targets = pair
    found = fit(trees(trees=3, leaves=2), inputs, targets).details
    # Of each output three trees with a split (feature and threshold) and two leaves.
    assert found["parameters"] == 2 * 3 * 4
    assert found["operations"] == 2 * 3 * 2
    assert found["epochs"] == 3


@pytest.mark.parametrize("settings", [{}, {"validation": 0.3, "patience": 2}], ids=str)
def test_equal_arguments_give_equal_trees(fit, pair, settings):
    inputs, targets = pair
    estimator = trees(trees=60, **settings)
    states = [fit(estimator, inputs, targets, seed=2**40).state for _ in range(2)]
    first, again = (estimator.predict(state, inputs).outputs for state in states)
    assert np.array_equal(first, again)


def test_trees_stop_early(fit):
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(200, 3)), rng.normal(size=(200, 1))
    estimator = trees(trees=200, validation=0.3, patience=3)
    assert fit(estimator, inputs, targets).details["epochs"] < 100


def test_what_is_done_is_told_of_each_output(pair):
    told = []
    trees(trees=1).fit(*pair, seed=0, tell=told.append)
    assert told == [0.5, 1.0]


@pytest.mark.parametrize("estimator", [Ridge(RidgeSettings()), trees()])
def test_states_go_between_processes(fit, pair, estimator):
    inputs, targets = pair
    state = fit(estimator, inputs, targets).state
    again = pickle.loads(pickle.dumps(state))
    assert np.array_equal(
        estimator.predict(again, inputs).outputs, estimator.predict(state, inputs).outputs
    )


@pytest.mark.parametrize("estimator", [Ridge(RidgeSettings()), trees()])
def test_rows_of_another_length_are_told(fit, pair, estimator):
    state = fit(estimator, *pair).state
    with pytest.raises(EvalcoreError, match="was fitted to 3 and reads no other number"):
        estimator.predict(state, np.ones((2, 4)))


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        (RidgeSettings, {"penalty": -1}),
        (RidgeSettings, {"alpha": 1}),
        (BoostedTreesSettings, {"patience": 3}),
        (BoostedTreesSettings, {"leaves": 1}),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, given):
    with pytest.raises(ValidationError):
        settings(**given)
