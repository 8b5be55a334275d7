"""Estimator `ridge`: linear regression with a penalty on the squares of its weights."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import Field

from evalcore.model import Estimator, Fitted, Prediction
from evalcore.settings import Settings
from evalcore_implicit.estimators.samples import Scaling, check_inputs, check_samples, flat

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Ridge", "RidgeSettings"]


class RidgeSettings(Settings):
    """Linear regression with a penalty."""

    penalty: float = Field(1.0, ge=0, allow_inf_nan=False)
    """On the sum of the squared weights, beside the sum of the squared errors."""
    bias: bool = True
    """Whether a constant is learned, without a penalty."""
    standardize: bool = False
    """Whether inputs are shifted and scaled to mean 0 and standard deviation 1, so that the penalty
    is as hard on each."""


class _Linear(NamedTuple):
    """Weights of shape (outputs, features), a constant for each output, a scaling of inputs."""

    weights: NDArray[np.float64]
    constants: NDArray[np.float64]
    inputs: Scaling


class Ridge(Estimator[RidgeSettings]):
    """Ridge regression of scikit-learn; of classes, of 1 for the class and 0 for the others."""

    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Solve for the weights.

        Raises:
            EvalcoreError: if the data cannot be learned from.
        """
        from sklearn.linear_model import Ridge as Regression

        start = time.process_time()
        samples = check_samples(inputs, targets)
        rows = flat(samples.inputs)
        wanted = np.eye(samples.outputs)[samples.targets] if samples.classes else samples.targets
        standardize = self.settings.standardize
        scaling = Scaling.of(rows) if standardize else Scaling.none(rows.shape[1])
        model = Regression(self.settings.penalty, fit_intercept=self.settings.bias, solver="svd")
        model.fit(scaling.apply(rows), wanted)
        weights = np.reshape(model.coef_, (samples.outputs, -1))
        constants = np.broadcast_to(model.intercept_, samples.outputs).copy()
        state = _Linear(weights, constants, scaling)
        tell(1.0)
        details = {
            "parameters": weights.size + self.settings.bias * constants.size,
            "operations": weights.size,
            "loss": float(np.mean(np.square(_outputs(state, rows) - wanted))),
            "seconds": time.process_time() - start,
        }
        return Fitted(state, details)

    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """A linear function.

        Raises:
            EvalcoreError: if the inputs are of another form than those of the fit.
        """
        return Prediction(_outputs(state, flat(check_inputs(inputs), state.weights.shape[1])))


def _outputs(state: _Linear, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    outputs: NDArray[np.float64] = state.inputs.apply(rows) @ state.weights.T + state.constants
    return outputs
