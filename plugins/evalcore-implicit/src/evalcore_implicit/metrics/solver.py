"""Metrics `solver-iterations` and `solver-convergence`: how hard an equilibrium is to find."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from evalcore.metric import Metric
from evalcore.settings import Settings
from evalcore_implicit.metrics.curves import by_sample, curves_of, estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores
    from evalcore.stats import Estimate
    from evalcore_implicit.metrics.curves import Curves

    Floats = NDArray[np.float64]
    Read = Callable[[Mapping[str, Any]], float]

__all__ = [
    "SolverConvergence",
    "SolverConvergenceSettings",
    "SolverIterations",
    "SolverIterationsSettings",
]


class SolverIterationsSettings(Settings):
    """What is counted."""

    tolerance: Literal["relative", "absolute"] = "relative"
    """Steps until the last one is below 1e-6, relative to the state or as it is. Under an absolute
    tolerance the count rises with the size of the inputs, whatever the model does with them."""
    statistic: Literal["mean", "max"] = "mean"
    """The mean over the predictions at a shift, or the most that one of them took."""


class SolverConvergenceSettings(Settings):
    """There is nothing to set."""


class SolverIterations(Metric[SolverIterationsSettings]):
    """Fixed-point steps of an implicit model at each shift; nothing of models that take none."""

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """A part for each shift, placed on the task's axis."""
        curves = curves_of(scores)
        if curves is None:
            return {}
        steps = _at_places(scores, curves, self._read)
        return {
            place.name: replace(
                estimate(column, curves.samples, within=(0, math.inf)),
                axis=curves.axis,
                at=place.at,
            )
            for place, column in zip(curves.places, steps.T, strict=True)
            if not np.isnan(column).all()
        }

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """Those of each drawing at each shift."""
        curves = curves_of(scores)
        if curves is None:
            return {}
        steps = _at_places(scores, curves, self._read)
        return {
            place.name: by_sample(column, curves.samples, scores)
            for place, column in zip(curves.places, steps.T, strict=True)
            if not np.isnan(column).all()
        }

    def _read(self, details: Mapping[str, Any]) -> float:
        suffix = "" if self.settings.statistic == "mean" else "_max"
        found = (details.get("iterations") or {}).get(self.settings.tolerance + suffix)
        return np.nan if found is None else float(found)


class SolverConvergence(Metric[SolverConvergenceSettings]):
    """Share of the predictions whose equilibrium was found by the model's own rule.

    Part `inside` is of those where data are as in training, `least` of those at the shift with the
    lowest share. Nothing of models that solve for none.
    """

    def compute(self, scores: Scores) -> Mapping[str, Estimate]:
        """The two parts."""
        curves = curves_of(scores)
        if curves is None:
            return {}
        return {
            name: estimate(values, curves.samples, within=(0, 1))
            for name, values in _convergence(scores, curves).items()
        }

    def per_sample(self, scores: Scores) -> Mapping[str, Floats]:
        """Those of each drawing."""
        curves = curves_of(scores)
        if curves is None:
            return {}
        return {
            name: by_sample(values, curves.samples, scores)
            for name, values in _convergence(scores, curves).items()
        }


def _convergence(scores: Scores, curves: Curves) -> dict[str, Floats]:
    shares = _at_places(scores, curves, _converged)
    if np.isnan(shares).all():
        return {}
    least = np.where(np.isnan(shares), np.inf, shares).min(axis=1)
    return {"inside": shares[:, curves.inside], "least": np.where(np.isinf(least), np.nan, least)}


def _converged(details: Mapping[str, Any]) -> float:
    found = details.get("converged")
    return np.nan if found is None else float(found)


def _at_places(scores: Scores, curves: Curves, read: Read) -> Floats:
    """What a model has on record of its predictions at each shift, shape (A, P).

    A strategy has it in the order of the drawing's shifts, in which the score has its own.
    """
    kept = np.flatnonzero(~scores.failed)
    shifts, details = scores.details("score.shifts", "details.shifts")
    found = np.full(curves.values.shape, np.nan)
    for row, attempt in enumerate(kept):
        of_model: Sequence[Mapping[str, Any]] = details[attempt] or ()
        for shift, told in zip(shifts[attempt], of_model, strict=False):
            found[row, curves.place_of(shift)] = read(told or {})
    return found
