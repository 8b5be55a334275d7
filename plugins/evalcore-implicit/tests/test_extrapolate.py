"""Strategy `extrapolate`: with a least-squares model by hand, and through the core."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from evalcore import Estimator, Fitted, Prediction, Sample, Settings, Strategy
from evalcore.errors import EvalcoreError
from evalcore.testing.contract import ComponentContract
from evalcore_implicit.extrapolate import Extrapolate, ExtrapolateSettings
from evalcore_implicit.suites.arithmetic import Arithmetic, ArithmeticSettings

SMALL = {"drawings": 2, "samples": 100, "test_samples": 10, "dim": 8}


class TestExtrapolate(ComponentContract):
    kind = "strategy"
    interface = Strategy
    component = "extrapolate"


class LeastSquares(Estimator[Settings]):
    """Linear regression without a constant."""

    def fit(self, inputs, targets, *, seed, tell):
        weights = np.linalg.lstsq(inputs, targets, rcond=None)[0]
        return Fitted(weights, {"parameters": weights.size})

    def predict(self, state, inputs):
        return Prediction(inputs @ state, {"largest": float(np.abs(inputs).max())})


class Overflows(LeastSquares):
    """A model that has no number for large inputs."""

    def predict(self, state, inputs):
        far = np.abs(inputs).max() > 100
        return Prediction(np.full((len(inputs), 1), np.inf if far else 0.0))


class InProcess:
    """A model's handle, and the context that leads to it, without worker processes."""

    def __init__(self):
        self.model = self
        self.estimator = LeastSquares(Settings())
        self.fits = 0

    async def fit(self, inputs, targets):
        self.fits += 1
        self.fitted = self.estimator.fit(inputs, targets, seed=0, tell=lambda done: None)
        self.details = self.fitted.details
        return self

    async def predict(self, inputs):
        return self.estimator.predict(self.fitted.state, inputs)


def attempted(sample):
    context = InProcess()
    strategy = Extrapolate(ExtrapolateSettings())
    return asyncio.run(strategy.attempt(sample, context)), context


def test_one_fit_predicts_every_shift():
    task = Arithmetic(ArithmeticSettings.model_validate(SMALL))
    for case in task.cases():
        attempt, context = attempted(case.sample)
        assert context.fits == 1
        assert attempt.keep is False
        assert attempt.details["fit"] == {"parameters": 8}
        largest = [shift["largest"] for shift in attempt.details["shifts"]]
        shifts = case.sample.public.shifts
        assert largest == [np.abs(shift.inputs).max() for shift in shifts]
        score = task.score(case, attempt)
        assert score.value == pytest.approx(0.0, abs=1e-20)
        for shift in score.details["shifts"]:
            assert shift["values"]["r2"] == pytest.approx(1.0)


def test_a_sample_without_a_drawing_is_told():
    with pytest.raises(EvalcoreError, match="found str as the public side of 'a', expected a"):
        attempted(Sample("a", "What is it?", "text"))


def test_it_runs_through_the_core(evalcore_offer, evalcore_run):
    evalcore_offer("least", LeastSquares)
    run = evalcore_run(
        {
            "task": {"use": "arithmetic", **SMALL, "shifts": [10, 1000]},
            "models": {"m": "offered:least"},
            "strategy": "extrapolate",
        }
    )
    assert run.outcome.code == 0
    assert len(run.records) == 2
    for record in run.records:
        assert record.failure is None
        assert record.answer is None
        assert record.details["fit"] == {"parameters": 8}
        assert len(record.details["shifts"]) == 3
        assert [shift["at"] for shift in record.score.details["shifts"]] == [2, 10, 1000]
        assert record.score.value < 1e-20


def test_a_model_that_diverges_fails_its_attempts(evalcore_offer, evalcore_run):
    evalcore_offer("overflows", Overflows)
    run = evalcore_run(
        {
            "task": {"use": "arithmetic", **SMALL, "shifts": [10, 1000]},
            "models": {"m": "offered:overflows"},
            "strategy": "extrapolate",
        }
    )
    for record in run.records:
        assert record.failure.kind == "task"
        assert "10 of 10 outputs at the shift 1000 are not finite" in record.failure.message
