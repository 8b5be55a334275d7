"""The contract of strategies."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from evalcore.data import Attempt, Case, Feedback, Message, Record, Request, Sample, Score
from evalcore.rehearsal import rehearse
from evalcore.settings import Settings
from evalcore.strategy import Strategy
from evalcore.task import Task
from evalcore.testing.contract import ComponentContract
from evalcore.testing.models import scripted
from evalcore.testing.runs import SpecRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from evalcore.data import Generation
    from evalcore.model import LanguageModel
    from evalcore.plugins import Found
    from evalcore.testing.offers import Offer

    Attempted = Callable[[Sequence[int], int], list[Record]]

__all__ = ["StrategyContract"]

_MANY = 64


class StrategyContract(ComponentContract):
    """What every strategy must hold to, run by the runner with a model that follows a script."""

    kind = "strategy"
    interface = Strategy

    models: ClassVar[Sequence[str]] = ("model",)
    """Names of the models that a spec must give it."""
    public: ClassVar[Any] = None
    """The public side of every sample, where the strategy needs one."""

    def reply(self, request: Request) -> str:
        """What the model answers; override it where the strategy expects a form of answer."""
        return f"answer {request.call} to {request.sample}, seed {request.seed % 3}"

    def feedback(self, sample: Sample, answer: Any) -> Feedback:
        """What the task lets know of an answer before it is final; override it to be kinder."""
        return Feedback(passed=False, text="This is wrong.", executions=1)

    @pytest.fixture
    def attempts(
        self, evalcore_offer: Offer, component_settings: Mapping[str, Any], tmp_path: Path
    ) -> Attempted:
        """Runs two attempts at each of the samples with these numbers, so many at a time."""
        samples: list[Sample] = []
        evalcore_offer("contract", _task(samples, self.feedback))
        evalcore_offer("contract", _unhurried(self.reply))

        def attempted(numbers: Sequence[int], concurrency: int) -> list[Record]:
            samples[:] = [Sample(str(i), f"Question {i}?", self.public) for i in numbers]
            spec = {
                "task": "offered:contract",
                "models": dict.fromkeys(self.models, "offered:contract"),
                "strategy": {"use": self.component, **component_settings},
                "attempts": 2,
                "limits": {"concurrency": concurrency},
            }
            out = f"{len(numbers)}-samples-{concurrency}-at-a-time"
            return SpecRunner(tmp_path)(spec, out=out).records

        return attempted

    def test_attempts_are_scored(self, attempts: Attempted) -> None:
        """Every attempt ends with an answer and a dialogue, none fails."""
        for record in attempts(range(4), 1):
            assert record.failure is None, record.failure.traceback if record.failure else ""
            assert all(isinstance(message, Message) for message in record.messages)

    def test_attempts_do_not_touch_each_other(self, attempts: Attempted) -> None:
        """An attempt is the same alone, in a row, and among many at a time."""
        many = [_timeless(record) for record in attempts(range(_MANY), _MANY)]
        assert [_timeless(record) for record in attempts(range(_MANY), 1)] == many
        alone = [_timeless(record) for record in attempts([_MANY - 1], 1)]
        assert alone == [record for record in many if record.sample == str(_MANY - 1)]

    def test_no_attempt_makes_more_calls_than_its_rehearsal(
        self, attempts: Attempted, found: Found, validated: Settings
    ) -> None:
        """By it `evalcore check` tells what a run takes at most."""
        strategy: Strategy[Any] = found.component.load()(validated)
        sample = Sample("0", "Question 0?", self.public)
        rehearsal = asyncio.run(rehearse(strategy, sample, self.models))
        if rehearsal is None:
            pytest.skip("the strategy has no stand-ins")
        for record in attempts(range(4), 1):
            assert record.usage.calls <= len(rehearsal.calls)


def _task(
    samples: Sequence[Sample], feedback: Callable[[Sample, Any], Feedback]
) -> type[Task[Settings]]:
    """A task that takes any answer."""
    give = feedback

    class AnyAnswer(Task[Settings]):
        """Scores every answer alike."""

        def cases(self) -> Iterator[Case]:
            """The samples, with nothing hidden."""
            return (Case(sample) for sample in samples)

        def score(self, case: Case, attempt: Attempt) -> Score:
            """1, whatever the answer."""
            return Score(1.0)

        def feedback(self, case: Case, answer: Any) -> Feedback:
            """What the contract says."""
            return give(case.sample, answer)

    return AnyAnswer


def _unhurried(reply: Callable[[Request], str]) -> type[LanguageModel[Settings]]:
    """A model that takes some calls longer than others, so that attempts overtake each other."""

    class Unhurried(scripted(reply)):  # type: ignore[misc]
        """Answers by a function, after some turns of the event loop."""

        async def generate(self, request: Request) -> Generation:
            """What the function returns."""
            for _ in range(request.seed % 7):
                await asyncio.sleep(0)
            generation: Generation = await super().generate(request)
            return generation

    return Unhurried


def _timeless(record: Record) -> Record:
    """The record without the seconds that it took."""
    return replace(record, usage=replace(record.usage, seconds=0.0))
