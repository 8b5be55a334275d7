"""Sound components, and others that break one rule each; `test_contracts.py` runs these tests.

Not collected by itself: the classes called `Faulty...` are there to fail.
"""

# ruff: noqa: RUF012 - the attributes of a contract are there to be read

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict

from evalcore import (
    Attempt,
    Case,
    Estimate,
    Estimator,
    EvalcoreError,
    Fitted,
    Generation,
    LanguageModel,
    Message,
    Metric,
    Prediction,
    Sample,
    Score,
    Settings,
    StandIns,
    Strategy,
    Task,
)
from evalcore.testing import (
    EstimatorContract,
    MetricContract,
    ModelContract,
    StrategyContract,
    TaskContract,
)

_COUNT = itertools.count()


class SoundTask(Task[Settings]):
    def cases(self):
        yield Case(Sample("a", "?", metadata={"level": 1}), ["yes"])
        yield Case(Sample("b", "?", metadata={"level": 2}), ["no"])

    def score(self, case, attempt):
        return Score(float(attempt.answer == case.hidden[0]))


class SoundModel(LanguageModel[Settings]):
    async def generate(self, request):
        return Generation(f"{request.messages[-1].content} {request.seed}")


class SoundEstimator(Estimator[Settings]):
    def fit(self, inputs, targets, *, seed, tell):
        tell(1.0)
        return Fitted(np.linalg.lstsq(inputs, targets, rcond=None)[0], {"samples": len(inputs)})

    def predict(self, state, inputs):
        return Prediction(inputs @ state)


class SoundStrategy(Strategy[Settings]):
    stand_ins = StandIns()

    async def attempt(self, sample, context):
        generation = await context.model.generate(str(sample.input))
        return Attempt(generation.text, (Message("assistant", generation.text),))


class SoundMetric(Metric[Settings]):
    def compute(self, scores):
        values = scores.column("value")[~scores.failed]
        value = float(values.mean()) if values.size else float("nan")
        return Estimate(value, value, value, values.size, values.size)


class Offered:
    """Offers the class `Subject` for each test of a contract."""

    component = "one"
    settings_class = Settings

    @pytest.fixture(autouse=True)
    def offered(self, evalcore_offer):
        evalcore_offer("one", self.Subject, settings=self.settings_class)


class OneTask(Offered, TaskContract):
    Subject = SoundTask
    right = {"a": "yes"}
    wrong = {"b": "yes"}


class OneModel(Offered, ModelContract):
    Subject = SoundModel


class OneEstimator(Offered, EstimatorContract):
    Subject = SoundEstimator


class OneStrategy(Offered, StrategyContract):
    Subject = SoundStrategy


class OneMetric(Offered, MetricContract):
    Subject = SoundMetric


class TestSoundTask(OneTask):
    pass


class TestSoundModel(OneModel):
    pass


class TestSoundEstimator(OneEstimator):
    pass


class TestSoundStrategy(OneStrategy):
    pass


class TestSoundMetric(OneMetric):
    pass


# Any component


class LooseSettings(BaseModel):
    model_config = ConfigDict(extra="ignore")


class BareSettings(Settings):
    depth: int = 1


class ThawedSettings(Settings, frozen=False):
    pass


class TestFaultyLooseSettings(OneModel):
    settings_class = LooseSettings


class TestFaultyBareSettings(OneModel):
    settings_class = BareSettings


class TestFaultyThawedSettings(OneModel):
    settings_class = ThawedSettings


class TestFaultyAbstract(OneModel):
    Subject = LanguageModel


# Tasks


class TestFaultyNumberAsId(OneTask):
    class Subject(SoundTask):
        def cases(self):
            yield Case(Sample(1, "?"))


class TestFaultySameId(OneTask):
    class Subject(SoundTask):
        def cases(self):
            yield from itertools.chain(super().cases(), super().cases())


class TestFaultyNoCases(OneTask):
    class Subject(SoundTask):
        def cases(self):
            return iter(())


class TestFaultyListAsInput(OneTask):
    class Subject(SoundTask):
        def cases(self):
            yield Case(Sample("a", [Message("user", "?")]))


class TestFaultyMetadata(OneTask):
    class Subject(SoundTask):
        def cases(self):
            yield Case(Sample("a", "?", metadata={"tags": ["x"]}))


