import numpy as np
import pytest


@pytest.fixture
def fit():
    """Fit an estimator, with nobody looking on."""

    def fitted(estimator, inputs, targets, seed=0):
        return estimator.fit(inputs, targets, seed=seed, tell=lambda done: None)

    return fitted


@pytest.fixture
def sums():
    """256 rows of 6 numbers, and the sum of the first four less the last."""
    inputs = np.random.default_rng(0).uniform(-1, 1, (256, 6))
    return inputs, inputs @ np.array([[1.0], [1.0], [1.0], [1.0], [0.0], [-1.0]])


@pytest.fixture
def means():
    """256 sequences of 8 numbers, and their means."""
    inputs = np.random.default_rng(0).uniform(-1, 1, (256, 8))
    return inputs, inputs.mean(axis=1, keepdims=True)


@pytest.fixture
def positions():
    """300 sequences of 4 numbers, and where the greatest is."""
    inputs = np.random.default_rng(0).uniform(-1, 1, (300, 4))
    return inputs, inputs.argmax(axis=1)
