import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.feedforward import Mlp, MlpSettings
from evalcore_implicit.estimators.garch import Garch, GarchSettings
from evalcore_implicit.estimators.implicit import (
    Implicit,
    ImplicitRnn,
    ImplicitRnnSettings,
    ImplicitSettings,
)
from evalcore_implicit.estimators.last_value import LastValue, LastValueSettings
from evalcore_implicit.estimators.ridge import Ridge, RidgeSettings
from evalcore_implicit.estimators.samples import Scaling
from evalcore_implicit.estimators.sequences import Cnn, CnnSettings, Lstm, LstmSettings
from evalcore_implicit.estimators.trees import BoostedTrees, BoostedTreesSettings

ESTIMATORS = [
    Implicit(ImplicitSettings(epochs=1)),
    ImplicitRnn(ImplicitRnnSettings(epochs=1)),
    Mlp(MlpSettings(epochs=1)),
    Lstm(LstmSettings(epochs=1)),
    Cnn(CnnSettings(epochs=1)),
    Ridge(RidgeSettings()),
    BoostedTrees(BoostedTreesSettings(trees=1)),
    LastValue(LastValueSettings()),
    Garch(GarchSettings()),
]
every = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
INPUTS = np.random.default_rng(0).normal(size=(40, 5))
TARGETS = INPUTS[:, :1] + 1


def spoiled(array, value):
    copy = array.copy()
    copy[3, 0] = value
    return copy


WRONG = {
    "nan": (
        spoiled(INPUTS, np.nan),
        TARGETS,
        r"found nan in the inputs at \[3, 0\], and 1 ",
    ),
    "inf": (INPUTS, spoiled(TARGETS, np.inf), r"found inf in the targets at \[3, 0\]"),
    "none": (INPUTS[:0], TARGETS[:0], r"found inputs of shape \(0, 5\)"),
    "no features": (INPUTS[:, :0], TARGETS, r"found inputs of shape \(40, 0\)"),
    "one": (INPUTS[:1], TARGETS[:1], "found 1 sample to learn from"),
    "a row": (INPUTS[0], TARGETS, r"found inputs of shape \(5,\)"),
    "lengths": (INPUTS, TARGETS[:-1], "expected as many targets as inputs"),
    "a number": (INPUTS, np.float64(1), "expected as many targets as inputs"),
    "flat values": (INPUTS, TARGETS[:, 0], r"expected values of shape \(samples, outputs\)"),
    "no outputs": (INPUTS, TARGETS[:, :0], r"expected values of shape \(samples, outputs\)"),
    "class columns": (INPUTS, np.ones((40, 1), int), r"expected classes of shape \(samples,\)"),
    "a negative class": (INPUTS, np.full(40, -1), "found the class -1"),
    "a single class": (INPUTS, np.zeros(40, int), "found the class 0 alone"),
    "words": (INPUTS.astype(str), TARGETS, "expected real numbers"),
    "complex": (INPUTS, TARGETS + 1j, "expected real numbers"),
}


@every
@pytest.mark.parametrize("wrong", WRONG)
def test_data_that_cannot_be_learned_from_are_told(fit, estimator, wrong):
    inputs, targets, words = WRONG[wrong]
    with pytest.raises(EvalcoreError, match=words):
        fit(estimator, inputs, targets)


@every
def test_data_that_cannot_be_predicted_from_are_told(fit, estimator):
    state = fit(estimator, INPUTS, TARGETS).state
    with pytest.raises(EvalcoreError, match="found nan in the inputs"):
        estimator.predict(state, spoiled(INPUTS, np.nan))
    with pytest.raises(EvalcoreError, match=r"found inputs of shape \(0, 5\)"):
        estimator.predict(state, INPUTS[:0])
    with pytest.raises(EvalcoreError, match=r"found inputs of shape \(40,\)"):
        estimator.predict(state, INPUTS[:, 0])
    assert estimator.predict(state, INPUTS[:1]).outputs.shape == (1, 1)


@every
def test_inputs_of_another_form_than_learned_are_told(fit, estimator):
    state = fit(estimator, INPUTS, TARGETS).state
    with pytest.raises(EvalcoreError, match="found inputs of shape"):
        estimator.predict(state, np.ones((3, 4, 2)))


@pytest.mark.parametrize("estimator", ESTIMATORS[:7], ids=lambda one: type(one).__name__)
def test_whole_numbers_are_inputs_too(fit, estimator):
    state = fit(estimator, np.arange(40).reshape(20, 2), np.arange(20) % 3).state
    assert estimator.predict(state, np.array([[1, 2]])).outputs.shape == (1, 3)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e6))
def test_a_scaling_goes_back(mean, deviation):
    values = np.random.default_rng(0).normal(mean, deviation, (30, 4, 2))
    scaling = Scaling.of(values)
    scaled = scaling.apply(values)
    assert scaled.mean(axis=(0, 1)) == pytest.approx(0, abs=1e-3)
    assert np.allclose(scaling.undo(scaled), values, rtol=1e-9, atol=1e-9 * deviation)