class TestFaultyOrder(OneTask):
    class Subject(SoundTask):
        def cases(self):
            cases = list(super().cases())
            return iter(cases if next(_COUNT) % 2 else cases[::-1])


class TestFaultyInstances(OneTask):
    class Subject(SoundTask):
        def __init__(self, settings):
            super().__init__(settings)
            self.number = next(_COUNT)

        def cases(self):
            yield Case(Sample("a", f"{self.number}?"), ["yes"])


class TestFaultySize(OneTask):
    class Subject(SoundTask):
        def size(self):
            return 3


class TestFaultyLeak(OneTask):
    class Subject(SoundTask):
        def cases(self):
            hidden = {"answer": "yes"}
            yield Case(Sample("a", "?", public={"all": [hidden]}), hidden)


class TestFaultyLeakInMetadata(OneTask):
    class Subject(SoundTask):
        def cases(self):
            yield Case(Sample("a", "?", metadata={"level": 1, "answer": "yes"}), "yes")
            yield Case(Sample("b", "?", metadata={"level": 1, "answer": "no"}), "no")


class TestFaultyScore(OneTask):
    class Subject(SoundTask):
        def score(self, case, attempt):
            return Score(1.0)


class TestFaultyInfinity(OneTask):
    class Subject(SoundTask):
        def score(self, case, attempt):
            return Score(float("inf") if attempt.answer == case.hidden[0] else 0.0)


class TestFaultyMood(OneTask):
    class Subject(SoundTask):
        def score(self, case, attempt):
            return Score(super().score(case, attempt).value + next(_COUNT) / 1e6)


class TestFaultyThreads(OneTask):
    class Subject(SoundTask):
        workers = 2
        together = threading.Barrier(2, timeout=5)

        def score(self, case, attempt):
            if threading.current_thread() is threading.main_thread():
                return super().score(case, attempt)
            # Both threads write, then both read: one of them reads what the other wrote.
            self.answer = attempt.answer, case.sample.id
            self.together.wait()
            answer, sample = self.answer
            self.together.wait()
            return Score(float(answer == "yes" and sample == "a"))


class TestFaultyGarbage(OneTask):
    class Subject(SoundTask):
        def score(self, case, attempt):
            return Score(float(attempt.answer.strip() == case.hidden[0]))


class TestFaultyFeedback(OneTask):
    class Subject(SoundTask):
        def feedback(self, case, answer):
            return {"passed": answer.strip() == "yes"}


class TestFaultyClose(OneTask):
    class Subject(SoundTask):
        def open(self):
            self.files = ["one"]

        def close(self):
            self.files.pop()


class TestFaultyPreflightOfTask(OneTask):
    class Subject(SoundTask):
        def preflight(self):
            raise EvalcoreError("there are no tests")


# Models


class TestFaultyPreflight(OneModel):
    class Subject(SoundModel):
        def preflight(self):
            assert not hasattr(self, "lock"), "it is locked"
            self.lock = True


class TestFaultyCounts(OneModel):
    class Subject(SoundModel):
        async def generate(self, request):
            return Generation("text", prompt_tokens=-1)


class TestFaultyChance(OneModel):
    class Subject(SoundModel):
        async def generate(self, request):
            return Generation(str(next(_COUNT)))


class TestFaultyMixing(OneModel):
    class Subject(SoundModel):
        busy = 0

        async def generate(self, request):
            import asyncio

            self.busy += 1
            await asyncio.sleep(0)
            self.busy -= 1
            return Generation(f"{self.busy > 5}")


class SecretSettings(Settings):
    api_key: str = ""
    """Who pays."""


class TestFaultySecret(OneModel):
    settings_class = SecretSettings
    settings = {"api_key": "s3cret"}

    class Subject(SoundModel):
        def identity(self):
            return f"server with {self.settings.api_key}"


class TestFaultyIdentity(OneModel):
    class Subject(SoundModel):
        def identity(self):
            return f"server {next(_COUNT)}"


class TestFaultyTokens(OneModel):
    class Subject(SoundModel):
        def count_tokens(self, text):
            return -len(text)


# Estimators


class TestFaultyRows(OneEstimator):
    class Subject(SoundEstimator):
        def predict(self, state, inputs):
            return Prediction((inputs @ state)[1:])


