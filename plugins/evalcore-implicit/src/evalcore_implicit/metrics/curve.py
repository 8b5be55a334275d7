"""Metric `extrapolation-curve`: a measure at each shift."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from evalcore.metric import Metric
from evalcore_implicit.metrics.curves import MeasureSettings, by_sample, curves_of, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate
    from evalcore_implicit.metrics.curves import Curves

__all__ = ["ExtrapolationCurve", "ExtrapolationCurveSettings"]


class ExtrapolationCurveSettings(MeasureSettings):
    """What the curve is of."""


class ExtrapolationCurve(Metric[ExtrapolationCurveSettings]):
    """A measure at each shift, such as `range=10`, with its interval over drawings."""

    needs: ClassVar[str] = ""
    """What the score of a drawing has on record where there is anything to measure, as a path of
    `Scores.details`; not needed where empty."""

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """A part for each shift, placed on the task's axis."""
        curves = self._curves(scores)
        if curves is None:
            return {}
        return {
            place.name: replace(
                estimate(values, curves.samples, within=curves.range),
                axis=curves.axis,
                at=place.at,
                of=curves.measure,
            )
            for place, values in zip(curves.places, curves.values.T, strict=True)
        }

    def per_sample(self, scores: Scores) -> Mapping[str, NDArray[np.float64]]:
        """The measure of each drawing at each shift."""
        curves = self._curves(scores)
        if curves is None:
            return {}
        return {
            place.name: by_sample(values, curves.samples, scores)
            for place, values in zip(curves.places, curves.values.T, strict=True)
        }

    def _curves(self, scores: Scores) -> Curves | None:
        if self.needs and not any(scores.details(self.needs)):
            return None
        return curves_of(scores, self.settings.measure)
