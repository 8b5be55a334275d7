"""A dialogue before any model is asked: what a strategy would say, with stand-ins for the rest.

A strategy is played against a model that answers `[answer]` and a program `[program]`, and a task
whose feedback is one failed public test of stand-ins. The messages up to the first answer are those
that a model would get; the later ones are the prompts of their turns, around the stand-ins.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from evalcore.data import Feedback, Generation, Likelihood
from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evalcore.data import Message, Sample
    from evalcore.strategy import Strategy

__all__ = ["rehearse"]

_ANSWER = "[answer]\n\n```\n[program]\n```"
_TEST = {
    "verdict": "wrong-answer",
    "input": "[input of a public test]",
    "expected": "[its output]",
    "got": "[output of the program]",
}
_VALUES = {"[name]": "[value]"}
_TRACE = {
    "blocks": [{"code": "[lines of the program]", "before": _VALUES, "after": _VALUES}],
    "omitted": 0,
}


async def rehearse(strategy: Strategy[Any], sample: Sample) -> tuple[Message, ...]:
    """The dialogue that a strategy of this package would hold about a sample.

    It asks no model and runs no program. As no program passes, it takes all turns.

    Returns:
        The messages: exact up to the first answer, with stand-ins in square brackets from there.
    """
    attempt = await strategy.attempt(sample, _Stage())
    return attempt.messages


class _Understudy:
    """A model that gives the stand-in for an answer."""

    async def generate(self, messages: str | Sequence[Message], **sampling: Any) -> Generation:
        return Generation(_ANSWER)

    async def loglikelihood(self, context: str | Sequence[Message], text: str) -> Likelihood:
        raise EvalcoreError("a rehearsal has no model that could tell how likely a text is")

    def count_tokens(self, text: str) -> None:
        return None


class _Stage:
    """The context of a rehearsal."""

    number = 0
    seed = 0
    model = _Understudy()
    models: Mapping[str, _Understudy] = MappingProxyType({"model": model})

    async def feedback(self, answer: Any) -> Feedback:
        details = {"tests": [_TEST], "trace": _TRACE}
        return Feedback(passed=False, text="[feedback]", details=details)
