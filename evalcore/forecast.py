"""What a run takes at most, told before it begins by rehearsing some of its attempts."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from evalcore.data import Continuation
from evalcore.encoding import shared_digest
from evalcore.errors import EvalcoreError, TaskError
from evalcore.model import LanguageModel
from evalcore.opened import open_task
from evalcore.rehearsal import rehearse
from evalcore.spec import note_secrets

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from evalcore.data import Message, Sample
    from evalcore.encoding import Call
    from evalcore.model import Model
    from evalcore.prices import Price
    from evalcore.rehearsal import Rehearsal
    from evalcore.spec import Cell, Part, Spec
    from evalcore.strategy import Strategy

__all__ = ["CHARS_A_TOKEN", "Expected", "Forecast", "forecast"]

READ = 200
"""Samples of a task that are read at most."""
REHEARSED = 2_000
"""Attempts of all cells together that are rehearsed at most: a second's work or two."""
CHARS_A_TOKEN = 4
"""What a token is taken for where a model does not count them."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What calls take at most.

    Attributes:
        calls: of models; those that are made once and shared count once.
        prompt_tokens: about how many they read, each answer in a dialogue as long as it may be.
        completion_tokens: how many they write; `None` where nothing limits an answer.
        dollars: by the models' prices; `None` where nothing limits an answer that has one.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int | None
    dollars: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run takes at most.

    Attributes:
        total: what all cells take together.
        cells: what each cell takes by itself, by its name.
        rehearsed: samples by which it is judged.
        samples: samples for which it is told.
        open_ended: whether there are more of them, nobody knows how many.
        guessed: whether a model did not count the tokens.
    """

    total: Expected
    cells: dict[str, Expected]
    rehearsed: int
    samples: int
    open_ended: bool
    guessed: bool


def forecast(spec: Spec) -> Forecast:
    """Rehearse attempts of each cell at some of its samples.

    The tasks are opened to read them, the models are not.

    Raises:
        EvalcoreError: if it cannot be told: a strategy has no stand-ins, or a task cannot give its
            samples.
    """
    return asyncio.run(_Forecaster(spec).told())


class _Asked(NamedTuple):
    """A call of a rehearsed attempt.

    Attributes:
        key: equal for calls that are made once.
        times: how often it is made, by all attempts and at all samples that this one stands for.
    """

    key: Hashable
    times: float
    prompt_tokens: int
    completion_tokens: int | None
    price: Price | None


