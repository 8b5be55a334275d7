"""Estimator `last-value`: the future of a series is as what was seen of it last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from evalcore.model import Estimator, Fitted, Prediction
from evalcore.settings import Settings
from evalcore_implicit.estimators.samples import check_inputs
from evalcore_implicit.estimators.series import check_windows, repeated, windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["LastValue", "LastValueSettings"]


class LastValueSettings(Settings):
    """What is forecast."""

    target: Literal["value", "returns", "volatility"] = "value"
    """`value`: the last value of the window. `returns`: the sum of its last `horizon` returns.
    `volatility`: the root of the mean square of its last `horizon` returns."""
    horizon: int = Field(1, ge=1)
    """Time steps that are summed or averaged; of `returns` and `volatility`."""


class LastValue(Estimator[LastValueSettings]):
    """Learns nothing; inputs are those of `evalcore_implicit.estimators.series`."""

    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Check the data, and remember how many outputs there are.

        Raises:
            EvalcoreError: if they are no windows, or shorter than the horizon.
        """
        start = time.process_time()
        samples = check_windows(inputs, targets)
        self._forecast(windows(samples.inputs, self._least()))
        tell(1.0)
        operations = {"value": 0, "returns": 0, "volatility": self.settings.horizon}
        details = {
            "parameters": 0,
            "operations": operations[self.settings.target],
            "seconds": time.process_time() - start,
        }
        return Fitted(samples.outputs, details)

    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """What was seen last, as every output."""
        rows = windows(check_inputs(inputs), self._least())
        return Prediction(repeated(self._forecast(rows), state))

    def _least(self) -> int:
        return 1 if self.settings.target == "value" else self.settings.horizon

    def _forecast(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        last = rows[:, -self.settings.horizon :]
        forecast: NDArray[np.float64] = rows[:, -1]
        if self.settings.target == "returns":
            forecast = last.sum(axis=1)
        elif self.settings.target == "volatility":
            forecast = np.sqrt(np.square(last).mean(axis=1))
        return forecast