class TestFaultyLuck(OneEstimator):
    class Subject(SoundEstimator):
        def fit(self, inputs, targets, *, seed, tell):
            fitted = super().fit(inputs, targets, seed=seed, tell=tell)
            return Fitted(fitted.state + next(_COUNT))


class TestFaultyClosure(OneEstimator):
    class Subject(SoundEstimator):
        def fit(self, inputs, targets, *, seed, tell):
            weights = super().fit(inputs, targets, seed=seed, tell=tell).state
            return Fitted(lambda asked: asked @ weights)

        def predict(self, state, inputs):
            return Prediction(state(inputs))


class TestFaultyDetails(OneEstimator):
    class Subject(SoundEstimator):
        def predict(self, state, inputs):
            return Prediction(inputs @ state, {"by": object()})


class TestFaultyInPlace(OneEstimator):
    class Subject(SoundEstimator):
        def fit(self, inputs, targets, *, seed, tell):
            inputs -= inputs.mean()
            return super().fit(inputs, targets, seed=seed, tell=tell)

    @pytest.fixture(autouse=True)
    def own(self, monkeypatch):
        for name in ("inputs", "targets"):
            monkeypatch.setattr(type(self), name, getattr(self, name).copy(), raising=False)


# Strategies


class TestFaultyException(OneStrategy):
    class Subject(SoundStrategy):
        async def attempt(self, sample, context):
            return Attempt(sample.public["tests"])


class TestFaultyMemory(OneStrategy):
    class Subject(SoundStrategy):
        seen = ""

        async def attempt(self, sample, context):
            attempt = await super().attempt(sample, context)
            before, self.seen = self.seen, attempt.answer
            return Attempt(f"{attempt.answer} after {before}")


class TestFaultySharedState(OneStrategy):
    class Subject(SoundStrategy):
        async def attempt(self, sample, context):
            self.sample = sample
            generation = await context.model.generate(str(sample.input))
            return Attempt(f"{generation.text} for {self.sample.id}")


class TestFaultyStandIns(OneStrategy):
    class Subject(SoundStrategy):
        async def attempt(self, sample, context):
            attempt = await super().attempt(sample, context)
            return (
                attempt if attempt.answer == "[answer]" else await super().attempt(sample, context)
            )


# Metrics


class TestFaultyNan(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            value = float(scores.column("value").mean()) if scores.failed.size else float("nan")
            return Estimate(value, value, value, scores.failed.size, 1)


class TestFaultyInterval(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            sound = super().compute(scores)
            return Estimate(sound.value, sound.value + 0.1, 1.0, sound.n, 1)


class TestFaultyAxis(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            return replace(super().compute(scores), axis="attempts")


class TestFaultyDice(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            sound = super().compute(scores)
            return {f"throw-{next(_COUNT)}": sound}


class TestFaultyPosition(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            sound = super().compute(scores)
            value = float(scores.column("value")[0]) if sound.n else float("nan")
            return Estimate(value, value, value, sound.n, 1)


class TestFaultyEmpty(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            values = scores.column("value")[~scores.failed]
            total = values.sum() / (values.size or 1)
            return Estimate(total, total, total, values.size, 1)


class TestFaultyAllFailed(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            if scores.failed.size:
                assert not scores.failed.all(), "no value at all"
            return super().compute(scores)


class TestFaultySingle(OneMetric):
    class Subject(SoundMetric):
        def compute(self, scores):
            assert scores.failed.size != 1, "one is too few"
            return super().compute(scores)


class TestFaultyShape(OneMetric):
    class Subject(SoundMetric):
        def per_sample(self, scores):
            return scores.column("value")


class TestFaultyPart(OneMetric):
    class Subject(SoundMetric):
        def per_sample(self, scores):
            return {"other": np.full(int(scores.sample.max()) + 1, 0.5)}


class TestFaultyOrderOfSamples(OneMetric):
    class Subject(SoundMetric):
        def per_sample(self, scores):
            return np.arange(scores.sample.max() + 1, dtype=float)


class TestFaultyNothing(OneMetric):
    class Subject(SoundMetric):
        def per_sample(self, scores):
            return np.full(int(scores.sample.max()) + 1, 0.5)
