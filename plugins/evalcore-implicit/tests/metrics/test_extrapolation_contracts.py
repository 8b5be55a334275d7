"""What every metric must hold to."""

from __future__ import annotations

from typing import ClassVar

from made_curves import curve, drawings, fitted, solved

from evalcore.testing import MetricContract

TOLD = fitted(*(solved(20 + i, 30 + i, converged=0.9) for i in range(4)))
WORLD = {"longitude": [10.0], "latitude": [20.0], "error": [3.0], "region": []}
BAND = {"name": "band", "time": [0, 1], "truth": [1.0, 2.0], "predicted": [1.0, 1.0]}
VALUES = [[1.0 + k, 2.0, 4.0 * k, 9.0] for k in range(1, 6)]
CURVES = drawings([*(curve(of, map=WORLD, forecast=[BAND]) for of in VALUES), None], TOLD)


class TestExtrapolationCurve(MetricContract):
    component = "extrapolation-curve"
    records: ClassVar = CURVES


class TestExtrapolationArea(MetricContract):
    component = "extrapolation-area"
    records: ClassVar = CURVES


class TestExtrapolationDoubling(MetricContract):
    component = "extrapolation-doubling"
    records: ClassVar = CURVES


class TestExtrapolationForecast(MetricContract):
    component = "extrapolation-forecast"
    settings: ClassVar = {"measure": "mse"}
    records: ClassVar = CURVES


class TestExtrapolationMap(MetricContract):
    component = "extrapolation-map"
    records: ClassVar = CURVES


class TestSolverIterations(MetricContract):
    component = "solver-iterations"
    records: ClassVar = CURVES


class TestSolverConvergence(MetricContract):
    component = "solver-convergence"
    records: ClassVar = CURVES


class TestModelSize(MetricContract):
    component = "model-size"
    records: ClassVar = CURVES
