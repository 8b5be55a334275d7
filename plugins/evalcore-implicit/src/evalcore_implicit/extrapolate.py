"""Strategy `extrapolate`: fit an estimator to a drawing, predict at each of its shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from evalcore.data import Attempt
from evalcore.errors import EvalcoreError
from evalcore.model import Estimator
from evalcore.settings import Settings
from evalcore.strategy import Strategy
from evalcore_implicit.suites.drawing import Drawing

if TYPE_CHECKING:
    from evalcore.data import Sample
    from evalcore.model import Model
    from evalcore.strategy import Context

__all__ = ["Extrapolate", "ExtrapolateSettings"]


class ExtrapolateSettings(Settings):
    """Nothing: what is learned is set at the model, what is tried at the task."""


class Extrapolate(Strategy[ExtrapolateSettings]):
    """One fit, and a prediction for each shift.

    The answer is a tuple of arrays, one for each shift, and is not kept; on record are the details
    of the fit, as `fit`, and those of each prediction, as `shifts`.
    """

    uses: ClassVar[type[Model[Any]]] = Estimator

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """Fit and predict.

        Raises:
            EvalcoreError: if the sample is not one with data to learn from.
        """
        drawing = sample.public
        if not isinstance(drawing, Drawing):
            raise EvalcoreError(
                f"extrapolate found {type(drawing).__name__} as the public side of {sample.id!r}, "
                "expected a Drawing: use a task that gives data to learn from, such as arithmetic"
            )
        fitted = await context.model.fit(drawing.inputs, drawing.targets)
        made = [await fitted.predict(shift.inputs) for shift in drawing.shifts]
        return Attempt(
            tuple(prediction.outputs for prediction in made),
            details={
                "fit": dict(fitted.details),
                "shifts": [dict(prediction.details) for prediction in made],
            },
            keep=False,
        )
