"""Metrics `extrapolation-area` and `extrapolation-doubling`: a curve in one number."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from evalcore import stats
from evalcore.metric import Metric
from evalcore_implicit.metrics.curves import MeasureSettings, by_sample, curves_of, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate
    from evalcore_implicit.metrics.curves import Curves

    Floats = NDArray[np.float64]

__all__ = [
    "ExtrapolationArea",
    "ExtrapolationAreaSettings",
    "ExtrapolationDoubling",
    "ExtrapolationDoublingSettings",
    "area",
    "doubling",
]


class _FloorSettings(MeasureSettings):
    floor: float = Field(1e-12, gt=0, allow_inf_nan=False)
    """An error below counts as this: what is left there is of rounding."""


class ExtrapolationAreaSettings(_FloorSettings):
    """What the area is under."""


class ExtrapolationDoublingSettings(_FloorSettings):
    """What is to double."""


class ExtrapolationArea(Metric[ExtrapolationAreaSettings]):
    """The mean height of a curve over its axis.

    Of an error, part `log10` is the mean of its decimal logarithm; of a share of hits, such as
    accuracy, part `mean` is that of itself. The mean is over the logarithm of shifts where these
    span more than a decade, and then without those at 0; see `area`.
    """

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """The one part."""
        curves = curves_of(scores, self.settings.measure)
        if curves is None:
            return {}
        found = estimate(self._areas(curves), curves.samples)
        of = curves.measure if curves.higher else f"log10 of {curves.measure}"
        return {_part(curves): replace(found, of=of)}

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """That of each drawing."""
        curves = curves_of(scores, self.settings.measure)
        if curves is None:
            return {}
        return {_part(curves): by_sample(self._areas(curves), curves.samples, scores)}

    def _areas(self, curves: Curves) -> Floats:
        at = np.array([place.at for place in curves.places])
        heights = curves.values
        if not curves.higher:
            heights = np.log10(np.maximum(heights, self.settings.floor))
        return np.array([area(at, row) for row in heights])


class ExtrapolationDoubling(Metric[ExtrapolationDoublingSettings]):
    """How far from training the error is twice what it is there.

    Of a share of hits, such as accuracy, the error is what it lacks of 1, and at least one of the
    predictions. Part `log10-shift` is the decimal logarithm of the first such shift where all
    shifts but training's are above 0 and span more than a decade, part `shift` is the shift itself
    elsewhere. A drawing whose error never doubles counts with its last shift: part `censored` is
    the share of those, and where it is not 0, the mean is a lower bound.
    """

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """The mean over drawings, and the share of those that are censored."""
        curves = curves_of(scores, self.settings.measure)
        if curves is None:
            return {}
        name, shifts, censored = self._found(curves)
        known = ~np.isnan(censored)
        return {
            name: self._mean(shifts, curves),
            "censored": stats.proportion(censored[known], curves.samples[known]),
        }

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """Those of each drawing."""
        curves = curves_of(scores, self.settings.measure)
        if curves is None:
            return {}
        name, shifts, censored = self._found(curves)
        return {
            name: by_sample(shifts, curves.samples, scores),
            "censored": by_sample(censored, curves.samples, scores),
        }

    def _mean(self, shifts: Floats, curves: Curves) -> Estimate:
        """No further than the last shift, at which counting ends."""
        last = curves.places[-1].at
        if _is_logarithmic(_outside(curves)):
            last = math.log10(last)
        return estimate(shifts, curves.samples, within=(-math.inf, last))

    def _found(self, curves: Curves) -> tuple[str, Floats, Floats]:
        at = np.array([place.at for place in curves.places])
        errors, least = curves.values, np.full(len(curves.values), self.settings.floor)
        if curves.higher:
            errors, least = 1 - errors, 1 / curves.counts[:, curves.inside]
        pairs = [
            doubling(at, row, curves.inside, floor=floor) or (np.nan, np.nan)
            for row, floor in zip(errors, least, strict=True)
        ]
        shifts, censored = np.array(pairs, dtype=np.float64).T
        if not _is_logarithmic(_outside(curves)):
            return "shift", shifts, censored
        return "log10-shift", np.log10(shifts), censored


def _outside(curves: Curves) -> Floats:
    """The shifts beyond that of training."""
    at = [place.at for place in curves.places]
    return np.array([place for place in at if place > at[curves.inside]])


def area(at: Sequence[float] | Floats, heights: Floats) -> float:
    """The area under a curve by trapezoids, divided by its width: the mean height.

    Over the logarithm of `at` where the values above 0 span more than a decade; points at 0 and
    below are then left out.

    Args:
        at: Ascending, shape (P,).
        heights: Shape (P,); points where one is NaN are left out.

    Returns:
        The height of a single point; NaN where none is left.
    """
    x, y = np.asarray(at, dtype=np.float64), heights
    if _is_logarithmic(x):
        x, y = np.log10(x[x > 0]), y[x > 0]
    x, y = x[~np.isnan(y)], y[~np.isnan(y)]
    if not y.size:
        return math.nan
    if x[-1] == x[0]:
        return float(y.mean())
    return float(((y[1:] + y[:-1]) / 2) @ np.diff(x) / (x[-1] - x[0]))


def doubling(
    at: Sequence[float] | Floats, errors: Floats, inside: int, *, floor: float
) -> tuple[float, bool] | None:
    """The first shift beyond a reference at which the error passes twice that of the reference.

    Between two shifts the error is a power of the shift where both are above 0, else a line: a
    power law is met exactly.

    Args:
        at: Ascending, shape (P,).
        errors: Shape (P,); points where one is NaN are left out.
        inside: The place of the reference.
        floor: What a lower error counts as.

    Returns:
        The shift, and whether the error never passed: it is the last shift then. `None` where the
        error is not known at the reference, or nowhere beyond it.
    """
    x, y = np.asarray(at, dtype=np.float64), np.maximum(errors, floor)
    beyond = np.flatnonzero((x > x[inside]) & ~np.isnan(y))
    if np.isnan(y[inside]) or not beyond.size:
        return None
    limit = 2 * y[inside]
    over = np.flatnonzero(y[beyond] > limit)
    if not over.size:
        return float(x[beyond[-1]]), True
    after = beyond[over[0]]
    before = beyond[over[0] - 1] if over[0] else inside
    return _crossing((x[before], y[before]), (x[after], y[after]), limit), False


def _crossing(before: tuple[float, float], after: tuple[float, float], limit: float) -> float:
    """Where the error between two points is the limit."""
    (left, low), (right, high) = before, after
    if left > 0:
        share = math.log(limit / low) / math.log(high / low)
        return float(left * (right / left) ** share)
    return float(left + (right - left) * (limit - low) / (high - low))


def _is_logarithmic(at: Floats) -> bool:
    positive = at[at > 0]
    return positive.size > 1 and bool(positive[-1] > 10 * positive[0])


def _part(curves: Curves) -> str:
    return "mean" if curves.higher else "log10"
