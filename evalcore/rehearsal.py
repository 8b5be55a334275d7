"""An attempt before any model is asked: what a strategy would ask, with stand-ins for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from evalcore.data import Continuation, Generation, Likelihood, Message, Request
from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evalcore.data import Attempt, Feedback, Sample
    from evalcore.strategy import StandIns, Strategy

__all__ = ["Rehearsal", "rehearse"]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of a rehearsed attempt.

    Attributes:
        attempt: as the strategy gave it, around stand-ins.
        calls: each with the name of its model, in order; without seeds.
        before_feedback: how many of them follow from the sample and the answers alone.
    """

    attempt: Attempt
    calls: tuple[tuple[str, Request | Continuation], ...]
    before_feedback: int


async def rehearse(
    strategy: Strategy[Any],
    sample: Sample,
    models: Sequence[str] = ("model",),
    *,
    longest: bool = False,
    count: Callable[[str, str], int | None] = lambda model, text: None,
) -> Rehearsal | None:
    """Have a strategy make an attempt that takes the most calls, without a model or a task.

    Args:
        strategy: whose stand-ins are answered.
        sample: what the attempt is about.
        models: the names by which the strategy knows its models.
        longest: whether feedback is as long as any.
        count: how many tokens a text has for a model, by its name; `None` where it is not known.

    Returns:
        `None` if the strategy has no stand-ins.
    """
    if strategy.stand_ins is None:
        return None
    stand_ins = strategy.stand_ins
    if longest and stand_ins.longest:
        stand_ins = stand_ins._replace(feedback=stand_ins.longest)
    stage = _Stage(stand_ins, models, count)
    attempt = await strategy.attempt(sample, stage)
    unfed = len(stage.calls) if stage.before_feedback is None else stage.before_feedback
    return Rehearsal(attempt, tuple(stage.calls), unfed)


class _Stage:
    """The context of a rehearsal."""

    number = 0
    seed = 0

    def __init__(
        self, stand_ins: StandIns, models: Sequence[str], count: Callable[[str, str], int | None]
    ) -> None:
        self.calls: list[tuple[str, Request | Continuation]] = []
        self.before_feedback: int | None = None
        self._stand_ins = stand_ins
        understudies = {
            name: _Understudy(name, stand_ins.answer, self.calls, partial(count, name))
            for name in models
        }
        self.models: Mapping[str, _Understudy] = MappingProxyType(understudies)

    @property
    def model(self) -> _Understudy:
        if len(self.models) != 1:
            known = ", ".join(self.models) or "none"
            raise EvalcoreError(f"the strategy uses one model, the spec has: {known}")
        return next(iter(self.models.values()))

    async def feedback(self, answer: Any) -> Feedback:
        if self.before_feedback is None:
            self.before_feedback = len(self.calls)
        return self._stand_ins.feedback


class _Understudy:
    """Stands in for a model, and notes what it is asked."""

    def __init__(
        self,
        name: str,
        answer: str,
        calls: list[tuple[str, Request | Continuation]],
        count_tokens: Callable[[str], int | None],
    ) -> None:
        self._name = name
        self._answer = answer
        self._calls = calls
        self.count_tokens = count_tokens

    async def generate(
        self, messages: str | Sequence[Message], *, n: int = 1, **options: Any
    ) -> Generation:
        asked = (Message("user", messages),) if isinstance(messages, str) else tuple(messages)
        self._calls.append((self._name, Request(asked, n=n, **options)))
        return Generation(self._answer, others=(Generation(self._answer),) * (n - 1))

    async def loglikelihood(self, context: str | Sequence[Message], text: str) -> Likelihood:
        context = context if isinstance(context, str) else tuple(context)
        self._calls.append((self._name, Continuation(context, text)))
        return Likelihood(0.0, greedy=False)

    async def fit(self, inputs: object, targets: object) -> NoReturn:
        raise EvalcoreError(
            "nothing is fitted while an attempt is rehearsed: a strategy that fits has no stand-ins"
        )
