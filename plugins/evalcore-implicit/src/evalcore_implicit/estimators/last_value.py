"""Estimator `last-value`: the future of a series is as what was seen of it last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pydantic import Field

from evalcore.model import Estimator, Fitted, Prediction
from evalcore.settings import Settings
from evalcore_implicit.estimators.samples import check_inputs
from evalcore_implicit.estimators.series import (
    Target,
    check_targets,
    check_windows,
    repeated,
    seen_last,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LastValue", "LastValueSettings"]


class LastValueSettings(Settings):
    """What is forecast."""

    target: Target = "value"
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
            EvalcoreError: if they are no windows, shorter than the horizon, or targets are not what
                is forecast.
        """
        start = time.process_time()
        samples = check_windows(inputs, targets)
        rows = windows(samples.inputs, self._least())
        check_targets(rows, samples.targets, self.settings.target, self.settings.horizon)
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
        forecast = seen_last(rows, self.settings.target, self.settings.horizon)
        return Prediction(repeated(forecast, state))

    def _least(self) -> int:
        return 1 if self.settings.target == "value" else self.settings.horizon