class _Forecaster:
    """Rehearses the cells of a spec, one after the other."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._each = max(1, REHEARSED // len(spec.cells))
        self._samples: dict[str, _Samples] = {}
        self._models: dict[str, _Unopened] = {}

    async def told(self) -> Forecast:
        cells = {cell.name: await self._asked(cell) for cell in self._spec.cells}
        read = self._samples.values()
        return Forecast(
            total=_together(asked for calls in cells.values() for asked in calls),
            cells={name: _together(calls) for name, calls in cells.items()},
            rehearsed=sum(len(samples.chosen) for samples in read),
            samples=sum(samples.total for samples in read),
            open_ended=any(samples.open_ended for samples in read),
            guessed=any(model.guessed for model in self._models.values()),
        )

    async def _asked(self, cell: Cell) -> list[_Asked]:
        """The calls of one attempt at each chosen sample."""
        strategy = cell.strategy.create()
        if strategy.stand_ins is None:
            raise EvalcoreError(f"strategy {cell.strategy.name} cannot tell what it will ask")
        if cell.task.key not in self._samples:
            self._samples[cell.task.key] = _read(cell.task, self._each)
        for part in cell.models.values():
            if part.key not in self._models:
                self._models[part.key] = _Unopened(part, self._spec.secrets)
        asked: list[_Asked] = []
        samples = self._samples[cell.task.key]
        longer: list[int] = []
        for sample in samples.chosen:
            short = await self._rehearsed(cell, strategy, sample)
            if not longer:  # alike for all samples: by the length of feedback alone
                long = await self._rehearsed(cell, strategy, sample, longest=True)
                longer = [
                    self._tokens(cell, strategy, *one)[0] - self._tokens(cell, strategy, *other)[0]
                    for one, other in zip(long.calls, short.calls, strict=True)
                ]
            asked += self._calls(cell, strategy, sample, short, longer, samples.weight)
        return asked

    async def _rehearsed(
        self, cell: Cell, strategy: Strategy[Any], sample: Sample, *, longest: bool = False
    ) -> Rehearsal:
        def count(name: str, text: str) -> int:
            return self._models[cell.models[name].key].count(text)

        try:
            found = await rehearse(
                strategy, sample, list(cell.models), longest=longest, count=count
            )
        except Exception as error:  # the strategy's own code runs here
            told = f"{type(error).__name__}: {error}"
            name = cell.strategy.name
            raise EvalcoreError(f"strategy {name} cannot be rehearsed: {told}") from error
        assert found is not None
        return found

    def _tokens(
        self, cell: Cell, strategy: Strategy[Any], name: str, call: Call
    ) -> tuple[int, int | None]:
        assert strategy.stand_ins is not None
        return self._models[cell.models[name].key].tokens(call, strategy.stand_ins.answer)

    def _calls(
        self,
        cell: Cell,
        strategy: Strategy[Any],
        sample: Sample,
        rehearsal: Rehearsal,
        longer: list[int],
        weight: float,
    ) -> Iterator[_Asked]:
        before: tuple[Hashable, ...] = ()
        by_chance = False
        for place, (name, call) in enumerate(rehearsal.calls):
            part = cell.models[name]
            model = self._models[part.key]
            by_chance |= not isinstance(call, Continuation) and call.temperature != 0
            # What follows feedback is as unlike as the feedback, which no rehearsal knows; what
            # follows answers is equal where they are, so where all calls before it are.
            if self._spec.cache and place < rehearsal.before_feedback:
                before = (before, _shared(part, call, cell.seed, sample, place))
                times = weight * (cell.attempts if by_chance else 1)
            else:
                before = (cell.name, sample.id, place)
                times = weight * cell.attempts
            read, written = self._tokens(cell, strategy, name, call)
            yield _Asked(before, times, read + longer[place], written, model.price)


def _shared(part: Part, call: Call, seed: int, sample: Sample, place: int) -> bytes:
    """Equal for calls that the gate would take for equal, if their attempts have one number."""
    if not isinstance(call, Continuation):
        call = replace(call, seed=seed, sample=sample.id, call=place)
    return shared_digest(part.deciding, call)


def _together(asked: Iterable[_Asked]) -> Expected:
    """What calls take, those counted once that are made once."""
    made: dict[Hashable, _Asked] = {}
    for one in asked:
        if one.key not in made or made[one.key].times < one.times:
            made[one.key] = one
    unlimited = [one for one in made.values() if one.completion_tokens is None]
    calls = prompt = completion = dollars = 0.0
    for one in made.values():
        written = one.completion_tokens or 0
        calls += one.times
        prompt += one.times * one.prompt_tokens
        completion += one.times * written
        dollars += one.times * one.price.of(one.prompt_tokens, written) if one.price else 0.0
    return Expected(
        calls=math.ceil(calls - 1e-6),
        prompt_tokens=round(prompt),
        completion_tokens=None if unlimited else math.ceil(completion - 1e-6),
        dollars=None if any(one.price for one in unlimited) else dollars,
    )


class _Samples(NamedTuple):
    """What is known of a task's samples.

    Attributes:
        chosen: those that are rehearsed, evenly spread over those that were read.
        total: how many there are; those that were read where that is not known.
        open_ended: whether it is not known.
    """

    chosen: list[Sample]
    total: int
    open_ended: bool

    @property
    def weight(self) -> float:
        """For how many samples one of the chosen stands."""
        return self.total / max(1, len(self.chosen))


def _read(part: Part, most: int) -> _Samples:
    task = open_task(part)
    try:
        cases = task.cases()
        read = [case.sample for case in islice(cases, READ)]
        more = len(read) == READ and next(cases, None) is not None
        size = task.size() if more else len(read)
    except EvalcoreError:
        raise
    except Exception as error:  # the task's own code runs here
        told = f"{type(error).__name__}: {error}"
        raise TaskError(f"task {part.name} cannot give its samples: {told}") from error
    finally:
        task.close()
    chosen = read[:: math.ceil(len(read) / most) or 1]
    return _Samples(chosen, len(read) if size is None else size, size is None)


class _Unopened:
    """A model that is not opened: what its tokens cost, and how many a call has.

    Attributes:
        guessed: whether it did not count a text.
    """

    def __init__(self, part: Part, secrets: dict[str, str]) -> None:
        self._model: Model[Any] = part.create()
        note_secrets(self._model, secrets)
        own = self._model.price() if isinstance(self._model, LanguageModel) else None
        self.price = part.price or own
        self.guessed = False
        self._longest: int | None = getattr(part.settings, "max_tokens", None)
        self._counted: dict[str, int] = {}

    def tokens(self, call: Call, answer: str) -> tuple[int, int | None]:
        """How many it reads, and how many it may write; `None` where nothing limits that.

        Args:
            call: what it is asked.
            answer: stands for an answer of a model, which counts with its limit.
        """
        if isinstance(call, Continuation):
            return self._read(call.context) + self.count(call.text), 0
        limit = call.max_tokens or self._longest
        earlier = sum(message.content.count(answer) for message in call.messages)
        read = self._read(call.messages)
        if limit:
            read += earlier * (limit - self.count(answer))
        return read, call.n * limit if limit else None

    def _read(self, asked: str | tuple[Message, ...]) -> int:
        texts = [asked] if isinstance(asked, str) else [message.content for message in asked]
        return sum(map(self.count, texts))

    def count(self, text: str) -> int:
        """How many tokens a text has, about."""
        if text not in self._counted:
            model = self._model
            try:
                counted = model.count_tokens(text) if isinstance(model, LanguageModel) else None
            except Exception as error:  # the model's own code runs here
                raise EvalcoreError(f"tokens cannot be counted: {error}") from error
            self.guessed |= counted is None
            guess = math.ceil(len(text) / CHARS_A_TOKEN)
            self._counted[text] = guess if counted is None else counted
        return self._counted[text]
