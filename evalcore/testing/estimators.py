"""The contract of estimators."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from evalcore.encoding import encode
from evalcore.model import Estimator
from evalcore.testing.contract import ComponentContract

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalcore.model import Fitted, Prediction
    from evalcore.plugins import Found
    from evalcore.settings import Settings

    Fit = Callable[[int], Fitted]
    Predict = Callable[[Any], Prediction]

__all__ = ["EstimatorContract"]


class EstimatorContract(ComponentContract):
    """What every estimator must hold to; it is fitted in this process, on the arrays given here."""

    kind = "model"
    interface = Estimator

    inputs: ClassVar[NDArray[np.floating[Any]]] = np.linspace(-1, 1, 60).reshape(20, 3)
    """What it can be fitted on, shape (samples, ...)."""
    targets: ClassVar[NDArray[np.generic]] = np.linspace(-1, 1, 60).reshape(20, 3)[:, :1]
    """Values of shape (samples, outputs), or classes of shape (samples,)."""

    @pytest.fixture
    def fit(self, found: Found, validated: Settings) -> Fit:
        """Fits a new instance by a seed."""

        def fitted(seed: int) -> Fitted:
            estimator: Estimator[Any] = found.component.load()(validated)
            return estimator.fit(self.inputs, self.targets, seed=seed, tell=_check_told)

        return fitted

    @pytest.fixture
    def predict(self, found: Found, validated: Settings) -> Predict:
        """Predicts by a new instance, from the state of a fit."""

        def predicted(state: Any) -> Prediction:
            estimator: Estimator[Any] = found.component.load()(validated)
            return estimator.predict(state, self.inputs)

        return predicted

    def test_predicts_for_every_sample(self, fit: Fit, predict: Predict) -> None:
        """A row of outputs for each sample, one for each target or class."""
        outputs = predict(fit(1).state).outputs
        assert isinstance(outputs, np.ndarray), f"found {type(outputs).__name__}, expected an array"
        targets = self.targets
        expected = targets.shape[1] if targets.ndim == 2 else int(targets.max()) + 1
        assert outputs.shape == (len(self.inputs), expected)
        assert np.isfinite(outputs).all()

    def test_equal_seeds_give_equal_fits(self, fit: Fit, predict: Predict) -> None:
        """A run can be repeated."""
        first, again = (predict(fit(7).state).outputs for _ in range(2))
        assert np.array_equal(first, again), "two fits by one seed predict differently"

    def test_a_fit_goes_between_processes(self, fit: Fit, predict: Predict) -> None:
        """What it learned can be pickled, and predicts the same afterwards."""
        state = fit(1).state
        sent = pickle.loads(pickle.dumps(state))  # noqa: S301 - its own
        assert np.array_equal(predict(state).outputs, predict(sent).outputs)

    def test_details_can_be_put_on_record(self, fit: Fit, predict: Predict) -> None:
        """They are JSON."""
        fitted = fit(1)
        for details in (fitted.details, predict(fitted.state).details):
            assert isinstance(json.loads(encode(details)), dict)

    def test_does_not_change_what_it_is_given(self, fit: Fit, predict: Predict) -> None:
        """The arrays are the task's, and other models see them too."""
        inputs, targets = self.inputs.copy(), self.targets.copy()
        predict(fit(1).state)
        assert np.array_equal(inputs, self.inputs)
        assert np.array_equal(targets, self.targets)


def _check_told(fraction: float) -> None:
    assert 0 <= fraction <= 1, f"told that {fraction} of the fit is done, expected 0 to 1"
